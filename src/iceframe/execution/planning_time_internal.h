// SPDX-License-Identifier: Apache-2.0
// How long the planning of one scan takes, over all its steps, and what it came to.
#pragma once

#include <chrono>
#include <memory>
#include <utility>

#include "iceframe/execution/scan_report.h"
#include "iceframe/runtime/clock.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe::internal {

/// Sums steps up; when destroyed, observes iceframe_planning_duration_seconds and tells the
/// operation of its step "plan", and of the report.
class PlanningTime {
 public:
  /// `report`: with all but what is measured and counted.
  PlanningTime(const OperationContext& context, std::shared_ptr<ScanReport> report)
      : context_(context),
        report_(std::move(report)),
        counters_before_(context.counters->Values()),
        begin_(context.clock->SteadyNow()) {}
  ~PlanningTime();
  PlanningTime(const PlanningTime&) = delete;
  PlanningTime& operator=(const PlanningTime&) = delete;

  /// Returns what `step` returns.
  template <typename Step>
  auto Measure(Step&& step) {
    const Clock::SteadyTime begin = context_.clock->SteadyNow();
    auto result = step();
    total_ += context_.clock->SteadyNow() - begin;
    return result;
  }

 private:
  const OperationContext context_;
  const std::shared_ptr<ScanReport> report_;
  const CounterValues counters_before_;
  const Clock::SteadyTime begin_;
  std::chrono::nanoseconds total_{0};
};

/// Has the series there from the start, at 0.
void PreparePlanningMetrics();

}  // namespace iceframe::internal
