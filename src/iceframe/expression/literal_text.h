// SPDX-License-Identifier: Apache-2.0
// Literals as text, exactly and both ways: what ToString, the parser, casts and JSON share.
#pragma once

#include <string>
#include <string_view>

#include "iceframe/base/result.h"
#include "iceframe/types/type.h"
#include "iceframe/types/value.h"

namespace iceframe {

/// A value with its type: a literal outside a tree.
struct TypedValue {
  Type type;
  Value value;
};

/// Returns the text of a non-null value of a primitive type that ParseLiteralText reads back equal
/// (NaNs as one): ISO 8601 for dates and times, hexadecimal for binary and fixed.
std::string FormatLiteralText(const Type& type, const Value& value);

/// Reads a value of exactly `type`; nothing is rounded. Errors: InvalidArgument naming the text.
Result<Value> ParseLiteralText(const Type& type, std::string_view text);

/// Reads a date or timestamp as the type its spelling says: date, timestamp, timestamptz where a
/// zone is written, and the _ns kinds where the fraction is finer than microseconds.
/// Errors: InvalidArgument naming the text.
Result<TypedValue> ParseTemporalLiteral(std::string_view text);

/// Reads bytes as a string literal spells them: ASCII as it is, \xHH for any byte.
Result<std::string> BytesFromEscapedText(std::string_view text);

}  // namespace iceframe
