// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/operation_totals.h"

#include <map>
#include <string>

#include "iceframe/runtime/metrics_registry.h"

namespace iceframe {

namespace {

struct KindTotals {
  std::array<Counter*, kNumOperationOutcomes> by_outcome{};
  Histogram* duration = nullptr;
};

KindTotals TotalsOf(OperationKind kind) {
  MetricsRegistry& registry = MetricsRegistry::Process();
  const std::string name(kind.name);
  KindTotals totals;
  for (int i = 0; i < kNumOperationOutcomes; ++i) {
    const std::string status(ToString(static_cast<OperationOutcome>(i)));
    totals.by_outcome[static_cast<size_t>(i)] =
        &registry.counter("iceframe_queries_total", {{"operation", name}, {"status", status}});
  }
  totals.duration = &registry.histogram("iceframe_query_duration_seconds", {{"operation", name}});
  return totals;
}

Counter* TotalOf(const CounterDefinition& definition) {
  MetricLabels labels;
  for (const CounterLabel& label : definition.labels) {
    if (!label.name.empty()) labels.emplace_back(label.name, label.value);
  }
  return &MetricsRegistry::Process().counter(definition.metric, labels);
}

class OperationTotals final : public OperationObserver {
 public:
  OperationTotals(std::span<const OperationKind> kinds, std::span<const OperationCount> counters) {
    for (const OperationKind kind : kinds) kinds_.emplace(kind.name, TotalsOf(kind));
    for (const OperationCount count : counters) {
      counters_.emplace_back(count, TotalOf(count.definition()));
    }
  }

  Status OnEnd(const OperationEnd& end) override {
    const auto known = kinds_.find(end.start.kind.name);
    const KindTotals totals = known != kinds_.end() ? known->second : TotalsOf(end.start.kind);
    totals.by_outcome[static_cast<size_t>(end.outcome)]->Increment();
    totals.duration->Observe(std::chrono::duration<double>(end.duration).count());
    for (const auto& [count, total] : counters_) {
      if (const int64_t value = end.counters.Get(count); value != 0) total->Increment(value);
    }
    return Status::OK();
  }

 private:
  // Not changed once made, so read without a lock.
  std::map<std::string_view, KindTotals> kinds_;
  std::vector<std::pair<OperationCount, Counter*>> counters_;
};

}  // namespace

std::shared_ptr<OperationObserver> MakeOperationTotals(std::span<const OperationKind> kinds,
                                                       std::span<const OperationCount> counters) {
  return std::make_shared<OperationTotals>(kinds, counters);
}

}  // namespace iceframe
