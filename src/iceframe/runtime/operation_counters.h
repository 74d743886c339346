// SPDX-License-Identifier: Apache-2.0
// What one operation did, counted where it happens.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace iceframe {

/// The closed list of things counted per operation; `ToString` gives the name users see.
enum class OperationCount : uint8_t {
  kManifestListsRead,
  kManifestsTotal,
  kManifestsRead,
  kManifestsFromCache,
  kManifestsSkippedByPartition,
  kFilesTotal,
  kFilesSkippedByPartition,
  kFilesSkippedByBounds,
  kFilesScanned,
  kFootersRead,
  kFootersFromCache,
  kRowGroupsTotal,
  kRowGroupsSkippedByBounds,
  kRowGroupsScanned,
  kRowsScanned,
  kRowsReturned,
  kDataBytesRead,
  kMetadataBytesRead,
  kIoRequests,
  kCommitAttempts,
  kNumCounts,
};
std::string_view ToString(OperationCount count);

/// Lock-free; totals of the process are kept in the MetricsRegistry by whoever ends the operation.
class OperationCounters {
 public:
  void Add(OperationCount count, int64_t by = 1) {
    values_[static_cast<size_t>(count)].fetch_add(by, std::memory_order_relaxed);
  }
  int64_t Get(OperationCount count) const {
    return values_[static_cast<size_t>(count)].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<int64_t>, static_cast<size_t>(OperationCount::kNumCounts)> values_{};
};

}  // namespace iceframe
