// SPDX-License-Identifier: Apache-2.0
// What Kafka streams and streaming writers tell the process's metrics.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "iceframe/runtime/metrics_registry.h"

namespace iceframe::internal {

/// Messages by partition.
using PartitionLags = std::map<int32_t, int64_t>;

/// One commit of a stream.
struct CommittedBatch {
  int64_t num_rows = 0;
  int64_t num_letters = 0;
  int64_t num_skipped = 0;
  int64_t num_bytes = 0;
  /// From the newest message's timestamp to the commit.
  std::optional<std::chrono::milliseconds> freshness;
};

/// `iceframe_stream_…` with the stream's id. All counters are there from its making on; lag and
/// freshness once they are known. Streams of one id in a process count together. Used by one thread
/// at a time.
class StreamMetrics {
 public:
  /// `topic`: of a Kafka stream.
  explicit StreamMetrics(std::string stream_id, std::string topic = "");
  /// The stream no longer runs, and knows no lag.
  ~StreamMetrics();
  StreamMetrics(const StreamMetrics&) = delete;
  StreamMetrics& operator=(const StreamMetrics&) = delete;

  void CountCommit(const CommittedBatch& batch);
  void CountRewind() { rewinds_.Increment(); }
  /// Partitions that are not among them are another member's now: 0 here.
  void SetLags(const PartitionLags& lags);

 private:
  Counter& Records(std::string_view result) const;
  Gauge& Lag(int32_t partition) const;

  const std::string stream_id_;
  const std::string topic_;
  Counter& committed_;
  Counter& letters_;
  Counter& skipped_;
  Counter& bytes_;
  Counter& commits_;
  Counter& rewinds_;
  Gauge& running_;
  PartitionLags told_;
};

}  // namespace iceframe::internal
