// SPDX-License-Identifier: Apache-2.0
// The leaves of a query: relations read.
#pragma once

#include "iceframe/execution/operator.h"
#include "iceframe/execution/plan_resources.h"
#include "iceframe/execution/relation_source.h"
#include "iceframe/query/logical_plan.h"

namespace iceframe {

/// Reads a ScanNode's relation. Filters that are offered before it is opened are read with, as its
/// own. Files' rows that pass the plan's own filter are taken from the answers that were kept, and
/// kept. Errors of opening: Unsupported for a relation without a source.
OperatorPtr MakeScanOperator(const PlanNode& plan, const PlanResources& resources = {});

/// What a scan node asks for, under the relation's own field ids; `columns`: the node's output.
Result<RelationRead> ToRelationRead(const ScanNode& scan,
                                    const std::shared_ptr<const Schema>& columns);
/// A bound expression over a scan node's columns, under the relation's own field ids.
Expression OverRelation(const ScanNode& scan, const Expression& expression);
/// Errors: Unsupported for a relation without a source.
Result<const RelationSource*> SourceOf(const ScanNode& scan);

}  // namespace iceframe
