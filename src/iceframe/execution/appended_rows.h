// SPDX-License-Identifier: Apache-2.0
// The rows that came into a table after one of its snapshots.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "iceframe/base/result.h"
#include "iceframe/base/strong_id.h"
#include "iceframe/query/relation.h"
#include "iceframe/table/table.h"

namespace iceframe {

/// What to do about snapshots that removed rows. Those that rewrote files and kept all rows
/// ("replace", as compaction makes them) bring nothing and are passed over in any case.
enum class RemovedRows : uint8_t {
  /// The read fails.
  kError,
  /// Nothing of such a snapshot is read, rows that it added neither.
  kSkip,
  /// What it added less what it removed is read, told apart by value: rows that it kept but wrote
  /// again are not new. Held in memory.
  kDifference,
};

/// "error", "skip" or "difference". Errors: InvalidArgument naming the three.
Result<RemovedRows> RemovedRowsFromName(std::string_view name);

/// Rows that snapshots added, one snapshot after the other.
struct AppendedRows {
  /// The snapshot whose rows, and those before, are known already; nullopt: none are, all rows of
  /// the table's first snapshot that is left are new.
  std::optional<SnapshotId> since;
  /// In place of a snapshot: a time, in milliseconds since the epoch; what was committed after it
  /// is new.
  std::optional<int64_t> since_timestamp_ms;
  RemovedRows on_removed = RemovedRows::kDifference;
};

/// The rows that came up to the state's snapshot as a relation with the state's columns, oldest
/// first; rows that later snapshots removed are still among them.
///
/// Errors of reading: InvalidArgument if `since` is no ancestor of the state's snapshot, if a time
/// is given besides or its snapshots have expired, naming a snapshot that removed rows (kError);
/// Unsupported for one that did so by delete files and added rows too (kDifference); those of
/// reading files.
std::shared_ptr<const Relation> MakeAppendedRelation(TableState state, AppendedRows appended,
                                                     std::string name);

}  // namespace iceframe
