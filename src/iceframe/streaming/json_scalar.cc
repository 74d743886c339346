// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/json_scalar.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>

#include "iceframe/base/uuid.h"
#include "iceframe/types/civil_time.h"
#include "iceframe/types/value_text.h"

namespace iceframe {
namespace {

constexpr int64_t kNanosPerSecond = kMicrosPerSecond * kNanosPerMicro;
/// Powers of ten below that are doubles, and those below the other floats, without rounding.
constexpr int64_t kMaxDoublePower = 22;
constexpr int64_t kMaxFloatPower = 10;
/// No finite double has more digits before its point.
constexpr size_t kMaxDoubleDigits = 309;

template <typename T>
Result<Taken> AppendExact(T value, GrowingColumn* column) {
  ICEFRAME_RETURN_NOT_OK(column->AppendFixed(value));
  return Taken::kYes;
}

std::optional<int64_t> WholeNumber(const JsonNumber& number) {
  constexpr auto kMax = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (number.is_integer && number.is_exact && number.digits <= kMax + (number.negative ? 1 : 0)) {
    return static_cast<int64_t>(number.negative ? 0 - number.digits : number.digits);
  }
  const std::optional<arrow::Decimal128> whole = DecimalFromText(number.text, 0);
  if (!whole) return std::nullopt;
  const Result<int64_t> fits = whole->ToInteger<int64_t>();
  return fits.ok() ? std::optional(*fits) : std::nullopt;
}

template <typename T>
Result<Taken> AppendInteger(const JsonNumber& number, GrowingColumn* column) {
  const std::optional<int64_t> value = WholeNumber(number);
  if (!value || *value != static_cast<T>(*value)) return Taken::kOutOfRange;
  return AppendExact(static_cast<T>(*value), column);
}

/// The powers of ten up to `kLast`, none of which is rounded.
template <typename Float, int64_t kLast>
constexpr std::array<Float, kLast + 1> PowersOfTen() {
  std::array<Float, kLast + 1> powers{};
  Float power = 1;
  for (Float& item : powers) {
    item = power;
    power *= 10;
  }
  return powers;
}

/// The nearest value to ±digits × 10^exponent where a single operation on exact operands gives it.
template <typename Float, int64_t kLast>
std::optional<Float> NearestOfExact(const JsonNumber& number) {
  static constexpr auto kPowers = PowersOfTen<Float, kLast>();
  constexpr uint64_t kMaxDigits = uint64_t{1} << std::numeric_limits<Float>::digits;
  if (!number.is_exact || number.digits > kMaxDigits || number.exponent > kLast ||
      number.exponent < -kLast) {
    return std::nullopt;
  }
  auto value = static_cast<Float>(number.digits);
  if (number.exponent < 0) {
    value /= kPowers[static_cast<size_t>(-number.exponent)];
  } else {
    value *= kPowers[static_cast<size_t>(number.exponent)];
  }
  return number.negative ? -value : value;
}

/// Whether the digits of an integer are those of `value`.
bool IsExactly(double value, std::string_view integer) {
  if (integer.size() > kMaxDoubleDigits + 1) return false;
  std::array<char, kMaxDoubleDigits + 3> digits{};
  const int length = std::snprintf(digits.data(), digits.size(), "%.0f", value);
  return integer == std::string_view(digits.data(), static_cast<size_t>(length));
}

template <typename Float, int64_t kLast>
Result<Taken> AppendFloat(const JsonNumber& number, GrowingColumn* column) {
  if (const std::optional<Float> value = NearestOfExact<Float, kLast>(number)) {
    return AppendExact(*value, column);
  }
  Float value = 0;
  const char* end = number.text.data() + number.text.size();
  // Straight to the wanted width: by way of a double a float would be rounded twice.
  if (std::from_chars(number.text.data(), end, value).ec != std::errc()) return Taken::kOutOfRange;
  if (number.is_integer && !IsExactly(value, number.text)) return Taken::kOutOfRange;
  return AppendExact(value, column);
}

Result<Taken> AppendDecimal(std::string_view text, GrowingColumn* column) {
  const Type& type = column->type();
  const std::optional<arrow::Decimal128> value = DecimalFromText(text, type.scale());
  if (!value || !value->FitsInPrecision(type.precision())) return Taken::kOutOfRange;
  return AppendExact(value->ToBytes(), column);
}

Result<Taken> AppendDecimal(const JsonNumber& number, GrowingColumn* column) {
  static constexpr std::array<int64_t, 19> kPowers = [] {
    std::array<int64_t, 19> powers{};
    int64_t power = 1;
    for (size_t i = 0; i < powers.size(); ++i, power *= i < powers.size() ? 10 : 1) {
      powers[i] = power;
    }
    return powers;
  }();
  const Type& type = column->type();
  const int64_t zeros = type.scale() + number.exponent;
  int64_t unscaled = 0;
  if (number.is_exact && number.digits <= std::numeric_limits<int64_t>::max() && zeros >= 0 &&
      zeros < static_cast<int64_t>(kPowers.size()) &&
      !__builtin_mul_overflow(static_cast<int64_t>(number.digits),
                              kPowers[static_cast<size_t>(zeros)], &unscaled)) {
    const arrow::Decimal128 value(number.negative ? -unscaled : unscaled);
    if (!value.FitsInPrecision(type.precision())) return Taken::kOutOfRange;
    return AppendExact(value.ToBytes(), column);
  }
  return AppendDecimal(number.text, column);
}

Result<Taken> AppendTimestamp(std::string_view text, GrowingColumn* column) {
  const TypeId id = column->type().id();
  const bool zoned = id == TypeId::kTimestamptz || id == TypeId::kTimestamptzNs;
  const bool nanos = id == TypeId::kTimestampNs || id == TypeId::kTimestamptzNs;
  const std::optional<ParsedTimestamp> parsed = ParseTimestamp(text);
  if (!parsed || parsed->offset_seconds.has_value() != zoned) return Taken::kNotOfType;
  if (!nanos && parsed->nanos % kNanosPerMicro != 0) return Taken::kOutOfRange;
  const int64_t seconds = parsed->local_seconds - parsed->offset_seconds.value_or(0);
  const int64_t fraction = nanos ? parsed->nanos : parsed->nanos / kNanosPerMicro;
  int64_t value = 0;
  if (__builtin_mul_overflow(seconds, nanos ? kNanosPerSecond : kMicrosPerSecond, &value) ||
      __builtin_add_overflow(value, fraction, &value)) {
    return Taken::kOutOfRange;
  }
  return AppendExact(value, column);
}

Result<Taken> AppendDate(std::string_view text, GrowingColumn* column) {
  const std::optional<int64_t> days = ParseDate(text);
  if (!days) return Taken::kNotOfType;
  if (*days != static_cast<int32_t>(*days)) return Taken::kOutOfRange;
  return AppendExact(static_cast<int32_t>(*days), column);
}

Result<Taken> AppendTime(std::string_view text, GrowingColumn* column) {
  const std::optional<int64_t> micros = ParseTime(text);
  if (!micros) return Taken::kNotOfType;
  return AppendExact(*micros, column);
}

Result<Taken> AppendBinary(const std::optional<std::string>& bytes, GrowingColumn* column) {
  if (!bytes || !Fits(column->type(), Value(*bytes))) return Taken::kNotOfType;
  ICEFRAME_RETURN_NOT_OK(column->AppendBytes(*bytes));
  return Taken::kYes;
}

Result<Taken> AppendUuid(std::string_view text, GrowingColumn* column) {
  const std::optional<Uuid> uuid = ParseUuid(text);
  if (!uuid) return Taken::kNotOfType;
  return AppendExact(*uuid, column);
}

Result<Taken> AppendFixedLength(std::string_view text, GrowingColumn* column) {
  if (column->type().length() == static_cast<int32_t>(sizeof(Uuid)) && ParseUuid(text)) {
    return AppendUuid(text, column);
  }
  return AppendBinary(BytesFromBase64(text), column);
}

template <typename Float>
Result<Taken> AppendNamedFloat(std::string_view text, GrowingColumn* column) {
  using Limits = std::numeric_limits<Float>;
  if (text == "NaN") return AppendExact(Limits::quiet_NaN(), column);
  if (text == "Infinity") return AppendExact(Limits::infinity(), column);
  if (text == "-Infinity") return AppendExact(-Limits::infinity(), column);
  return Taken::kNotOfType;
}

}  // namespace

Result<Taken> AppendNumber(const JsonNumber& number, GrowingColumn* column) {
  switch (column->type().id()) {
    case TypeId::kInt:
      return AppendInteger<int32_t>(number, column);
    case TypeId::kLong:
      return AppendInteger<int64_t>(number, column);
    case TypeId::kFloat:
      return AppendFloat<float, kMaxFloatPower>(number, column);
    case TypeId::kDouble:
      return AppendFloat<double, kMaxDoublePower>(number, column);
    case TypeId::kDecimal:
      return AppendDecimal(number, column);
    default:
      return Taken::kNotOfType;
  }
}

Result<Taken> AppendText(std::string_view text, GrowingColumn* column) {
  switch (column->type().id()) {
    case TypeId::kFloat:
      return AppendNamedFloat<float>(text, column);
    case TypeId::kDouble:
      return AppendNamedFloat<double>(text, column);
    case TypeId::kDecimal:
      return AppendDecimal(text, column);
    case TypeId::kDate:
      return AppendDate(text, column);
    case TypeId::kTime:
      return AppendTime(text, column);
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return AppendTimestamp(text, column);
    case TypeId::kString:
      ICEFRAME_RETURN_NOT_OK(column->AppendBytes(text));
      return Taken::kYes;
    case TypeId::kUuid:
      return AppendUuid(text, column);
    case TypeId::kFixed:
      return AppendFixedLength(text, column);
    case TypeId::kBinary:
      return AppendBinary(BytesFromBase64(text), column);
    default:
      return Taken::kNotOfType;
  }
}

Result<Taken> AppendKey(std::string_view key, GrowingColumn* column) {
  const TypeId id = column->type().id();
  if (id == TypeId::kBoolean) {
    if (key != "true" && key != "false") return Taken::kNotOfType;
    return AppendExact(uint8_t{key == "true"}, column);
  }
  JsonCursor cursor;
  JsonNumber number;
  const bool is_number =
      id == TypeId::kInt || id == TypeId::kLong || id == TypeId::kFloat || id == TypeId::kDouble;
  if (is_number && cursor.Begin(key) && cursor.ReadNumber(&number) && cursor.done()) {
    return AppendNumber(number, column);
  }
  return AppendText(key, column);
}

}  // namespace iceframe
