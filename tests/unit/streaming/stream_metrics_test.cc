// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "iceframe/runtime/metrics_registry.h"
#include "iceframe/streaming/stream_metrics_internal.h"

namespace iceframe::internal {
namespace {

using std::chrono::milliseconds;

std::map<std::string, double> SamplesOf(const std::string& stream_id) {
  std::map<std::string, double> samples;
  for (const MetricSample& sample : MetricsRegistry::Process().Collect()) {
    std::string key = sample.name;
    bool is_of_stream = false;
    for (const auto& [name, value] : sample.labels) {
      if (name == "stream") {
        is_of_stream = value == stream_id;
      } else {
        key += " " + value;
      }
    }
    if (is_of_stream) samples[key] = sample.value;
  }
  return samples;
}

TEST(StreamMetrics, AreThereFromTheBeginning) {
  const std::string id = "metrics from the beginning";
  const StreamMetrics metrics(id, "clicks");
  const std::map<std::string, double> expected = {{"iceframe_stream_records_total committed", 0},
                                                  {"iceframe_stream_records_total dlq", 0},
                                                  {"iceframe_stream_records_total skipped", 0},
                                                  {"iceframe_stream_bytes_total", 0},
                                                  {"iceframe_stream_commits_total", 0},
                                                  {"iceframe_stream_rewinds_total", 0},
                                                  {"iceframe_stream_running", 1}};
  EXPECT_EQ(SamplesOf(id), expected);
}

TEST(StreamMetrics, CountCommits) {
  const std::string id = "metrics of commits";
  // The process's counters stay where they are when the test is repeated.
  auto before = SamplesOf(id);
  StreamMetrics metrics(id, "clicks");
  metrics.CountCommit({.num_rows = 90,
                       .num_letters = 7,
                       .num_skipped = 3,
                       .num_bytes = 1000,
                       .freshness = milliseconds(1250)});
  metrics.CountCommit({.num_rows = 10, .num_bytes = 1, .freshness = {}});
  metrics.CountRewind();
  auto samples = SamplesOf(id);
  const auto counted = [&](const std::string& name) { return samples[name] - before[name]; };
  EXPECT_EQ(counted("iceframe_stream_records_total committed"), 100);
  EXPECT_EQ(counted("iceframe_stream_records_total dlq"), 7);
  EXPECT_EQ(counted("iceframe_stream_records_total skipped"), 3);
  EXPECT_EQ(counted("iceframe_stream_bytes_total"), 1001);
  EXPECT_EQ(counted("iceframe_stream_commits_total"), 2);
  EXPECT_EQ(counted("iceframe_stream_rewinds_total"), 1);
  EXPECT_EQ(samples["iceframe_stream_freshness_seconds"], 1.25);
}

TEST(StreamMetrics, ForgetTheLagOfPartitionsThatWentAway) {
  const std::string id = "metrics of lags";
  const std::string lag = "iceframe_stream_lag_records ";
  {
    StreamMetrics metrics(id, "clicks");
    metrics.SetLags({{0, 5}, {1, 8}});
    metrics.SetLags({{1, 3}, {2, 1}});
    auto samples = SamplesOf(id);
    EXPECT_EQ(samples.at(lag + "0 clicks"), 0);
    EXPECT_EQ(samples.at(lag + "1 clicks"), 3);
    EXPECT_EQ(samples.at(lag + "2 clicks"), 1);
  }
  auto samples = SamplesOf(id);
  EXPECT_EQ(samples.at(lag + "1 clicks"), 0);
  EXPECT_EQ(samples.at("iceframe_stream_running"), 0);
}

}  // namespace
}  // namespace iceframe::internal
