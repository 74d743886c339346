// SPDX-License-Identifier: Apache-2.0
// Equivalent, smaller trees. All three truth values are kept; SimplifyFilter alone takes null for
// false, which is right where only the rows that are true count.
#include <map>

#include "iceframe/expression/binder.h"
#include "iceframe/expression/bound_predicate_internal.h"
#include "iceframe/expression/constant_folding.h"
#include "iceframe/expression/literal_conversion.h"
#include "iceframe/expression/rewrite.h"
#include "iceframe/expression/value_set.h"

namespace iceframe {

namespace {

/// `e`, or its negation, with no NOT but over what has no negation of its own.
Expression PushNot(const Expression& e, bool negate);

std::vector<Expression> PushNotAll(const std::vector<Expression>& operands, bool negate) {
  std::vector<Expression> pushed;
  pushed.reserve(operands.size());
  for (const Expression& operand : operands) pushed.push_back(PushNot(operand, negate));
  return pushed;
}

template <typename Node>
Expression FlipNegated(const Node& node) {
  Node flipped = node;
  flipped.negated = !flipped.negated;
  return internal::BoundPredicate(std::move(flipped));
}

Expression PushNot(const Expression& e, bool negate) {
  if (const auto* inner = e.as<NotNode>()) return PushNot(inner->operands[0], !negate);
  if (const auto* conjunction = e.as<AndNode>()) {
    std::vector<Expression> operands = PushNotAll(conjunction->operands, negate);
    if (negate) return internal::BoundPredicate(OrNode{std::move(operands)});
    return internal::BoundPredicate(AndNode{std::move(operands)});
  }
  if (const auto* disjunction = e.as<OrNode>()) {
    std::vector<Expression> operands = PushNotAll(disjunction->operands, negate);
    if (negate) return internal::BoundPredicate(AndNode{std::move(operands)});
    return internal::BoundPredicate(OrNode{std::move(operands)});
  }
  if (!negate) return e;
  if (const auto* literal = e.as<LiteralNode>()) {
    return literal->value.is_null() ? e : Lit(e.is_false());
  }
  if (const auto* comparison = e.as<ComparisonNode>()) {
    return internal::BoundPredicate(ComparisonNode{Inverse(comparison->op), comparison->operands});
  }
  if (const auto* node = e.as<InNode>()) return FlipNegated(*node);
  if (const auto* node = e.as<IsNullNode>()) return FlipNegated(*node);
  if (const auto* node = e.as<IsNaNNode>()) return FlipNegated(*node);
  if (const auto* node = e.as<StartsWithNode>()) return FlipNegated(*node);
  if (const auto* node = e.as<LikeNode>()) return FlipNegated(*node);
  return internal::BoundPredicate(NotNode{{e}});
}

/// Merges what AND or OR joins; the operands are simplified already.
Expression MergeJunction(const std::vector<Expression>& operands, bool is_and) {
  std::vector<Expression> flat;
  for (const Expression& operand : operands) {
    const bool same_kind =
        is_and ? operand.as<AndNode>() != nullptr : operand.as<OrNode>() != nullptr;
    if (same_kind) {
      flat.insert(flat.end(), operand.operands().begin(), operand.operands().end());
    } else {
      flat.push_back(operand);
    }
  }
  // What stays, in order of appearance: a set of values per operand, other predicates once.
  struct Item {
    std::optional<ValueSet> set;
    Expression other;
  };
  std::vector<Item> items;
  std::map<std::string, size_t> seen;
  for (const Expression& operand : flat) {
    if (is_and ? operand.is_false() : operand.is_true()) return operand;
    if (is_and ? operand.is_true() : operand.is_false()) continue;
    const bool leaf =
        operand.as<InNode>() != nullptr || (operand.as<ComparisonNode>() != nullptr &&
                                            operand.operands()[1].as<LiteralNode>() != nullptr);
    const std::string key =
        leaf ? "v" + CanonicalForm(operand.operands()[0]) : "p" + CanonicalForm(operand);
    const auto [entry, is_new] = seen.try_emplace(key, items.size());
    if (is_new) {
      items.emplace_back();
      if (leaf) {
        items.back().set.emplace(operand.operands()[0], is_and);
      } else {
        items.back().other = operand;
      }
    }
    if (auto& set = items[entry->second].set; leaf && set) set->Add(operand);
  }
  std::vector<Expression> merged;
  for (Item& item : items) {
    if (item.set) {
      item.set->EmitTo(&merged);
    } else {
      merged.push_back(std::move(item.other));
    }
  }
  return is_and ? internal::BoundPredicate(AndNode{std::move(merged)})
                : internal::BoundPredicate(OrNode{std::move(merged)});
}

/// Whether a cast keeps every value and their order, so that a comparison may look through it.
bool IsWidening(const Type& from, const Type& to) {
  switch (from.id()) {
    case TypeId::kInt:
      if (to.id() == TypeId::kDecimal) return to.precision() - to.scale() >= 10;
      return to.id() == TypeId::kLong || to.id() == TypeId::kDouble;
    case TypeId::kLong:
      return to.id() == TypeId::kDecimal && to.precision() - to.scale() >= 19;
    case TypeId::kFloat:
      return to.id() == TypeId::kDouble;
    case TypeId::kDecimal:
      return to.id() == TypeId::kDecimal && to.scale() >= from.scale() &&
             to.precision() - to.scale() >= from.precision() - from.scale();
    default:
      return false;
  }
}

Expression ComparePlaced(ComparisonOp op, const Expression& operand, const PlacedLiteral& placed) {
  const bool below = op == ComparisonOp::kLess || op == ComparisonOp::kLessEqual;
  if (placed.place != LiteralPlace::kExact) {
    if (op == ComparisonOp::kEqual) return ConstantUnlessNull(operand, false);
    if (op == ComparisonOp::kNotEqual) return ConstantUnlessNull(operand, true);
    if (placed.place == LiteralPlace::kBelowAll) return ConstantUnlessNull(operand, !below);
    if (placed.place == LiteralPlace::kAboveAll) return ConstantUnlessNull(operand, below);
    op = below ? ComparisonOp::kLessEqual : ComparisonOp::kGreater;
  }
  const Expression value(LiteralNode{WithoutSignedZero(operand.type(), placed.value)},
                         operand.type(), true);
  return internal::BoundPredicate(ComparisonNode{op, {operand, value}});
}

Expression SimplifyComparison(ComparisonOp op, const Expression& left, const Expression& right) {
  const auto* literal = right.as<LiteralNode>();
  if (literal == nullptr) {
    if (left.as<LiteralNode>() != nullptr) return SimplifyComparison(Mirrored(op), right, left);
    return internal::BoundPredicate(ComparisonNode{op, {left, right}});
  }
  if (literal->value.is_null() || left.is_null_literal()) return internal::NullBoolean();
  if (const auto* other = left.as<LiteralNode>()) {
    const int order = CompareValues(right.type(), WithoutSignedZero(left.type(), other->value),
                                    WithoutSignedZero(right.type(), literal->value));
    switch (op) {
      case ComparisonOp::kEqual:
        return Lit(order == 0);
      case ComparisonOp::kNotEqual:
        return Lit(order != 0);
      case ComparisonOp::kLess:
        return Lit(order < 0);
      case ComparisonOp::kLessEqual:
        return Lit(order <= 0);
      case ComparisonOp::kGreater:
        return Lit(order > 0);
      case ComparisonOp::kGreaterEqual:
        return Lit(order >= 0);
    }
  }
  if (const auto* cast = left.as<CastNode>()) {
    const Expression& inner = cast->operands[0];
    if (IsWidening(inner.type(), cast->target)) {
      auto placed = PlaceTypedConstant(inner.type(), {right.type(), literal->value});
      if (placed.ok() && placed->place != LiteralPlace::kNeedsCast) {
        return ComparePlaced(op, inner, *placed);
      }
    }
  }
  const Expression value(LiteralNode{WithoutSignedZero(right.type(), literal->value)}, right.type(),
                         true);
  return internal::BoundPredicate(ComparisonNode{op, {left, value}});
}

/// The list of a widened operand as one of its own type; values that it can't have never match.
std::optional<Expression> WithoutWidening(const InNode& in) {
  const auto* cast = in.operands[0].as<CastNode>();
  if (cast == nullptr || !IsWidening(cast->operands[0].type(), cast->target)) return std::nullopt;
  const Expression& inner = cast->operands[0];
  std::vector<Value> values;
  for (const Value& value : in.values) {
    const auto placed = PlaceTypedConstant(inner.type(), {in.operands[0].type(), value});
    if (!placed.ok() || placed->place == LiteralPlace::kNeedsCast) return std::nullopt;
    if (placed->place == LiteralPlace::kExact) values.push_back(placed->value);
  }
  if (values.empty()) return ConstantUnlessNull(inner, in.negated);
  return internal::BoundPredicate(InNode{{inner}, std::move(values), inner.type(), in.negated});
}

/// A pattern without wildcards but at most one % at its end, unescaped; nullopt for others.
struct PlainPattern {
  std::string text;
  bool is_prefix = false;
};
std::optional<PlainPattern> AsPlainPattern(const std::string& pattern) {
  PlainPattern plain;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      plain.text += pattern[++i];
    } else if (pattern[i] == '%' && i + 1 == pattern.size()) {
      plain.is_prefix = true;
    } else if (pattern[i] == '%' || pattern[i] == '_' || pattern[i] == '\\') {
      return std::nullopt;
    } else {
      plain.text += pattern[i];
    }
  }
  return plain;
}

Expression SimplifyMatch(const Expression& e) {
  const Expression& operand = e.operands()[0];
  if (operand.is_null_literal()) return internal::NullBoolean();
  if (const auto* like = e.as<LikeNode>()) {
    const auto plain = like->case_insensitive ? std::nullopt : AsPlainPattern(like->pattern);
    if (!plain) return e;
    if (!plain->is_prefix) {
      return SimplifyComparison(like->negated ? ComparisonOp::kNotEqual : ComparisonOp::kEqual,
                                operand, Lit(plain->text));
    }
    return SimplifyMatch(
        internal::BoundPredicate(StartsWithNode{like->operands, plain->text, like->negated}));
  }
  const auto* starts = e.as<StartsWithNode>();
  if (starts->prefix.empty()) return ConstantUnlessNull(operand, !starts->negated);
  return e;
}

Expression SimplifyNode(const Expression& e) {
  if (e.as<AndNode>() != nullptr) return MergeJunction(e.operands(), true);
  if (e.as<OrNode>() != nullptr) return MergeJunction(e.operands(), false);
  if (const auto* comparison = e.as<ComparisonNode>()) {
    return SimplifyComparison(comparison->op, comparison->operands[0], comparison->operands[1]);
  }
  if (const auto* in = e.as<InNode>()) {
    if (in->operands[0].is_null_literal()) return internal::NullBoolean();
    if (auto plain = WithoutWidening(*in)) return SimplifyNode(*plain);
    if (in->operands[0].as<LiteralNode>() == nullptr) {
      std::vector<Expression> merged;
      ValueSet set(in->operands[0], true);
      set.Add(e);
      set.EmitTo(&merged);
      return internal::BoundPredicate(AndNode{std::move(merged)});
    }
  }
  if (const auto* is_null = e.as<IsNullNode>()) {
    if (is_null->operands[0].as<LiteralNode>() != nullptr) {
      return Lit(is_null->operands[0].is_null_literal() != is_null->negated);
    }
  }
  if (e.as<NotNode>() != nullptr && e.operands()[0].as<LiteralNode>() != nullptr) {
    return PushNot(e, false);
  }
  if (e.as<LikeNode>() != nullptr || e.as<StartsWithNode>() != nullptr) {
    Expression simplified = SimplifyMatch(e);
    if (!(simplified == e)) return simplified;
  }
  return FoldConstant(e);
}

Expression SimplifyTree(const Expression& e) {
  if (e.operands().empty()) return SimplifyNode(e);
  std::vector<Expression> operands;
  operands.reserve(e.operands().size());
  for (const Expression& operand : e.operands()) operands.push_back(SimplifyTree(operand));
  return SimplifyNode(WithOperands(e, std::move(operands)));
}

bool RejectsNull(const Expression& e) {
  return e.as<ComparisonNode>() != nullptr || e.as<InNode>() != nullptr ||
         e.as<StartsWithNode>() != nullptr || e.as<LikeNode>() != nullptr ||
         e.as<IsNaNNode>() != nullptr;
}

/// Takes null for false.
Expression NullIsFalse(const Expression& e) {
  if (e.is_null_literal()) return False();
  if (const auto* function = e.as<FunctionNode>()) {
    if (function->name == "coalesce" && function->operands.size() == 2 &&
        function->operands[1].is_false()) {
      return NullIsFalse(function->operands[0]);
    }
  }
  const bool is_and = e.as<AndNode>() != nullptr;
  if (!is_and && e.as<OrNode>() == nullptr) return e;
  std::vector<Expression> operands;
  for (const Expression& operand : e.operands()) operands.push_back(NullIsFalse(operand));
  if (is_and) {
    std::map<std::string, bool> null_rejected;
    for (const Expression& operand : operands) {
      if (RejectsNull(operand)) null_rejected[CanonicalForm(operand.operands()[0])] = true;
    }
    std::erase_if(operands, [&](const Expression& operand) {
      const auto* is_null = operand.as<IsNullNode>();
      return is_null != nullptr && is_null->negated &&
             null_rejected.contains(CanonicalForm(is_null->operands[0]));
    });
  }
  return MergeJunction(operands, is_and);
}

}  // namespace

Expression Simplify(const Expression& bound) {
  if (bound.depth() > kMaxExpressionDepth) return bound;
  return SimplifyTree(PushNot(bound, false));
}

Expression SimplifyFilter(const Expression& bound) {
  if (bound.depth() > kMaxExpressionDepth) return bound;
  return NullIsFalse(Simplify(bound));
}

}  // namespace iceframe
