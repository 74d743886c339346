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
#include "iceframe/types/civil_time.h"
#include "iceframe/types/lossless_cast_internal.h"

namespace iceframe::internal {
namespace {

using Kind = LeafConversion::Kind;

constexpr int64_t kJulianDayOfEpoch = 2'440'588;

std::string RowOf(const ValuePlace& place, int64_t index) {
  const int64_t row = place.row_of(index);
  return row < 0 ? ", which" : ", row " + std::to_string(row);
}

template <typename T>
std::string TextOf(const T& value) {
  if constexpr (std::is_arithmetic_v<T>) {
    return std::to_string(value);
  } else {
    return "a value";
  }
}

/// Values with all that a conversion needs to know.
struct Decoded {
  const DecodedValues& values;
  const ValuePlace& place;
  arrow::MemoryPool* pool;

  const uint8_t* valid() const { return values.valid == nullptr ? nullptr : values.valid->data(); }
};

/// Fills a new buffer of `length` items by `convert(item) → bool` (false: does not fit). Slots of
/// nulls hold anything and are left 0.
template <typename From, typename To, typename Convert>
Result<std::shared_ptr<arrow::Buffer>> Map(const Decoded& decoded, const Convert& convert) {
  const arrow::Buffer& values = *decoded.values.values;
  const uint8_t* valid = decoded.valid();
  const int64_t length = decoded.values.length;
  if (values.size() < length * static_cast<int64_t>(sizeof(From))) {
    return Error(ErrorKind::kInvalidData, "a column has fewer values than rows");
  }
  ICEFRAME_ASSIGN_OR_RETURN(
      std::shared_ptr<arrow::Buffer> out,
      arrow::AllocateBuffer(length * static_cast<int64_t>(sizeof(To)), decoded.pool));
  const auto* from = reinterpret_cast<const From*>(values.data());
  auto* to = reinterpret_cast<To*>(out->mutable_data());
  bool fits = true;
  if (valid == nullptr) {
    for (int64_t i = 0; i < length; ++i) fits &= convert(from[i], &to[i]);
  } else {
    for (int64_t i = 0; i < length; ++i) {
      if (arrow::bit_util::GetBit(valid, static_cast<uint64_t>(i))) {
        fits &= convert(from[i], &to[i]);
      } else {
        to[i] = To{};
      }
    }
  }
  for (int64_t i = 0; !fits && i < length; ++i) {
    const bool is_valid =
        valid == nullptr || arrow::bit_util::GetBit(valid, static_cast<uint64_t>(i));
    if (is_valid && !convert(from[i], &to[i])) {
      return Misfit(decoded.place, i, TextOf(from[i]));
    }
  }
  return out;
}

bool ConvertInt96(const parquet::Int96& from, int64_t units_per_second, int64_t* out) {
  uint64_t nanos_of_day = 0;
  std::memcpy(&nanos_of_day, from.value.data(), sizeof(nanos_of_day));
  const int64_t days = static_cast<int64_t>(from.value[2]) - kJulianDayOfEpoch;
  if (nanos_of_day > static_cast<uint64_t>(kSecondsPerDay) * 1'000'000'000U) return false;
  const int64_t nanos_per_unit = 1'000'000'000 / units_per_second;
  const int64_t of_day = static_cast<int64_t>(nanos_of_day) / nanos_per_unit;
  if (of_day * nanos_per_unit != static_cast<int64_t>(nanos_of_day)) return false;
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
                                                     const Decoded& decoded) {
  const int64_t factor = conversion.factor;
  switch (conversion.kind) {
    case Kind::kKeep:
      return decoded.values.values;
    case Kind::kBoolean:
      return BitsFromBytes(*decoded.values.values, decoded.values.length, decoded.pool);
    case Kind::kInt32ToInt64:
      return Map<int32_t, int64_t>(decoded, [=](int32_t from, int64_t* to) {
        return !__builtin_mul_overflow(static_cast<int64_t>(from), factor, to);
      });
    case Kind::kUInt32ToInt64:
      return Map<uint32_t, int64_t>(decoded, [](uint32_t from, int64_t* to) {
        *to = from;
        return true;
      });
    case Kind::kInt64Multiply:
      return Map<int64_t, int64_t>(decoded, [=](int64_t from, int64_t* to) {
        return !__builtin_mul_overflow(from, factor, to);
      });
    case Kind::kInt64Divide:
      return Map<int64_t, int64_t>(decoded, [=](int64_t from, int64_t* to) {
        *to = from / factor;
        return *to * factor == from;
      });
    case Kind::kInt96:
      return Map<parquet::Int96, int64_t>(decoded, [=](const parquet::Int96& from, int64_t* to) {
        return ConvertInt96(from, factor, to);
      });
    case Kind::kFloatToDouble:
      return Map<float, double>(decoded, [](float from, double* to) {
        *to = static_cast<double>(from);
        return true;
      });
    case Kind::kInt32ToDecimal:
      return Map<int32_t, arrow::Decimal128>(decoded, [=](int32_t from, arrow::Decimal128* to) {
        *to = arrow::Decimal128(from);
        return from > -factor && from < factor;
      });
    case Kind::kInt64ToDecimal:
      return Map<int64_t, arrow::Decimal128>(decoded, [=](int64_t from, arrow::Decimal128* to) {
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
    const ValuePlace& place, const arrow::FixedSizeBinaryArray& bytes,
    const arrow::Decimal128Type& type, arrow::MemoryPool* pool) {
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
  bool fits = true;
  for (int64_t i = 0; i < length; ++i, from += width) {
    uint64_t word = 0;
    std::memcpy(&word, from, width);
    int64_t value = static_cast<int64_t>(arrow::bit_util::FromBigEndian(word)) >> shift;
    const auto slot = static_cast<uint64_t>(bytes.offset() + i);
    if (valid != nullptr && !arrow::bit_util::GetBit(valid, slot)) value = 0;
    to[2 * i] = value;
    to[2 * i + 1] = value >> 63;
    fits = fits && (any_fits || (value > -limit && value < limit));
  }
  for (int64_t i = 0; !fits && i < bytes.length(); ++i) {
    const int64_t value = to[2 * i];
    if (value <= -limit || value >= limit) {
      return Misfit(place, i, arrow::Decimal128(value).ToString(type.scale()));
    }
  }
  return out;
}

template <typename ArrayType>
Result<std::shared_ptr<arrow::Buffer>> DecimalsFromBytes(const ValuePlace& place,
                                                         const ArrayType& bytes,
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
      return Misfit(place, i, "a decimal of " + std::to_string(value.size()) + " bytes");
    }
    ICEFRAME_ASSIGN_OR_RETURN(
        to[i], arrow::Decimal128::FromBigEndian(reinterpret_cast<const uint8_t*>(value.data()),
                                                static_cast<int32_t>(value.size())));
    if (!to[i].FitsInPrecision(type.precision())) {
      return Misfit(place, i, to[i].ToString(type.scale()));
    }
  }
  return out;
}

Status CheckUtf8(const ValuePlace& place, const arrow::BinaryArray& text) {
  if (text.length() == 0 || text.total_values_length() == 0) return Status::OK();
  arrow::util::InitializeUTF8();
  const int64_t begin = text.value_offset(0);
  const uint8_t* bytes = text.value_data()->data();
  // One pass over all values joined finds nearly every fault; a character that two neighbours
  // share is found at their border.
  bool is_utf8 = arrow::util::ValidateUTF8(bytes + begin, text.total_values_length());
  for (int64_t i = 1; is_utf8 && i < text.length(); ++i) {
    const int64_t start = text.value_offset(i);
    is_utf8 = start >= begin + text.total_values_length() || (bytes[start] & 0xC0U) != 0x80U;
  }
  if (is_utf8) return Status::OK();
  int64_t at = 0;
  while (at + 1 < text.length() && arrow::util::ValidateUTF8(text.GetView(at))) ++at;
  return Error(ErrorKind::kInvalidData, "a string in the file is not UTF-8: ", place.column,
               place.row_of(at) < 0 ? "" : RowOf(place, at));
}

}  // namespace

int64_t DecimalLimit(int32_t precision) {
  int64_t limit = 1;
  for (int32_t i = 0; i < precision; ++i) {
    if (__builtin_mul_overflow(limit, int64_t{10}, &limit)) {
      return std::numeric_limits<int64_t>::max();
    }
  }
  return limit;
}

Status Misfit(const ValuePlace& place, int64_t index, const std::string& value) {
  return Error(ErrorKind::kInvalidData,
               "a value in the file does not fit the table's type: ", place.column, " is ",
               place.type.ToString(), RowOf(place, index), " has ", value);
}

Result<std::shared_ptr<arrow::Array>> CastValues(const ValuePlace& place,
                                                 const std::shared_ptr<arrow::Array>& values,
                                                 arrow::MemoryPool* pool) {
  const CastPlace cast_place{place.column, "row", 0, pool};
  auto cast = CastPrimitive(cast_place, place.type, values);
  if (cast.ok() || cast.status().IsOutOfMemory() || values->length() == 0) return cast;
  // The first that does not fit is in the half in front if that fails.
  int64_t begin = 0;
  int64_t end = values->length();
  while (end - begin > 1) {
    const int64_t middle = begin + (end - begin) / 2;
    const auto front = values->Slice(begin, middle - begin);
    (CastPrimitive(cast_place, place.type, front).ok() ? begin : end) = middle;
  }
  ICEFRAME_ASSIGN_OR_RETURN(const auto value, values->GetScalar(begin));
  return Misfit(place, begin, value->ToString().substr(0, 80));
}

Status CheckValues(const ValuePlace& place, const arrow::Array& array) {
  if (array.type_id() == arrow::Type::STRING) {
    return CheckUtf8(place, static_cast<const arrow::BinaryArray&>(array));
  }
  if (array.type_id() != arrow::Type::DECIMAL128) return Status::OK();
  const auto& decimals = static_cast<const arrow::Decimal128Array&>(array);
  const int32_t precision = static_cast<const arrow::Decimal128Type&>(*array.type()).precision();
  for (int64_t i = 0; i < decimals.length(); ++i) {
    if (decimals.IsNull(i)) continue;
    if (!arrow::Decimal128(decimals.GetValue(i)).FitsInPrecision(precision)) {
      return Misfit(place, i, decimals.FormatValue(i));
    }
  }
  return Status::OK();
}

Result<std::shared_ptr<arrow::Array>> ConvertValues(
    const LeafConversion& conversion, const ValuePlace& place,
    const std::shared_ptr<arrow::DataType>& arrow_type, DecodedValues decoded,
    arrow::MemoryPool* pool) {
  if (decoded.null_count == 0) decoded.valid = nullptr;
  ICEFRAME_ASSIGN_OR_RETURN(auto converted, ConvertBuffer(conversion, {decoded, place, pool}));
  const auto& type = conversion.cast_from == nullptr ? arrow_type : conversion.cast_from;
  const auto values = arrow::MakeArray(arrow::ArrayData::Make(
      type, decoded.length, {std::move(decoded.valid), std::move(converted)}, decoded.null_count));
  return conversion.cast_from == nullptr ? values : CastValues(place, values, pool);
}

namespace {

Result<std::shared_ptr<arrow::Array>> DecimalsOf(const ValuePlace& place,
                                                 const std::shared_ptr<arrow::DataType>& arrow_type,
                                                 const std::shared_ptr<arrow::Array>& bytes,
                                                 arrow::MemoryPool* pool) {
  const auto& type = static_cast<const arrow::Decimal128Type&>(*arrow_type);
  std::shared_ptr<arrow::Buffer> decimals;
  if (bytes->type_id() == arrow::Type::FIXED_SIZE_BINARY) {
    const auto& fixed = static_cast<const arrow::FixedSizeBinaryArray&>(*bytes);
    const bool is_short = fixed.byte_width() >= 1 && fixed.byte_width() <= 8;
    ICEFRAME_ASSIGN_OR_RETURN(decimals, is_short ? DecimalsFromShortBytes(place, fixed, type, pool)
                                                 : DecimalsFromBytes(place, fixed, type, pool));
  } else {
    const auto& binary = static_cast<const arrow::BinaryArray&>(*bytes);
    ICEFRAME_ASSIGN_OR_RETURN(decimals, DecimalsFromBytes(place, binary, type, pool));
  }
  std::shared_ptr<arrow::Buffer> valid = bytes->null_bitmap();
  if (valid != nullptr && bytes->offset() != 0) {
    ICEFRAME_ASSIGN_OR_RETURN(
        valid, arrow::internal::CopyBitmap(pool, valid->data(), bytes->offset(), bytes->length()));
  }
  return arrow::MakeArray(arrow::ArrayData::Make(
      arrow_type, bytes->length(), {std::move(valid), std::move(decimals)}, bytes->null_count()));
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> ConvertBytes(
    const LeafConversion& conversion, const ValuePlace& place,
    const std::shared_ptr<arrow::DataType>& arrow_type, const std::shared_ptr<arrow::Array>& bytes,
    arrow::MemoryPool* pool) {
  const auto& type = conversion.cast_from == nullptr ? arrow_type : conversion.cast_from;
  std::shared_ptr<arrow::Array> values;
  if (conversion.kind == Kind::kBytesToDecimal) {
    ICEFRAME_ASSIGN_OR_RETURN(values, DecimalsOf(place, type, bytes, pool));
  } else {
    if (conversion.kind == Kind::kText) {
      ICEFRAME_RETURN_NOT_OK(CheckUtf8(place, static_cast<const arrow::BinaryArray&>(*bytes)));
    }
    values = arrow::MakeArray(Relabel(bytes->data(), type));
  }
  return conversion.cast_from == nullptr ? values : CastValues(place, values, pool);
}

}  // namespace iceframe::internal
