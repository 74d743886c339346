// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "iceframe/streaming/stream_metrics_internal.h"

namespace iceframe::internal {

namespace {

Counter& CounterOf(std::string_view name, const std::string& stream_id) {
  return MetricsRegistry::Process().counter(name, {{"stream", stream_id}});
}

Gauge& GaugeOf(std::string_view name, const std::string& stream_id) {
  return MetricsRegistry::Process().gauge(name, {{"stream", stream_id}});
}

}  // namespace

StreamMetrics::StreamMetrics(std::string stream_id, std::string topic)
    : stream_id_(std::move(stream_id)),
      topic_(std::move(topic)),
      committed_(Records("committed")),
      letters_(Records("dlq")),
      skipped_(Records("skipped")),
      bytes_(CounterOf("iceframe_stream_bytes_total", stream_id_)),
      commits_(CounterOf("iceframe_stream_commits_total", stream_id_)),
      rewinds_(CounterOf("iceframe_stream_rewinds_total", stream_id_)),
      running_(GaugeOf("iceframe_stream_running", stream_id_)) {
  running_.Add(1);
}

StreamMetrics::~StreamMetrics() {
  SetLags({});
  running_.Add(-1);
}

void StreamMetrics::CountCommit(const CommittedBatch& batch) {
  committed_.Increment(batch.num_rows);
  letters_.Increment(batch.num_letters);
  skipped_.Increment(batch.num_skipped);
  bytes_.Increment(batch.num_bytes);
  commits_.Increment();
  if (!batch.freshness) return;
  GaugeOf("iceframe_stream_freshness_seconds", stream_id_)
      .Set(std::chrono::duration<double>(*batch.freshness).count());
}

void StreamMetrics::SetLags(const PartitionLags& lags) {
  // By differences: beyond the registry's limit of labels, "other" is the sum of what is left.
  for (const auto& [partition, lag] : lags) {
    int64_t& told = told_[partition];
    Lag(partition).Add(lag - std::exchange(told, lag));
  }
  for (auto& [partition, told] : told_) {
    if (told != 0 && !lags.contains(partition)) Lag(partition).Add(-std::exchange(told, 0));
  }
}

Counter& StreamMetrics::Records(std::string_view result) const {
  return MetricsRegistry::Process().counter(
      "iceframe_stream_records_total", {{"stream", stream_id_}, {"result", std::string(result)}});
}

Gauge& StreamMetrics::Lag(int32_t partition) const {
  return MetricsRegistry::Process().gauge(
      "iceframe_stream_lag_records",
      {{"stream", stream_id_}, {"topic", topic_}, {"partition", std::to_string(partition)}});
}

}  // namespace iceframe::internal
