// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <limits>
#include <optional>

#include <arrow/api.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>
#include <arrow/util/endian.h>
#include <arrow/util/utf8.h>
#include <parquet/types.h>

#include "iceframe/datafile/array_form_internal.h"
#include "iceframe/datafile/leaf_conversion_internal.h"

namespace iceframe::internal {
namespace {

using Kind = LeafConversion::Kind;

constexpr int64_t kSecondsPerDay = 86'400;
constexpr int64_t kJulianDayOfEpoch = 2'440'588;

Status Mismatch(const parquet::ColumnDescriptor& column, const Type& type) {
  const auto& logical = column.logical_type();
  return Error(
      ErrorKind::kInvalidData,
      "a column's type in the file can't be read as the table's: ", column.path()->ToDotString(),
      " is ", parquet::TypeToString(column.physical_type()), " ",
      logical == nullptr ? "" : logical->ToString(), ", the table has ", type.ToString());
}

bool IsUnsigned(const parquet::LogicalType& logical) {
  return logical.is_int() && !static_cast<const parquet::IntLogicalType&>(logical).is_signed();
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
  if (from_per_second == to_per_second) return {Kind::kKeep, 1};
  if (from_per_second < to_per_second) {
    return {Kind::kInt64Multiply, to_per_second / from_per_second};
  }
  return {Kind::kInt64Divide, from_per_second / to_per_second};
}

std::optional<LeafConversion> PlanTime(const parquet::ColumnDescriptor& column,
                                       const parquet::LogicalType& logical) {
  if (!logical.is_time()) return std::nullopt;
  const int64_t units =
      UnitsPerSecond(static_cast<const parquet::TimeLogicalType&>(logical).time_unit());
  if (units == 0) return std::nullopt;
  if (column.physical_type() == parquet::Type::INT32) {
    return LeafConversion{Kind::kInt32ToInt64, 1'000'000 / units};
  }
  if (column.physical_type() != parquet::Type::INT64) return std::nullopt;
  return ScaleTime(units, 1'000'000);
}

std::optional<LeafConversion> PlanTimestamp(const parquet::ColumnDescriptor& column,
                                            const parquet::LogicalType& logical,
                                            int64_t to_per_second) {
  if (column.physical_type() == parquet::Type::INT96) {
    return LeafConversion{Kind::kInt96, to_per_second};
  }
  if (column.physical_type() == parquet::Type::INT32 && logical.is_date()) {
    return LeafConversion{Kind::kInt32ToInt64, kSecondsPerDay * to_per_second};
  }
  if (column.physical_type() != parquet::Type::INT64 || !logical.is_timestamp()) {
    return std::nullopt;
  }
  const int64_t units =
      UnitsPerSecond(static_cast<const parquet::TimestampLogicalType&>(logical).time_unit());
  if (units == 0) return std::nullopt;
  return ScaleTime(units, to_per_second);
}

/// 10^precision where that is an int64, else the greatest one.
int64_t DecimalLimit(int32_t precision) {
  int64_t limit = 1;
  for (int32_t i = 0; i < precision; ++i) {
    if (__builtin_mul_overflow(limit, int64_t{10}, &limit)) {
      return std::numeric_limits<int64_t>::max();
    }
  }
  return limit;
}

std::optional<LeafConversion> PlanDecimal(const parquet::ColumnDescriptor& column,
                                          const parquet::LogicalType& logical, const Type& type) {
  if (!logical.is_decimal()) return std::nullopt;
  const auto& decimal = static_cast<const parquet::DecimalLogicalType&>(logical);
  if (decimal.scale() != type.scale() || decimal.precision() > type.precision()) {
    return std::nullopt;
  }
  switch (column.physical_type()) {
    case parquet::Type::INT32:
      return LeafConversion{Kind::kInt32ToDecimal, DecimalLimit(type.precision())};
    case parquet::Type::INT64:
      return LeafConversion{Kind::kInt64ToDecimal, DecimalLimit(type.precision())};
    case parquet::Type::BYTE_ARRAY:
    case parquet::Type::FIXED_LEN_BYTE_ARRAY:
      return LeafConversion{Kind::kBytesToDecimal, 1};
    default:
      return std::nullopt;
  }
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
    const bool wide =
        is_unsigned && static_cast<const parquet::IntLogicalType&>(logical).bit_width() == 32;
    if (physical != parquet::Type::INT32 || wide) return std::nullopt;
    return LeafConversion{};
  }
  if (physical == parquet::Type::INT32) {
    return LeafConversion{is_unsigned ? Kind::kUInt32ToInt64 : Kind::kInt32ToInt64, 1};
  }
  if (physical != parquet::Type::INT64 || is_unsigned) return std::nullopt;
  return LeafConversion{};
}

std::optional<LeafConversion> Plan(const parquet::ColumnDescriptor& column,
                                   const parquet::LogicalType& logical, const Type& type) {
  const auto physical = column.physical_type();
  switch (type.id()) {
    case TypeId::kBoolean:
      if (physical == parquet::Type::BOOLEAN) return LeafConversion{Kind::kBoolean, 1};
      return std::nullopt;
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kLong:
      return PlanInteger(column, logical, type);
    case TypeId::kFloat:
      if (physical == parquet::Type::FLOAT) return LeafConversion{};
      return std::nullopt;
    case TypeId::kDouble:
      if (physical == parquet::Type::DOUBLE) return LeafConversion{};
      if (physical == parquet::Type::FLOAT) return LeafConversion{Kind::kFloatToDouble, 1};
      return std::nullopt;
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
      if (physical == parquet::Type::BYTE_ARRAY && !logical.is_decimal()) {
        return LeafConversion{Kind::kText, 1};
      }
      return std::nullopt;
    case TypeId::kBinary:
      if (physical == parquet::Type::BYTE_ARRAY && !logical.is_decimal()) {
        return LeafConversion{Kind::kBytes, 1};
      }
      return std::nullopt;
    case TypeId::kUuid:
    case TypeId::kFixed: {
      const int32_t length = type.id() == TypeId::kUuid ? 16 : type.length();
      if (physical == parquet::Type::FIXED_LEN_BYTE_ARRAY && column.type_length() == length &&
          !logical.is_decimal()) {
        return LeafConversion{Kind::kFixedBytes, 1};
      }
      return std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

/// `value` as text, "" where it has none.
Status OutOfRange(const std::string& value) {
  return Error(ErrorKind::kInvalidData, "a value in the file does not fit the table's type",
               value.empty() ? "" : ": ", value);
}

template <typename T>
std::string TextOf(const T& value) {
  if constexpr (std::is_arithmetic_v<T>) {
    return std::to_string(value);
  } else {
    return "";
  }
}

/// Fills a new buffer of `length` items by `convert(item) → bool` (false: does not fit). Slots of
/// nulls hold anything and are left 0.
template <typename From, typename To, typename Convert>
Result<std::shared_ptr<arrow::Buffer>> Map(const arrow::Buffer& values, const uint8_t* valid,
                                           int64_t length, arrow::MemoryPool* pool,
                                           const Convert& convert) {
  if (values.size() < length * static_cast<int64_t>(sizeof(From))) {
    return Error(ErrorKind::kInvalidData, "a column has fewer values than rows");
  }
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> out,
                            arrow::AllocateBuffer(length * static_cast<int64_t>(sizeof(To)), pool));
  const auto* from = reinterpret_cast<const From*>(values.data());
  auto* to = reinterpret_cast<To*>(out->mutable_data());
  const auto is_valid = [valid](int64_t i) {
    return valid == nullptr || arrow::bit_util::GetBit(valid, static_cast<uint64_t>(i));
  };
  bool fits = true;
  if (valid == nullptr) {
    for (int64_t i = 0; i < length; ++i) fits &= convert(from[i], &to[i]);
  } else {
    for (int64_t i = 0; i < length; ++i) {
      if (is_valid(i)) {
        fits &= convert(from[i], &to[i]);
      } else {
        to[i] = To{};
      }
    }
  }
  for (int64_t i = 0; !fits && i < length; ++i) {
    if (is_valid(i) && !convert(from[i], &to[i])) return OutOfRange(TextOf(from[i]));
  }
  return out;
}

bool ConvertInt96(const parquet::Int96& from, int64_t units_per_second, int64_t* out) {
  uint64_t nanos_of_day = 0;
  std::memcpy(&nanos_of_day, from.value.data(), sizeof(nanos_of_day));
  const int64_t days = static_cast<int64_t>(from.value[2]) - kJulianDayOfEpoch;
  if (nanos_of_day > static_cast<uint64_t>(kSecondsPerDay) * 1'000'000'000U) return false;
  const int64_t of_day = static_cast<int64_t>(nanos_of_day) / (1'000'000'000 / units_per_second);
  return !__builtin_mul_overflow(days, kSecondsPerDay * units_per_second, out) &&
         !__builtin_add_overflow(*out, of_day, out);
}

Result<std::shared_ptr<arrow::Buffer>> BitsFromBytes(const arrow::Buffer& values, int64_t length,
                                                     arrow::MemoryPool* pool) {
  if (values.size() < length) {
    return Error(ErrorKind::kInvalidData, "a column has fewer values than rows");
  }
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> bits,
                            arrow::AllocateEmptyBitmap(length, pool));
  const uint8_t* bytes = values.data();
  arrow::internal::GenerateBitsUnrolled(bits->mutable_data(), 0, length,
                                        [&] { return *bytes++ != 0; });
  return bits;
}

Result<std::shared_ptr<arrow::Buffer>> ConvertBuffer(const LeafConversion& conversion,
                                                     std::shared_ptr<arrow::Buffer> values,
                                                     const uint8_t* valid, int64_t length,
                                                     arrow::MemoryPool* pool) {
  const int64_t factor = conversion.factor;
  switch (conversion.kind) {
    case Kind::kKeep:
      return values;
    case Kind::kBoolean:
      return BitsFromBytes(*values, length, pool);
    case Kind::kInt32ToInt64:
      return Map<int32_t, int64_t>(*values, valid, length, pool, [=](int32_t from, int64_t* to) {
        return !__builtin_mul_overflow(static_cast<int64_t>(from), factor, to);
      });
    case Kind::kUInt32ToInt64:
      return Map<uint32_t, int64_t>(*values, valid, length, pool, [](uint32_t from, int64_t* to) {
        *to = from;
        return true;
      });
    case Kind::kInt64Multiply:
      return Map<int64_t, int64_t>(*values, valid, length, pool, [=](int64_t from, int64_t* to) {
        return !__builtin_mul_overflow(from, factor, to);
      });
    case Kind::kInt64Divide:
      return Map<int64_t, int64_t>(*values, valid, length, pool, [=](int64_t from, int64_t* to) {
        *to = from / factor;
        return *to * factor == from;
      });
    case Kind::kInt96:
      return Map<parquet::Int96, int64_t>(
          *values, valid, length, pool,
          [=](const parquet::Int96& from, int64_t* to) { return ConvertInt96(from, factor, to); });
    case Kind::kFloatToDouble:
      return Map<float, double>(*values, valid, length, pool, [](float from, double* to) {
        *to = static_cast<double>(from);
        return true;
      });
    case Kind::kInt32ToDecimal:
      return Map<int32_t, arrow::Decimal128>(*values, valid, length, pool,
                                             [=](int32_t from, arrow::Decimal128* to) {
                                               *to = arrow::Decimal128(from);
                                               return from > -factor && from < factor;
                                             });
    case Kind::kInt64ToDecimal:
      return Map<int64_t, arrow::Decimal128>(*values, valid, length, pool,
                                             [=](int64_t from, arrow::Decimal128* to) {
                                               *to = arrow::Decimal128(from);
                                               return from > -factor && from < factor;
                                             });
    case Kind::kBytesToDecimal:
    case Kind::kFixedBytes:
    case Kind::kText:
    case Kind::kBytes:
      break;
  }
  return Error(ErrorKind::kInvalidData, "a column's values are of no fixed width");
}

/// Decimals of at most 8 bytes, all of one width: the common case.
Result<std::shared_ptr<arrow::Buffer>> DecimalsFromShortBytes(
    const arrow::FixedSizeBinaryArray& bytes, const arrow::Decimal128Type& type,
    arrow::MemoryPool* pool) {
  const int64_t length = bytes.length();
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> out,
                            arrow::AllocateBuffer(length * 16, pool));
  auto* to = reinterpret_cast<int64_t*>(out->mutable_data());
  const auto width = static_cast<size_t>(bytes.byte_width());
  const uint8_t* from = bytes.raw_values();
  const uint8_t* valid = bytes.null_count() > 0 ? bytes.null_bitmap_data() : nullptr;
  const int64_t limit = DecimalLimit(type.precision());
  const bool any_fits = type.precision() > 18;
  const auto shift = static_cast<unsigned>(64 - 8 * width);
  std::optional<int64_t> misfit;
  for (int64_t i = 0; i < length; ++i, from += width) {
    uint64_t word = 0;
    std::memcpy(&word, from, width);
    int64_t value = static_cast<int64_t>(arrow::bit_util::FromBigEndian(word)) >> shift;
    const auto place = static_cast<uint64_t>(bytes.offset() + i);
    if (valid != nullptr && !arrow::bit_util::GetBit(valid, place)) value = 0;
    to[2 * i] = value;
    to[2 * i + 1] = value >> 63;
    if (!any_fits && (value <= -limit || value >= limit)) misfit = value;
  }
  if (misfit) return OutOfRange(arrow::Decimal128(*misfit).ToString(type.scale()));
  return out;
}

template <typename ArrayType>
Result<std::shared_ptr<arrow::Buffer>> DecimalsFromBytes(const ArrayType& bytes,
                                                         const arrow::Decimal128Type& type,
                                                         arrow::MemoryPool* pool) {
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> out,
                            arrow::AllocateBuffer(bytes.length() * 16, pool));
  auto* to = reinterpret_cast<arrow::Decimal128*>(out->mutable_data());
  for (int64_t i = 0; i < bytes.length(); ++i) {
    to[i] = arrow::Decimal128();
    if (bytes.IsNull(i)) continue;
    const std::string_view value = bytes.GetView(i);
    if (value.empty() || value.size() > 16) {
      return OutOfRange(internal::Concatenate("a decimal of ", value.size(), " bytes"));
    }
    ICEFRAME_ASSIGN_OR_RETURN(
        to[i], arrow::Decimal128::FromBigEndian(reinterpret_cast<const uint8_t*>(value.data()),
                                                static_cast<int32_t>(value.size())));
    if (!to[i].FitsInPrecision(type.precision())) return OutOfRange(to[i].ToString(type.scale()));
  }
  return out;
}

Status CheckUtf8(const arrow::BinaryArray& text) {
  if (text.length() == 0 || text.total_values_length() == 0) return Status::OK();
  arrow::util::InitializeUTF8();
  const int64_t begin = text.value_offset(0);
  const uint8_t* bytes = text.value_data()->data();
  // One pass over all values joined finds nearly every fault; a character that two neighbours
  // share is found at their border.
  if (!arrow::util::ValidateUTF8(bytes + begin, text.total_values_length())) {
    return Error(ErrorKind::kInvalidData, "a string in the file is not UTF-8");
  }
  for (int64_t i = 1; i < text.length(); ++i) {
    const int64_t start = text.value_offset(i);
    if (start < begin + text.total_values_length() && (bytes[start] & 0xC0U) == 0x80U) {
      return Error(ErrorKind::kInvalidData, "a string in the file is not UTF-8");
    }
  }
  return Status::OK();
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

Status CheckValues(const arrow::Array& array) {
  if (array.type_id() == arrow::Type::STRING) {
    return CheckUtf8(static_cast<const arrow::BinaryArray&>(array));
  }
  if (array.type_id() != arrow::Type::DECIMAL128) return Status::OK();
  const auto& decimals = static_cast<const arrow::Decimal128Array&>(array);
  const auto& type = static_cast<const arrow::Decimal128Type&>(*array.type());
  for (int64_t i = 0; i < decimals.length(); ++i) {
    if (decimals.IsNull(i)) continue;
    const arrow::Decimal128 value(decimals.GetValue(i));
    if (!value.FitsInPrecision(type.precision())) return OutOfRange(value.ToString(type.scale()));
  }
  return Status::OK();
}

Result<std::shared_ptr<arrow::Array>> ConvertValues(
    const LeafConversion& conversion, const std::shared_ptr<arrow::DataType>& arrow_type,
    int64_t length, int64_t null_count, std::shared_ptr<arrow::Buffer> values,
    std::shared_ptr<arrow::Buffer> valid, arrow::MemoryPool* pool) {
  if (null_count == 0) valid = nullptr;
  ICEFRAME_ASSIGN_OR_RETURN(
      auto converted, ConvertBuffer(conversion, std::move(values),
                                    valid == nullptr ? nullptr : valid->data(), length, pool));
  return arrow::MakeArray(arrow::ArrayData::Make(
      arrow_type, length, {std::move(valid), std::move(converted)}, null_count));
}

Result<std::shared_ptr<arrow::Array>> ConvertBytes(
    const LeafConversion& conversion, const std::shared_ptr<arrow::DataType>& arrow_type,
    const std::shared_ptr<arrow::Array>& bytes, arrow::MemoryPool* pool) {
  if (conversion.kind == Kind::kBytesToDecimal) {
    const auto& type = static_cast<const arrow::Decimal128Type&>(*arrow_type);
    std::shared_ptr<arrow::Buffer> decimals;
    if (bytes->type_id() == arrow::Type::FIXED_SIZE_BINARY) {
      const auto& fixed = static_cast<const arrow::FixedSizeBinaryArray&>(*bytes);
      const bool is_short = fixed.byte_width() >= 1 && fixed.byte_width() <= 8;
      ICEFRAME_ASSIGN_OR_RETURN(decimals, is_short ? DecimalsFromShortBytes(fixed, type, pool)
                                                   : DecimalsFromBytes(fixed, type, pool));
    } else {
      ICEFRAME_ASSIGN_OR_RETURN(
          decimals, DecimalsFromBytes(static_cast<const arrow::BinaryArray&>(*bytes), type, pool));
    }
    std::shared_ptr<arrow::Buffer> valid = bytes->null_bitmap();
    if (valid != nullptr && bytes->offset() != 0) {
      ICEFRAME_ASSIGN_OR_RETURN(valid, arrow::internal::CopyBitmap(
                                           pool, valid->data(), bytes->offset(), bytes->length()));
    }
    return arrow::MakeArray(arrow::ArrayData::Make(
        arrow_type, bytes->length(), {std::move(valid), std::move(decimals)}, bytes->null_count()));
  }
  if (conversion.kind == Kind::kText) {
    ICEFRAME_RETURN_NOT_OK(CheckUtf8(static_cast<const arrow::BinaryArray&>(*bytes)));
  }
  return arrow::MakeArray(Relabel(bytes->data(), arrow_type));
}

}  // namespace iceframe::internal
