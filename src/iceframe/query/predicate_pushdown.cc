// SPDX-License-Identifier: Apache-2.0
#include "iceframe/query/predicate_pushdown.h"

#include <algorithm>
#include <utility>

#include "iceframe/expression/rewrite.h"
#include "iceframe/query/rewrite_predicate_internal.h"

namespace iceframe {

namespace {

using internal::IsConstant;

bool IsColumn(const Expression& expression) {
  return WithoutAlias(expression).as<ColumnNode>() != nullptr;
}

// What keeps statistics of a column from saying anything of an operand.
std::string WhyHidden(const Expression& operand) {
  const Expression& inner = WithoutAlias(operand);
  if (const auto* call = inner.as<FunctionNode>()) {
    return call->name + "() is computed for each row: statistics are of the column itself";
  }
  if (inner.as<CastNode>() != nullptr) {
    return "the cast is computed for each row: statistics are of the column itself";
  }
  if (inner.as<ArithmeticNode>() != nullptr) {
    return "it is computed for each row: statistics are of the column itself";
  }
  return inner.ToString() + " is no column: it is computed for each row";
}

struct Answer {
  bool is_pushed = false;
  std::string reason;
};

Answer AnswerOf(const Expression& predicate);

Answer OfComparison(const ComparisonNode& node) {
  const Expression& left = node.operands[0];
  const Expression& right = node.operands[1];
  if (!IsConstant(left) && !IsConstant(right)) {
    return {false, "columns are compared with each other: statistics know no rows"};
  }
  const Expression& operand = IsConstant(left) ? right : left;
  if (IsColumn(operand) || IsConstant(operand)) return {true, ""};
  return {false, WhyHidden(operand)};
}

Answer OfLike(const LikeNode& node) {
  if (!IsColumn(node.operands[0])) return {false, WhyHidden(node.operands[0])};
  if (node.case_insensitive) {
    return {false, "it takes letters of either case: bounds are ordered by case"};
  }
  const bool begins_open =
      !node.pattern.empty() && (node.pattern[0] == '%' || node.pattern[0] == '_');
  if (begins_open && node.pattern != "%") {
    return {false, "the pattern begins with a wildcard: bounds are ordered from the first letter"};
  }
  return {true, ""};
}

// An OR is answered if all of its sides are, an AND if one is.
Answer OfSides(const Expression& predicate, bool needs_all) {
  Answer last;
  for (const Expression& side : predicate.operands()) {
    Answer answer = AnswerOf(side);
    if (answer.is_pushed != needs_all) return answer;
    last = std::move(answer);
  }
  return last;
}

Answer AnswerOf(const Expression& predicate) {
  const Expression& inner = WithoutAlias(predicate);
  if (IsConstant(inner) || IsColumn(inner)) return {true, ""};
  if (inner.as<AndNode>() != nullptr) return OfSides(inner, false);
  if (inner.as<OrNode>() != nullptr) return OfSides(inner, true);
  if (inner.as<NotNode>() != nullptr) return AnswerOf(inner.operands()[0]);
  if (const auto* node = inner.as<ComparisonNode>()) return OfComparison(*node);
  if (const auto* node = inner.as<LikeNode>()) return OfLike(*node);
  const bool asks_column = inner.as<InNode>() != nullptr || inner.as<IsNullNode>() != nullptr ||
                           inner.as<IsNaNNode>() != nullptr ||
                           inner.as<StartsWithNode>() != nullptr;
  if (!asks_column) return {false, WhyHidden(inner)};
  if (IsColumn(inner.operands()[0])) return {true, ""};
  return {false, WhyHidden(inner.operands()[0])};
}

// The predicate with every comparison in it rewritten for which that is known.
std::optional<Expression> RewriteOf(const Expression& predicate) {
  Expression rewritten = RewriteExpression(predicate, [](const Expression& e) {
    const auto* comparison = e.as<ComparisonNode>();
    return comparison != nullptr ? internal::RewriteComparison(*comparison) : std::nullopt;
  });
  if (!AnswerOf(rewritten).is_pushed) return std::nullopt;
  return rewritten;
}

void AppendCompared(const Expression& filter, std::vector<std::string>* names) {
  if (const auto* column = filter.as<ColumnNode>()) {
    if (std::ranges::find(*names, column->name) == names->end()) names->push_back(column->name);
    return;
  }
  if (filter.depth() > kMaxExpressionDepth) return;
  for (const Expression& operand : filter.operands()) AppendCompared(operand, names);
}

}  // namespace

std::vector<PredicatePushdown> DescribePushdown(const Expression& filter) {
  std::vector<PredicatePushdown> described;
  for (const Expression& predicate : Conjuncts(filter)) {
    PredicatePushdown pushdown;
    pushdown.predicate = predicate;
    if (predicate.depth() <= kMaxExpressionDepth) {
      Answer answer = AnswerOf(predicate);
      pushdown.is_pushed = answer.is_pushed;
      if (!answer.is_pushed) {
        pushdown.reason = std::move(answer.reason);
        pushdown.rewrite = RewriteOf(predicate);
      }
    } else {
      pushdown.reason = "it is nested too deeply";
    }
    described.push_back(std::move(pushdown));
  }
  return described;
}

std::vector<std::string> ComparedColumns(const Expression& filter) {
  std::vector<std::string> names;
  for (const PredicatePushdown& pushdown : DescribePushdown(filter)) {
    if (pushdown.is_pushed) AppendCompared(pushdown.predicate, &names);
  }
  return names;
}

}  // namespace iceframe
