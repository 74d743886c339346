// SPDX-License-Identifier: Apache-2.0
// Logical plans run, and explained.
#pragma once

#include <memory>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/execution/explanation.h"
#include "iceframe/execution/operator.h"
#include "iceframe/execution/plan_resources.h"
#include "iceframe/query/logical_plan.h"
#include "iceframe/query/optimizer.h"

namespace iceframe {

/// The operators that run a plan.
OperatorPtr MakeOperators(const PlanPtr& plan, const PlanResources& resources = {});

/// Runs a plan: batches come as they are asked for, of `plan`'s columns without field ids.
/// Dropping the reader stops it. Errors come from ReadNext, also those of starting.
Result<std::shared_ptr<arrow::RecordBatchReader>> ExecutePlan(const OperationContext& context,
                                                              const PlanPtr& plan,
                                                              const PlanResources& resources = {});

/// What a plan would read: manifests and files exactly, row groups as far as manifests tell; which
/// predicate alone would skip how many files. Opens no data file.
Result<Explanation> ExplainPlan(const OperationContext& context, const PlanPtr& plan);
/// Runs the plan and drops its rows: rows, time, memory per operator, and what scans skipped.
Result<Explanation> AnalyzePlan(const OperationContext& context, const PlanPtr& plan,
                                const PlanResources& resources = {});

/// Adds which rules of the optimizer changed the plan, and what each changed.
void AppendRules(const std::vector<RuleEffect>& effects, Explanation* explanation);

}  // namespace iceframe
