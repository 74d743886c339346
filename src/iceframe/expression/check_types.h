// SPDX-License-Identifier: Apache-2.0
// Whether a tree that says it is bound has the types that the binder gives.
#pragma once

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"

namespace iceframe {

/// Returns OK if every node's type follows from its operands', so that evaluation may rely on them:
/// trees also come from JSON, which anyone may have written. Errors: InvalidArgument.
Status CheckTypes(const Expression& bound);

}  // namespace iceframe
