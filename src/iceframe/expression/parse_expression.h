// SPDX-License-Identifier: Apache-2.0
// Expressions from SQL text; the grammar is in docs/expressions.md.
#pragma once

#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/expression/sort_key.h"

namespace iceframe {

inline constexpr size_t kMaxExpressionTextBytes = size_t{1} << 20;

/// Parses e.g. `age > 30 AND city IN ('Oslo', 'Rome')`. At most 1 MiB and 200 levels
/// deep; lists, AND and OR are as long as the text.
/// Errors: InvalidArgument naming the column of the text, with an excerpt and a caret.
Result<Expression> ParseExpression(std::string_view text);

/// As ParseExpression, for what a query selects: `sum(price) AS total`, where the alias is an
/// AliasNode (OutputName in rewrite.h gives the name).
Result<Expression> ParseSelectItem(std::string_view text);

/// Parses a primitive type's name in expression text, `decimal(9, 2)` or `varchar`.
Result<Type> ParseType(std::string_view text);

/// Parses a key of an order: `price / 2 DESC NULLS FIRST`. Nulls come last if it does not say.
Result<SortKey> ParseSortKey(std::string_view text);
/// Several, with commas between them.
Result<std::vector<SortKey>> ParseSortKeys(std::string_view text);

}  // namespace iceframe
