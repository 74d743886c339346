// SPDX-License-Identifier: Apache-2.0
// Expressions as JSON: exact, for sending trees to other processes.
#pragma once

#include "iceframe/base/json.h"
#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/types/value.h"

namespace iceframe {

/// Returns a tree's JSON, bound or not: reading it gives an equal tree, types, field ids and the
/// bits of floats included. Errors: InvalidArgument for a tree nested more than 40 levels deep.
Result<Json> ExpressionToJson(const Expression& expression);
/// Errors: InvalidArgument naming what is wrong; InvalidMetadata for a member of another kind.
Result<Expression> ExpressionFromJson(const Json& json);

/// A value that says how it is held: {"int": 5}, {"float": "7fc00000"}, {"bytes": "6f736c6f"};
/// JSON null for null.
Json TaggedValueToJson(const Value& value);
Result<Value> TaggedValueFromJson(const Json& json);

/// A string as JSON: itself, or {"hex": …} if it is not valid UTF-8.
Json TextToJson(std::string_view text);
Result<std::string> TextFromJson(const Json& json);

}  // namespace iceframe
