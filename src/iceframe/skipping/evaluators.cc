// SPDX-License-Identifier: Apache-2.0
// Filters over bounds and over manifest summaries, one set of rows at a time.
#include "iceframe/skipping/evaluators.h"

#include "iceframe/skipping/value_range_internal.h"
#include "iceframe/types/single_value.h"

namespace iceframe {
namespace {

using internal::ColumnPredicate;
using internal::TruthSet;
using internal::ValueRange;

TruthSet Evaluate(const Expression& filter, const BoundsLookup& bounds) {
  return internal::EvaluateTree(filter, [&](const ColumnPredicate& predicate) {
    auto found = bounds(predicate.column->field_id, predicate.type);
    return found ? ValueRange::FromBounds(predicate.type, std::move(*found))
                 : ValueRange::Unknown(predicate.type);
  });
}

std::optional<Value> ReadBound(const Type& type, const std::optional<std::string>& bytes) {
  if (!bytes) return std::nullopt;
  auto value = FromSingleValueBytes(type, *bytes);
  if (!value.ok()) return std::nullopt;
  return std::move(value).ValueUnsafe();
}

ValueRange FromSummary(const Type& type, const PartitionFieldSummary& summary) {
  ValueRange range = ValueRange::Unknown(type);
  range.may_be_null = summary.contains_null;
  if (summary.contains_nan == false) range.may_be_nan = false;
  // The spec: without a bound every value is null or NaN. Held only where the nulls say so too.
  if (!summary.lower_bound && !summary.upper_bound && summary.contains_null) {
    range.may_be_number = false;
    return range;
  }
  range.lower = ReadBound(type, summary.lower_bound);
  range.upper = ReadBound(type, summary.upper_bound);
  range.DropImpossibleBounds(type);
  return range;
}

}  // namespace

bool MayMatch(const Expression& filter, const BoundsLookup& bounds) {
  return (Evaluate(filter, bounds) & internal::kTrue) != 0;
}

bool MustMatch(const Expression& filter, const BoundsLookup& bounds) {
  return (Evaluate(filter, bounds) & ~internal::kTrue) == 0;
}

bool PartitionMayMatch(const Expression& partition_filter, const Type& partition_type,
                       const std::vector<Value>& partition) {
  return (internal::EvaluateOnPartition(partition_filter, partition_type, partition) &
          internal::kTrue) != 0;
}

bool PartitionMustMatch(const Expression& partition_filter, const Type& partition_type,
                        const std::vector<Value>& partition) {
  return (internal::EvaluateOnPartition(partition_filter, partition_type, partition) &
          ~internal::kTrue) == 0;
}

bool ManifestMayMatch(const Expression& partition_filter, const ManifestFile& manifest,
                      const Type& partition_type) {
  const auto& fields = partition_type.fields();
  const bool is_summarized = manifest.partitions.size() == fields.size();
  const TruthSet result =
      internal::EvaluateTree(partition_filter, [&](const ColumnPredicate& predicate) {
        for (size_t i = 0; is_summarized && i < fields.size(); ++i) {
          if (fields[i].id == predicate.column->field_id) {
            return FromSummary(predicate.type, manifest.partitions[i]);
          }
        }
        return ValueRange::Unknown(predicate.type);
      });
  return (result & internal::kTrue) != 0;
}

namespace internal {

TruthSet EvaluateOnPartition(const Expression& partition_filter, const Type& partition_type,
                             const std::vector<Value>& partition) {
  const auto& fields = partition_type.fields();
  return EvaluateTree(partition_filter, [&](const ColumnPredicate& predicate) {
    for (size_t i = 0; i < fields.size() && i < partition.size(); ++i) {
      if (fields[i].id == predicate.column->field_id) {
        return ValueRange::Single(predicate.type, partition[i]);
      }
    }
    return ValueRange::Unknown(predicate.type);
  });
}

}  // namespace internal
}  // namespace iceframe
