// SPDX-License-Identifier: Apache-2.0
// Recognising the leaves that metadata can decide.
#include "iceframe/expression/literal_conversion.h"
#include "iceframe/skipping/column_predicate_internal.h"

namespace iceframe::internal {
namespace {

const Expression& WithoutAlias(const Expression& expression) {
  const Expression* inner = &expression;
  while (inner->as<AliasNode>() != nullptr && !inner->operands().empty()) {
    inner = &inner->operands().front();
  }
  return *inner;
}

std::optional<ColumnPredicate> OnColumn(const Expression& operand, ColumnPredicate::Kind kind,
                                        bool negated) {
  const Expression& inner = WithoutAlias(operand);
  const auto* column = inner.as<ColumnNode>();
  if (column == nullptr || !inner.type().is_primitive()) return std::nullopt;
  ColumnPredicate predicate;
  predicate.kind = kind;
  predicate.column = column;
  predicate.type = inner.type();
  predicate.negated = negated;
  return predicate;
}

std::optional<ColumnPredicate> FromComparison(const ComparisonNode& node) {
  if (node.operands.size() != 2) return std::nullopt;
  const Expression* left = &WithoutAlias(node.operands[0]);
  const Expression* right = &WithoutAlias(node.operands[1]);
  ComparisonOp op = node.op;
  if (left->as<LiteralNode>() != nullptr) {
    std::swap(left, right);
    op = Mirrored(op);
  }
  const auto* literal = right->as<LiteralNode>();
  if (literal == nullptr || literal->value.is_null()) return std::nullopt;
  auto predicate = OnColumn(*left, ColumnPredicate::Kind::kCompare, false);
  if (!predicate || !Fits(predicate->type, literal->value)) return std::nullopt;
  predicate->op = op;
  predicate->literal = literal->value;
  return predicate;
}

std::optional<ColumnPredicate> FromIn(const InNode& node) {
  if (node.operands.size() != 1) return std::nullopt;
  auto predicate = OnColumn(node.operands[0], ColumnPredicate::Kind::kIn, node.negated);
  // Of an empty list not even a null column's answer is unknown.
  if (!predicate || node.values.empty()) return std::nullopt;
  const Value& first = node.values.front();
  const Value& last = node.values.back();
  if (first.is_null() || !Fits(predicate->type, first) || !Fits(predicate->type, last)) {
    return std::nullopt;
  }
  predicate->values = &node.values;
  return predicate;
}

/// Splits a pattern at its first wildcard; `rest` is what follows, wildcard included.
struct LikePattern {
  std::string prefix;
  std::string_view rest;
  bool is_valid = true;
};

LikePattern SplitLike(std::string_view pattern) {
  LikePattern split;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '%' || pattern[i] == '_') {
      split.rest = pattern.substr(i);
      return split;
    }
    if (pattern[i] == '\\') {
      ++i;
      const bool is_escape =
          i < pattern.size() && (pattern[i] == '%' || pattern[i] == '_' || pattern[i] == '\\');
      if (!is_escape) {
        split.is_valid = false;
        return split;
      }
    }
    split.prefix.push_back(pattern[i]);
  }
  return split;
}

std::optional<ColumnPredicate> FromLike(const LikeNode& node) {
  if (node.operands.size() != 1) return std::nullopt;
  auto predicate = OnColumn(node.operands[0], ColumnPredicate::Kind::kLike, node.negated);
  if (!predicate || predicate->type.id() != TypeId::kString) return std::nullopt;
  predicate->like = &node;
  if (node.case_insensitive) return predicate;
  LikePattern pattern = SplitLike(node.pattern);
  if (!pattern.is_valid) return predicate;
  if (pattern.rest.empty()) {
    predicate->kind = ColumnPredicate::Kind::kCompare;
    predicate->op = node.negated ? ComparisonOp::kNotEqual : ComparisonOp::kEqual;
    predicate->literal = Value(std::move(pattern.prefix));
    predicate->negated = false;
    return predicate;
  }
  if (pattern.rest == "%") predicate->kind = ColumnPredicate::Kind::kStartsWith;
  predicate->prefix = std::move(pattern.prefix);
  return predicate;
}

std::optional<ColumnPredicate> FromStartsWith(const StartsWithNode& node) {
  if (node.operands.size() != 1) return std::nullopt;
  auto predicate = OnColumn(node.operands[0], ColumnPredicate::Kind::kStartsWith, node.negated);
  if (!predicate ||
      (predicate->type.id() != TypeId::kString && predicate->type.id() != TypeId::kBinary)) {
    return std::nullopt;
  }
  predicate->prefix = node.prefix;
  return predicate;
}

}  // namespace

ColumnPredicate ColumnPredicate::Negated() const {
  ColumnPredicate copy = *this;
  if (kind == Kind::kCompare) {
    copy.op = Inverse(op);
  } else {
    copy.negated = !negated;
  }
  return copy;
}

std::optional<ColumnPredicate> AsColumnPredicate(const Expression& expression) {
  const Expression& inner = WithoutAlias(expression);
  if (const auto* node = inner.as<ComparisonNode>()) return FromComparison(*node);
  if (const auto* node = inner.as<InNode>()) return FromIn(*node);
  if (const auto* node = inner.as<LikeNode>()) return FromLike(*node);
  if (const auto* node = inner.as<StartsWithNode>()) return FromStartsWith(*node);
  if (const auto* node = inner.as<IsNullNode>(); node != nullptr && node->operands.size() == 1) {
    return OnColumn(node->operands[0], ColumnPredicate::Kind::kIsNull, node->negated);
  }
  if (const auto* node = inner.as<IsNaNNode>(); node != nullptr && node->operands.size() == 1) {
    return OnColumn(node->operands[0], ColumnPredicate::Kind::kIsNaN, node->negated);
  }
  if (inner.as<ColumnNode>() != nullptr && inner.type().id() == TypeId::kBoolean) {
    auto predicate = OnColumn(inner, ColumnPredicate::Kind::kCompare, false);
    if (predicate) predicate->literal = Value(true);
    return predicate;
  }
  return std::nullopt;
}

std::optional<bool> AsConstant(const Expression& expression) {
  const auto* literal = WithoutAlias(expression).as<LiteralNode>();
  if (literal == nullptr) return std::nullopt;
  return literal->value.holds<bool>() && literal->value.get<bool>();
}

}  // namespace iceframe::internal
