// SPDX-License-Identifier: Apache-2.0
// Trees made of other trees: what rules that move and split expressions need.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/expression/expression.h"

namespace iceframe {

/// Returns the same node, of the same type, over other operands.
Expression WithOperands(const Expression& expression, std::vector<Expression> operands);

/// Returns the tree with every subtree for which `replace` gives another one replaced by it, from
/// the root down; what replaced something is not looked into. A bound tree stays bound: the new
/// parts must be bound and of the old ones' types.
using ReplaceSubtree = std::function<std::optional<Expression>(const Expression&)>;
Expression RewriteExpression(const Expression& expression, const ReplaceSubtree& replace);

/// As RewriteExpression, for column references only; nullopt keeps the column.
using ReplaceColumn = std::function<std::optional<Expression>(const ColumnNode&)>;
Expression RewriteColumns(const Expression& expression, const ReplaceColumn& replace);

/// The operands of an AND, or the expression alone; none for TRUE.
std::vector<Expression> Conjuncts(const Expression& expression);

/// The tree below its aliases.
const Expression& WithoutAlias(const Expression& expression);
/// What a column computed by this is called: its alias, its column's full name, or its text.
std::string OutputName(const Expression& expression);

}  // namespace iceframe
