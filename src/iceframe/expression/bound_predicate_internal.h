// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "iceframe/expression/expression.h"

namespace iceframe::internal {

/// Makes a bound expression of a node whose value is a boolean.
inline Expression BoundPredicate(ExpressionNode node) {
  return Expression(std::move(node), Type::Boolean(), true);
}

/// A null boolean.
inline Expression NullBoolean() { return BoundPredicate(LiteralNode{}); }

}  // namespace iceframe::internal
