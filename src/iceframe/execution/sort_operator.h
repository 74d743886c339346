// SPDX-License-Identifier: Apache-2.0
// Rows in order.
#pragma once

#include "iceframe/execution/operator.h"
#include "iceframe/query/logical_plan.h"

namespace iceframe {

/// Stable. With `fetch` no more than a few times so many rows are held.
OperatorPtr MakeSortOperator(const PlanNode& plan, OperatorPtr input);

}  // namespace iceframe
