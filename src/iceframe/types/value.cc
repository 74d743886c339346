// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/value.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "iceframe/types/civil_time.h"
#include "iceframe/types/type.h"
#include "iceframe/types/value_text.h"

namespace iceframe {

namespace {

// All NaNs are one value; -0.0 and 0.0 are two.
template <typename Float>
bool SameFloat(Float left, Float right) {
  if (std::isnan(left) || std::isnan(right)) return std::isnan(left) && std::isnan(right);
  return left == right && std::signbit(left) == std::signbit(right);
}

template <typename T>
int Compare(const T& left, const T& right) {
  return left < right ? -1 : (right < left ? 1 : 0);
}

template <typename Float>
int CompareFloats(Float left, Float right) {
  if (std::isnan(left) || std::isnan(right)) {
    return static_cast<int>(std::isnan(left)) - static_cast<int>(std::isnan(right));
  }
  if (left == right) {
    return static_cast<int>(std::signbit(right)) - static_cast<int>(std::signbit(left));
  }
  return left < right ? -1 : 1;
}

// std::char_traits<char> compares as unsigned char.
int CompareBytes(const std::string& left, const std::string& right) {
  const int order = left.compare(right);
  return order < 0 ? -1 : (order > 0 ? 1 : 0);
}

std::string NestedToString(const Type& type, const Value& value) {
  const Value::Nested& children = value.nested();
  const std::vector<NestedField>& fields = type.fields();
  std::string text = type.id() == TypeId::kList ? "[" : "{";
  for (size_t i = 0; i < children.size(); ++i) {
    const size_t field = type.id() == TypeId::kList ? 0 : (type.id() == TypeId::kMap ? i % 2 : i);
    if (field >= fields.size()) break;
    const bool is_map_value = type.id() == TypeId::kMap && field == 1;
    if (i > 0) text += is_map_value ? ": " : ", ";
    if (type.id() == TypeId::kStruct) text += fields[field].name + ": ";
    text += ToString(fields[field].type, children[i]);
  }
  text += type.id() == TypeId::kList ? "]" : "}";
  return text;
}

bool NestedFits(const Type& type, const Value& value) {
  if (!value.holds<std::shared_ptr<const Value::Nested>>()) return false;
  const Value::Nested& children = value.nested();
  const std::vector<NestedField>& fields = type.fields();
  if (type.id() == TypeId::kStruct && children.size() != fields.size()) return false;
  if (type.id() == TypeId::kMap && children.size() % 2 != 0) return false;
  for (size_t i = 0; i < children.size(); ++i) {
    const size_t field = type.id() == TypeId::kList ? 0 : (type.id() == TypeId::kMap ? i % 2 : i);
    if (!Fits(fields[field].type, children[i])) return false;
  }
  return true;
}

}  // namespace

Value::~Value() = default;
Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;

Value Value::FromNested(Nested values) {
  Value value;
  value.storage_ = std::make_shared<const Nested>(std::move(values));
  return value;
}

const Value::Nested& Value::nested() const {
  static const Nested kEmpty;
  const auto* pointer = std::get_if<std::shared_ptr<const Nested>>(&storage_);
  return pointer != nullptr && *pointer != nullptr ? **pointer : kEmpty;
}

bool Value::operator==(const Value& other) const {
  if (storage_.index() != other.storage_.index()) return false;
  if (holds<float>()) return SameFloat(get<float>(), other.get<float>());
  if (holds<double>()) return SameFloat(get<double>(), other.get<double>());
  if (holds<std::shared_ptr<const Nested>>()) return nested() == other.nested();
  return storage_ == other.storage_;
}

int CompareValues(const Type& type, const Value& left, const Value& right) {
  switch (type.id()) {
    case TypeId::kBoolean:
      return Compare(left.get<bool>(), right.get<bool>());
    case TypeId::kInt:
    case TypeId::kDate:
      return Compare(left.get<int32_t>(), right.get<int32_t>());
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return Compare(left.get<int64_t>(), right.get<int64_t>());
    case TypeId::kFloat:
      return CompareFloats(left.get<float>(), right.get<float>());
    case TypeId::kDouble:
      return CompareFloats(left.get<double>(), right.get<double>());
    case TypeId::kDecimal:
      return Compare(left.get<arrow::Decimal128>(), right.get<arrow::Decimal128>());
    case TypeId::kString:
    case TypeId::kUuid:
    case TypeId::kFixed:
    case TypeId::kBinary:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
      return CompareBytes(left.get<std::string>(), right.get<std::string>());
    case TypeId::kUnknown:
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      return 0;
  }
  return 0;
}

bool Fits(const Type& type, const Value& value) {
  if (value.is_null()) return true;
  switch (type.id()) {
    case TypeId::kBoolean:
      return value.holds<bool>();
    case TypeId::kInt:
    case TypeId::kDate:
      return value.holds<int32_t>();
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return value.holds<int64_t>();
    case TypeId::kFloat:
      return value.holds<float>();
    case TypeId::kDouble:
      return value.holds<double>();
    case TypeId::kDecimal:
      return value.holds<arrow::Decimal128>() &&
             value.get<arrow::Decimal128>().FitsInPrecision(type.precision());
    case TypeId::kUuid:
      return value.holds<std::string>() && value.get<std::string>().size() == 16;
    case TypeId::kFixed:
      return value.holds<std::string>() &&
             value.get<std::string>().size() == static_cast<size_t>(type.length());
    case TypeId::kString:
    case TypeId::kBinary:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
      return value.holds<std::string>();
    case TypeId::kUnknown:
      return false;
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      return NestedFits(type, value);
  }
  return false;
}

std::string ToString(const Type& type, const Value& value) {
  if (value.is_null()) return "null";
  if (!Fits(type, value)) return "<not a " + type.ToString() + ">";
  switch (type.id()) {
    case TypeId::kBoolean:
      return value.get<bool>() ? "true" : "false";
    case TypeId::kInt:
      return std::to_string(value.get<int32_t>());
    case TypeId::kLong:
      return std::to_string(value.get<int64_t>());
    case TypeId::kFloat:
      return FloatToText(value.get<float>());
    case TypeId::kDouble:
      return FloatToText(value.get<double>());
    case TypeId::kDecimal:
      return DecimalToPlainText(value.get<arrow::Decimal128>(), type.scale());
    case TypeId::kDate:
      return FormatDate(value.get<int32_t>());
    case TypeId::kTime:
      return FormatTime(value.get<int64_t>());
    case TypeId::kTimestamp:
      return FormatTimestampMicros(value.get<int64_t>());
    case TypeId::kTimestamptz:
      return FormatTimestampMicros(value.get<int64_t>()) + "+00:00";
    case TypeId::kTimestampNs:
      return FormatTimestampNanos(value.get<int64_t>());
    case TypeId::kTimestamptzNs:
      return FormatTimestampNanos(value.get<int64_t>()) + "+00:00";
    case TypeId::kString:
      return QuotedText(value.get<std::string>());
    case TypeId::kUuid:
      return UuidToText(value.get<std::string>());
    case TypeId::kFixed:
    case TypeId::kBinary:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
      return "0x" + BytesToHex(value.get<std::string>());
    case TypeId::kUnknown:
      return "null";
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      return NestedToString(type, value);
  }
  return {};
}

}  // namespace iceframe
