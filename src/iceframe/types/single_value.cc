// SPDX-License-Identifier: Apache-2.0
// The binary form. The JSON form is in single_value_json.cc.
#include "iceframe/types/single_value.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "iceframe/base/utf8.h"
#include "iceframe/types/civil_time.h"
#include "iceframe/types/decimal_bytes_internal.h"

namespace iceframe {

namespace {

static_assert(std::endian::native == std::endian::little, "bounds are little-endian");

constexpr size_t kMaxDecimalBytes = 16;

template <typename T>
std::string LittleEndian(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

template <typename T>
T FromLittleEndian(std::string_view bytes) {
  T value{};
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

Status WrongLength(const Type& type, std::string_view bytes) {
  return Error(ErrorKind::kInvalidData,
               "single value has a length that its type can't have: ", type.ToString(), " in ",
               bytes.size(), " bytes");
}

Result<Value> ReadLong(const Type& type, std::string_view bytes) {
  if (bytes.size() == 8) return Value(FromLittleEndian<int64_t>(bytes));
  if (type.id() == TypeId::kLong && bytes.size() == 4) {
    return Value(int64_t{FromLittleEndian<int32_t>(bytes)});
  }
  return WrongLength(type, bytes);
}

// Four bytes are a date's, from before the column was promoted.
Result<Value> ReadTimestamp(const Type& type, std::string_view bytes) {
  if (bytes.size() != 4) return ReadLong(type, bytes);
  const int64_t unit = type.id() == TypeId::kTimestampNs ? kNanosPerMicro : 1;
  int64_t value = 0;
  if (__builtin_mul_overflow(int64_t{FromLittleEndian<int32_t>(bytes)}, kMicrosPerDay * unit,
                             &value)) {
    return Error(ErrorKind::kInvalidData, "date is out of range as ", type.ToString(), ": day ",
                 FromLittleEndian<int32_t>(bytes));
  }
  return Value(value);
}

Result<Value> ReadDecimal(const Type& type, std::string_view bytes) {
  if (bytes.empty() || bytes.size() > kMaxDecimalBytes) return WrongLength(type, bytes);
  ICEFRAME_ASSIGN_OR_RETURN(
      const arrow::Decimal128 value,
      arrow::Decimal128::FromBigEndian(reinterpret_cast<const uint8_t*>(bytes.data()),
                                       static_cast<int32_t>(bytes.size())));
  if (!value.FitsInPrecision(type.precision())) {
    return Error(ErrorKind::kInvalidData, "single value is out of range for ", type.ToString(),
                 ": unscaled ", value.ToIntegerString());
  }
  return Value(value);
}

Status NotSerializable(const Type& type) {
  return Error(ErrorKind::kInvalidArgument, "type has no binary single values: ", type.ToString());
}

}  // namespace

Result<std::string> ToSingleValueBytes(const Type& type, const Value& value) {
  if (value.is_null() || !Fits(type, value)) {
    return Error(ErrorKind::kInvalidArgument, "not a value of type ", type.ToString(), ": ",
                 ToString(type, value));
  }
  switch (type.id()) {
    case TypeId::kBoolean:
      return std::string(1, value.get<bool>() ? '\1' : '\0');
    case TypeId::kInt:
    case TypeId::kDate:
      return LittleEndian(value.get<int32_t>());
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return LittleEndian(value.get<int64_t>());
    case TypeId::kFloat:
      return LittleEndian(value.get<float>());
    case TypeId::kDouble:
      return LittleEndian(value.get<double>());
    case TypeId::kDecimal:
      return std::string(internal::DecimalBytes(value.get<arrow::Decimal128>()).view());
    case TypeId::kString:
    case TypeId::kUuid:
    case TypeId::kFixed:
    case TypeId::kBinary:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
      return value.get<std::string>();
    case TypeId::kUnknown:
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      break;
  }
  return NotSerializable(type);
}

Result<Value> FromSingleValueBytes(const Type& type, std::string_view bytes) {
  switch (type.id()) {
    case TypeId::kBoolean:
      if (bytes.size() != 1) return WrongLength(type, bytes);
      return Value(bytes[0] != '\0');
    case TypeId::kInt:
    case TypeId::kDate:
      if (bytes.size() != 4) return WrongLength(type, bytes);
      return Value(FromLittleEndian<int32_t>(bytes));
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamptz:
    case TypeId::kTimestamptzNs:
      return ReadLong(type, bytes);
    case TypeId::kTimestamp:
    case TypeId::kTimestampNs:
      return ReadTimestamp(type, bytes);
    case TypeId::kFloat:
      if (bytes.size() != 4) return WrongLength(type, bytes);
      return Value(FromLittleEndian<float>(bytes));
    case TypeId::kDouble:
      if (bytes.size() == 4) return Value(double{FromLittleEndian<float>(bytes)});
      if (bytes.size() != 8) return WrongLength(type, bytes);
      return Value(FromLittleEndian<double>(bytes));
    case TypeId::kDecimal:
      return ReadDecimal(type, bytes);
    case TypeId::kString:
      if (!IsUtf8(bytes)) {
        return Error(ErrorKind::kInvalidData, "string value is not UTF-8, length ", bytes.size());
      }
      return Value(std::string(bytes));
    case TypeId::kUuid:
      if (bytes.size() != 16) return WrongLength(type, bytes);
      return Value(std::string(bytes));
    case TypeId::kFixed:
      if (bytes.size() != static_cast<size_t>(type.length())) return WrongLength(type, bytes);
      return Value(std::string(bytes));
    case TypeId::kBinary:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
      return Value(std::string(bytes));
    case TypeId::kUnknown:
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      break;
  }
  return NotSerializable(type);
}

}  // namespace iceframe
