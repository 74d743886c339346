// SPDX-License-Identifier: Apache-2.0
// Columns as operators hold them: whole arrays, in forms that kernels can sort and group by.
#pragma once

#include <memory>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/execution/operator.h"
#include "iceframe/expression/expression.h"

namespace iceframe {

using ArrayPtr = std::shared_ptr<arrow::Array>;

/// Evaluates to an array of one value per row.
Result<ArrayPtr> EvaluateColumn(const Expression& bound, const arrow::RecordBatch& batch,
                                arrow::MemoryPool* pool);

/// The column such that equal values are equal bits: one NaN, one zero, no extension type.
Result<ArrayPtr> GroupableForm(const ArrayPtr& column, arrow::MemoryPool* pool);
/// The column such that an ascending sort of it gives the order of docs/expressions.md (NaN
/// greatest, −0 equal to 0): floats as integers, no extension type.
Result<ArrayPtr> SortableForm(const ArrayPtr& column, arrow::MemoryPool* pool);

/// All rows of an operator that is open, as one batch (of no rows for none).
Result<std::shared_ptr<arrow::RecordBatch>> ReadAll(Operator* input, arrow::MemoryPool* pool);
/// The rows of `columns` at `indices` (uint64 or uint32); a null index gives nulls.
Result<arrow::ArrayVector> TakeColumns(const arrow::ArrayVector& columns,
                                       const arrow::Array& indices, arrow::MemoryPool* pool);

}  // namespace iceframe
