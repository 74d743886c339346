// SPDX-License-Identifier: Apache-2.0
// What a column's values can be in some set of rows, and what a predicate can come out as there.
#pragma once

#include <cstdint>
#include <optional>

#include "iceframe/skipping/column_predicate_internal.h"
#include "iceframe/skipping/evaluators.h"
#include "iceframe/types/type.h"
#include "iceframe/types/value.h"

namespace iceframe::internal {

/// A set of truth values that a predicate may take among some rows; too large is never wrong.
///
/// One set answers both questions: a row may match iff kTrue is in it, all rows must match iff
/// nothing but kTrue is. Kleene's logic lifts to sets, so AND, OR and NOT need no second pass.
using TruthSet = uint8_t;
inline constexpr TruthSet kTrue = 1;
inline constexpr TruthSet kFalse = 2;
inline constexpr TruthSet kNull = 4;
inline constexpr TruthSet kAnything = kTrue | kFalse | kNull;

TruthSet Conjunction(TruthSet left, TruthSet right);
TruthSet Disjunction(TruthSet left, TruthSet right);
TruthSet Negation(TruthSet operand);

/// The order that predicates compare by: as CompareValues, but -0.0 equals +0.0.
int ComparePredicateValues(const Type& type, const Value& left, const Value& right);
bool IsNaNValue(const Value& value);
bool IsFloating(const Type& type);

/// Null, NaN and other values are told apart: bounds speak of the others alone.
struct ValueRange {
  bool may_be_null = true;
  bool may_be_nan = true;
  bool may_be_number = true;
  /// Of the values that are neither null nor NaN; absent: unbounded.
  std::optional<Value> lower;
  std::optional<Value> upper;

  /// Everything is possible (NaN only for floating types).
  static ValueRange Unknown(const Type& type);
  /// Statistics that contradict themselves (lower above upper, NaN or invalid UTF-8 as a bound,
  /// counts out of range) count as unknown.
  static ValueRange FromBounds(const Type& type, ColumnBounds bounds);
  /// Exactly this value.
  static ValueRange Single(const Type& type, const Value& value);
  /// Drops bounds that can't be right.
  void DropImpossibleBounds(const Type& type);
};

/// Returns what the predicate may come out as for values in the range.
TruthSet EvaluateOnRange(const ColumnPredicate& predicate, const ValueRange& range);

/// Evaluates a whole tree; `outcomes_of(predicate)` says what a leaf may come out as.
template <typename OutcomesOf>
TruthSet EvaluateLeaves(const Expression& expression, const OutcomesOf& outcomes_of,
                        int depth = 0) {
  if (depth > kMaxDepth) return kAnything;
  if (expression.as<AndNode>() != nullptr) {
    TruthSet result = kTrue;
    for (const Expression* operand : FlatOperands<AndNode>(expression)) {
      result = Conjunction(result, EvaluateLeaves(*operand, outcomes_of, depth + 1));
      if (result == kFalse) return result;
    }
    return result;
  }
  if (expression.as<OrNode>() != nullptr) {
    TruthSet result = kFalse;
    for (const Expression* operand : FlatOperands<OrNode>(expression)) {
      result = Disjunction(result, EvaluateLeaves(*operand, outcomes_of, depth + 1));
      if (result == kTrue) return result;
    }
    return result;
  }
  if (const auto* node = expression.as<NotNode>(); node != nullptr && node->operands.size() == 1) {
    return Negation(EvaluateLeaves(node->operands[0], outcomes_of, depth + 1));
  }
  if (expression.as<LiteralNode>() != nullptr) {
    const auto& value = expression.as<LiteralNode>()->value;
    if (value.holds<bool>()) return value.get<bool>() ? kTrue : kFalse;
    return value.is_null() ? kNull : kAnything;
  }
  const auto predicate = AsColumnPredicate(expression);
  if (!predicate) return kAnything;
  return outcomes_of(*predicate);
}

/// The same where `range_of(predicate)` gives the ValueRange of a leaf's column.
template <typename RangeOf>
TruthSet EvaluateTree(const Expression& expression, const RangeOf& range_of) {
  return EvaluateLeaves(expression, [&](const ColumnPredicate& predicate) {
    return EvaluateOnRange(predicate, range_of(predicate));
  });
}

/// Evaluates a partition filter on one partition tuple, its values in the order of the type.
TruthSet EvaluateOnPartition(const Expression& partition_filter, const Type& partition_type,
                             const std::vector<Value>& partition);

}  // namespace iceframe::internal
