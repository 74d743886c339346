// SPDX-License-Identifier: Apache-2.0
// Counts and extremes of a whole scan, by what its relation knows of its rows.
#pragma once

#include "iceframe/execution/operator.h"
#include "iceframe/execution/plan_resources.h"
#include "iceframe/query/logical_plan.h"

namespace iceframe {

/// count(*), min and max over a scan: `plan` is an AggregateNode marked `from_metadata`. The
/// relation's source answers.
OperatorPtr MakeMetadataAggregateOperator(const PlanNode& plan,
                                          const PlanResources& resources = {});

}  // namespace iceframe
