// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/literal_text.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

#include "iceframe/base/ascii.h"
#include "iceframe/base/utf8.h"
#include "iceframe/types/civil_time.h"
#include "iceframe/types/value_text.h"

namespace iceframe {

namespace {

Status NotA(const Type& type, std::string_view text) {
  return Error(ErrorKind::kInvalidArgument, "not a ", type.ToString(), ": '", text, "'");
}

template <typename T>
Result<Value> ParseNumber(const Type& type, std::string_view text) {
  T value{};
  const std::string_view digits =
      text.size() > 1 && text[0] == '+' && text[1] != '-' ? text.substr(1) : text;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return NotA(type, text);
  return Value(value);
}

Result<Value> ParseDecimal(const Type& type, std::string_view text) {
  const auto value = DecimalFromText(text, type.scale());
  if (!value || !value->FitsInPrecision(type.precision())) return NotA(type, text);
  return Value(*value);
}

Result<Value> FromBytes(const Type& type, std::string_view text, std::optional<std::string> bytes) {
  if (!bytes) return NotA(type, text);
  Value value(std::move(*bytes));
  if (!Fits(type, value)) return NotA(type, text);
  return value;
}

Result<Value> ParseTimestampOf(const Type& type, std::string_view text) {
  const bool zoned = type.id() == TypeId::kTimestamptz || type.id() == TypeId::kTimestamptzNs;
  const bool nanos = type.id() == TypeId::kTimestampNs || type.id() == TypeId::kTimestamptzNs;
  ICEFRAME_ASSIGN_OR_RETURN(TypedValue parsed, ParseTemporalLiteral(text));
  if (parsed.type.id() == TypeId::kDate) {
    if (zoned) return NotA(type, text);
    int64_t value = 0;
    if (__builtin_mul_overflow(int64_t{parsed.value.get<int32_t>()},
                               nanos ? kNanosPerDay : kNanosPerDay / 1000, &value)) {
      return NotA(type, text);
    }
    return Value(value);
  }
  const bool parsed_zoned =
      parsed.type.id() == TypeId::kTimestamptz || parsed.type.id() == TypeId::kTimestamptzNs;
  const bool parsed_nanos =
      parsed.type.id() == TypeId::kTimestampNs || parsed.type.id() == TypeId::kTimestamptzNs;
  if (parsed_zoned != zoned) return NotA(type, text);
  int64_t value = parsed.value.get<int64_t>();
  if (parsed_nanos && !nanos) {
    if (value % 1000 != 0) return NotA(type, text);
    value /= 1000;
  } else if (!parsed_nanos && nanos && __builtin_mul_overflow(value, int64_t{1000}, &value)) {
    return NotA(type, text);
  }
  return Value(value);
}

}  // namespace

Result<std::string> BytesFromEscapedText(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      if (static_cast<unsigned char>(text[i]) >= 0x80) return NotA(Type::Binary(), text);
      bytes += text[i];
      continue;
    }
    std::optional<std::string> byte;
    if (i + 3 < text.size() && text[i + 1] == 'x') byte = BytesFromHex(text.substr(i + 2, 2));
    if (!byte) return NotA(Type::Binary(), text);
    bytes += *byte;
    i += 3;
  }
  return bytes;
}

std::string FormatLiteralText(const Type& type, const Value& value) {
  if (value.is_null() || !Fits(type, value)) return "";
  switch (type.id()) {
    case TypeId::kString:
      return value.get<std::string>();
    case TypeId::kFixed:
    case TypeId::kBinary:
      return BytesToHex(value.get<std::string>());
    case TypeId::kUnknown:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      return "";
    default:
      return ToString(type, value);
  }
}

Result<TypedValue> ParseTemporalLiteral(std::string_view text) {
  const std::string_view trimmed = Trim(text, " ");
  if (const auto days = ParseDate(trimmed)) {
    if (*days > INT32_MAX || *days < INT32_MIN) return NotA(Type::Date(), text);
    return TypedValue{Type::Date(), Value(static_cast<int32_t>(*days))};
  }
  const auto parsed = ParseTimestamp(trimmed);
  if (!parsed) {
    return Error(ErrorKind::kInvalidArgument,
                 "not a date or timestamp (YYYY-MM-DD[ HH:MM:SS[.fraction][zone]]): '", text, "'");
  }
  const bool nanos = parsed->nanos % kNanosPerMicro != 0;
  const bool zoned = parsed->offset_seconds.has_value();
  const Type type = zoned ? (nanos ? Type::TimestamptzNs() : Type::Timestamptz())
                          : (nanos ? Type::TimestampNs() : Type::Timestamp());
  const int64_t units_per_second = kMicrosPerSecond * (nanos ? kNanosPerMicro : 1);
  const int64_t seconds = parsed->local_seconds - parsed->offset_seconds.value_or(0);
  // A negative second is counted from its end, so that no step leaves int64 where the sum does not.
  const int64_t borrowed = seconds < 0 ? 1 : 0;
  const int64_t fraction = parsed->nanos / (nanos ? 1 : kNanosPerMicro);
  int64_t whole = 0;
  int64_t value = 0;
  if (__builtin_mul_overflow(seconds + borrowed, units_per_second, &whole) ||
      __builtin_add_overflow(whole, fraction - borrowed * units_per_second, &value)) {
    return Error(ErrorKind::kInvalidArgument, "timestamp is out of range: '", text, "'");
  }
  return TypedValue{type, Value(value)};
}

Result<Value> ParseLiteralText(const Type& type, std::string_view text) {
  switch (type.id()) {
    case TypeId::kBoolean:
      if (text == "true") return Value(true);
      if (text == "false") return Value(false);
      return NotA(type, text);
    case TypeId::kInt:
      return ParseNumber<int32_t>(type, text);
    case TypeId::kLong:
      return ParseNumber<int64_t>(type, text);
    case TypeId::kFloat:
      return ParseNumber<float>(type, text);
    case TypeId::kDouble:
      return ParseNumber<double>(type, text);
    case TypeId::kDecimal:
      return ParseDecimal(type, text);
    case TypeId::kDate: {
      ICEFRAME_ASSIGN_OR_RETURN(TypedValue parsed, ParseTemporalLiteral(text));
      if (parsed.type.id() != TypeId::kDate) return NotA(type, text);
      return parsed.value;
    }
    case TypeId::kTime: {
      const auto micros = ParseTime(Trim(text, " "));
      if (!micros) return NotA(type, text);
      return Value(*micros);
    }
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return ParseTimestampOf(type, text);
    case TypeId::kString:
      if (!IsUtf8(text)) {
        return Error(ErrorKind::kInvalidArgument, "a string literal must be valid UTF-8");
      }
      return Value(std::string(text));
    case TypeId::kUuid:
      return FromBytes(type, text, UuidFromText(text));
    case TypeId::kFixed:
    case TypeId::kBinary:
      return FromBytes(type, text, BytesFromHex(text));
    case TypeId::kUnknown:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      break;
  }
  return Error(ErrorKind::kInvalidArgument, "a literal can't be of type: ", type.ToString());
}

}  // namespace iceframe
