// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include <parquet/exception.h>
#include <parquet/statistics.h>

#include "iceframe/datafile/parquet_column_internal.h"
#include "iceframe/datafile/parquet_statistics_internal.h"
#include "iceframe/types/civil_time.h"

namespace iceframe::internal {
namespace {

static_assert(std::endian::native == std::endian::little, "Parquet's plain encoding is read as is");

constexpr int64_t kNanosPerDay = 86'400'000'000'000;

template <typename T>
std::optional<T> ReadPlain(std::string_view bytes) {
  if (bytes.size() != sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

/// An INT32 or INT64 statistic as a signed 64-bit number.
std::optional<int64_t> ReadInteger(const parquet::ColumnDescriptor& column,
                                   std::string_view bytes) {
  if (column.physical_type() == parquet::Type::INT32) {
    auto value = ReadPlain<int32_t>(bytes);
    if (!value) return std::nullopt;
    if (IsUnsigned(column)) return static_cast<int64_t>(static_cast<uint32_t>(*value));
    return *value;
  }
  if (column.physical_type() != parquet::Type::INT64 || IsUnsigned(column)) return std::nullopt;
  return ReadPlain<int64_t>(bytes);
}

std::optional<int64_t> Multiply(int64_t value, int64_t factor) {
  int64_t product = 0;
  if (__builtin_mul_overflow(value, factor, &product)) return std::nullopt;
  return product;
}

int64_t DivideRounding(int64_t value, int64_t divisor, BoundSide side) {
  const int64_t quotient = value / divisor;
  const int64_t remainder = value % divisor;
  if (side == BoundSide::kLower) return remainder < 0 ? quotient - 1 : quotient;
  return remainder > 0 ? quotient + 1 : quotient;
}

/// How many of the column's time units one second has; 0 if it is no time.
int64_t UnitsPerSecond(const parquet::ColumnDescriptor& column) {
  const auto& logical = column.logical_type();
  if (logical == nullptr) return 0;
  parquet::LogicalType::TimeUnit::unit unit = parquet::LogicalType::TimeUnit::UNKNOWN;
  if (logical->is_timestamp()) {
    unit = static_cast<const parquet::TimestampLogicalType&>(*logical).time_unit();
  } else if (logical->is_time()) {
    unit = static_cast<const parquet::TimeLogicalType&>(*logical).time_unit();
  }
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

std::optional<Value> DecodeTime(const parquet::ColumnDescriptor& column, std::string_view bytes,
                                int64_t wanted_per_second, BoundSide side) {
  auto number = ReadInteger(column, bytes);
  if (!number) return std::nullopt;
  const auto& logical = column.logical_type();
  if (logical != nullptr && logical->is_date()) {
    auto value = Multiply(*number, wanted_per_second == 1'000'000 ? kMicrosPerDay : kNanosPerDay);
    return value ? std::optional<Value>(Value(*value)) : std::nullopt;
  }
  int64_t per_second = UnitsPerSecond(column);
  if (per_second == 0) return std::nullopt;
  if (per_second >= wanted_per_second) {
    return Value(DivideRounding(*number, per_second / wanted_per_second, side));
  }
  auto value = Multiply(*number, wanted_per_second / per_second);
  return value ? std::optional<Value>(Value(*value)) : std::nullopt;
}

/// Zero as a bound stands for both zeros.
template <typename T>
T WidenZero(T value, BoundSide side) {
  if (value != 0) return value;
  return side == BoundSide::kLower ? -T{0} : T{0};
}

std::optional<double> ReadFloating(const parquet::ColumnDescriptor& column,
                                   std::string_view bytes) {
  std::optional<double> value;
  if (column.physical_type() == parquet::Type::FLOAT) {
    if (auto narrow = ReadPlain<float>(bytes)) value = static_cast<double>(*narrow);
  } else if (column.physical_type() == parquet::Type::DOUBLE) {
    value = ReadPlain<double>(bytes);
  }
  if (value && std::isnan(*value)) return std::nullopt;
  return value;
}

std::optional<Value> DecodeDecimal(const parquet::ColumnDescriptor& column, const Type& type,
                                   std::string_view bytes) {
  const auto& logical = column.logical_type();
  if (logical == nullptr || !logical->is_decimal()) return std::nullopt;
  if (static_cast<const parquet::DecimalLogicalType&>(*logical).scale() != type.scale()) {
    return std::nullopt;
  }
  if (column.physical_type() == parquet::Type::INT32 ||
      column.physical_type() == parquet::Type::INT64) {
    auto number = ReadInteger(column, bytes);
    if (!number) return std::nullopt;
    return Value(arrow::Decimal128(*number));
  }
  if (bytes.empty() || bytes.size() > 16) return std::nullopt;
  auto decimal = arrow::Decimal128::FromBigEndian(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                  static_cast<int32_t>(bytes.size()));
  if (!decimal.ok()) return std::nullopt;
  return Value(*decimal);
}

/// Reads a minimum and a maximum, of which either may be missing; a pair that can't be right (one
/// is unreadable, or the minimum above the maximum) says nothing.
void SetBounds(const parquet::ColumnDescriptor& column, const Type& type,
               std::optional<std::string_view> min, std::optional<std::string_view> max,
               ColumnBounds* bounds) {
  if (min) bounds->lower = DecodeParquetBound(column, type, *min, BoundSide::kLower);
  if (max) bounds->upper = DecodeParquetBound(column, type, *max, BoundSide::kUpper);
  const bool is_unreadable = (min && !bounds->lower) || (max && !bounds->upper);
  if (is_unreadable ||
      (bounds->lower && bounds->upper && CompareValues(type, *bounds->lower, *bounds->upper) > 0)) {
    bounds->lower.reset();
    bounds->upper.reset();
  }
}

}  // namespace

std::optional<Value> DecodeParquetBound(const parquet::ColumnDescriptor& column, const Type& type,
                                        std::string_view bytes, BoundSide side) {
  switch (type.id()) {
    case TypeId::kBoolean:
      if (column.physical_type() != parquet::Type::BOOLEAN || bytes.size() != 1) {
        return std::nullopt;
      }
      return Value(bytes[0] != 0);
    case TypeId::kInt:
    case TypeId::kDate: {
      auto number = ReadInteger(column, bytes);
      if (!number || *number < std::numeric_limits<int32_t>::min() ||
          *number > std::numeric_limits<int32_t>::max()) {
        return std::nullopt;
      }
      return Value(static_cast<int32_t>(*number));
    }
    case TypeId::kLong:
      if (auto number = ReadInteger(column, bytes)) return Value(*number);
      return std::nullopt;
    case TypeId::kFloat: {
      auto number = ReadFloating(column, bytes);
      if (!number || column.physical_type() != parquet::Type::FLOAT) return std::nullopt;
      return Value(WidenZero(static_cast<float>(*number), side));
    }
    case TypeId::kDouble:
      if (auto number = ReadFloating(column, bytes)) return Value(WidenZero(*number, side));
      return std::nullopt;
    case TypeId::kDecimal:
      return DecodeDecimal(column, type, bytes);
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return DecodeTime(column, bytes, 1'000'000, side);
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return DecodeTime(column, bytes, 1'000'000'000, side);
    case TypeId::kString:
    case TypeId::kBinary:
      if (column.physical_type() != parquet::Type::BYTE_ARRAY) return std::nullopt;
      return Value(std::string(bytes));
    case TypeId::kUuid:
    case TypeId::kFixed: {
      const size_t length = type.id() == TypeId::kUuid ? 16 : static_cast<size_t>(type.length());
      if (column.physical_type() != parquet::Type::FIXED_LEN_BYTE_ARRAY || bytes.size() != length) {
        return std::nullopt;
      }
      return Value(std::string(bytes));
    }
    case TypeId::kUnknown:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      return std::nullopt;
  }
  return std::nullopt;
}

ColumnBounds PageBounds(const PageHeader& page, const parquet::ColumnDescriptor& column,
                        const Type& type) {
  ColumnBounds bounds;
  bounds.value_count = page.num_values;
  if (page.null_count && *page.null_count >= 0) bounds.null_count = page.null_count;
  if (page.min && page.max) SetBounds(column, type, *page.min, *page.max, &bounds);
  return bounds;
}

ColumnBounds ChunkBounds(const parquet::ColumnChunkMetaData& chunk,
                         const parquet::ColumnDescriptor& column, const Type& type) {
  ColumnBounds bounds;
  if (chunk.num_values() >= 0) bounds.value_count = chunk.num_values();
  try {
    if (!chunk.is_stats_set()) return bounds;
    const auto statistics = chunk.encoded_statistics();
    if (statistics == nullptr) return bounds;
    if (statistics->has_null_count && statistics->null_count >= 0) {
      bounds.null_count = statistics->null_count;
    }
    const auto if_set = [](bool is_set, const std::string& bytes) {
      return is_set ? std::optional<std::string_view>(bytes) : std::nullopt;
    };
    SetBounds(column, type, if_set(statistics->has_min, statistics->min()),
              if_set(statistics->has_max, statistics->max()), &bounds);
  } catch (const std::exception&) {
    // Damaged statistics are unknown statistics: the data decides.
    return ColumnBounds{};
  }
  return bounds;
}

}  // namespace iceframe::internal
