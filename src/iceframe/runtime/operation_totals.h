// SPDX-License-Identifier: Apache-2.0
// The observer that adds what operations did to the process's metrics.
#pragma once

#include <memory>
#include <span>

#include "iceframe/runtime/operation_observer.h"

namespace iceframe {

/// Keeps in the MetricsRegistry: iceframe_queries_total{operation,status},
/// iceframe_query_duration_seconds{operation}, and the metric of each of `counters`. Those, and the
/// series of `kinds`, are there from the start, at 0; other kinds come as they are met.
std::shared_ptr<OperationObserver> MakeOperationTotals(std::span<const OperationKind> kinds,
                                                       std::span<const OperationCount> counters);

}  // namespace iceframe
