// SPDX-License-Identifier: Apache-2.0
// Rows of two sides that meet, by hash.
#pragma once

#include "iceframe/execution/operator.h"
#include "iceframe/query/logical_plan.h"

namespace iceframe {

/// Builds of the right side, then streams the left one; where left rows without partner don't come
/// out, the right keys are offered to it as a filter before it is opened. Rows come in the left
/// side's order, each one's partners in theirs; right rows without partner come last.
OperatorPtr MakeJoinOperator(const PlanNode& plan, OperatorPtr left, OperatorPtr right);

}  // namespace iceframe
