// SPDX-License-Identifier: Apache-2.0
// Expressions from SQL text; the grammar is in docs/expressions.md.
#pragma once

#include <string_view>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"

namespace iceframe {

/// Parses e.g. `age > 30 AND city IN ('Oslo', 'Rome')`. At most 64 KiB and 200 levels deep.
/// Errors: InvalidArgument pointing at the column of the text.
Result<Expression> ParseExpression(std::string_view text);

}  // namespace iceframe
