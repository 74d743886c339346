// SPDX-License-Identifier: Apache-2.0
// The literals and type names of expression text: 1.5, DATE '2024-03-01', DECIMAL(10, 2).
#pragma once

#include <string>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/expression/token_cursor_internal.h"
#include "iceframe/types/type.h"

namespace iceframe::internal {

/// Reads a type's name with its parameters; SQL's names stand beside Iceberg's.
Result<Type> ParseTypeName(TokenCursor& cursor);

/// Whether a type's name stands here with a string, or NULL, right behind it.
bool StartsTypedLiteral(const TokenCursor& cursor);
Result<Expression> ParseTypedLiteral(TokenCursor& cursor);

/// Returns a number as the narrowest of int, long and decimal that holds it, as double with an
/// exponent. `text` is `token`'s with its sign.
Result<Expression> ParseNumberLiteral(const TokenCursor& cursor, const Token& token,
                                      const std::string& text);

}  // namespace iceframe::internal
