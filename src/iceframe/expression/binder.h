// SPDX-License-Identifier: Apache-2.0
// From names to field ids, from spelled literals to typed ones.
#pragma once

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// Returns the tree with columns resolved, types known and literals converted without loss to the
/// type they meet (a literal that no value of the column can equal folds to what that means).
/// Errors: InvalidArgument naming the column, with the nearest name, or both types.
Result<Expression> Bind(const Expression& expression, const Schema& schema,
                        bool case_sensitive = true);
/// As Bind, for a filter: the result must be boolean.
Result<Expression> BindPredicate(const Expression& expression, const Schema& schema,
                                 bool case_sensitive = true);

/// Returns an equivalent bound tree, nulls included: constants folded, NOT pushed to the leaves,
/// AND and OR flattened, ranges and IN lists merged, LIKE made STARTS WITH or = where it is one.
/// Comparisons have their literal on the right; `x IS NULL AND NULL` stands for false-or-null.
Expression Simplify(const Expression& bound);
/// As Simplify, for a filter: null counts as false, so that what is never true becomes FALSE.
/// Scans simplify with this before they project or evaluate a filter.
Expression SimplifyFilter(const Expression& bound);

/// Equal bytes for equal meaning written alike (operands of AND, OR and IN in a fixed order,
/// literals by value, columns by field id); differs where a value differs. A cache key is made of
/// it, so it never holds an address and never changes between runs.
std::string CanonicalForm(const Expression& bound);

}  // namespace iceframe
