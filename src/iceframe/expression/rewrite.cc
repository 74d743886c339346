// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/rewrite.h"

#include <utility>

namespace iceframe {

Expression WithOperands(const Expression& expression, std::vector<Expression> operands) {
  ExpressionNode node = expression.node();
  std::visit(
      [&operands](auto& typed) {
        if constexpr (requires { typed.operands; }) typed.operands = std::move(operands);
      },
      node);
  return Expression(std::move(node), expression.type(), expression.is_bound());
}

Expression RewriteExpression(const Expression& expression, const ReplaceSubtree& replace) {
  if (std::optional<Expression> replaced = replace(expression)) return *std::move(replaced);
  if (expression.operands().empty() || expression.depth() > kMaxExpressionDepth) return expression;
  bool changed = false;
  std::vector<Expression> operands;
  operands.reserve(expression.operands().size());
  for (const Expression& operand : expression.operands()) {
    operands.push_back(RewriteExpression(operand, replace));
    changed = changed || &operands.back().node() != &operand.node();
  }
  return changed ? WithOperands(expression, std::move(operands)) : expression;
}

Expression RewriteColumns(const Expression& expression, const ReplaceColumn& replace) {
  return RewriteExpression(expression, [&replace](const Expression& e) {
    const auto* column = e.as<ColumnNode>();
    return column != nullptr ? replace(*column) : std::nullopt;
  });
}

std::vector<Expression> Conjuncts(const Expression& expression) {
  if (expression.is_true()) return {};
  if (expression.as<AndNode>() != nullptr) return expression.operands();
  return {expression};
}

const Expression& WithoutAlias(const Expression& expression) {
  const Expression* inner = &expression;
  while (inner->as<AliasNode>() != nullptr && !inner->operands().empty()) {
    inner = &inner->operands()[0];
  }
  return *inner;
}

std::string OutputName(const Expression& expression) {
  if (const auto* alias = expression.as<AliasNode>()) return alias->name;
  if (const auto* column = expression.as<ColumnNode>()) return column->name;
  return expression.ToString();
}

}  // namespace iceframe
