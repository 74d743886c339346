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

/// Results that were computed as a whole are handed on in batches of so many rows, or fewer where
/// their text gets too long.
inline constexpr int64_t kOutputRows = 64 * 1024;
/// Loops over many rows ask so often whether to go on.
inline constexpr int64_t kRowsPerCheck = 64 * 1024;

using ArrayPtr = std::shared_ptr<arrow::Array>;

/// A list of one or two inputs.
std::vector<OperatorPtr> Inputs(OperatorPtr first, OperatorPtr second = nullptr);

/// Evaluates to an array of one value per row.
Result<ArrayPtr> EvaluateColumn(const Expression& bound, const arrow::RecordBatch& batch,
                                arrow::MemoryPool* pool);

/// The column such that equal values are equal bits: one NaN, one zero, no extension type; nested
/// values as binary.
Result<ArrayPtr> GroupableForm(const ArrayPtr& column, arrow::MemoryPool* pool);
/// The column such that an ascending sort of it gives the order of docs/expressions.md (NaN
/// greatest, −0 equal to 0): floats as integers, no extension type.
Result<ArrayPtr> SortableForm(const ArrayPtr& column, arrow::MemoryPool* pool);

/// The column below any extension type.
ArrayPtr StorageForm(const ArrayPtr& column);
/// No rows of a schema, fields with ids.
Result<std::shared_ptr<arrow::RecordBatch>> EmptyBatch(const Schema& schema,
                                                       arrow::MemoryPool* pool);

/// The rows of a column at `indices` (uint64 or uint32); a null index gives nulls. Where they reach
/// farther than 32-bit offsets it must be wide (types/wide_array.h).
Result<ArrayPtr> TakeRows(const ArrayPtr& column, const arrow::Array& indices,
                          arrow::MemoryPool* pool);
/// As TakeRows, for each column.
Result<arrow::ArrayVector> TakeColumns(const arrow::ArrayVector& columns,
                                       const arrow::Array& indices, arrow::MemoryPool* pool);

}  // namespace iceframe
