// SPDX-License-Identifier: Apache-2.0
// One row per group, by hash.
#pragma once

#include "iceframe/execution/operator.h"
#include "iceframe/execution/plan_resources.h"
#include "iceframe/query/logical_plan.h"

namespace iceframe {

/// Groups in order of first appearance; nulls are one key, NaNs are one, −0 and 0 are one. Without
/// keys there is one row, even of no input. Without aggregates: the distinct keys.
///
/// Sums of floats over a scan's rows are formed file by file, in the files' order. Where
/// `resources` hold answers of files, what each file adds is taken from these, and kept.
OperatorPtr MakeAggregateOperator(const PlanNode& plan, OperatorPtr input,
                                  const PlanResources& resources = {});

}  // namespace iceframe
