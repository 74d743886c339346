// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/metrics_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

using ::testing::HasSubstr;

TEST(MetricsText, FamiliesHaveTheirSamples) {
  auto& registry = MetricsRegistry::Process();
  registry.counter("iceframe_commit_retries_total").Increment(3);
  registry.histogram("test_text_seconds", {{"op", "x"}}).Observe(0.002);
  bool has_build_info = false;
  for (const MetricFamily& family : CollectMetricFamilies()) {
    EXPECT_FALSE(family.samples.empty()) << family.name;
    EXPECT_FALSE(family.help.empty()) << family.name;
    has_build_info = has_build_info || family.name == "iceframe_build_info";
    if (family.name != "test_text_seconds") continue;
    EXPECT_EQ(family.kind, MetricKind::kHistogram);
    EXPECT_EQ(family.samples.size(), 15U);
  }
  EXPECT_TRUE(has_build_info);
}

TEST(MetricsText, IsWrittenAsScrapersReadIt) {
  MetricFamily family{"t_total", MetricKind::kCounter, "Help.", {}};
  family.samples.push_back({"t_total", {{"a", "x\"\\\n"}, {"b", ""}}, 2.5, MetricKind::kCounter});
  family.samples.push_back({"t_total", {}, 1e15, MetricKind::kCounter});
  EXPECT_EQ(MetricsText({family}),
            "# HELP t_total Help.\n# TYPE t_total counter\n"
            "t_total{a=\"x\\\"\\\\\\n\",b=\"\"} 2.5\nt_total 1e+15\n");
  EXPECT_THAT(MetricsText(CollectMetricFamilies()), HasSubstr("iceframe_build_info{version=\""));
}

}  // namespace
}  // namespace iceframe
