// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/planning_time_internal.h"
#include "iceframe/runtime/metrics_registry.h"
#include "iceframe/runtime/operation_span.h"
#include "iceframe/runtime/running_operation.h"

namespace iceframe::internal {

namespace {

Histogram& Durations() {
  static Histogram& durations =
      MetricsRegistry::Process().histogram("iceframe_planning_duration_seconds");
  return durations;
}

}  // namespace

PlanningTime::~PlanningTime() {
  Durations().Observe(std::chrono::duration<double>(total_).count());
  RecordSpan(context_, "plan", begin_, total_);
  report_->planning = total_;
  report_->counters = context_.counters->Values() - counters_before_;
  NoteDetail(context_, report_);
}

void PreparePlanningMetrics() { Durations(); }

}  // namespace iceframe::internal
