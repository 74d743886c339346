// SPDX-License-Identifier: Apache-2.0
// Which conversion reads a Parquet leaf as the table's type.
#include <limits>
#include <optional>
#include <utility>

#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <parquet/types.h>

#include "iceframe/datafile/leaf_conversion_internal.h"
#include "iceframe/datafile/parquet_column_internal.h"
#include "iceframe/types/civil_time.h"

namespace iceframe::internal {
namespace {

using Kind = LeafConversion::Kind;

Status Mismatch(const parquet::ColumnDescriptor& column, const Type& type) {
  const auto& logical = column.logical_type();
  return Error(
      ErrorKind::kInvalidData,
      "a column's type in the file can't be read as the table's: ", column.path()->ToDotString(),
      " is ", parquet::TypeToString(column.physical_type()), " ",
      logical == nullptr ? "" : logical->ToString(), ", the table has ", type.ToString());
}

/// Values as the file has them, which are cast by value.
LeafConversion CastFrom(std::shared_ptr<arrow::DataType> type, Kind kind = Kind::kKeep) {
  return LeafConversion{kind, 1, std::move(type)};
}

/// Whether the integer annotation, or its absence, makes the value a plain number.
bool IsNumber(const parquet::LogicalType& logical) { return logical.is_int() || logical.is_none(); }

int64_t UnitsPerSecond(parquet::LogicalType::TimeUnit::unit unit) {
  switch (unit) {
    case parquet::LogicalType::TimeUnit::MILLIS:
      return 1'000;
    case parquet::LogicalType::TimeUnit::MICROS:
      return 1'000'000;
    case parquet::LogicalType::TimeUnit::NANOS:
      return 1'000'000'000;
    default:
      return 0;
  }
}

LeafConversion ScaleTime(int64_t from_per_second, int64_t to_per_second) {
  if (from_per_second == to_per_second) return {};
  if (from_per_second < to_per_second) {
    return {Kind::kInt64Multiply, to_per_second / from_per_second, nullptr};
  }
  return {Kind::kInt64Divide, from_per_second / to_per_second, nullptr};
}

std::optional<LeafConversion> PlanTime(const parquet::ColumnDescriptor& column,
                                       const parquet::LogicalType& logical) {
  if (!logical.is_time()) return std::nullopt;
  const int64_t units =
      UnitsPerSecond(static_cast<const parquet::TimeLogicalType&>(logical).time_unit());
  if (units == 0) return std::nullopt;
  if (column.physical_type() == parquet::Type::INT32) {
    return LeafConversion{Kind::kInt32ToInt64, 1'000'000 / units, nullptr};
  }
  if (column.physical_type() != parquet::Type::INT64) return std::nullopt;
  return ScaleTime(units, 1'000'000);
}

std::optional<LeafConversion> PlanTimestamp(const parquet::ColumnDescriptor& column,
                                            const parquet::LogicalType& logical,
                                            int64_t to_per_second) {
  if (column.physical_type() == parquet::Type::INT96) {
    return LeafConversion{Kind::kInt96, to_per_second, nullptr};
  }
  if (column.physical_type() == parquet::Type::INT32 && logical.is_date()) {
    return LeafConversion{Kind::kInt32ToInt64, kSecondsPerDay * to_per_second, nullptr};
  }
  if (column.physical_type() != parquet::Type::INT64 || !logical.is_timestamp()) {
    return std::nullopt;
  }
  const int64_t units =
      UnitsPerSecond(static_cast<const parquet::TimestampLogicalType&>(logical).time_unit());
  if (units == 0) return std::nullopt;
  return ScaleTime(units, to_per_second);
}

/// The Arrow form of a plain number as the file has it.
std::optional<std::shared_ptr<arrow::DataType>> NumberType(const parquet::ColumnDescriptor& column,
                                                           const parquet::LogicalType& logical) {
  switch (column.physical_type()) {
    case parquet::Type::INT32:
      if (!IsNumber(logical)) return std::nullopt;
      return IsUnsigned(logical) ? arrow::uint32() : arrow::int32();
    case parquet::Type::INT64:
      if (!IsNumber(logical)) return std::nullopt;
      return IsUnsigned(logical) ? arrow::uint64() : arrow::int64();
    case parquet::Type::FLOAT:
      return arrow::float32();
    case parquet::Type::DOUBLE:
      return arrow::float64();
    default:
      return std::nullopt;
  }
}

std::optional<LeafConversion> PlanFloating(const parquet::ColumnDescriptor& column,
                                           const parquet::LogicalType& logical, const Type& type) {
  const auto physical = column.physical_type();
  const bool is_double = type.id() == TypeId::kDouble;
  if (physical == (is_double ? parquet::Type::DOUBLE : parquet::Type::FLOAT)) {
    return LeafConversion{};
  }
  if (physical == parquet::Type::FLOAT) return LeafConversion{Kind::kFloatToDouble, 1, nullptr};
  if (physical == parquet::Type::FIXED_LEN_BYTE_ARRAY && logical.is_float16()) {
    return CastFrom(arrow::float16(), Kind::kFixedBytes);
  }
  const auto number = NumberType(column, logical);
  return number ? std::optional(CastFrom(*number)) : std::nullopt;
}

std::optional<LeafConversion> PlanDecimal(const parquet::ColumnDescriptor& column,
                                          const parquet::LogicalType& logical, const Type& type) {
  if (IsNumber(logical)) {
    if (auto number = NumberType(column, logical); number && arrow::is_integer((*number)->id())) {
      return CastFrom(*number);
    }
  }
  if (!logical.is_decimal()) return std::nullopt;
  const auto& decimal = static_cast<const parquet::DecimalLogicalType&>(logical);
  LeafConversion conversion;
  int32_t precision = type.precision();
  if (decimal.scale() != type.scale() || decimal.precision() > type.precision()) {
    // Then the file's own form comes first, which must be one.
    precision = decimal.precision();
    auto file_type = arrow::Decimal128Type::Make(precision, decimal.scale());
    if (!file_type.ok()) return std::nullopt;
    conversion.cast_from = *std::move(file_type);
  }
  switch (column.physical_type()) {
    case parquet::Type::INT32:
      conversion.kind = Kind::kInt32ToDecimal;
      break;
    case parquet::Type::INT64:
      conversion.kind = Kind::kInt64ToDecimal;
      break;
    case parquet::Type::BYTE_ARRAY:
    case parquet::Type::FIXED_LEN_BYTE_ARRAY:
      conversion.kind = Kind::kBytesToDecimal;
      return conversion;
    default:
      return std::nullopt;
  }
  conversion.factor = DecimalLimit(precision);
  return conversion;
}

std::optional<LeafConversion> PlanInteger(const parquet::ColumnDescriptor& column,
                                          const parquet::LogicalType& logical, const Type& type) {
  const auto physical = column.physical_type();
  if (type.id() == TypeId::kDate) {
    if (physical != parquet::Type::INT32 || !(logical.is_date() || logical.is_none())) {
      return std::nullopt;
    }
    return LeafConversion{};
  }
  if (!IsNumber(logical)) return std::nullopt;
  const bool is_unsigned = IsUnsigned(logical);
  if (type.id() == TypeId::kInt) {
    const bool is_wide =
        is_unsigned && static_cast<const parquet::IntLogicalType&>(logical).bit_width() == 32;
    if (physical == parquet::Type::INT32 && !is_wide) return LeafConversion{};
  } else {
    if (physical == parquet::Type::INT32) {
      return LeafConversion{is_unsigned ? Kind::kUInt32ToInt64 : Kind::kInt32ToInt64, 1, nullptr};
    }
    if (physical == parquet::Type::INT64 && !is_unsigned) return LeafConversion{};
  }
  const auto number = NumberType(column, logical);
  if (!number || !arrow::is_integer((*number)->id())) return std::nullopt;
  return CastFrom(*number);
}

std::optional<LeafConversion> PlanBytes(const parquet::ColumnDescriptor& column,
                                        const parquet::LogicalType& logical, const Type& type) {
  const auto physical = column.physical_type();
  const bool is_fixed = physical == parquet::Type::FIXED_LEN_BYTE_ARRAY;
  if (logical.is_decimal() || logical.is_float16()) return std::nullopt;
  if (!is_fixed && physical != parquet::Type::BYTE_ARRAY) return std::nullopt;
  if (type.id() == TypeId::kString) {
    if (is_fixed) return std::nullopt;
    return LeafConversion{Kind::kText, 1, nullptr};
  }
  if (type.id() == TypeId::kBinary) {
    if (!is_fixed) return LeafConversion{Kind::kBytes, 1, nullptr};
    return CastFrom(arrow::fixed_size_binary(column.type_length()), Kind::kFixedBytes);
  }
  const int32_t length = type.id() == TypeId::kUuid ? 16 : type.length();
  if (!is_fixed) {
    // Text is not the bytes of anything, and what has no annotation may be any of both.
    if (logical.is_string()) return std::nullopt;
    return CastFrom(arrow::binary(), Kind::kBytes);
  }
  if (column.type_length() != length) return std::nullopt;
  return LeafConversion{Kind::kFixedBytes, 1, nullptr};
}

std::optional<LeafConversion> Plan(const parquet::ColumnDescriptor& column,
                                   const parquet::LogicalType& logical, const Type& type) {
  const auto physical = column.physical_type();
  switch (type.id()) {
    case TypeId::kBoolean:
      if (physical == parquet::Type::BOOLEAN) return LeafConversion{Kind::kBoolean, 1, nullptr};
      return std::nullopt;
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kLong:
      return PlanInteger(column, logical, type);
    case TypeId::kFloat:
    case TypeId::kDouble:
      return PlanFloating(column, logical, type);
    case TypeId::kDecimal:
      return PlanDecimal(column, logical, type);
    case TypeId::kTime:
      return PlanTime(column, logical);
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return PlanTimestamp(column, logical, 1'000'000);
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return PlanTimestamp(column, logical, 1'000'000'000);
    case TypeId::kString:
    case TypeId::kBinary:
    case TypeId::kUuid:
    case TypeId::kFixed:
      return PlanBytes(column, logical, type);
    default:
      return std::nullopt;
  }
}

}  // namespace

Result<LeafConversion> PlanLeaf(const parquet::ColumnDescriptor& column, const Type& type) {
  static const std::shared_ptr<const parquet::LogicalType> kNoLogicalType =
      parquet::LogicalType::None();
  const auto& logical = column.logical_type();
  auto conversion = Plan(column, logical == nullptr ? *kNoLogicalType : *logical, type);
  if (!conversion) return Mismatch(column, type);
  return *conversion;
}

}  // namespace iceframe::internal
