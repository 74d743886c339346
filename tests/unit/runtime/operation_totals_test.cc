// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/operation_totals.h"

#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "iceframe/runtime/metrics_registry.h"
#include "iceframe/runtime/running_operation.h"

#include "unit/runtime/sample_counts.h"

namespace iceframe {
namespace {

constexpr OperationKind kKinds[] = {{"totals_a"}, {"totals_b"}};
constexpr auto kCounters = JoinCounters<LowCount, HighCount>();

int64_t Ended(std::string_view kind, OperationOutcome outcome) {
  return MetricsRegistry::Process()
      .counter("iceframe_queries_total",
               {{"operation", std::string(kind)}, {"status", std::string(ToString(outcome))}})
      .value();
}

Histogram& Durations(std::string_view kind) {
  return MetricsRegistry::Process().histogram("iceframe_query_duration_seconds",
                                              {{"operation", std::string(kind)}});
}

TEST(OperationTotals, SeriesAreThereBeforeTheFirstOperation) {
  const auto totals = MakeOperationTotals(kKinds, kCounters);
  std::map<std::string, int> series;
  for (const MetricSample& sample : MetricsRegistry::Process().Collect()) ++series[sample.name];
  EXPECT_EQ(series["test_lows_total"], 1);
  EXPECT_EQ(series["test_highs_total"], 2);
  EXPECT_GE(series["iceframe_queries_total"], 8);
  EXPECT_GE(series["iceframe_query_duration_seconds_count"], 2);
}

TEST(OperationTotals, AreTheSumsOfTheOperations) {
  OperationContext shared;
  shared.observers = std::make_shared<OperationObservers>();
  shared.observers->Add(MakeOperationTotals(kKinds, kCounters));
  MetricsRegistry& registry = MetricsRegistry::Process();
  const Counter& lows = registry.counter("test_lows_total");
  const Counter& others = registry.counter("test_highs_total", {{"which", "other"}});
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&shared, t] {
      for (int i = 0; i < 100; ++i) {
        OperationContext context = shared;
        context.counters = std::make_shared<OperationCounters>();
        (void)RunOperation(context, kKinds[t % 2], {}, [&](const OperationContext& own) -> Status {
          own.counters->Add(LowCount::kLows, i);
          own.counters->Add(HighCount::kOthers);
          if (i % 4 == 3) return Error(ErrorKind::kIo, "disk");
          return Status::OK();
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(lows.value(), 8 * 4950);
  EXPECT_EQ(others.value(), 800);
  for (const OperationKind kind : kKinds) {
    EXPECT_EQ(Ended(kind.name, OperationOutcome::kSucceeded), 300);
    EXPECT_EQ(Ended(kind.name, OperationOutcome::kFailed), 100);
    EXPECT_EQ(Durations(kind.name).count(), 400);
  }
}

TEST(OperationTotals, KindsThatNobodyListedAreCountedToo) {
  OperationContext context;
  context.observers = std::make_shared<OperationObservers>();
  context.observers->Add(MakeOperationTotals(kKinds, kCounters));
  (void)RunningOperation::Begin(context, OperationKind{"totals_new"});
  EXPECT_EQ(Ended("totals_new", OperationOutcome::kDropped), 1);
  EXPECT_EQ(Durations("totals_new").count(), 1);
}

}  // namespace
}  // namespace iceframe
