// SPDX-License-Identifier: Apache-2.0
// The two halves of an overwrite, for one that is committed at once and for one of a transaction.
#pragma once

#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/execution/overwrite.h"
#include "iceframe/table/overwrite_files_action.h"

namespace iceframe::internal {

/// Writes the rows that come in the place of others. Errors: as OverwriteRows, before its commit.
Result<std::vector<DataFile>> WriteReplacement(const OperationContext& context, const Table& table,
                                               arrow::RecordBatchReader& batches,
                                               const Expression& filter,
                                               const OverwriteOptions& options);

/// What the action is told: the rows of files are read where partition and bounds don't tell.
OverwriteFilesOptions OverwriteActionOptions(const Table& table, const Expression& filter,
                                             const CommitOptions& options);

}  // namespace iceframe::internal
