// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "iceframe/query/logical_plan.h"

namespace iceframe::internal {

/// Appends the plan's scans, in the order of its text.
inline void AppendScans(const PlanNode& plan, std::vector<const PlanNode*>* scans) {
  if (plan.as<ScanNode>() != nullptr) scans->push_back(&plan);
  for (const PlanPtr& input : plan.inputs) AppendScans(*input, scans);
}

}  // namespace iceframe::internal
