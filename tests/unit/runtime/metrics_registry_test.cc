// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/metrics_registry.h"

#include <cmath>
#include <limits>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "iceframe/runtime/memory_manager.h"

namespace iceframe {
namespace {

std::vector<MetricSample> CollectNamed(std::string_view prefix) {
  std::vector<MetricSample> found;
  for (MetricSample& sample : MetricsRegistry::Process().Collect()) {
    if (sample.name.starts_with(prefix)) found.push_back(std::move(sample));
  }
  return found;
}

TEST(MetricsRegistry, OneMetricPerNameAndLabelsInAnyOrder) {
  auto& registry = MetricsRegistry::Process();
  Counter& counter = registry.counter("test_same_total", {{"a", "1"}, {"b", "2"}});
  EXPECT_EQ(&counter, &registry.counter("test_same_total", {{"b", "2"}, {"a", "1"}}));
  EXPECT_NE(&counter, &registry.counter("test_same_total", {{"a", "1"}, {"b", "3"}}));
  counter.Increment();
  counter.Increment(4);
  registry.gauge("test_same_bytes").Set(7);
  registry.gauge("test_same_bytes").Add(-2);
  const auto samples = CollectNamed("test_same");
  ASSERT_EQ(samples.size(), 3U);
  EXPECT_EQ(samples[0].name, "test_same_bytes");
  EXPECT_EQ(samples[0].kind, MetricKind::kGauge);
  EXPECT_EQ(samples[0].value, 5);
  EXPECT_EQ(samples[1].value, 5);
  EXPECT_EQ(samples[2].value, 0);
}

TEST(MetricsRegistry, LabelSetsPerNameAreBounded) {
  for (int i = 0; i < 100000; ++i) {
    MetricsRegistry::Process()
        .counter("test_bounded_total", {{"table", std::to_string(i)}})
        .Increment();
  }
  const auto samples = CollectNamed("test_bounded_total");
  EXPECT_EQ(samples.size(), 201U);
  double total = 0;
  for (const auto& sample : samples) total += sample.value;
  EXPECT_EQ(total, 100000);
  EXPECT_EQ(samples.back().labels, (MetricLabels{{"table", "other"}}));
  EXPECT_EQ(samples.back().value, 100000 - 200);
}

TEST(MetricsRegistry, CountsFromManyThreadsAreNotLost) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 10000; ++i) {
        MetricsRegistry::Process().counter("test_threads_total").Increment();
        MetricsRegistry::Process().histogram("test_threads_seconds").Observe(0.5);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(MetricsRegistry::Process().counter("test_threads_total").value(), 40000);
  EXPECT_EQ(MetricsRegistry::Process().histogram("test_threads_seconds").count(), 40000);
}

TEST(MetricsRegistry, TellsWhatTheMemoryBudgetHolds) {
  auto budget = MemoryBudget::Process()->MakeChild("test");
  ASSERT_TRUE(budget->Reserve(12345).ok());
  const auto samples = CollectNamed("iceframe_memory_reserved_bytes");
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_GE(samples[0].value, 12345);
  budget->Release(12345);
}

TEST(MetricsRegistry, NamesThatExportersWouldMakeOneAreOne) {
  auto& registry = MetricsRegistry::Process();
  Counter& counter = registry.counter("test_clash.a_total", {{"my-label", "x"}});
  EXPECT_EQ(&counter, &registry.counter("test_clash_a_total", {{"my.label", "x"}}));
  const auto samples = CollectNamed("test_clash_a");
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_EQ(samples[0].labels, (MetricLabels{{"my_label", "x"}}));
}

TEST(MetricsRegistry, WhatCannotBeExportedCountsAndIsNotTold) {
  auto& registry = MetricsRegistry::Process();
  registry.histogram("test_kinds_seconds", {{"op", "x"}});
  // Another kind; a series of the histogram; other labels; counters and others by their ends.
  registry.gauge("test_kinds_seconds", {{"op", "x"}}).Set(1);
  registry.gauge("test_kinds_seconds_sum").Set(1);
  registry.counter("test_kinds_seconds_total", {{"op", "x"}}).Increment();
  registry.histogram("test_kinds_seconds", {{"table", "x"}});
  registry.counter("test_kinds_calls").Increment();
  registry.gauge("test_kinds_total").Set(1);
  registry.counter("test_kinds_doubles_total", {{"a b", "1"}, {"a_b", "2"}}).Increment();
  const auto samples = CollectNamed("test_kinds");
  EXPECT_EQ(samples.size(), 15U);
  for (const MetricSample& sample : samples) EXPECT_EQ(sample.kind, MetricKind::kHistogram);
  // The other way round: the series first.
  registry.gauge("test_late_seconds_count").Set(1);
  registry.histogram("test_late_seconds").Observe(1);
  EXPECT_EQ(CollectNamed("test_late").size(), 1U);
  EXPECT_EQ(registry.counter("test_kinds_calls").value(), 1);
}

TEST(MetricsRegistry, AHundredThousandTableNamesMakeFewSeries) {
  auto& registry = MetricsRegistry::Process();
  for (int i = 0; i < 100'000; ++i) {
    registry.counter("test_many_tables_total", {{"table", "t" + std::to_string(i)}}).Increment();
  }
  double sum = 0;
  const auto samples = CollectNamed("test_many_tables");
  EXPECT_EQ(samples.size(), 201U);
  for (const MetricSample& sample : samples) sum += sample.value;
  EXPECT_EQ(sum, 100'000);
}

TEST(MetricsRegistry, LabelsAreWhatScrapersTake) {
  MetricsRegistry::Process()
      .counter("test_labels_total", {{"le", "1"}, {"__name", "x"}, {"table", "a\xff"}})
      .Increment();
  const auto samples = CollectNamed("test_labels");
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_EQ(samples[0].labels,
            (MetricLabels{{"label___name", "x"}, {"label_le", "1"}, {"table", "a\\xff"}}));
}

TEST(Histogram, ValuesFallIntoTheBucketWhoseBoundHoldsThem) {
  Histogram histogram;
  histogram.Observe(0.001);
  histogram.Observe(0.0011);
  histogram.Observe(300);
  histogram.Observe(301);
  histogram.Observe(-1);
  histogram.Observe(std::nan(""));
  histogram.Observe(std::numeric_limits<double>::infinity());
  EXPECT_EQ(histogram.bucket(0), 3);
  EXPECT_EQ(histogram.bucket(1), 1);
  EXPECT_EQ(histogram.bucket(11), 1);
  EXPECT_EQ(histogram.bucket(12), 2);
  EXPECT_EQ(histogram.count(), 7);
}

TEST(Histogram, IsCollectedAsCumulativeBucketsInOrder) {
  Histogram& histogram = MetricsRegistry::Process().histogram("test_seconds", {{"op", "x"}});
  histogram.Observe(0.002);
  histogram.Observe(2);
  const auto samples = CollectNamed("test_seconds");
  ASSERT_EQ(samples.size(), 15U);
  EXPECT_EQ(samples[0].labels, (MetricLabels{{"op", "x"}, {"le", "0.001"}}));
  EXPECT_EQ(samples[0].value, 0);
  EXPECT_EQ(samples[1].value, 1);
  EXPECT_EQ(samples[12].labels.back().second, "+Inf");
  EXPECT_EQ(samples[12].value, 2);
  EXPECT_EQ(samples[13].name, "test_seconds_sum");
  EXPECT_NEAR(samples[13].value, 2.002, 1e-9);
  EXPECT_EQ(samples[14].name, "test_seconds_count");
  EXPECT_EQ(samples[14].value, 2);
}

}  // namespace
}  // namespace iceframe
