// SPDX-License-Identifier: Apache-2.0
// Rows of one window: in which partition each is, and where in its order.
#pragma once

#include <cstdint>
#include <vector>

#include "iceframe/execution/window_rows_internal.h"
#include "iceframe/runtime/memory_manager.h"

namespace iceframe {

/// All rows sorted by partition, then by the window's order; positions are in that sorting.
class WindowFrame {
 public:
  static Result<WindowFrame> Make(const WindowNode& window, const WindowRows& rows);

  int64_t num_rows() const { return static_cast<int64_t>(rows_.size()); }
  bool is_ordered() const { return is_ordered_; }
  /// The row at a position.
  uint32_t RowAt(int64_t position) const { return rows_[static_cast<size_t>(position)]; }
  /// Whether a partition, or a set of rows that sort equal, begins at a position.
  bool IsPartitionStart(int64_t position) const {
    return starts_[static_cast<size_t>(position)] == Start::kPartition;
  }
  bool IsPeerStart(int64_t position) const {
    return starts_[static_cast<size_t>(position)] != Start::kNone;
  }

 private:
  enum class Start : uint8_t { kNone, kPeers, kPartition };

  /// By the numbers of each row's partition and peers; nullptr: all are one.
  Status FindStarts(const std::shared_ptr<arrow::UInt32Array>& partitions,
                    const std::shared_ptr<arrow::UInt32Array>& peers,
                    const OperationContext& context);

  std::vector<uint32_t> rows_;
  std::vector<Start> starts_;
  bool is_ordered_ = false;
  MemoryReservation reservation_;
};

}  // namespace iceframe
