// SPDX-License-Identifier: Apache-2.0
// How far a stream or a writer is, kept in the table that takes its rows.
//
//   snapshot summary   iceframe.stream.<id>.<name>, iceframe.writer.<id>.<name>: in the snapshot of
//                      the rows, and carried on by every snapshot that IceFrame makes
//   table property     iceframe.stream.<id>.floor: the same once more, for the day when other
//                      software expires that snapshot or rolls back behind it
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/base/strong_id.h"
#include "iceframe/format/snapshot.h"
#include "iceframe/format/table_metadata.h"

namespace iceframe {

/// Says whose position it is.
class PositionKey {
 public:
  /// Errors: InvalidArgument if the id is not 1 to 200 visible ASCII characters.
  static Result<PositionKey> OfStream(std::string_view id);
  static Result<PositionKey> OfWriter(std::string_view id);

  /// What the keys of a summary begin with: "iceframe.stream.<id>.".
  const std::string& prefix() const { return prefix_; }
  bool operator==(const PositionKey&) const = default;

 private:
  explicit PositionKey(std::string prefix) : prefix_(std::move(prefix)) {}
  std::string prefix_;
};

/// What a commit says of a position; values that it does not name stay as they were.
struct PositionUpdate {
  PositionKey key;
  /// By name ("seq", "epoch", "offsets" …); names have no dot, and "floor" is none.
  Properties values;
};

struct StreamPosition {
  /// All values by name.
  Properties values;
  /// The snapshot that they were read from; of a table property: that set them.
  SnapshotId snapshot_id;
};

/// What a table knows of one position.
struct KnownPosition {
  /// As the branch has it; nullopt: no commit there has set it.
  std::optional<StreamPosition> current;
  /// The last one committed, where the branch has been set back behind it since: rows that were
  /// committed with it are no longer in the table.
  std::optional<StreamPosition> rolled_back;
};

/// Finds a position: in the summary of the branch's snapshot, else (after commits of other
/// software) in the nearest ancestor's that has any, else (after their expiry) in the table
/// property.
///
/// That a branch was set back is told as long as the table has the snapshot that was left, or the
/// first snapshot of its line. Errors: InvalidMetadata naming a property that is damaged.
Result<KnownPosition> FindPosition(const TableMetadata& metadata, const PositionKey& key,
                                   const std::string& branch = kMainBranch);

/// Returns a validator for CommitOptions: the commit is rejected on every base where one of
/// `expected` has another value than given (nullopt: none at all), or the branch was set back.
/// Errors of it: CommitRejected naming the value that was found.
std::function<Status(const TableMetadata&)> RequirePosition(
    PositionKey key, std::map<std::string, std::optional<std::string>> expected,
    std::string branch = kMainBranch);

/// Whether a summary key is a stream's or a writer's own.
bool IsPositionKey(std::string_view summary_key);

/// Errors: InvalidArgument for a value's name that can't be.
Status CheckPositionUpdate(const PositionUpdate& update);

/// Returns the summary keys that a snapshot on `parent` (nullptr: none) of the branch carries on.
/// Errors: as FindPosition.
Result<Properties> CarriedPositions(const TableMetadata& metadata, const Snapshot* parent,
                                    const std::string& branch);

/// Returns the table properties that go with a new snapshot of a branch: one for each stream and
/// writer that has a key in `updated`.
Properties PositionFloors(const Snapshot& snapshot, const Properties& updated,
                          const std::string& branch);

}  // namespace iceframe
