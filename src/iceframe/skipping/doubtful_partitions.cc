// SPDX-License-Identifier: Apache-2.0
// Asking PartitionEvidence of every entry: whole numbers in a loop of their own, others as Values.
#include <cmath>
#include <limits>

#include "iceframe/skipping/doubtful_partitions_internal.h"

namespace iceframe::internal {
namespace {

using Layout = ColumnStatistics::BoundsLayout;

bool IsNumberPossible(const PartitionEvidence::Field& field, const ColumnStatistics& partition,
                      const ColumnStatistics& source, size_t i) {
  bool has_lower = source.has_lower[i] != 0;
  bool has_upper = source.has_upper[i] != 0;
  if (has_lower && has_upper && source.lower_int64[i] > source.upper_int64[i]) {
    has_lower = has_upper = false;
  }
  const int64_t nulls = source.null_value_counts[i];
  if (partition.has_lower[i] == 0) {
    return !has_lower && !has_upper && (nulls < 0 || source.value_counts[i] <= nulls);
  }
  if (nulls > 0) return false;
  return PartitionEvidence::IsPossibleNumber(
      field, partition.lower_int64[i],
      has_lower ? std::optional(source.lower_int64[i]) : std::nullopt,
      has_upper ? std::optional(source.upper_int64[i]) : std::nullopt);
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
  const bool are_numbers =
      partition.layout == Layout::kInt64 && source != nullptr && source->layout == Layout::kInt64;
  for (size_t i = 0; i < count; ++i) {
    const bool is_possible =
        are_numbers ? IsNumberPossible(field, partition, *source, i)
                    : PartitionEvidence::IsPossible(
                          field, PartitionValueOf(partition, partition_type, i),
                          source == nullptr ? ColumnBounds()
                                            : BoundsOfEntry(field.source_type, *source, i));
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
