// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/value_set.h"

#include <algorithm>
#include <iterator>

#include "iceframe/expression/bound_predicate_internal.h"

namespace iceframe {

Expression ConstantUnlessNull(const Expression& operand, bool result) {
  const Expression null(LiteralNode{}, Type::Boolean(), true);
  if (result) return Or(internal::BoundPredicate(IsNullNode{{operand}, true}), null);
  return And(internal::BoundPredicate(IsNullNode{{operand}, false}), null);
}

int ValueSet::CompareTo(const Value& a, const Value& b) const {
  return CompareValues(operand_.type(), a, b);
}

bool ValueSet::Add(const Expression& predicate) {
  if (const auto* in = predicate.as<InNode>()) {
    if (in->negated) {
      AddExcluded(in->values);
    } else {
      AddMembers(in->values);
    }
    return true;
  }
  const auto* comparison = predicate.as<ComparisonNode>();
  if (comparison == nullptr) return false;
  const auto* literal = comparison->operands[1].as<LiteralNode>();
  if (literal == nullptr || literal->value.is_null()) return false;
  switch (comparison->op) {
    case ComparisonOp::kEqual:
      AddMembers({literal->value});
      break;
    case ComparisonOp::kNotEqual:
      AddExcluded({literal->value});
      break;
    case ComparisonOp::kLess:
      AddBound(&upper_, false, {literal->value, false});
      break;
    case ComparisonOp::kLessEqual:
      AddBound(&upper_, false, {literal->value, true});
      break;
    case ComparisonOp::kGreater:
      AddBound(&lower_, true, {literal->value, false});
      break;
    case ComparisonOp::kGreaterEqual:
      AddBound(&lower_, true, {literal->value, true});
      break;
  }
  return true;
}

void ValueSet::AddBound(std::optional<Bound>* bound, bool is_lower, Bound next) {
  if (*bound) {
    const int order = CompareTo(next.value, (*bound)->value);
    // Under AND the tighter bound holds, under OR the wider.
    const bool tighter =
        order == 0 ? (*bound)->inclusive && !next.inclusive : (is_lower ? order > 0 : order < 0);
    const bool wider =
        order == 0 ? !(*bound)->inclusive && next.inclusive : (is_lower ? order < 0 : order > 0);
    if (is_and_ ? !tighter : !wider) return;
  }
  *bound = std::move(next);
}

void ValueSet::AddMembers(const std::vector<Value>& values) {
  if (!members_) {
    members_ = values;
    return;
  }
  const auto less = [this](const Value& a, const Value& b) { return CompareTo(a, b) < 0; };
  std::vector<Value> merged;
  if (is_and_) {
    std::set_intersection(members_->begin(), members_->end(), values.begin(), values.end(),
                          std::back_inserter(merged), less);
  } else {
    pending_.insert(pending_.end(), values.begin(), values.end());
    return;
  }
  members_ = std::move(merged);
}

void ValueSet::AddExcluded(const std::vector<Value>& values) {
  if (!excluded_) {
    excluded_ = values;
    return;
  }
  const auto less = [this](const Value& a, const Value& b) { return CompareTo(a, b) < 0; };
  std::vector<Value> merged;
  if (is_and_) {
    pending_.insert(pending_.end(), values.begin(), values.end());
    return;
  }
  std::set_intersection(excluded_->begin(), excluded_->end(), values.begin(), values.end(),
                        std::back_inserter(merged), less);
  excluded_ = std::move(merged);
}

bool ValueSet::InRange(const Value& value) const {
  bool above = !lower_;
  bool below = !upper_;
  if (lower_) {
    const int order = CompareTo(value, lower_->value);
    above = order > 0 || (order == 0 && lower_->inclusive);
  }
  if (upper_) {
    const int order = CompareTo(value, upper_->value);
    below = order < 0 || (order == 0 && upper_->inclusive);
  }
  if (is_and_) return above && below;
  return (lower_ && above) || (upper_ && below);
}

Expression ValueSet::Constant(bool result) const { return ConstantUnlessNull(operand_, result); }

Expression ValueSet::Membership(std::vector<Value> values, bool negated) const {
  if (values.empty()) return Constant(negated);
  if (values.size() == 1) {
    const Expression literal(LiteralNode{std::move(values[0])}, operand_.type(), true);
    return internal::BoundPredicate(ComparisonNode{
        negated ? ComparisonOp::kNotEqual : ComparisonOp::kEqual, {operand_, literal}});
  }
  return internal::BoundPredicate(InNode{{operand_}, std::move(values), operand_.type(), negated});
}

void ValueSet::EmitBounds(std::vector<Expression>* out) const {
  const auto emit = [&](const Bound& bound, ComparisonOp strict, ComparisonOp inclusive) {
    const Expression literal(LiteralNode{bound.value}, operand_.type(), true);
    out->push_back(internal::BoundPredicate(
        ComparisonNode{bound.inclusive ? inclusive : strict, {operand_, literal}}));
  };
  if (lower_) emit(*lower_, ComparisonOp::kGreater, ComparisonOp::kGreaterEqual);
  if (upper_) emit(*upper_, ComparisonOp::kLess, ComparisonOp::kLessEqual);
}

void ValueSet::EmitAnd(std::vector<Expression>* out) const {
  const auto less = [this](const Value& a, const Value& b) { return CompareTo(a, b) < 0; };
  std::vector<Value> excluded;
  if (excluded_) {
    std::copy_if(excluded_->begin(), excluded_->end(), std::back_inserter(excluded),
                 [this](const Value& value) { return InRange(value); });
  }
  if (members_) {
    std::vector<Value> left;
    std::copy_if(members_->begin(), members_->end(), std::back_inserter(left),
                 [&](const Value& value) {
                   return InRange(value) &&
                          !std::binary_search(excluded.begin(), excluded.end(), value, less);
                 });
    out->push_back(Membership(std::move(left), false));
    return;
  }
  if (lower_ && upper_) {
    const int order = CompareTo(lower_->value, upper_->value);
    const bool point = order == 0 && lower_->inclusive && upper_->inclusive;
    if (point && excluded.empty()) {
      out->push_back(Membership({lower_->value}, false));
      return;
    }
    if (order >= 0) {
      out->push_back(Constant(false));
      return;
    }
  }
  EmitBounds(out);
  if (!excluded.empty()) {
    out->push_back(Membership(std::move(excluded), true));
  } else if (!lower_ && !upper_) {
    out->push_back(Constant(true));
  }
}

void ValueSet::EmitOr(std::vector<Expression>* out) const {
  const auto less = [this](const Value& a, const Value& b) { return CompareTo(a, b) < 0; };
  if (excluded_) {
    std::vector<Value> excluded;
    std::copy_if(
        excluded_->begin(), excluded_->end(), std::back_inserter(excluded),
        [&](const Value& value) {
          return !InRange(value) &&
                 !(members_ && std::binary_search(members_->begin(), members_->end(), value, less));
        });
    out->push_back(Membership(std::move(excluded), true));
    return;
  }
  if (lower_ && upper_) {
    const int order = CompareTo(lower_->value, upper_->value);
    if (order < 0 || (order == 0 && (lower_->inclusive || upper_->inclusive))) {
      out->push_back(Constant(true));
      return;
    }
  }
  EmitBounds(out);
  if (!members_) return;
  std::vector<Value> left;
  std::copy_if(members_->begin(), members_->end(), std::back_inserter(left),
               [this](const Value& value) { return !InRange(value); });
  if (!left.empty()) {
    out->push_back(Membership(std::move(left), false));
  } else if (!lower_ && !upper_) {
    out->push_back(Constant(false));
  }
}

void ValueSet::EmitTo(std::vector<Expression>* out) {
  const auto less = [this](const Value& a, const Value& b) { return CompareTo(a, b) < 0; };
  // Lists that only grow are sorted once, at the end.
  if (!pending_.empty()) {
    std::optional<std::vector<Value>>& list = is_and_ ? excluded_ : members_;
    std::vector<Value>& grown = list ? *list : list.emplace();
    std::move(pending_.begin(), pending_.end(), std::back_inserter(grown));
    pending_.clear();
    std::sort(grown.begin(), grown.end(), less);
    grown.erase(std::unique(grown.begin(), grown.end()), grown.end());
  }
  if (is_and_) {
    EmitAnd(out);
  } else {
    EmitOr(out);
  }
}

}  // namespace iceframe
