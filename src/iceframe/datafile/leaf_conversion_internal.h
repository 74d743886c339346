// SPDX-License-Identifier: Apache-2.0
// How a Parquet leaf's physical values become values of an Iceberg type.
#pragma once

#include <functional>
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
  /// What the values are by then, where that is not the table's type: they are cast without loss,
  /// and one that does not fit is an error.
  std::shared_ptr<arrow::DataType> cast_from;
};

/// Returns 10^precision where that is an int64, else the greatest one.
int64_t DecimalLimit(int32_t precision);

/// Where the values of an array stand in their file, for errors.
struct ValuePlace {
  /// The dotted column.
  std::string column;
  Type type;
  /// The row of the file that an item belongs to; -1 where that is not known.
  std::function<int64_t(int64_t)> row_of;
};

/// Says that the item at `index` of what the file has is no value of the table's type.
Status Misfit(const ValuePlace& place, int64_t index, const std::string& value);

/// Decoded fixed-width values as libparquet's RecordReader leaves them, with room for nulls;
/// `valid` may be nullptr.
struct DecodedValues {
  int64_t length = 0;
  int64_t null_count = 0;
  std::shared_ptr<arrow::Buffer> values;
  std::shared_ptr<arrow::Buffer> valid;
};

/// Says how the column is read as `type`. Errors: InvalidData naming the column and both types if
/// the table's column can't have come to be from what the file has.
Result<LeafConversion> PlanLeaf(const parquet::ColumnDescriptor& column, const Type& type);

/// Makes an array of `arrow_type` (ToArrowType's form of the place's type).
/// Errors: InvalidData naming column, row and value for one that does not fit.
Result<std::shared_ptr<arrow::Array>> ConvertValues(
    const LeafConversion& conversion, const ValuePlace& place,
    const std::shared_ptr<arrow::DataType>& arrow_type, DecodedValues decoded,
    arrow::MemoryPool* pool);

/// As ConvertValues, for decoded byte arrays: binary or fixed-size binary arrays.
Result<std::shared_ptr<arrow::Array>> ConvertBytes(
    const LeafConversion& conversion, const ValuePlace& place,
    const std::shared_ptr<arrow::DataType>& arrow_type, const std::shared_ptr<arrow::Array>& bytes,
    arrow::MemoryPool* pool);

/// Casts values of a plain Arrow type without loss. Errors: as ConvertValues.
Result<std::shared_ptr<arrow::Array>> CastValues(const ValuePlace& place,
                                                 const std::shared_ptr<arrow::Array>& values,
                                                 arrow::MemoryPool* pool);

/// Checks what libparquet does not: that strings are UTF-8 and decimals fit their precision.
/// Errors: InvalidData.
Status CheckValues(const ValuePlace& place, const arrow::Array& array);

}  // namespace iceframe::internal
