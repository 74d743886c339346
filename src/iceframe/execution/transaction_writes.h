// SPDX-License-Identifier: Apache-2.0
// Writing rows as part of a transaction: files now, the commit with all its other changes.
#pragma once

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/execution/overwrite.h"
#include "iceframe/execution/write_report.h"
#include "iceframe/expression/expression.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/table/commit_options.h"
#include "iceframe/table/transaction.h"

namespace iceframe {

/// Writes every batch by the schema, spec and sort order that the transaction's changes so far
/// leave, and appends them in a snapshot of their own; without a row there is none.
///
/// The report has the table as the transaction sees it. After an error nothing is added and no file
/// of this call is left. `options.watch` is not used: the commit is the transaction's.
/// Errors: as AppendRows of a table, without the commit's.
Result<WriteReport> AppendRows(const OperationContext& context, Transaction& transaction,
                               arrow::RecordBatchReader& batches,
                               const CommitOptions& options = {});

/// Replaces the rows that match `filter` (unbound; true: all), those of the transaction's earlier
/// changes among them. Otherwise as AppendRows; errors as OverwriteRows of a table.
Result<WriteReport> OverwriteRows(const OperationContext& context, Transaction& transaction,
                                  arrow::RecordBatchReader& batches, const Expression& filter,
                                  const OverwriteOptions& options = {});

/// Deletes the files whose every row matches `filter` (unbound; true: all). Errors: Unsupported
/// naming a file of which only some rows match.
Result<WriteReport> DeleteRows(const OperationContext& context, Transaction& transaction,
                               const Expression& filter, const CommitOptions& options = {});

}  // namespace iceframe
