// SPDX-License-Identifier: Apache-2.0
// Partition values as text, written as Iceberg Java writes them into paths.
#include <array>
#include <cstdio>
#include <string>

#include "iceframe/types/civil_time.h"
#include "iceframe/types/transform.h"
#include "iceframe/types/value_text.h"

namespace iceframe {

namespace {

std::string Padded(int64_t number, int width) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%0*lld", width, static_cast<long long>(number));
  return buffer.data();
}

// Without the sign that ISO 8601 asks of years beyond 9999.
std::string HumanDay(int64_t days) {
  const CivilDate date = CivilFromDays(days);
  return Padded(date.year, date.year < 0 ? 5 : 4) + "-" + Padded(date.month, 2) + "-" +
         Padded(date.day, 2);
}

std::string HumanYear(int64_t years) { return Padded(1970 + years, 4); }

std::string HumanMonth(int64_t months) {
  return HumanYear(FloorDivide(months, 12)) + "-" + Padded(1 + FloorModulo(months, 12), 2);
}

std::string HumanHour(int64_t hours) {
  return HumanDay(FloorDivide(hours, 24)) + "-" + Padded(FloorModulo(hours, 24), 2);
}

std::string HumanValue(const Type& type, const Value& value) {
  switch (type.id()) {
    case TypeId::kDate:
      return HumanDay(value.get<int32_t>());
    case TypeId::kTime:
      return FormatTime(value.get<int64_t>(), TimeStyle::kJava);
    case TypeId::kTimestamp:
      return FormatTimestampMicros(value.get<int64_t>(), TimeStyle::kJava);
    case TypeId::kTimestamptz:
      return FormatTimestampMicros(value.get<int64_t>(), TimeStyle::kJava) + "Z";
    case TypeId::kTimestampNs:
      return FormatTimestampNanos(value.get<int64_t>(), TimeStyle::kJava);
    case TypeId::kTimestamptzNs:
      return FormatTimestampNanos(value.get<int64_t>(), TimeStyle::kJava) + "Z";
    case TypeId::kDecimal:
      return DecimalToJavaText(value.get<arrow::Decimal128>(), type.scale());
    case TypeId::kString:
      return value.get<std::string>();
    case TypeId::kFixed:
    case TypeId::kBinary:
      return BytesToBase64(value.get<std::string>());
    default:
      return iceframe::ToString(type, value);
  }
}

}  // namespace

std::string Transform::ToHumanString(const Type& source, const Value& partition_value) const {
  if (partition_value.is_null()) return "null";
  switch (kind_) {
    case TransformKind::kVoid:
      return "null";
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kDay:
    case TransformKind::kHour: {
      if (!partition_value.holds<int32_t>()) break;
      const int64_t ordinal = partition_value.get<int32_t>();
      if (kind_ == TransformKind::kYear) return HumanYear(ordinal);
      if (kind_ == TransformKind::kMonth) return HumanMonth(ordinal);
      return kind_ == TransformKind::kDay ? HumanDay(ordinal) : HumanHour(ordinal);
    }
    case TransformKind::kBucket:
      if (!partition_value.holds<int32_t>()) break;
      return std::to_string(partition_value.get<int32_t>());
    case TransformKind::kIdentity:
    case TransformKind::kTruncate:
      if (!Fits(source, partition_value)) break;
      return HumanValue(source, partition_value);
    case TransformKind::kUnknown:
      if (partition_value.holds<std::string>()) return partition_value.get<std::string>();
      break;
  }
  // A value that a damaged manifest gave: readable, and equal for equal values.
  const Result<Type> type = ResultType(source);
  return type.ok() ? iceframe::ToString(*type, partition_value) : "<unreadable>";
}

}  // namespace iceframe
