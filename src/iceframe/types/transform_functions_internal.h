// SPDX-License-Identifier: Apache-2.0
// The arithmetic of transforms on one physical value, shared by the value and the array form.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <arrow/util/decimal.h>

#include "iceframe/types/civil_time.h"
#include "iceframe/types/decimal_bytes_internal.h"
#include "iceframe/types/murmur3.h"
#include "iceframe/types/transform.h"

namespace iceframe::internal {

/// Units of a temporal source: days for dates, else µs or ns.
enum class TimeUnit : uint8_t { kDays, kMicros, kNanos };

inline int64_t DaysFrom(TimeUnit unit, int64_t value) {
  switch (unit) {
    case TimeUnit::kDays:
      return value;
    case TimeUnit::kMicros:
      return FloorDivide(value, kMicrosPerDay);
    case TimeUnit::kNanos:
      return FloorDivide(value, kMicrosPerDay * kNanosPerMicro);
  }
  return 0;
}

/// The ordinal of a year, month, day or hour counted from 1970; may exceed an int32 for hours of
/// microseconds only.
inline int64_t TemporalOrdinal(TransformKind kind, TimeUnit unit, int64_t value) {
  if (kind == TransformKind::kHour) {
    const int64_t divisor =
        unit == TimeUnit::kNanos ? kMicrosPerHour * kNanosPerMicro : kMicrosPerHour;
    return FloorDivide(value, divisor);
  }
  const int64_t days = DaysFrom(unit, value);
  if (kind == TransformKind::kDay) return days;
  const CivilDate date = CivilFromDays(days);
  const int64_t years = date.year - 1970;
  return kind == TransformKind::kYear ? years : years * 12 + date.month - 1;
}

/// The error that a value's transform leaves the range of the result's type.
Status OutOfRange(const Transform& transform, const Type& source, const Value& value);

/// Rounds down to a multiple of `width`; returns false where that is out of T's range.
template <typename T>
bool TruncateInteger(T value, int32_t width, T* truncated) {
  const int64_t remainder = FloorModulo(value, width);
  return !__builtin_sub_overflow(value, remainder, truncated);
}

/// As TruncateInteger, of an unscaled decimal of `precision` digits.
inline bool TruncateDecimal(const arrow::Decimal128& value, int32_t width, int32_t precision,
                            arrow::Decimal128* truncated) {
  const arrow::Decimal128 divisor(width);
  arrow::Decimal128 remainder = value % divisor;
  if (remainder.IsNegative()) remainder += divisor;
  *truncated = value - remainder;
  return truncated->FitsInPrecision(precision);
}

inline int32_t BucketOf(int32_t hash, int32_t num_buckets) {
  return (hash & std::numeric_limits<int32_t>::max()) % num_buckets;
}

/// -0.0 hashes as 0.0, and every NaN alike; floats hash as doubles.
inline int32_t HashOfDouble(double value) {
  if (value == 0) value = 0.0;
  int64_t bits = 0x7FF8000000000000;
  if (!std::isnan(value)) std::memcpy(&bits, &value, sizeof(bits));
  return Murmur3OfLong(bits);
}

}  // namespace iceframe::internal
