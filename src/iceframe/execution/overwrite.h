// SPDX-License-Identifier: Apache-2.0
// Replacing rows of a table by others: data files, then one commit.
#pragma once

#include <memory>
#include <utility>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/execution/write_report.h"
#include "iceframe/expression/expression.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/table/commit_options.h"
#include "iceframe/table/table.h"

namespace iceframe {

struct OverwriteOptions : CommitOptions {
  OverwriteOptions() = default;
  explicit OverwriteOptions(CommitOptions commit) : CommitOptions(std::move(commit)) {}
  /// Takes rows for which the filter is not true; else the first of them is an error and nothing is
  /// written.
  bool allow_rows_outside_filter = false;
};

/// Replaces the rows that match `filter` (unbound; true: all) by the batches, in one commit. Files
/// whose partition and bounds leave open whether all their rows match are read.
///
/// After an error the table is as it was and no data file is left, but after CommitStateUnknown:
/// then it may have landed, and the files stay. Errors: InvalidArgument if there is neither a row
/// nor a column with a type, naming a row outside of the filter, or naming a summary key of the
/// engine's own; Unsupported if a data file matches only in part; those of WriteDataFiles and
/// CommitAction.
Result<WriteReport> OverwriteRows(const OperationContext& context,
                                  const std::shared_ptr<const Table>& table,
                                  arrow::RecordBatchReader& batches, const Expression& filter,
                                  const OverwriteOptions& options);

}  // namespace iceframe
