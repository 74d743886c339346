// SPDX-License-Identifier: Apache-2.0
// What several comparisons of one operand with literals come to, joined by AND or by OR.
#pragma once

#include <optional>
#include <vector>

#include "iceframe/expression/expression.h"

namespace iceframe {

/// Merges comparisons and IN lists of one operand; each is null where the operand is null, so that
/// the merged form has the same three values.
class ValueSet {
 public:
  /// `is_and`: the predicates must all hold; else one must.
  ValueSet(Expression operand, bool is_and) : operand_(std::move(operand)), is_and_(is_and) {}

  /// Takes a bound comparison with a literal or an IN node up; false if it is something else.
  bool Add(const Expression& predicate);
  /// Appends the fewest predicates that say the same.
  void EmitTo(std::vector<Expression>* out);

 private:
  struct Bound {
    Value value;
    bool inclusive = false;
  };

  int CompareTo(const Value& a, const Value& b) const;
  bool InRange(const Value& value) const;
  void AddBound(std::optional<Bound>* bound, bool is_lower, Bound next);
  void AddMembers(const std::vector<Value>& values);
  void AddExcluded(const std::vector<Value>& values);
  Expression Membership(std::vector<Value> values, bool negated) const;
  Expression Constant(bool result) const;
  void EmitAnd(std::vector<Expression>* out) const;
  void EmitOr(std::vector<Expression>* out) const;
  void EmitBounds(std::vector<Expression>* out) const;

  Expression operand_;
  bool is_and_;
  std::optional<Bound> lower_;
  std::optional<Bound> upper_;
  /// Sorted. AND: the operand is one of these; OR: it may be one of these.
  std::optional<std::vector<Value>> members_;
  /// Sorted. AND: it is none of these; OR: it may be any but these.
  std::optional<std::vector<Value>> excluded_;
  /// What is still to be merged into the list that grows.
  std::vector<Value> pending_;
};

/// `result` where the operand has a value, null where it is null.
Expression ConstantUnlessNull(const Expression& operand, bool result);

}  // namespace iceframe
