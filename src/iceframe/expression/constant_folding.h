// SPDX-License-Identifier: Apache-2.0
// Scalar expressions of literals alone.
#pragma once

#include "iceframe/expression/expression.h"

namespace iceframe {

/// Returns the literal that a node over literals comes to; `e` itself where an operand is no
/// literal or where evaluating fails (so that the error comes when rows are evaluated).
Expression FoldConstant(const Expression& e);

}  // namespace iceframe
