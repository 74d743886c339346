// SPDX-License-Identifier: Apache-2.0
// Arrays given another type over the same buffers, and checks that they hold what a schema asks.
#pragma once

#include <memory>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/types/type.h"

namespace iceframe::internal {

/// Whether the types differ at most in names, nullability and metadata of fields below.
bool SameLayout(const arrow::DataType& left, const arrow::DataType& right);

/// The same values with type `type`, whose layout is that of the array's type.
std::shared_ptr<arrow::ArrayData> Relabel(const std::shared_ptr<arrow::ArrayData>& data,
                                          const std::shared_ptr<arrow::DataType>& type);

/// The bytes that the values of an array take, those of a slice alone; validity is not counted.
int64_t NumBytes(const arrow::ArrayData& data);
int64_t NumBytes(const arrow::RecordBatch& batch);

/// Errors: SchemaMismatch naming the column if a required field, at any depth, has a null where
/// its parent has none.
Status CheckRequired(const NestedField& field, const arrow::Array& array, arrow::MemoryPool* pool);

/// The column that positions lead to, from the batch down structs; null where a parent is.
Result<std::shared_ptr<arrow::Array>> ColumnAt(const arrow::RecordBatch& batch,
                                               const std::vector<int>& path,
                                               arrow::MemoryPool* pool);

}  // namespace iceframe::internal
