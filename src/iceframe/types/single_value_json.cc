// SPDX-License-Identifier: Apache-2.0
// The JSON form of single values: defaults in schemas, literals in REST expressions.
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "iceframe/types/civil_time.h"
#include "iceframe/types/single_value.h"
#include "iceframe/types/value_text.h"

namespace iceframe {

namespace {

constexpr int64_t kNanosPerSecond = kMicrosPerSecond * kNanosPerMicro;

// JSON has no numbers for NaN and the infinities: they are written by name.
template <typename Float>
Json FloatToJson(Float value) {
  if (!std::isfinite(value)) return Json::String(FloatToText(value));
  return Json::Number(FloatToText(value));
}

Json ArrayToJson(std::vector<Json> items) { return Json::Array(std::move(items)); }

Result<Json> StructToJson(const Type& type, const Value& value) {
  Json json = Json::Object();
  for (size_t i = 0; i < type.fields().size(); ++i) {
    const NestedField& field = type.fields()[i];
    if (value.nested()[i].is_null()) continue;
    ICEFRAME_ASSIGN_OR_RETURN(Json child, ToSingleValueJson(field.type, value.nested()[i]));
    json.Add(std::to_string(field.id), std::move(child));
  }
  return json;
}

Result<Json> ListToJson(const Type& type, const Value& value) {
  std::vector<Json> items;
  for (const Value& element : value.nested()) {
    ICEFRAME_ASSIGN_OR_RETURN(Json item, ToSingleValueJson(type.fields()[0].type, element));
    items.push_back(std::move(item));
  }
  return ArrayToJson(std::move(items));
}

Result<Json> MapToJson(const Type& type, const Value& value) {
  std::vector<Json> keys;
  std::vector<Json> values;
  const Value::Nested& entries = value.nested();
  for (size_t i = 0; i + 1 < entries.size(); i += 2) {
    ICEFRAME_ASSIGN_OR_RETURN(Json key, ToSingleValueJson(type.fields()[0].type, entries[i]));
    ICEFRAME_ASSIGN_OR_RETURN(Json item, ToSingleValueJson(type.fields()[1].type, entries[i + 1]));
    keys.push_back(std::move(key));
    values.push_back(std::move(item));
  }
  Json json = Json::Object();
  json.Add("keys", ArrayToJson(std::move(keys)));
  json.Add("values", ArrayToJson(std::move(values)));
  return json;
}

Status NotAValue(const Type& type, const Json& json) {
  return Error(ErrorKind::kInvalidMetadata, "not a JSON value of type ", type.ToString(), ": ",
               json.Dump().substr(0, 120));
}

template <typename Float>
Result<Value> ReadFloat(const Type& type, const Json& json) {
  if (json.is_string()) {
    if (json.text() == "NaN") return Value(std::numeric_limits<Float>::quiet_NaN());
    if (json.text() == "Infinity") return Value(std::numeric_limits<Float>::infinity());
    if (json.text() == "-Infinity") return Value(-std::numeric_limits<Float>::infinity());
    return NotAValue(type, json);
  }
  if (!json.is_number()) return NotAValue(type, json);
  // Straight to the wanted width: by way of a double a float would be rounded twice.
  Float value = 0;
  const std::string& text = json.text();
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    return NotAValue(type, json);
  }
  return Value(value);
}

Result<Value> ReadTimestamp(const Type& type, const Json& json) {
  const bool zoned = type.id() == TypeId::kTimestamptz || type.id() == TypeId::kTimestamptzNs;
  const bool nanos = type.id() == TypeId::kTimestampNs || type.id() == TypeId::kTimestamptzNs;
  const std::optional<ParsedTimestamp> parsed = ParseTimestamp(json.text());
  if (!parsed || parsed->offset_seconds.has_value() != zoned) return NotAValue(type, json);
  if (!nanos && parsed->nanos % kNanosPerMicro != 0) return NotAValue(type, json);
  const int64_t seconds = parsed->local_seconds - parsed->offset_seconds.value_or(0);
  const int64_t fraction = nanos ? parsed->nanos : parsed->nanos / kNanosPerMicro;
  int64_t value = 0;
  if (__builtin_mul_overflow(seconds, nanos ? kNanosPerSecond : kMicrosPerSecond, &value) ||
      __builtin_add_overflow(value, fraction, &value)) {
    return NotAValue(type, json);
  }
  return Value(value);
}

Result<Value> ReadDate(const Type& type, const Json& json) {
  const std::optional<int64_t> days = ParseDate(json.text());
  if (!days || *days != static_cast<int32_t>(*days)) return NotAValue(type, json);
  return Value(static_cast<int32_t>(*days));
}

Result<Value> ReadDecimal(const Type& type, const Json& json) {
  const std::optional<arrow::Decimal128> value = DecimalFromText(json.text(), type.scale());
  if (!value || !value->FitsInPrecision(type.precision())) return NotAValue(type, json);
  return Value(*value);
}

Result<Value> ReadBytes(const Type& type, const Json& json) {
  const std::optional<std::string> bytes =
      type.id() == TypeId::kUuid ? UuidFromText(json.text()) : BytesFromHex(json.text());
  if (!bytes || !Fits(type, Value(*bytes))) return NotAValue(type, json);
  return Value(*bytes);
}

Result<Value> ReadStruct(const Type& type, const Json& json) {
  if (!json.is_object()) return NotAValue(type, json);
  Value::Nested values;
  size_t found = 0;
  for (const NestedField& field : type.fields()) {
    const Json* child = json.Find(std::to_string(field.id));
    Value value;
    if (child != nullptr) {
      ICEFRAME_ASSIGN_OR_RETURN(value, FromSingleValueJson(field.type, *child));
      ++found;
    }
    values.push_back(std::move(value));
  }
  for (const auto& [key, member] : json.members()) found += member.is_null() ? 1 : 0;
  if (found < json.members().size()) return NotAValue(type, json);
  return Value::FromNested(std::move(values));
}

Result<Value> ReadList(const Type& type, const Json& json) {
  if (!json.is_array()) return NotAValue(type, json);
  Value::Nested values;
  for (const Json& item : json.items()) {
    ICEFRAME_ASSIGN_OR_RETURN(Value value, FromSingleValueJson(type.fields()[0].type, item));
    values.push_back(std::move(value));
  }
  return Value::FromNested(std::move(values));
}

Result<Value> ReadMap(const Type& type, const Json& json) {
  const Json* keys = json.Find("keys");
  const Json* values = json.Find("values");
  if (keys == nullptr || values == nullptr || !keys->is_array() || !values->is_array() ||
      keys->items().size() != values->items().size()) {
    return NotAValue(type, json);
  }
  Value::Nested entries;
  for (size_t i = 0; i < keys->items().size(); ++i) {
    ICEFRAME_ASSIGN_OR_RETURN(Value key,
                              FromSingleValueJson(type.fields()[0].type, keys->items()[i]));
    if (key.is_null()) return NotAValue(type, json);
    ICEFRAME_ASSIGN_OR_RETURN(Value value,
                              FromSingleValueJson(type.fields()[1].type, values->items()[i]));
    entries.push_back(std::move(key));
    entries.push_back(std::move(value));
  }
  return Value::FromNested(std::move(entries));
}

}  // namespace

Result<Json> ToSingleValueJson(const Type& type, const Value& value) {
  if (value.is_null()) return Json::Null();
  if (!Fits(type, value)) {
    return Error(ErrorKind::kInvalidArgument, "not a value of type ", type.ToString());
  }
  switch (type.id()) {
    case TypeId::kBoolean:
      return Json::Bool(value.get<bool>());
    case TypeId::kInt:
      return Json::Int(value.get<int32_t>());
    case TypeId::kLong:
      return Json::Int(value.get<int64_t>());
    case TypeId::kFloat:
      return FloatToJson(value.get<float>());
    case TypeId::kDouble:
      return FloatToJson(value.get<double>());
    case TypeId::kString:
      return Json::String(value.get<std::string>());
    case TypeId::kFixed:
    case TypeId::kBinary:
      return Json::String(BytesToHex(value.get<std::string>()));
    case TypeId::kDecimal:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
    case TypeId::kUuid:
      return Json::String(ToString(type, value));
    case TypeId::kStruct:
      return StructToJson(type, value);
    case TypeId::kList:
      return ListToJson(type, value);
    case TypeId::kMap:
      return MapToJson(type, value);
    case TypeId::kUnknown:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
      break;
  }
  return Error(ErrorKind::kInvalidArgument, "type has no JSON single values: ", type.ToString());
}

Result<Value> FromSingleValueJson(const Type& type, const Json& json) {
  if (json.is_null()) return Value();
  switch (type.id()) {
    case TypeId::kBoolean: {
      if (!json.is_bool()) return NotAValue(type, json);
      ICEFRAME_ASSIGN_OR_RETURN(const bool flag, json.AsBool());
      return Value(flag);
    }
    case TypeId::kInt: {
      const Result<int32_t> number = json.AsInt32();
      return number.ok() ? Result<Value>(Value(*number)) : NotAValue(type, json);
    }
    case TypeId::kLong: {
      const Result<int64_t> number = json.AsInt64();
      return number.ok() ? Result<Value>(Value(*number)) : NotAValue(type, json);
    }
    case TypeId::kFloat:
      return ReadFloat<float>(type, json);
    case TypeId::kDouble:
      return ReadFloat<double>(type, json);
    case TypeId::kStruct:
      return ReadStruct(type, json);
    case TypeId::kList:
      return ReadList(type, json);
    case TypeId::kMap:
      return ReadMap(type, json);
    default:
      break;
  }
  if (!json.is_string()) return NotAValue(type, json);
  switch (type.id()) {
    case TypeId::kString:
      return Value(json.text());
    case TypeId::kDecimal:
      return ReadDecimal(type, json);
    case TypeId::kDate:
      return ReadDate(type, json);
    case TypeId::kTime: {
      const std::optional<int64_t> micros = ParseTime(json.text());
      return micros ? Result<Value>(Value(*micros)) : NotAValue(type, json);
    }
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return ReadTimestamp(type, json);
    case TypeId::kUuid:
    case TypeId::kFixed:
    case TypeId::kBinary:
      return ReadBytes(type, json);
    default:
      return NotAValue(type, json);
  }
}

}  // namespace iceframe
