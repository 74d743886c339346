// SPDX-License-Identifier: Apache-2.0
// What the parser and the printer must agree on.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/expression/literal_text.h"

namespace iceframe {

// Binding powers, loosest first. The printer puts parentheses by them.
inline constexpr int kPowerAlias = 5;
inline constexpr int kPowerOr = 10;
inline constexpr int kPowerAnd = 20;
inline constexpr int kPowerNot = 30;
inline constexpr int kPowerIs = 40;
inline constexpr int kPowerComparison = 50;
inline constexpr int kPowerMatch = 60;
inline constexpr int kPowerConcat = 70;
inline constexpr int kPowerAdditive = 80;
inline constexpr int kPowerMultiplicative = 90;
inline constexpr int kPowerNegate = 100;
inline constexpr int kPowerCast = 110;
inline constexpr int kPowerPrimary = 120;

/// The function that `a || b` is; null if either is (concat() skips nulls).
inline constexpr char kConcatSymbol[] = "||";

/// Whether the text is an identifier that needs no quotes.
bool IsReservedWord(std::string_view text);
bool IsPlainIdentifier(std::string_view text);

/// Returns a number with a point (or too long for a long) as the narrowest decimal that spells it;
/// unknown type if it has more than 38 digits.
TypedValue DecimalLiteralOf(std::string_view text);

/// Returns the type that all items of an IN list become (unknown for nulls alone), or nullopt.
std::optional<Type> CommonLiteralType(const std::vector<TypedValue>& items);

/// Returns an item of a list as its common type: numbers only change, without loss or to the
/// nearest double.
Value ConvertLiteral(const TypedValue& item, const Type& common);

/// Whether the values, spelled without types, would be read as of `value_type`.
bool IsNaturalInList(const Type& value_type, const std::vector<Value>& values);

}  // namespace iceframe
