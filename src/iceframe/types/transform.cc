// SPDX-License-Identifier: Apache-2.0
// Transforms by name and on single values. Arrays are in transform_array.cc, text in
// transform_text.cc.
#include "iceframe/types/transform.h"

#include <charconv>
#include <optional>
#include <utility>

#include "iceframe/base/ascii.h"
#include "iceframe/base/utf8.h"
#include "iceframe/types/transform_functions_internal.h"

namespace iceframe {

namespace {

std::string_view NameOf(TransformKind kind) {
  switch (kind) {
    case TransformKind::kIdentity:
      return "identity";
    case TransformKind::kBucket:
      return "bucket";
    case TransformKind::kTruncate:
      return "truncate";
    case TransformKind::kYear:
      return "year";
    case TransformKind::kMonth:
      return "month";
    case TransformKind::kDay:
      return "day";
    case TransformKind::kHour:
      return "hour";
    case TransformKind::kVoid:
      return "void";
    case TransformKind::kUnknown:
      return "unknown";
  }
  return "unknown";
}

// The number in "name[number]".
std::optional<int32_t> ParameterOf(std::string_view text, std::string_view name) {
  if (!text.starts_with(name)) return std::nullopt;
  text.remove_prefix(name.size());
  if (text.size() < 3 || text.front() != '[' || text.back() != ']') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  int32_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

bool IsTimestamp(const Type& type) {
  return type.id() == TypeId::kTimestamp || type.id() == TypeId::kTimestamptz ||
         type.id() == TypeId::kTimestampNs || type.id() == TypeId::kTimestamptzNs;
}

internal::TimeUnit UnitOf(const Type& type) {
  if (type.id() == TypeId::kDate) return internal::TimeUnit::kDays;
  const bool nanos = type.id() == TypeId::kTimestampNs || type.id() == TypeId::kTimestamptzNs;
  return nanos ? internal::TimeUnit::kNanos : internal::TimeUnit::kMicros;
}

bool CanBucket(TypeId id) {
  switch (id) {
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kDecimal:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
    case TypeId::kString:
    case TypeId::kUuid:
    case TypeId::kFixed:
    case TypeId::kBinary:
      return true;
    case TypeId::kBoolean:
    case TypeId::kFloat:
    case TypeId::kDouble:
    case TypeId::kUnknown:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      return false;
  }
  return false;
}

Result<Value> TruncateValue(const Transform& transform, const Type& source, const Value& value) {
  const int32_t width = transform.parameter();
  switch (source.id()) {
    case TypeId::kInt: {
      int32_t truncated = 0;
      if (!internal::TruncateInteger(value.get<int32_t>(), width, &truncated)) {
        return internal::OutOfRange(transform, source, value);
      }
      return Value(truncated);
    }
    case TypeId::kLong: {
      int64_t truncated = 0;
      if (!internal::TruncateInteger(value.get<int64_t>(), width, &truncated)) {
        return internal::OutOfRange(transform, source, value);
      }
      return Value(truncated);
    }
    case TypeId::kDecimal: {
      arrow::Decimal128 truncated;
      if (!internal::TruncateDecimal(value.get<arrow::Decimal128>(), width, source.precision(),
                                     &truncated)) {
        return internal::OutOfRange(transform, source, value);
      }
      return Value(truncated);
    }
    case TypeId::kString: {
      const std::string& text = value.get<std::string>();
      return Value(text.substr(0, CodePointPrefix(text, width)));
    }
    default:
      return Value(value.get<std::string>().substr(0, static_cast<size_t>(width)));
  }
}

Result<Value> TemporalValue(const Transform& transform, const Type& source, const Value& value) {
  const int64_t number = source.id() == TypeId::kDate ? value.get<int32_t>() : value.get<int64_t>();
  const int64_t ordinal = internal::TemporalOrdinal(transform.kind(), UnitOf(source), number);
  if (ordinal != static_cast<int32_t>(ordinal))
    return internal::OutOfRange(transform, source, value);
  return Value(static_cast<int32_t>(ordinal));
}

}  // namespace

namespace internal {

Status OutOfRange(const Transform& transform, const Type& source, const Value& value) {
  return Error(ErrorKind::kInvalidArgument,
               "transform's result is out of range: ", transform.ToString(), " of ",
               source.ToString(), " ", ToString(source, value));
}

}  // namespace internal

Result<Transform> Transform::Bucket(int32_t num_buckets) {
  if (num_buckets <= 0) {
    return Error(ErrorKind::kInvalidArgument,
                 "bucket needs a number of buckets above 0: ", num_buckets);
  }
  Transform transform(TransformKind::kBucket);
  transform.parameter_ = num_buckets;
  return transform;
}

Result<Transform> Transform::Truncate(int32_t width) {
  if (width <= 0) {
    return Error(ErrorKind::kInvalidArgument, "truncate needs a width above 0: ", width);
  }
  Transform transform(TransformKind::kTruncate);
  transform.parameter_ = width;
  return transform;
}

Transform Transform::FromMetadata(std::string_view text) {
  const std::string lower = AsciiLower(text);
  for (const TransformKind kind :
       {TransformKind::kIdentity, TransformKind::kYear, TransformKind::kMonth, TransformKind::kDay,
        TransformKind::kHour, TransformKind::kVoid}) {
    if (lower == NameOf(kind)) return Transform(kind);
  }
  if (const auto num_buckets = ParameterOf(lower, "bucket")) {
    if (Result<Transform> bucket = Bucket(*num_buckets); bucket.ok()) return *bucket;
  }
  if (const auto width = ParameterOf(lower, "truncate")) {
    if (Result<Transform> truncate = Truncate(*width); truncate.ok()) return *truncate;
  }
  Transform unknown(TransformKind::kUnknown);
  unknown.unknown_text_ = std::string(text);
  return unknown;
}

Result<Transform> Transform::Parse(std::string_view text) {
  Transform transform = FromMetadata(text);
  if (transform.kind() == TransformKind::kUnknown) {
    return Error(ErrorKind::kInvalidArgument, "not a transform: ", text,
                 "; use identity, bucket[N], truncate[W], year, month, day, hour or void");
  }
  return transform;
}

bool Transform::CanTransform(const Type& source) const {
  switch (kind_) {
    case TransformKind::kIdentity:
      return source.is_primitive() && source.id() != TypeId::kVariant &&
             source.id() != TypeId::kGeometry && source.id() != TypeId::kGeography;
    case TransformKind::kBucket:
      return CanBucket(source.id());
    case TransformKind::kTruncate:
      return source.id() == TypeId::kInt || source.id() == TypeId::kLong ||
             source.id() == TypeId::kDecimal || source.id() == TypeId::kString ||
             source.id() == TypeId::kBinary;
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kDay:
      return source.id() == TypeId::kDate || IsTimestamp(source);
    case TransformKind::kHour:
      return IsTimestamp(source);
    case TransformKind::kVoid:
    case TransformKind::kUnknown:
      return true;
  }
  return false;
}

Result<Type> Transform::ResultType(const Type& source) const {
  if (!CanTransform(source)) {
    return Error(ErrorKind::kInvalidArgument, "transform does not take this type: ", ToString(),
                 " of ", source.ToString());
  }
  switch (kind_) {
    case TransformKind::kIdentity:
    case TransformKind::kTruncate:
    case TransformKind::kVoid:
      return source;
    case TransformKind::kBucket:
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kHour:
      return Type::Int();
    case TransformKind::kDay:
      return Type::Date();
    case TransformKind::kUnknown:
      return Type::String();
  }
  return source;
}

bool Transform::PreservesOrder() const {
  switch (kind_) {
    case TransformKind::kIdentity:
    case TransformKind::kTruncate:
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kDay:
    case TransformKind::kHour:
      return true;
    case TransformKind::kBucket:
    case TransformKind::kVoid:
    case TransformKind::kUnknown:
      return false;
  }
  return false;
}

Result<Value> Transform::Apply(const Type& source, const Value& value) const {
  if (kind_ == TransformKind::kUnknown) {
    return Error(ErrorKind::kUnsupported,
                 "transform is not known to this version: ", unknown_text_);
  }
  ICEFRAME_RETURN_NOT_OK(ResultType(source).status());
  if (value.is_null() || kind_ == TransformKind::kVoid) return Value();
  if (!Fits(source, value)) {
    return Error(ErrorKind::kInvalidArgument, "not a value of type ", source.ToString());
  }
  switch (kind_) {
    case TransformKind::kIdentity:
      return value;
    case TransformKind::kBucket: {
      ICEFRAME_ASSIGN_OR_RETURN(const int32_t hash, BucketHash(source, value));
      return Value(internal::BucketOf(hash, parameter_));
    }
    case TransformKind::kTruncate:
      return TruncateValue(*this, source, value);
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kDay:
    case TransformKind::kHour:
      return TemporalValue(*this, source, value);
    case TransformKind::kVoid:
    case TransformKind::kUnknown:
      break;
  }
  return Value();
}

std::string Transform::ToString() const {
  if (kind_ == TransformKind::kUnknown) return unknown_text_;
  std::string text(NameOf(kind_));
  if (parameter_ != 0) text += "[" + std::to_string(parameter_) + "]";
  return text;
}

Result<int32_t> BucketHash(const Type& source, const Value& value) {
  if (value.is_null() || !Fits(source, value)) {
    return Error(ErrorKind::kInvalidArgument, "not a value of type ", source.ToString());
  }
  switch (source.id()) {
    case TypeId::kBoolean:
      return Murmur3OfLong(value.get<bool>() ? 1 : 0);
    case TypeId::kInt:
    case TypeId::kDate:
      return Murmur3OfLong(value.get<int32_t>());
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return Murmur3OfLong(value.get<int64_t>());
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return Murmur3OfLong(FloorDivide(value.get<int64_t>(), kNanosPerMicro));
    case TypeId::kFloat:
      return internal::HashOfDouble(value.get<float>());
    case TypeId::kDouble:
      return internal::HashOfDouble(value.get<double>());
    case TypeId::kDecimal:
      return Murmur3(internal::DecimalBytes(value.get<arrow::Decimal128>()).view());
    case TypeId::kString:
    case TypeId::kUuid:
    case TypeId::kFixed:
    case TypeId::kBinary:
      return Murmur3(value.get<std::string>());
    case TypeId::kUnknown:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      break;
  }
  return Error(ErrorKind::kInvalidArgument, "type has no bucket hash: ", source.ToString());
}

}  // namespace iceframe
