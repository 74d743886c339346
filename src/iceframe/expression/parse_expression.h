// SPDX-License-Identifier: Apache-2.0
// Expressions from SQL text; the grammar is in docs/expressions.md.
#pragma once

#include <string_view>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"

namespace iceframe {

inline constexpr size_t kMaxExpressionTextBytes = size_t{1} << 20;

/// Parses e.g. `age > 30 AND city IN ('Oslo', 'Rome')`. At most 1 MiB and 200 levels
/// deep; lists, AND and OR are as long as the text.
/// Errors: InvalidArgument naming the column of the text, with an excerpt and a caret.
Result<Expression> ParseExpression(std::string_view text);

}  // namespace iceframe
