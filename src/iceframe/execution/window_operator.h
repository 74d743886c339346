// SPDX-License-Identifier: Apache-2.0
// Calls over partitions, a column each.
#pragma once

#include "iceframe/execution/operator.h"
#include "iceframe/query/logical_plan.h"

namespace iceframe {

/// Rows come out in the order in which they came in.
OperatorPtr MakeWindowOperator(const PlanNode& plan, OperatorPtr input);

}  // namespace iceframe
