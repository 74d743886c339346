// SPDX-License-Identifier: Apache-2.0
// The rows that files which came hold more, or less, than files which went.
#pragma once

#include <memory>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/table/snapshot_changes.h"
#include "iceframe/table/table.h"

namespace iceframe::internal {

/// Rows in batches of one schema.
struct Batches {
  std::shared_ptr<arrow::Schema> schema;
  arrow::RecordBatchVector batches;
};

struct RowDifference {
  Batches added;
  Batches removed;
};

/// Compares the files as multisets of rows of the state's schema, null equal to null: a row that
/// was moved from file to file is no change, one of three equal rows that went is one. Held in
/// memory, under the budget. Errors: those of reading; ResourceExhausted.
Result<RowDifference> CompareRows(const OperationContext& context, const TableState& state,
                                  FileDifference files);

}  // namespace iceframe::internal
