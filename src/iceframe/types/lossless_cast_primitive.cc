// SPDX-License-Identifier: Apache-2.0
// Lossless casts of primitive arrays.
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/bitmap_ops.h>

#include "iceframe/base/utf8.h"
#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/lossless_cast_internal.h"
#include "iceframe/types/wide_array.h"

namespace iceframe::internal {

namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

constexpr int64_t kMillisPerDay = 86'400'000;

// A wider value is equal to its narrower form, NaN to NaN.
template <typename To, typename From>
bool CastsExactly(From value, To* out) {
  if constexpr (std::is_integral_v<From> && std::is_integral_v<To>) {
    *out = static_cast<To>(value);
    return std::in_range<To>(value);
  } else if constexpr (std::is_integral_v<From>) {
    *out = static_cast<To>(value);
    // 2^63 and 2^64 are floats, but no integers of From: casting them back would be undefined.
    const To limit = std::ldexp(To{1}, std::numeric_limits<From>::digits);
    return *out < limit && static_cast<From>(*out) == value;
  } else {
    if (std::isnan(value)) {
      *out = std::numeric_limits<To>::quiet_NaN();
      return true;
    }
    if constexpr (sizeof(To) < sizeof(From)) {
      // Casting what To can't hold would be undefined.
      const From limit = static_cast<From>(std::numeric_limits<To>::max());
      if (std::isfinite(value) && std::fabs(value) > limit) return false;
    }
    *out = static_cast<To>(value);
    return static_cast<From>(*out) == value;
  }
}

template <typename To, typename From>
Result<ArrayPtr> CastNumbers(const CastPlace& place, const Type& to, const ArrayPtr& values) {
  const int64_t length = values->length();
  ICEFRAME_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::DataType> type, ToArrowType(to));
  std::shared_ptr<arrow::Buffer> validity;
  if (values->null_count() > 0) {
    ICEFRAME_ASSIGN_OR_RETURN(validity,
                              arrow::internal::CopyBitmap(place.pool, values->null_bitmap_data(),
                                                          values->offset(), length));
  }
  ICEFRAME_ASSIGN_OR_RETURN(
      std::shared_ptr<arrow::Buffer> data,
      arrow::AllocateBuffer(length * static_cast<int64_t>(sizeof(To)), place.pool));
  const From* in = values->data()->GetValues<From>(1);
  To* out = reinterpret_cast<To*>(data->mutable_data());
  bool all_exact = true;
  for (int64_t i = 0; i < length; ++i) all_exact &= CastsExactly(in[i], out + i);
  // What lies under a null may be anything; look again only if something did not fit.
  for (int64_t i = 0; !all_exact && i < length; ++i) {
    if (values->IsNull(i)) {
      out[i] = To{};
    } else if (!CastsExactly(in[i], out + i)) {
      return LossyValue(place, *values, to, i);
    }
  }
  return arrow::MakeArray(arrow::ArrayData::Make(
      type, length, {std::move(validity), std::move(data)}, values->null_count()));
}

// Arrow's own cast with all its checks on; the first value that it refuses is looked up after.
Result<ArrayPtr> ArrowCast(const std::shared_ptr<arrow::DataType>& type, const ArrayPtr& values,
                           arrow::MemoryPool* pool) {
  arrow::compute::ExecContext context(pool);
  context.set_use_threads(false);
  return arrow::compute::Cast(*values, type, arrow::compute::CastOptions::Safe(), &context);
}

Result<ArrayPtr> CheckedCast(const CastPlace& place, const Type& to,
                             const std::shared_ptr<arrow::DataType>& type, const ArrayPtr& values) {
  Result<ArrayPtr> cast = ArrowCast(type, values, place.pool);
  if (cast.ok() || cast.status().IsOutOfMemory()) return cast;
  if (cast.status().IsNotImplemented()) return NoCast(place, *values->type(), to);
  int64_t begin = 0;
  int64_t end = values->length();
  while (end - begin > 1) {
    const int64_t middle = begin + (end - begin) / 2;
    const bool in_front = !ArrowCast(type, values->Slice(begin, middle - begin), place.pool).ok();
    (in_front ? end : begin) = middle;
  }
  if (begin == end) return NoCast(place, *values->type(), to);
  return LossyValue(place, *values, to, begin);
}

template <typename To>
Result<ArrayPtr> CastToNumber(const CastPlace& place, const Type& to, const ArrayPtr& values) {
  switch (values->type_id()) {
    case arrow::Type::INT8:
      return CastNumbers<To, int8_t>(place, to, values);
    case arrow::Type::INT16:
      return CastNumbers<To, int16_t>(place, to, values);
    case arrow::Type::INT32:
      return CastNumbers<To, int32_t>(place, to, values);
    case arrow::Type::INT64:
      return CastNumbers<To, int64_t>(place, to, values);
    case arrow::Type::UINT8:
      return CastNumbers<To, uint8_t>(place, to, values);
    case arrow::Type::UINT16:
      return CastNumbers<To, uint16_t>(place, to, values);
    case arrow::Type::UINT32:
      return CastNumbers<To, uint32_t>(place, to, values);
    case arrow::Type::UINT64:
      return CastNumbers<To, uint64_t>(place, to, values);
    default:
      break;
  }
  if constexpr (std::is_floating_point_v<To>) {
    if (values->type_id() == arrow::Type::FLOAT) return CastNumbers<To, float>(place, to, values);
    if (values->type_id() == arrow::Type::DOUBLE) return CastNumbers<To, double>(place, to, values);
    if (values->type_id() == arrow::Type::HALF_FLOAT) {
      ICEFRAME_ASSIGN_OR_RETURN(const auto type, ToArrowType(to));
      return CheckedCast(place, to, type, values);
    }
  }
  return NoCast(place, *values->type(), to);
}

Result<ArrayPtr> CastToDecimal(const CastPlace& place, const Type& to, const ArrayPtr& values) {
  const arrow::Type::type from = values->type_id();
  ICEFRAME_ASSIGN_OR_RETURN(const auto type, ToArrowType(to));
  if (arrow::is_decimal(from)) return CheckedCast(place, to, type, values);
  if (!arrow::is_integer(from)) return NoCast(place, *values->type(), to);
  // Arrow asks the type for room for every integer; here only the values count.
  ICEFRAME_ASSIGN_OR_RETURN(const ArrayPtr whole,
                            CheckedCast(place, to, arrow::decimal128(38, 0), values));
  return CheckedCast(place, to, type, whole);
}

Result<ArrayPtr> CastToDate(const CastPlace& place, const Type& to, const ArrayPtr& values) {
  if (values->type_id() != arrow::Type::DATE64) return NoCast(place, *values->type(), to);
  const auto& dates = static_cast<const arrow::Date64Array&>(*values);
  for (int64_t i = 0; i < dates.length(); ++i) {
    if (dates.IsValid(i) && (dates.Value(i) % kMillisPerDay != 0 ||
                             !std::in_range<int32_t>(dates.Value(i) / kMillisPerDay))) {
      return LossyValue(place, *values, to, i);
    }
  }
  return CheckedCast(place, to, arrow::date32(), values);
}

Result<ArrayPtr> CastToTimestamp(const CastPlace& place, const Type& to, const ArrayPtr& values) {
  if (values->type_id() != arrow::Type::TIMESTAMP) return NoCast(place, *values->type(), to);
  const auto& from = static_cast<const arrow::TimestampType&>(*values->type());
  const bool zoned = to.id() == TypeId::kTimestamptz || to.id() == TypeId::kTimestamptzNs;
  if (from.timezone().empty() == zoned) return NoCast(place, from, to);
  ICEFRAME_ASSIGN_OR_RETURN(const auto type, ToArrowType(to));
  // Arrow keeps instants: with the zone renamed only the unit is left to cast.
  ICEFRAME_ASSIGN_OR_RETURN(
      const ArrayPtr renamed,
      values->View(arrow::timestamp(from.unit(), zoned ? std::string("UTC") : std::string())));
  if (renamed->type()->Equals(type)) return renamed;
  return CheckedCast(place, to, type, renamed);
}

/// The bytes of all texts together.
std::string_view TextOf(const arrow::StringArray& texts) {
  const int32_t begin = texts.value_offset(0);
  const int32_t end = texts.value_offset(texts.length());
  if (begin == end) return {};
  return {reinterpret_cast<const char*>(texts.raw_data()) + begin,
          static_cast<size_t>(end - begin)};
}

Result<ArrayPtr> CheckUtf8(const CastPlace& place, const Type& to, ArrayPtr values) {
  const auto& texts = static_cast<const arrow::StringArray&>(*values);
  // Most text is ASCII: then all of it is looked at in one go, what nulls hide included.
  if (texts.length() == 0 || IsAscii(TextOf(texts))) return values;
  // Also makes Arrow's tables ready.
  if (IsUtf8({}) && texts.ValidateUTF8().ok()) return values;
  for (int64_t i = 0; i < texts.length(); ++i) {
    if (texts.IsValid(i) && !IsUtf8(texts.GetView(i))) {
      return Error(ErrorKind::kSchemaMismatch,
                   "string column holds bytes that are not UTF-8: ", place.path, " in ",
                   place.Position(i), "; use a binary column for ", to.ToString(),
                   " data that is no text");
    }
  }
  return values;
}

Result<ArrayPtr> CastToText(const CastPlace& place, const Type& to, const ArrayPtr& values) {
  switch (values->type_id()) {
    case arrow::Type::STRING:
      return CheckUtf8(place, to, values);
    case arrow::Type::LARGE_STRING: {
      // Arrow's own cast looks at the offsets of all rows, of which these may be a slice.
      ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr cast, Narrow(values, arrow::utf8(), place.pool));
      return CheckUtf8(place, to, std::move(cast));
    }
    case arrow::Type::STRING_VIEW: {
      ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr cast, CheckedCast(place, to, arrow::utf8(), values));
      return CheckUtf8(place, to, std::move(cast));
    }
    default:
      return NoCast(place, *values->type(), to);
  }
}

Result<ArrayPtr> CastToBytes(const CastPlace& place, const Type& to, const ArrayPtr& values) {
  switch (values->type_id()) {
    case arrow::Type::BINARY:
      return values;
    case arrow::Type::LARGE_BINARY:
      return Narrow(values, arrow::binary(), place.pool);
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::FIXED_SIZE_BINARY:
      return CheckedCast(place, to, arrow::binary(), values);
    default:
      return NoCast(place, *values->type(), to);
  }
}

}  // namespace

Status NoCast(const CastPlace& place, const arrow::DataType& from, const Type& to) {
  return Error(ErrorKind::kSchemaMismatch,
               "no lossless cast joins the types of a column: ", place.path, " is ",
               from.ToString(), " and must become ", to.ToString(),
               "; cast it before, or change the column's type");
}

Status LossyValue(const CastPlace& place, const arrow::Array& values, const Type& to,
                  int64_t index) {
  const auto scalar = values.GetScalar(index);
  return Error(ErrorKind::kSchemaMismatch, "value can't be kept by its column: ", place.path,
               " is ", values.type()->ToString(), " and must become ", to.ToString(), ", but ",
               scalar.ok() ? (*scalar)->ToString().substr(0, 80) : std::string("the value"), " in ",
               place.Position(index), " would change; widen the column or correct the value");
}

Result<ArrayPtr> CastPrimitive(const CastPlace& place, const Type& to, const ArrayPtr& values) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto type, ToArrowType(to));
  if (values->type_id() == arrow::Type::NA) {
    return arrow::MakeArrayOfNull(type, values->length(), place.pool);
  }
  if (to.id() == TypeId::kString) return CastToText(place, to, values);
  if (values->type()->Equals(type)) return values;
  switch (to.id()) {
    case TypeId::kInt:
      return CastToNumber<int32_t>(place, to, values);
    case TypeId::kLong:
      return CastToNumber<int64_t>(place, to, values);
    case TypeId::kFloat:
      return CastToNumber<float>(place, to, values);
    case TypeId::kDouble:
      return CastToNumber<double>(place, to, values);
    case TypeId::kDecimal:
      return CastToDecimal(place, to, values);
    case TypeId::kDate:
      return CastToDate(place, to, values);
    case TypeId::kTime:
      if (!arrow::is_time(values->type_id())) return NoCast(place, *values->type(), to);
      return CheckedCast(place, to, type, values);
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return CastToTimestamp(place, to, values);
    case TypeId::kBinary:
      return CastToBytes(place, to, values);
    case TypeId::kUuid:
    case TypeId::kFixed:
      return CastToFixed(place, to, values);
    case TypeId::kUnknown:
      if (values->null_count() == values->length()) {
        return arrow::MakeArrayOfNull(type, values->length(), place.pool);
      }
      return NoCast(place, *values->type(), to);
    default:
      return NoCast(place, *values->type(), to);
  }
}

}  // namespace iceframe::internal
