// SPDX-License-Identifier: Apache-2.0
// Counts and extremes of a whole scan, read as little as metadata allows.
#pragma once

#include "iceframe/execution/operator.h"
#include "iceframe/query/logical_plan.h"

namespace iceframe {

/// count(*), min and max over a scan: `plan` is an AggregateNode marked `from_metadata`.
///
/// Rows of files that count wholly are counted from metadata. Bounds are limits, not values: by the
/// spec they may be loose. One that leaves no choice (both are equal) is an answer; else the files
/// whose bounds could beat what was seen so far are read, the most promising first, and the others
/// never. Files without usable bounds are read; floats' need a NaN count of zero.
OperatorPtr MakeMetadataAggregateOperator(const PlanNode& plan);

}  // namespace iceframe
