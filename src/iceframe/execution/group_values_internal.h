// SPDX-License-Identifier: Apache-2.0
// Results of aggregates as arrays.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include <arrow/array.h>
#include <arrow/buffer_builder.h>
#include <arrow/type.h>

#include "iceframe/base/result.h"
#include "iceframe/execution/columns_internal.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe {

/// An array of one value of fixed width per group, null where `is_null(group)`, else what
/// `value_at(group)` returns.
template <typename Value, typename ValueAt, typename IsNull>
Result<ArrayPtr> MakeValues(const Type& type, int64_t length, arrow::MemoryPool* pool,
                            IsNull is_null, ValueAt value_at) {
  ICEFRAME_ASSIGN_OR_RETURN(auto arrow_type, ToArrowType(type));
  arrow::TypedBufferBuilder<Value> values(pool);
  arrow::TypedBufferBuilder<bool> validity(pool);
  ICEFRAME_RETURN_NOT_OK(values.Reserve(length));
  ICEFRAME_RETURN_NOT_OK(validity.Reserve(length));
  for (int64_t i = 0; i < length; ++i) {
    const bool null = is_null(i);
    validity.UnsafeAppend(!null);
    if (null) {
      values.UnsafeAppend(Value{});
      continue;
    }
    ICEFRAME_ASSIGN_OR_RETURN(Value value, value_at(i));
    values.UnsafeAppend(value);
  }
  const int64_t num_nulls = validity.false_count();
  ICEFRAME_ASSIGN_OR_RETURN(auto value_buffer, values.Finish());
  ICEFRAME_ASSIGN_OR_RETURN(auto validity_buffer, validity.Finish());
  return arrow::MakeArray(arrow::ArrayData::Make(std::move(arrow_type), length,
                                                 {validity_buffer, value_buffer}, num_nulls));
}

}  // namespace iceframe
