// SPDX-License-Identifier: Apache-2.0
// Expressions for logs and traces, which must not hold the values that people ask for.
#pragma once

#include <string>
#include <string_view>

#include "iceframe/expression/expression.h"
#include "iceframe/expression/sort_key.h"

namespace iceframe {

/// The text form with "?" for every literal: `age > ? AND name IN (?)`. Lists of any length look
/// the same, and so do names that no plain column has, such as those that expressions gave.
std::string RedactedText(const Expression& expression);
std::string RedactedText(const SortKey& key);
/// A column's name, "?" if it may hold a literal.
std::string RedactedName(std::string_view name);

}  // namespace iceframe
