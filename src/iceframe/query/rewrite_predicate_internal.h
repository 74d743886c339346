// SPDX-License-Identifier: Apache-2.0
// Predicates over what is computed of a column, as predicates over the column.
#pragma once

#include <optional>

#include "iceframe/expression/expression.h"

namespace iceframe::internal {

/// Whether an unbound expression names no column.
bool IsConstant(const Expression& expression);

/// Returns an unbound comparison that keeps the same rows, with a column alone on its left side;
/// nullopt where none is known.
std::optional<Expression> RewriteComparison(const ComparisonNode& comparison);

}  // namespace iceframe::internal
