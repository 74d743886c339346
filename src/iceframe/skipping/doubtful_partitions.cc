// SPDX-License-Identifier: Apache-2.0
// Asking PartitionEvidence of every entry: whole numbers in a loop of their own, others as Values.
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "iceframe/skipping/doubtful_partitions_internal.h"

namespace iceframe::internal {
namespace {

using Layout = ColumnStatistics::BoundsLayout;

/// One entry, without making Values of its bounds.
template <typename T>
struct Entry {
  std::optional<T> partition;
  std::optional<T> lower;
  std::optional<T> upper;
};

template <typename T>
Entry<T> EntryOf(const ColumnStatistics& partition, const ColumnStatistics& source,
                 const std::vector<T>& values, const std::vector<T>& lowers,
                 const std::vector<T>& uppers, size_t i) {
  Entry<T> entry;
  if (partition.has_lower[i] != 0) entry.partition = values[i];
  if (source.has_lower[i] != 0) entry.lower = lowers[i];
  if (source.has_upper[i] != 0) entry.upper = uppers[i];
  if (entry.lower && entry.upper && *entry.lower > *entry.upper) {
    entry.lower.reset();
    entry.upper.reset();
  }
  return entry;
}

/// The rules of PartitionEvidence; `is_possible` decides on a value.
template <typename T, typename IsPossible>
bool IsEntryPossible(const Entry<T>& entry, const ColumnStatistics& source, size_t i,
                     const IsPossible& is_possible) {
  const int64_t nulls = source.null_value_counts[i];
  if (!entry.partition) {
    return !entry.lower && !entry.upper && (nulls < 0 || source.value_counts[i] <= nulls);
  }
  return nulls <= 0 && is_possible(*entry.partition, entry.lower, entry.upper);
}

bool IsNumberPossible(const PartitionEvidence::Field& field, const ColumnStatistics& partition,
                      const ColumnStatistics& source, size_t i) {
  const auto entry =
      EntryOf(partition, source, partition.lower_int64, source.lower_int64, source.upper_int64, i);
  return IsEntryPossible(entry, source, i, [&](int64_t value, auto lower, auto upper) {
    return PartitionEvidence::IsPossibleNumber(field, value, lower, upper);
  });
}

bool AreBytesPossible(const PartitionEvidence::Field& field, const ColumnStatistics& partition,
                      const ColumnStatistics& source, size_t i) {
  const auto entry =
      EntryOf(partition, source, partition.lower_bytes, source.lower_bytes, source.upper_bytes, i);
  return IsEntryPossible(entry, source, i, [&](std::string_view value, auto lower, auto upper) {
    return PartitionEvidence::IsPossibleBytes(field, value, lower, upper);
  });
}

/// The one value of an entry's partition field.
Value PartitionValueOf(const ColumnStatistics& partition, const Type& type, size_t i) {
  if (partition.nan_value_counts[i] > 0) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    return type.id() == TypeId::kFloat ? Value(static_cast<float>(nan)) : Value(nan);
  }
  if (partition.has_lower[i] == 0) return Value::Null();
  auto value = BoundsOfEntry(type, partition, i).lower;
  return value ? std::move(*value) : Value::Null();
}

}  // namespace

Selection DoubtfulEntries(const PartitionEvidence::Field& field, const ColumnStatistics& partition,
                          const Type& partition_type, const ColumnStatistics* source) {
  const size_t count = partition.value_counts.size();
  Selection doubtful(count, 0);
  const auto are_both = [&](Layout layout) {
    return source != nullptr && partition.layout == layout && source->layout == layout;
  };
  const bool are_numbers = are_both(Layout::kInt64);
  const bool are_bytes = are_both(Layout::kBytes) && field.source_type.id() != TypeId::kDecimal;
  for (size_t i = 0; i < count; ++i) {
    bool is_possible = true;
    if (are_numbers) {
      is_possible = IsNumberPossible(field, partition, *source, i);
    } else if (are_bytes) {
      is_possible = AreBytesPossible(field, partition, *source, i);
    } else {
      const ColumnBounds bounds =
          source == nullptr ? ColumnBounds() : BoundsOfEntry(field.source_type, *source, i);
      is_possible = PartitionEvidence::IsPossible(
          field, PartitionValueOf(partition, partition_type, i), bounds);
    }
    doubtful[i] = is_possible ? 0 : 1;
  }
  return doubtful;
}

ColumnStatistics WithoutDoubtful(ColumnStatistics statistics, const Selection& doubtful) {
  for (size_t i = 0; i < doubtful.size(); ++i) {
    if (doubtful[i] == 0) continue;
    statistics.has_lower[i] = statistics.has_upper[i] = 0;
    statistics.value_counts[i] = statistics.null_value_counts[i] = -1;
    statistics.nan_value_counts[i] = -1;
  }
  return statistics;
}

}  // namespace iceframe::internal
