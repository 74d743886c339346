// SPDX-License-Identifier: Apache-2.0
// Arrow's compute expressions, as far as they have a counterpart here.
#pragma once

#include <memory>

#include <arrow/buffer.h>
#include <arrow/compute/expression.h>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"

namespace iceframe {

/// Returns the unbound expression that keeps the rows which Arrow's keeps.
///
/// Where the two count otherwise the meaning is Arrow's: no NaN is greater than a number there, a
/// double constant stays a double beside a float.
/// Errors: Unsupported naming the part that has no counterpart (division and casts, which round
/// otherwise; columns that are compared with each other, where NaN would tell).
Result<Expression> FromArrowExpression(const arrow::compute::Expression& expression);

/// As above, of what arrow::compute::Serialize wrote.
Result<Expression> FromSerializedArrowExpression(std::shared_ptr<arrow::Buffer> bytes);

}  // namespace iceframe
