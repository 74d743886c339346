// SPDX-License-Identifier: Apache-2.0
// Filters over bounds and over manifest summaries, one set of rows at a time.
#include "iceframe/skipping/evaluators.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "iceframe/skipping/value_range_internal.h"
#include "iceframe/types/single_value.h"

namespace iceframe {
namespace {

using internal::ColumnPredicate;
using internal::TruthSet;
using internal::ValueRange;

ValueRange RangeOf(const ColumnPredicate& predicate, const BoundsLookup& bounds) {
  auto found = bounds(predicate.column->field_id, predicate.type);
  return found ? ValueRange::FromBounds(predicate.type, std::move(*found))
               : ValueRange::Unknown(predicate.type);
}

TruthSet Evaluate(const Expression& filter, const BoundsLookup& bounds) {
  return internal::EvaluateTree(
      filter, [&](const ColumnPredicate& predicate) { return RangeOf(predicate, bounds); });
}

/// The values of = or IN that may be in the range; nullopt where others make the predicate true.
std::optional<std::span<const Value>> WantedValues(const ColumnPredicate& predicate,
                                                   const ValueRange& range) {
  std::span<const Value> values;
  if (predicate.kind == ColumnPredicate::Kind::kIn && !predicate.negated) {
    values = *predicate.values;
  } else if (predicate.kind == ColumnPredicate::Kind::kCompare &&
             predicate.op == ComparisonOp::kEqual) {
    values = {&predicate.literal, 1};
  } else {
    return std::nullopt;
  }
  // NaN is the greatest.
  if (!values.empty() && internal::IsNaNValue(values.back())) {
    if (range.may_be_nan) return std::nullopt;
    values = values.first(values.size() - 1);
  }
  const auto less = [&](const Value& left, const Value& right) {
    return internal::ComparePredicateValues(predicate.type, left, right) < 0;
  };
  auto begin = values.begin();
  auto end = values.end();
  if (range.lower) begin = std::lower_bound(begin, end, *range.lower, less);
  if (range.upper) end = std::upper_bound(begin, end, *range.upper, less);
  return std::span<const Value>(begin, end);
}

/// What the predicate may come out as for the values that the column has.
TruthSet EvaluateOnValues(const ColumnPredicate& predicate, const ValueRange& range,
                          TruthSet by_range, const ValuesLookup& values) {
  TruthSet found = 0;
  if (range.may_be_null) {
    found |= internal::EvaluateOnRange(predicate, ValueRange::Single(predicate.type, Value()));
  }
  const bool is_known =
      values.visit(predicate.column->field_id, predicate.type, [&](const Value& value) {
        found |= internal::EvaluateOnRange(predicate, ValueRange::Single(predicate.type, value));
        return (found & by_range) != by_range;
      });
  return is_known ? static_cast<TruthSet>(found & by_range) : by_range;
}

/// Whether one of the column's values may make all these predicates on it true at once.
bool AnyValueMayMatch(const std::vector<ColumnPredicate>& predicates, const BoundsLookup& bounds,
                      const ValuesLookup& values) {
  const ColumnPredicate& first = predicates.front();
  const auto may_match = [&](const Value& value) {
    const ValueRange range = ValueRange::Single(first.type, value);
    return std::ranges::all_of(predicates, [&](const ColumnPredicate& predicate) {
      return (internal::EvaluateOnRange(predicate, range) & internal::kTrue) != 0;
    });
  };
  if (RangeOf(first, bounds).may_be_null && may_match(Value())) return true;
  bool found = false;
  const bool is_known = values.visit(first.column->field_id, first.type, [&](const Value& value) {
    found = may_match(value);
    return !found;
  });
  return found || !is_known;
}

/// The predicates on one column each that all must be true, of columns whose values may be known.
std::map<FieldId, std::vector<ColumnPredicate>> NeededPredicates(const Expression& filter,
                                                                 const ValuesLookup& values) {
  std::map<FieldId, std::vector<ColumnPredicate>> needed;
  for (const Expression* operand : internal::FlatOperands<AndNode>(filter)) {
    auto predicate = internal::AsColumnPredicate(*operand);
    if (!predicate || !values.may_be_known(predicate->column->field_id)) continue;
    needed[predicate->column->field_id].push_back(*std::move(predicate));
  }
  return needed;
}

/// nullopt where the two, of which either may be absent, can't both be right.
std::optional<std::pair<std::optional<Value>, std::optional<Value>>> ReadBounds(
    const Type& type, const PartitionFieldSummary& summary) {
  std::pair<std::optional<Value>, std::optional<Value>> bounds;
  for (auto [bytes, bound] : {std::pair{&summary.lower_bound, &bounds.first},
                              std::pair{&summary.upper_bound, &bounds.second}}) {
    if (!*bytes) continue;
    auto value = FromSingleValueBytes(type, **bytes);
    if (!value.ok()) return std::nullopt;
    *bound = std::move(value).ValueUnsafe();
  }
  return bounds;
}

/// Iceberg Java orders uuids by two signed halves: within one first half its least and greatest
/// may lie anywhere.
void WidenUuidBounds(ValueRange* range) {
  constexpr size_t kHalf = 8;
  if (range->lower) {
    range->lower =
        Value(range->lower->get<std::string>().substr(0, kHalf) + std::string(kHalf, '\0'));
  }
  if (range->upper) {
    range->upper =
        Value(range->upper->get<std::string>().substr(0, kHalf) + std::string(kHalf, '\xFF'));
  }
}

ValueRange FromSummary(const Type& type, const PartitionFieldSummary& summary,
                       const PartitionEvidence::Field* field) {
  ValueRange range = ValueRange::Unknown(type);
  range.may_be_null = summary.contains_null;
  if (summary.contains_nan == false) range.may_be_nan = false;
  // The spec: without a bound every value is null or NaN. Held only where the nulls say so too,
  // and where no order of Java's could be why they were left out.
  if (!summary.lower_bound && !summary.upper_bound && summary.contains_null) {
    range.may_be_number = type.id() == TypeId::kUuid;
    return range;
  }
  auto bounds = ReadBounds(type, summary);
  if (!bounds) return range;
  const auto is_possible = [&](const std::optional<Value>& bound) {
    return !bound || field == nullptr || PartitionEvidence::IsPossible(*field, *bound);
  };
  if (!is_possible(bounds->first) || !is_possible(bounds->second)) return range;
  range.lower = std::move(bounds->first);
  range.upper = std::move(bounds->second);
  range.DropImpossibleBounds(type);
  if (type.id() == TypeId::kUuid) WidenUuidBounds(&range);
  return range;
}

}  // namespace

bool MayMatch(const Expression& filter, const BoundsLookup& bounds, const ValueProbe& may_hold) {
  const TruthSet outcomes =
      internal::EvaluateLeaves(filter, [&](const ColumnPredicate& predicate) -> TruthSet {
        const ValueRange range = RangeOf(predicate, bounds);
        const TruthSet by_range = internal::EvaluateOnRange(predicate, range);
        if ((by_range & internal::kTrue) == 0) return by_range;
        const auto wanted = WantedValues(predicate, range);
        if (!wanted || may_hold(predicate.column->field_id, predicate.type, *wanted)) {
          return by_range;
        }
        return static_cast<TruthSet>((by_range & ~internal::kTrue) | internal::kFalse);
      });
  return (outcomes & internal::kTrue) != 0;
}

bool MayMatch(const Expression& filter, const BoundsLookup& bounds, const ValuesLookup& values) {
  const auto evaluate = [&](bool ask) {
    return internal::EvaluateLeaves(filter, [&](const ColumnPredicate& predicate) -> TruthSet {
      const ValueRange range = RangeOf(predicate, bounds);
      const TruthSet by_range = internal::EvaluateOnRange(predicate, range);
      const bool is_open = (by_range & internal::kTrue) != 0 && by_range != internal::kTrue;
      if (!is_open || predicate.kind == ColumnPredicate::Kind::kIsNull ||
          !values.may_be_known(predicate.column->field_id)) {
        return by_range;
      }
      return ask ? EvaluateOnValues(predicate, range, by_range, values) : TruthSet{0};
    });
  };
  // The empty set is below whatever the values may say, and smaller operands give smaller results:
  // where it doesn't keep the filter from being true, nothing can.
  if ((evaluate(/*ask=*/false) & internal::kTrue) != 0) return true;
  if ((evaluate(/*ask=*/true) & internal::kTrue) == 0) return false;
  // Each may be true for some value, and yet no value be one for which all are.
  for (const auto& [id, predicates] : NeededPredicates(filter, values)) {
    if (predicates.size() > 1 && !AnyValueMayMatch(predicates, bounds, values)) return false;
  }
  return true;
}

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
                      const Type& partition_type, const PartitionEvidence& evidence) {
  const auto& fields = partition_type.fields();
  const bool is_summarized = manifest.partitions.size() == fields.size();
  const TruthSet result =
      internal::EvaluateTree(partition_filter, [&](const ColumnPredicate& predicate) {
        for (size_t i = 0; is_summarized && i < fields.size(); ++i) {
          if (fields[i].id == predicate.column->field_id) {
            return FromSummary(predicate.type, manifest.partitions[i],
                               evidence.FindField(fields[i].id));
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
