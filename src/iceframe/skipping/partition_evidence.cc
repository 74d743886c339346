// SPDX-License-Identifier: Apache-2.0
// The images of source bounds under each transform. Spec: "Partition Transforms".
#include "iceframe/skipping/partition_evidence.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "iceframe/base/utf8.h"
#include "iceframe/skipping/value_range_internal.h"
#include "iceframe/types/transform_functions_internal.h"

namespace iceframe {
namespace {

using Field = PartitionEvidence::Field;
using internal::ValueRange;

/// How many source values are hashed to see whether one of them has the bucket.
constexpr int64_t kMostHashed = 16;

/// Whole numbers of any source type: decimals unscaled, booleans as 0 and 1.
struct NumberRange {
  __int128 lower;
  __int128 upper;
};

template <typename T>
NumberRange LimitsOf() {
  return {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
}

__int128 PowerOfTen(int32_t exponent) {
  __int128 power = 1;
  for (; exponent > 0; --exponent) power *= 10;
  return power;
}

/// nullopt: the type's values are no whole numbers.
std::optional<NumberRange> LimitsOf(const Type& type) {
  switch (type.id()) {
    case TypeId::kBoolean:
      return NumberRange{0, 1};
    case TypeId::kInt:
    case TypeId::kDate:
      return LimitsOf<int32_t>();
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return LimitsOf<int64_t>();
    case TypeId::kDecimal: {
      const __int128 largest = PowerOfTen(type.precision()) - 1;
      return NumberRange{-largest, largest};
    }
    default:
      return std::nullopt;
  }
}

__int128 NumberOf(const Value& value) {
  if (value.holds<bool>()) return value.get<bool>() ? 1 : 0;
  if (value.holds<int32_t>()) return value.get<int32_t>();
  if (value.holds<int64_t>()) return value.get<int64_t>();
  const auto& decimal = value.get<arrow::Decimal128>();
  return static_cast<__int128>(
      (static_cast<unsigned __int128>(static_cast<uint64_t>(decimal.high_bits())) << 64) |
      decimal.low_bits());
}

bool HoldsNumber(const Value& value) {
  return value.holds<bool>() || value.holds<int32_t>() || value.holds<int64_t>() ||
         value.holds<arrow::Decimal128>();
}

Value ValueOf(const Type& type, __int128 number) {
  switch (type.id()) {
    case TypeId::kInt:
    case TypeId::kDate:
      return Value(static_cast<int32_t>(number));
    case TypeId::kDecimal:
      return Value(
          arrow::Decimal128(static_cast<int64_t>(number >> 64), static_cast<uint64_t>(number)));
    default:
      return Value(static_cast<int64_t>(number));
  }
}

internal::TimeUnit UnitOf(const Type& type) {
  if (type.id() == TypeId::kDate) return internal::TimeUnit::kDays;
  const bool is_nanos = type.id() == TypeId::kTimestampNs || type.id() == TypeId::kTimestamptzNs;
  return is_nanos ? internal::TimeUnit::kNanos : internal::TimeUnit::kMicros;
}

bool HasBucket(const Field& field, const Value& value, __int128 bucket) {
  const auto applied = field.transform.Apply(field.source_type, value);
  return !applied.ok() || !applied->holds<int32_t>() || applied->get<int32_t>() == bucket;
}

bool IsPossibleBucket(const Field& field, __int128 bucket, const NumberRange& source) {
  if (bucket < 0 || bucket >= field.transform.parameter()) return false;
  if (source.upper - source.lower >= kMostHashed) return true;
  for (__int128 number = source.lower; number <= source.upper; ++number) {
    if (HasBucket(field, ValueOf(field.source_type, number), bucket)) return true;
  }
  return false;
}

bool IsPossibleNumberIn(const Field& field, __int128 value, const NumberRange& source) {
  switch (field.transform.kind()) {
    case TransformKind::kIdentity:
      return source.lower <= value && value <= source.upper;
    case TransformKind::kBucket:
      return IsPossibleBucket(field, value, source);
    case TransformKind::kTruncate: {
      const __int128 width = field.transform.parameter();
      return value % width == 0 && value <= source.upper && value + width > source.lower;
    }
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kDay:
    case TransformKind::kHour: {
      const auto ordinal = [&](__int128 number) {
        return internal::TemporalOrdinal(field.transform.kind(), UnitOf(field.source_type),
                                         static_cast<int64_t>(number));
      };
      return ordinal(source.lower) <= value && value <= ordinal(source.upper);
    }
    case TransformKind::kVoid:
    case TransformKind::kUnknown:
      break;
  }
  return true;
}

size_t CodePoints(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool IsWellFormed(const Type& type, std::string_view bytes) {
  switch (type.id()) {
    case TypeId::kString:
      return IsUtf8(bytes);
    case TypeId::kFixed:
      return bytes.size() == static_cast<size_t>(type.length());
    case TypeId::kUuid:
      return bytes.size() == 16;
    default:
      return true;
  }
}

/// Values that are no whole numbers: floats, text, bytes.
bool IsPossibleIn(const Field& field, const Value& value, const ValueRange& source) {
  const Type& type = field.source_type;
  switch (field.transform.kind()) {
    case TransformKind::kIdentity:
    case TransformKind::kTruncate: {
      if (!Fits(type, value)) return false;
      if (internal::IsFloating(type)) {
        return !(source.lower &&
                 internal::ComparePredicateValues(type, value, *source.lower) < 0) &&
               !(source.upper && internal::ComparePredicateValues(type, value, *source.upper) > 0);
      }
      if (!value.holds<std::string>()) return false;
      const auto bytes = [](const std::optional<Value>& bound) {
        return bound ? std::optional<std::string_view>(bound->get<std::string>()) : std::nullopt;
      };
      return PartitionEvidence::IsPossibleBytes(field, value.get<std::string>(),
                                                bytes(source.lower), bytes(source.upper));
    }
    case TransformKind::kBucket: {
      if (!value.holds<int32_t>()) return false;
      const int32_t bucket = value.get<int32_t>();
      if (bucket < 0 || bucket >= field.transform.parameter()) return false;
      const bool is_one_value = source.lower && source.upper && *source.lower == *source.upper;
      return !is_one_value || HasBucket(field, *source.lower, bucket);
    }
    default:
      return true;
  }
}

bool IsPossibleWithin(const Field& field, const Value& value, const ValueRange& source) {
  auto numbers = LimitsOf(field.source_type);
  if (!numbers) return IsPossibleIn(field, value, source);
  if (!HoldsNumber(value)) return false;
  if (source.lower) numbers->lower = NumberOf(*source.lower);
  if (source.upper) numbers->upper = NumberOf(*source.upper);
  return IsPossibleNumberIn(field, NumberOf(value), *numbers);
}

bool IsAbove(const std::optional<int64_t>& count, const std::optional<int64_t>& other) {
  return count && other && *count > *other;
}

}  // namespace

PartitionEvidence::PartitionEvidence(const PartitionSpec& spec, const Schema& schema) {
  for (const PartitionField& field : spec.fields) {
    const TransformKind kind = field.transform.kind();
    if (kind == TransformKind::kVoid || kind == TransformKind::kUnknown) continue;
    if (field.source_ids.size() != 1) continue;
    const NestedField* source = schema.FindField(field.source_id());
    if (source == nullptr || !field.transform.CanTransform(source->type)) continue;
    fields_.push_back({field.field_id, field.transform, field.source_id(), source->type});
  }
}

const PartitionEvidence::Field* PartitionEvidence::FindField(FieldId partition_field_id) const {
  const auto found = std::find_if(fields_.begin(), fields_.end(), [&](const Field& field) {
    return field.id == partition_field_id;
  });
  return found == fields_.end() ? nullptr : &*found;
}

bool PartitionEvidence::IsPossible(const Field& field, const Value& partition_value) {
  if (partition_value.is_null() || internal::IsNaNValue(partition_value)) return true;
  return IsPossibleWithin(field, partition_value, ValueRange::Unknown(field.source_type));
}

bool PartitionEvidence::IsPossible(const Field& field, const Value& partition_value,
                                   const ColumnBounds& source) {
  const ValueRange range = ValueRange::FromBounds(field.source_type, source);
  const bool holds_number = range.lower || range.upper;
  if (partition_value.is_null()) {
    return !holds_number && !IsAbove(source.value_count, source.null_count);
  }
  if (source.null_count.value_or(0) > 0) return false;
  if (internal::IsNaNValue(partition_value)) {
    return !holds_number && !IsAbove(source.value_count, source.nan_count);
  }
  if (internal::IsFloating(field.source_type) && source.nan_count.value_or(0) > 0) return false;
  return IsPossibleWithin(field, partition_value, range);
}

bool PartitionEvidence::IsPossibleNumber(const Field& field, int64_t partition_value,
                                         std::optional<int64_t> lower,
                                         std::optional<int64_t> upper) {
  auto source = LimitsOf(field.source_type);
  if (!source) return true;
  if (lower) source->lower = *lower;
  if (upper) source->upper = *upper;
  return IsPossibleNumberIn(field, partition_value, *source);
}

bool PartitionEvidence::IsPossibleBytes(const Field& field, std::string_view partition_value,
                                        std::optional<std::string_view> lower,
                                        std::optional<std::string_view> upper) {
  if (!IsWellFormed(field.source_type, partition_value)) return false;
  bool is_prefix = false;
  if (field.transform.kind() == TransformKind::kTruncate) {
    // One of full length stands for all that begins with it, a shorter one for itself.
    const auto width = static_cast<size_t>(field.transform.parameter());
    const size_t length = field.source_type.id() == TypeId::kString ? CodePoints(partition_value)
                                                                    : partition_value.size();
    if (length > width) return false;
    is_prefix = length == width;
  }
  if (upper && partition_value > *upper) return false;
  if (!lower) return true;
  return (is_prefix ? lower->substr(0, partition_value.size()) : *lower) <= partition_value;
}

}  // namespace iceframe
