// SPDX-License-Identifier: Apache-2.0
// What became of a table's rows between two of its snapshots.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/base/strong_id.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/runtime/operation_observer.h"
#include "iceframe/table/table.h"

namespace iceframe {

inline constexpr OperationKind kReadChangesOperation{"read_changes", true};

struct RowChangesOptions {
  /// nullopt: from before the first snapshot, when there were no rows.
  std::optional<SnapshotId> from;
  /// nullopt: up to the current one.
  std::optional<SnapshotId> to;
  /// Rows are compared by these; nullopt: by all columns that they have at `to`.
  std::optional<std::vector<std::string>> columns;
  /// Columns whose values tell a row; empty: none do, an update is a row removed and one added.
  std::vector<std::string> keys;
};

/// Rows as batches of one schema.
struct RowChanges {
  std::shared_ptr<arrow::Schema> schema;
  arrow::RecordBatchVector added;
  arrow::RecordBatchVector deleted;
  /// With keys: the new values of rows whose key was there before, with others.
  arrow::RecordBatchVector modified;
};

/// Compares two snapshots, in either order, as multisets of rows. Reads the data files that one of
/// them has and the other has not: rows that were moved to other files, as compaction does, are no
/// change. Null is equal to null; a row without a key (one of them null) is never modified. An
/// operation of its own, unless it is part of one.
///
/// Held in memory, under the budget. Errors: NotFound (snapshot); InvalidArgument naming a column,
/// or keys that several changed rows share; Unsupported for snapshots with delete files; those of
/// reading; ResourceExhausted.
Result<RowChanges> ReadRowChanges(const OperationContext& context,
                                  const std::shared_ptr<const Table>& table,
                                  const RowChangesOptions& options);

}  // namespace iceframe
