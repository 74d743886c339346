// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/literal_conversion.h"

#include <cmath>
#include <limits>

#include "iceframe/expression/units_per_day_internal.h"
#include "iceframe/types/civil_time.h"
#include "iceframe/types/decimal_limits.h"
#include "iceframe/types/exact_quotient.h"
#include "iceframe/types/value_text.h"

namespace iceframe {

namespace {

/// Whole doubles below this are exactly as many longs.
constexpr double kExactDoubleLimit = 9007199254740992.0;
constexpr size_t kUuidWidth = 16;

PlacedLiteral Exact(Value value) { return {LiteralPlace::kExact, std::move(value)}; }
PlacedLiteral BetweenAfter(Value below) { return {LiteralPlace::kBetween, std::move(below)}; }
PlacedLiteral Above() { return {LiteralPlace::kAboveAll, {}}; }
PlacedLiteral Below() { return {LiteralPlace::kBelowAll, {}}; }

Status Incomparable(const Type& target, const Type& literal) {
  if ((IsZoned(target) || IsZoned(literal)) && IsZoned(target) != IsZoned(literal)) {
    return Error(ErrorKind::kInvalidArgument,
                 "a value with a time zone can't be compared with one without: ", target.ToString(),
                 " and ", literal.ToString());
  }
  return Error(ErrorKind::kInvalidArgument, "types can't be compared: ", target.ToString(), " and ",
               literal.ToString());
}

int64_t Integer(const TypedValue& literal) {
  return literal.value.holds<int32_t>() ? literal.value.get<int32_t>()
                                        : literal.value.get<int64_t>();
}

/// A whole number, or one just above it, among the values of int or long.
PlacedLiteral PlaceInteger(const Type& target, int64_t floor, bool exact) {
  if (target.id() == TypeId::kInt) {
    if (floor > std::numeric_limits<int32_t>::max() ||
        (!exact && floor == std::numeric_limits<int32_t>::max())) {
      return Above();
    }
    if (floor < std::numeric_limits<int32_t>::min()) return Below();
    const Value value(static_cast<int32_t>(floor));
    return exact ? Exact(value) : BetweenAfter(value);
  }
  if (!exact && floor == std::numeric_limits<int64_t>::max()) return Above();
  return exact ? Exact(Value(floor)) : BetweenAfter(Value(floor));
}

/// Divides rounding towards minus infinity.
arrow::Decimal256 FloorDivide256(const arrow::Decimal256& value, const arrow::Decimal256& divisor,
                                 bool* exact) {
  arrow::Decimal256 remainder;
  arrow::Decimal256 quotient;
  auto divided = value.Divide(divisor);
  if (divided.ok()) std::tie(quotient, remainder) = *divided;
  *exact = remainder == arrow::Decimal256(0);
  if (remainder < arrow::Decimal256(0)) quotient += arrow::Decimal256(-1);
  return quotient;
}

PlacedLiteral PlaceDecimalInInteger(const Type& target, const TypedValue& literal) {
  bool exact = false;
  const arrow::Decimal256 whole =
      FloorDivide256(arrow::Decimal256(literal.value.get<arrow::Decimal128>()),
                     arrow::Decimal256::GetScaleMultiplier(literal.type.scale()), &exact);
  if (whole > arrow::Decimal256(std::numeric_limits<int64_t>::max())) return Above();
  if (whole < arrow::Decimal256(std::numeric_limits<int64_t>::min())) return Below();
  return PlaceInteger(target, static_cast<int64_t>(whole.little_endian_array()[0]), exact);
}

PlacedLiteral PlaceInDecimal(const Type& target, const arrow::Decimal256& unscaled,
                             int32_t literal_scale) {
  bool exact = true;
  arrow::Decimal256 scaled = unscaled;
  if (literal_scale < target.scale()) {
    scaled = scaled * arrow::Decimal256::GetScaleMultiplier(target.scale() - literal_scale);
  } else if (literal_scale > target.scale()) {
    scaled = FloorDivide256(
        scaled, arrow::Decimal256::GetScaleMultiplier(literal_scale - target.scale()), &exact);
  }
  const arrow::Decimal256 limit = arrow::Decimal256::GetScaleMultiplier(target.precision());
  const arrow::Decimal256 greatest(limit + arrow::Decimal256(-1));
  if (scaled > greatest || (!exact && scaled == greatest)) return Above();
  if (scaled <= -limit) return Below();
  const auto& words = scaled.little_endian_array();
  const arrow::Decimal128 value(static_cast<int64_t>(words[1]), words[0]);
  return exact ? Exact(Value(value)) : BetweenAfter(Value(value));
}

PlacedLiteral PlaceDoubleInInteger(const Type& target, double number) {
  if (std::isnan(number)) return Above();
  if (std::isinf(number)) return number > 0 ? Above() : Below();
  if (std::fabs(number) >= kExactDoubleLimit) {
    if (target.id() == TypeId::kInt) return number > 0 ? Above() : Below();
    return {LiteralPlace::kNeedsCast, {}};
  }
  const double floor = std::floor(number);
  return PlaceInteger(target, static_cast<int64_t>(floor), floor == number);
}

double NearestDoubleOf(const TypedValue& literal) {
  if (literal.type.id() == TypeId::kDecimal) {
    return NearestDouble(literal.value.get<arrow::Decimal128>(), literal.type.scale());
  }
  if (literal.value.holds<double>()) return literal.value.get<double>();
  if (literal.value.holds<float>()) return literal.value.get<float>();
  return static_cast<double>(Integer(literal));
}

float NearestFloatOf(const TypedValue& literal) {
  if (literal.type.id() == TypeId::kDecimal) {
    return NearestFloat(literal.value.get<arrow::Decimal128>(), literal.type.scale());
  }
  return static_cast<float>(Integer(literal));
}

/// A double among the floats: as it is, or as the nearest one.
PlacedLiteral PlaceDoubleInFloat(double number, bool as_nearest) {
  if (std::isnan(number) || std::isinf(number)) return Exact(Value(static_cast<float>(number)));
  constexpr float kMost = std::numeric_limits<float>::max();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (number > double{kMost}) return BetweenAfter(Value(kMost));
  if (number < -double{kMost}) return BetweenAfter(Value(-kInfinity));
  const auto nearest = static_cast<float>(number);
  if (as_nearest || double{nearest} == number) return Exact(Value(nearest));
  return BetweenAfter(
      Value(double{nearest} < number ? nearest : std::nextafter(nearest, -kInfinity)));
}

PlacedLiteral PlaceNumber(const Type& target, const TypedValue& literal) {
  const TypeId from = literal.type.id();
  switch (target.id()) {
    case TypeId::kInt:
    case TypeId::kLong:
      if (from == TypeId::kDecimal) return PlaceDecimalInInteger(target, literal);
      if (from == TypeId::kDouble) return PlaceDoubleInInteger(target, NearestDoubleOf(literal));
      if (from == TypeId::kFloat) return {LiteralPlace::kNeedsCast, {}};
      return PlaceInteger(target, Integer(literal), true);
    case TypeId::kFloat:
      if (from == TypeId::kFloat) return Exact(literal.value);
      if (from == TypeId::kDouble) return PlaceDoubleInFloat(literal.value.get<double>(), true);
      return Exact(Value(NearestFloatOf(literal)));
    case TypeId::kDouble:
      return Exact(Value(NearestDoubleOf(literal)));
    default:
      break;
  }
  if (from == TypeId::kFloat || from == TypeId::kDouble) return {LiteralPlace::kNeedsCast, {}};
  if (from == TypeId::kDecimal) {
    return PlaceInDecimal(target, arrow::Decimal256(literal.value.get<arrow::Decimal128>()),
                          literal.type.scale());
  }
  return PlaceInDecimal(target, arrow::Decimal256(Integer(literal)), 0);
}

PlacedLiteral PlaceTemporal(const Type& target, const TypedValue& literal) {
  const int64_t value = Integer(literal);
  const int64_t to = internal::UnitsPerDay(target);
  const int64_t from = internal::UnitsPerDay(literal.type);
  int64_t converted = value;
  bool exact = true;
  if (to > from) {
    if (__builtin_mul_overflow(value, to / from, &converted)) {
      return value > 0 ? Above() : Below();
    }
  } else {
    converted = FloorDivide(value, from / to);
    exact = FloorModulo(value, from / to) == 0;
  }
  // A day count from an int64 of finer units always fits.
  Value placed =
      target.id() == TypeId::kDate ? Value(static_cast<int32_t>(converted)) : Value(converted);
  return exact ? Exact(std::move(placed)) : BetweenAfter(std::move(placed));
}

bool IsDateOrTimestamp(const Type& type) {
  switch (type.id()) {
    case TypeId::kDate:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return true;
    default:
      return false;
  }
}

bool IsBytes(const Type& type) {
  return type.id() == TypeId::kBinary || type.id() == TypeId::kFixed;
}

/// Bytes of any length among the values of fixed and uuid.
PlacedLiteral PlaceInFixed(const Type& target, std::string bytes) {
  const size_t length =
      target.id() == TypeId::kUuid ? kUuidWidth : static_cast<size_t>(target.length());
  if (bytes.size() == length) return Exact(Value(std::move(bytes)));
  if (bytes.size() > length) {
    bytes.resize(length);
    return BetweenAfter(Value(std::move(bytes)));
  }
  // The value below is the one before the literal filled up with zeros.
  bytes.resize(length, '\0');
  for (size_t i = length; i-- > 0;) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    bytes[i] = static_cast<char>(byte - 1);
    if (byte != 0) return BetweenAfter(Value(std::move(bytes)));
  }
  return Below();
}

Result<PlacedLiteral> PlaceText(const Type& target, const std::string& text) {
  switch (target.id()) {
    case TypeId::kString:
      return Exact(Value(text));
    case TypeId::kDate:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs: {
      ICEFRAME_ASSIGN_OR_RETURN(TypedValue parsed, ParseTemporalLiteral(text));
      return PlaceLiteral(target, parsed);
    }
    case TypeId::kTime:
    case TypeId::kUuid: {
      ICEFRAME_ASSIGN_OR_RETURN(Value value, ParseLiteralText(target, text));
      return Exact(std::move(value));
    }
    case TypeId::kFixed:
    case TypeId::kBinary: {
      ICEFRAME_ASSIGN_OR_RETURN(std::string bytes, BytesFromEscapedText(text));
      return PlaceLiteral(target, {Type::Binary(), Value(std::move(bytes))});
    }
    default:
      return Incomparable(target, Type::String());
  }
}

}  // namespace

bool IsNumeric(const Type& type) {
  return type.id() >= TypeId::kInt && type.id() <= TypeId::kDecimal;
}

bool IsZoned(const Type& type) {
  return type.id() == TypeId::kTimestamptz || type.id() == TypeId::kTimestamptzNs;
}

Value WithoutSignedZero(const Type& type, Value value) {
  if (type.id() == TypeId::kFloat && value.holds<float>()) {
    const float number = value.get<float>();
    if (number == 0) return Value(0.0F);
    if (std::isnan(number)) return Value(std::numeric_limits<float>::quiet_NaN());
  } else if (type.id() == TypeId::kDouble && value.holds<double>()) {
    const double number = value.get<double>();
    if (number == 0) return Value(0.0);
    if (std::isnan(number)) return Value(std::numeric_limits<double>::quiet_NaN());
  }
  return value;
}

Result<PlacedLiteral> PlaceLiteral(const Type& target, const TypedValue& literal) {
  if (IsNumeric(target) && IsNumeric(literal.type)) {
    PlacedLiteral placed = PlaceNumber(target, literal);
    placed.value = WithoutSignedZero(target, std::move(placed.value));
    return placed;
  }
  if (literal.type.id() == TypeId::kString) {
    return PlaceText(target, literal.value.get<std::string>());
  }
  if (IsDateOrTimestamp(target) && IsDateOrTimestamp(literal.type) &&
      IsZoned(target) == IsZoned(literal.type)) {
    return PlaceTemporal(target, literal);
  }
  const bool is_uuid = target.id() == TypeId::kUuid;
  if ((IsBytes(target) || is_uuid) && IsBytes(literal.type)) {
    if (target.id() == TypeId::kBinary) return Exact(literal.value);
    return PlaceInFixed(target, literal.value.get<std::string>());
  }
  const bool comparable = target.is_primitive() && target.id() != TypeId::kVariant &&
                          target.id() != TypeId::kGeometry && target.id() != TypeId::kGeography;
  if (comparable && target == literal.type) return Exact(literal.value);
  return Incomparable(target, literal.type);
}

Result<PlacedLiteral> PlaceTypedConstant(const Type& target, const TypedValue& constant) {
  if (target.id() == TypeId::kFloat && constant.type.id() == TypeId::kDouble) {
    PlacedLiteral placed = PlaceDoubleInFloat(constant.value.get<double>(), false);
    placed.value = WithoutSignedZero(target, std::move(placed.value));
    return placed;
  }
  return PlaceLiteral(target, constant);
}

namespace {

Result<Type> CommonNumber(const Type& left, const Type& right) {
  if (left == right) return left;
  for (const TypeId id : {TypeId::kDouble, TypeId::kFloat}) {
    if (left.id() == id || right.id() == id) {
      return id == TypeId::kDouble ? Type::Double() : Type::Float();
    }
  }
  if (left.id() != TypeId::kDecimal && right.id() != TypeId::kDecimal) return Type::Long();
  const auto whole_digits = [](const Type& type) {
    if (type.id() == TypeId::kDecimal) return type.precision() - type.scale();
    return type.id() == TypeId::kInt ? 10 : 19;
  };
  const int32_t scale = std::max(left.scale(), right.scale());
  const int32_t digits = std::max(whole_digits(left), whole_digits(right));
  return Type::Decimal(std::min(digits + scale, kMaxPrecision), scale);
}

}  // namespace

Result<Type> ComparisonType(const Type& left, const Type& right) {
  if (IsNumeric(left) && IsNumeric(right)) return CommonNumber(left, right);
  if (IsDateOrTimestamp(left) && IsDateOrTimestamp(right) && IsZoned(left) == IsZoned(right)) {
    return internal::UnitsPerDay(left) >= internal::UnitsPerDay(right) ? left : right;
  }
  if (IsBytes(left) && IsBytes(right)) return left == right ? left : Type::Binary();
  if (left.is_primitive() && left == right && left.id() != TypeId::kVariant &&
      left.id() != TypeId::kGeometry && left.id() != TypeId::kGeography) {
    return left;
  }
  return Incomparable(left, right);
}

ComparisonOp Mirrored(ComparisonOp op) {
  switch (op) {
    case ComparisonOp::kLess:
      return ComparisonOp::kGreater;
    case ComparisonOp::kLessEqual:
      return ComparisonOp::kGreaterEqual;
    case ComparisonOp::kGreater:
      return ComparisonOp::kLess;
    case ComparisonOp::kGreaterEqual:
      return ComparisonOp::kLessEqual;
    case ComparisonOp::kEqual:
    case ComparisonOp::kNotEqual:
      break;
  }
  return op;
}

ComparisonOp Inverse(ComparisonOp op) {
  switch (op) {
    case ComparisonOp::kEqual:
      return ComparisonOp::kNotEqual;
    case ComparisonOp::kNotEqual:
      return ComparisonOp::kEqual;
    case ComparisonOp::kLess:
      return ComparisonOp::kGreaterEqual;
    case ComparisonOp::kLessEqual:
      return ComparisonOp::kGreater;
    case ComparisonOp::kGreater:
      return ComparisonOp::kLessEqual;
    case ComparisonOp::kGreaterEqual:
      return ComparisonOp::kLess;
  }
  return op;
}

}  // namespace iceframe
