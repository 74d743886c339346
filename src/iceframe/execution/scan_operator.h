// SPDX-License-Identifier: Apache-2.0
// The leaves of a query: tables read.
#pragma once

#include "iceframe/execution/operator.h"
#include "iceframe/query/logical_plan.h"

namespace iceframe {

/// Reads a ScanNode whose relation is a TableRelation. Filters that are offered before it is opened
/// skip partitions, files, row groups and rows as its own.
OperatorPtr MakeScanOperator(const PlanNode& plan);

}  // namespace iceframe
