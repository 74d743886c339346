// SPDX-License-Identifier: Apache-2.0
// All rows of several inputs.
#pragma once

#include <vector>

#include "iceframe/execution/operator.h"
#include "iceframe/query/logical_plan.h"

namespace iceframe {

/// Hands on the rows of one input after the other, in the columns of a UnionNode. An input is
/// opened when its turn comes; filters that are offered before go to all of them.
OperatorPtr MakeUnionOperator(const PlanPtr& plan, std::vector<OperatorPtr> inputs);

}  // namespace iceframe
