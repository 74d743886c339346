// SPDX-License-Identifier: Apache-2.0
// Deciding one-column predicates on ranges of values, with three-valued truth.
#include <algorithm>
#include <cmath>

#include "iceframe/base/utf8.h"
#include "iceframe/skipping/value_range_internal.h"

namespace iceframe::internal {
namespace {

/// How values of a range can stand to a literal.
using RelationSet = uint8_t;
constexpr RelationSet kBelow = 1;
constexpr RelationSet kSame = 2;
constexpr RelationSet kAbove = 4;

RelationSet RelationsTo(const Type& type, const ValueRange& range, const Value& literal) {
  const bool literal_is_nan = IsNaNValue(literal);
  RelationSet relations = 0;
  if (range.may_be_nan) relations |= literal_is_nan ? kSame : kAbove;
  if (!range.may_be_number) return relations;
  // NaN is above every number.
  if (literal_is_nan) return relations | kBelow;
  const int lower = range.lower ? ComparePredicateValues(type, *range.lower, literal) : -1;
  const int upper = range.upper ? ComparePredicateValues(type, *range.upper, literal) : 1;
  if (lower < 0) relations |= kBelow;
  if (lower <= 0 && upper >= 0) relations |= kSame;
  if (upper > 0) relations |= kAbove;
  return relations;
}

RelationSet Accepted(ComparisonOp op) {
  switch (op) {
    case ComparisonOp::kEqual:
      return kSame;
    case ComparisonOp::kNotEqual:
      return kBelow | kAbove;
    case ComparisonOp::kLess:
      return kBelow;
    case ComparisonOp::kLessEqual:
      return kBelow | kSame;
    case ComparisonOp::kGreater:
      return kAbove;
    case ComparisonOp::kGreaterEqual:
      return kAbove | kSame;
  }
  return kBelow | kSame | kAbove;
}

TruthSet Compare(const ColumnPredicate& predicate, const ValueRange& range) {
  const RelationSet relations = RelationsTo(predicate.type, range, predicate.literal);
  const RelationSet accepted = Accepted(predicate.op);
  TruthSet result = range.may_be_null ? kNull : 0;
  if (relations & accepted) result |= kTrue;
  if (relations & ~accepted) result |= kFalse;
  return result;
}

TruthSet In(const ColumnPredicate& predicate, const ValueRange& range) {
  const Type& type = predicate.type;
  const auto& values = *predicate.values;
  const auto less = [&](const Value& a, const Value& b) {
    return ComparePredicateValues(type, a, b) < 0;
  };
  const bool has_nan = !values.empty() && IsNaNValue(values.back());
  TruthSet result = 0;
  if (range.may_be_nan) result |= has_nan ? kTrue : kFalse;
  if (range.may_be_number) {
    auto first = values.begin();
    if (range.lower) first = std::lower_bound(first, values.end(), *range.lower, less);
    const auto last = has_nan ? values.end() - 1 : values.end();
    if (first < last && (!range.upper || !less(*range.upper, *first))) {
      result |= kTrue;
      const bool is_one_value = range.lower && range.upper && !less(*range.lower, *range.upper);
      if (!is_one_value) result |= kFalse;
    } else {
      result |= kFalse;
    }
  }
  if (range.may_be_null) result |= kNull;
  return predicate.negated ? Negation(result) : result;
}

TruthSet IsNullOn(const ColumnPredicate& predicate, const ValueRange& range) {
  TruthSet result = range.may_be_null ? kTrue : 0;
  if (range.may_be_number || range.may_be_nan) result |= kFalse;
  return predicate.negated ? Negation(result) : result;
}

TruthSet IsNaNOn(const ColumnPredicate& predicate, const ValueRange& range) {
  TruthSet result = range.may_be_nan ? kTrue : 0;
  if (range.may_be_number) result |= kFalse;
  // Whether null is "not NaN" or null differs among engines: allow for both.
  if (range.may_be_null) result |= kFalse | kNull;
  return predicate.negated ? Negation(result) : result;
}

TruthSet StartsWithOn(const ColumnPredicate& predicate, const ValueRange& range) {
  TruthSet result = 0;
  if (range.may_be_number) {
    const std::string& prefix = predicate.prefix;
    const auto head = [&](const std::optional<Value>& bound) {
      return std::string_view(bound->get<std::string>()).substr(0, prefix.size());
    };
    const int lower = range.lower ? head(range.lower).compare(prefix) : -1;
    const int upper = range.upper ? head(range.upper).compare(prefix) : 1;
    if (lower <= 0 && upper >= 0) result |= kTrue;
    if (lower != 0 || upper != 0) result |= kFalse;
  }
  if (range.may_be_null) result |= kNull;
  return predicate.negated ? Negation(result) : result;
}

TruthSet LikeOn(const ColumnPredicate& predicate, const ValueRange& range) {
  ColumnPredicate prefix_only = predicate;
  prefix_only.negated = false;
  TruthSet result = StartsWithOn(prefix_only, range);
  // More than the prefix must match.
  if (result & kTrue) result |= kFalse;
  return predicate.negated ? Negation(result) : result;
}

}  // namespace

TruthSet Conjunction(TruthSet left, TruthSet right) {
  TruthSet result = (left & right & kTrue) | ((left | right) & kFalse);
  if (((left & kNull) && (right & (kTrue | kNull))) || ((right & kNull) && (left & kTrue))) {
    result |= kNull;
  }
  return result;
}

TruthSet Negation(TruthSet operand) {
  return static_cast<TruthSet>((operand & kNull) | ((operand & kTrue) ? kFalse : 0) |
                               ((operand & kFalse) ? kTrue : 0));
}

TruthSet Disjunction(TruthSet left, TruthSet right) {
  return Negation(Conjunction(Negation(left), Negation(right)));
}

bool IsNaNValue(const Value& value) {
  if (value.holds<double>()) return std::isnan(value.get<double>());
  return value.holds<float>() && std::isnan(value.get<float>());
}

bool IsFloating(const Type& type) {
  return type.id() == TypeId::kFloat || type.id() == TypeId::kDouble;
}

int ComparePredicateValues(const Type& type, const Value& left, const Value& right) {
  const auto is_zero = [](const Value& value) {
    return value.holds<double>() ? value.get<double>() == 0
                                 : value.holds<float>() && value.get<float>() == 0;
  };
  if (IsFloating(type) && is_zero(left) && is_zero(right)) return 0;
  return CompareValues(type, left, right);
}

ValueRange ValueRange::Unknown(const Type& type) {
  ValueRange range;
  range.may_be_nan = IsFloating(type);
  return range;
}

void ValueRange::DropImpossibleBounds(const Type& type) {
  const auto is_bad = [&](const std::optional<Value>& bound) {
    if (!bound) return false;
    if (bound->is_null() || !Fits(type, *bound)) return true;
    return type.id() == TypeId::kString && !IsUtf8(bound->get<std::string>());
  };
  // One that can't be right says that the writer's other one can't be trusted either: who lets NaN
  // into one bound compared with it for the other, too.
  const auto is_nan = [](const std::optional<Value>& bound) { return bound && IsNaNValue(*bound); };
  if (is_bad(lower) || is_bad(upper) || is_nan(lower) || is_nan(upper) ||
      (lower && upper && ComparePredicateValues(type, *lower, *upper) > 0)) {
    lower.reset();
    upper.reset();
  }
}

ValueRange ValueRange::FromBounds(const Type& type, ColumnBounds bounds) {
  ValueRange range = Unknown(type);
  range.lower = std::move(bounds.lower);
  range.upper = std::move(bounds.upper);
  range.DropImpossibleBounds(type);
  const int64_t total = bounds.value_count.value_or(-1);
  const int64_t nulls = bounds.null_count.value_or(-1);
  const int64_t nans = IsFloating(type) ? bounds.nan_count.value_or(-1) : 0;
  if (nulls == 0) range.may_be_null = false;
  if (nans == 0) range.may_be_nan = false;
  if (total > 0 && nulls == total) {
    range.may_be_nan = false;
    range.may_be_number = false;
  } else if (total > 0 && nulls >= 0 && nans > 0 && nulls <= total && nans == total - nulls) {
    range.may_be_number = false;
  }
  return range;
}

ValueRange ValueRange::Single(const Type& type, const Value& value) {
  ValueRange range;
  range.may_be_null = value.is_null();
  range.may_be_nan = IsNaNValue(value);
  range.may_be_number = !range.may_be_null && !range.may_be_nan;
  if (range.may_be_number) {
    if (!Fits(type, value)) return Unknown(type);
    range.lower = value;
    range.upper = value;
  }
  return range;
}

TruthSet EvaluateOnRange(const ColumnPredicate& predicate, const ValueRange& range) {
  switch (predicate.kind) {
    case ColumnPredicate::Kind::kCompare:
      return Compare(predicate, range);
    case ColumnPredicate::Kind::kIn:
      return In(predicate, range);
    case ColumnPredicate::Kind::kIsNull:
      return IsNullOn(predicate, range);
    case ColumnPredicate::Kind::kIsNaN:
      return IsNaNOn(predicate, range);
    case ColumnPredicate::Kind::kStartsWith:
      return StartsWithOn(predicate, range);
    case ColumnPredicate::Kind::kLike:
      return LikeOn(predicate, range);
  }
  return kAnything;
}

}  // namespace iceframe::internal
