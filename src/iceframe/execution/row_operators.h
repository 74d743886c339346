// SPDX-License-Identifier: Apache-2.0
// Operators that look at one batch at a time.
#pragma once

#include <memory>

#include "iceframe/execution/operator.h"
#include "iceframe/query/logical_plan.h"

namespace iceframe {

/// Keeps the rows for which the predicate is true.
OperatorPtr MakeFilterOperator(const PlanNode& plan, OperatorPtr input);
/// Computes the columns of a ProjectNode.
OperatorPtr MakeProjectOperator(const PlanNode& plan, OperatorPtr input);
/// Skips `offset` rows, then hands on `limit`; asks its input for no more than that.
OperatorPtr MakeLimitOperator(const PlanNode& plan, OperatorPtr input);

}  // namespace iceframe
