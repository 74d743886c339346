// SPDX-License-Identifier: Apache-2.0
// How a Parquet leaf's physical values become values of an Iceberg type.
#pragma once

#include <memory>
#include <string>

#include <arrow/type_fwd.h>
#include <parquet/schema.h>

#include "iceframe/base/result.h"
#include "iceframe/types/type.h"

namespace iceframe::internal {

/// What to do with a column's values. The set is closed: every pair of file type and table type
/// that the spec allows is one of these.
struct LeafConversion {
  enum class Kind : uint8_t {
    kKeep,          // the buffer is the result's
    kBoolean,       // bytes to bits
    kInt32ToInt64,  // times factor
    kUInt32ToInt64,
    kInt64Multiply,  // times factor: a coarser time unit
    kInt64Divide,    // by factor, exactly: a finer time unit
    kInt96,          // nanoseconds of a Julian day, to `factor` units per second
    kFloatToDouble,
    kInt32ToDecimal,  // below factor, which is 10^precision
    kInt64ToDecimal,
    kBytesToDecimal,  // fixed or variable, big-endian
    kFixedBytes,
    kText,   // variable bytes that must be UTF-8
    kBytes,  // variable bytes
  };
  Kind kind = Kind::kKeep;
  int64_t factor = 1;
};

/// Says how the column is read as `type`. Errors: InvalidData naming the column and both types if
/// the table's column can't have come to be from what the file has.
Result<LeafConversion> PlanLeaf(const parquet::ColumnDescriptor& column, const Type& type);

/// Makes an array of `arrow_type` (ToArrowType's form) from decoded fixed-width values: `values`
/// as libparquet's RecordReader leaves them, with room for nulls; `valid` may be nullptr.
/// Errors: InvalidData for a value that does not fit.
Result<std::shared_ptr<arrow::Array>> ConvertValues(
    const LeafConversion& conversion, const std::shared_ptr<arrow::DataType>& arrow_type,
    int64_t length, int64_t null_count, std::shared_ptr<arrow::Buffer> values,
    std::shared_ptr<arrow::Buffer> valid, arrow::MemoryPool* pool);

/// As ConvertValues, for decoded byte arrays: binary or fixed-size binary arrays.
Result<std::shared_ptr<arrow::Array>> ConvertBytes(
    const LeafConversion& conversion, const std::shared_ptr<arrow::DataType>& arrow_type,
    const std::shared_ptr<arrow::Array>& bytes, arrow::MemoryPool* pool);

/// Checks what libparquet does not: that strings are UTF-8 and decimals fit their precision.
/// Errors: InvalidData.
Status CheckValues(const arrow::Array& array);

}  // namespace iceframe::internal
