// SPDX-License-Identifier: Apache-2.0
// Adding rows to a table: data files, then one commit.
#pragma once

#include <memory>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/execution/write_report.h"
#include "iceframe/format/data_file.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/table/commit_options.h"
#include "iceframe/table/table.h"

namespace iceframe {

/// Appends every batch in one commit; without a row (and a position) nothing is committed. An
/// operation of its own (write_operations.h), unless it is part of one.
///
/// After an error no row is in the table and no data file is left, but after CommitStateUnknown:
/// then all of them may be in it, and stay. Errors: InvalidArgument naming a summary key of the
/// engine's own; those of WriteDataFiles and CommitAction.
Result<WriteReport> AppendRows(const OperationContext& context,
                               const std::shared_ptr<const Table>& table,
                               arrow::RecordBatchReader& batches, const CommitOptions& options);

/// Appends data files that were written for the table (TableWriter) in one commit; without a file
/// (and a position) nothing is committed. They are taken over: after any error but
/// CommitStateUnknown they are deleted. Errors: as AppendFilesAction::Make and CommitAction.
Result<WriteReport> AppendFiles(const OperationContext& context,
                                const std::shared_ptr<const Table>& table,
                                const std::vector<DataFile>& files, const CommitOptions& options);

}  // namespace iceframe
