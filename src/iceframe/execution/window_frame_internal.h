// SPDX-License-Identifier: Apache-2.0
// Rows of one window: in which partition each is, and where in its order.
#pragma once

#include <cstdint>
#include <vector>

#include "iceframe/execution/columns_internal.h"
#include "iceframe/runtime/memory_manager.h"

namespace iceframe {

/// All rows sorted by partition, then by the window's order; positions are in that sorting.
class WindowFrame {
 public:
  static Result<WindowFrame> Make(const WindowNode& window, const arrow::RecordBatch& rows,
                                  std::shared_ptr<MemoryBudget> memory);

  int64_t num_rows() const { return static_cast<int64_t>(rows_.size()); }
  bool is_ordered() const { return is_ordered_; }
  /// The row at a position.
  uint64_t RowAt(int64_t position) const { return rows_[static_cast<size_t>(position)]; }
  /// Whether a partition, or a set of rows that sort equal, begins at a position.
  bool IsPartitionStart(int64_t position) const {
    return starts_[static_cast<size_t>(position)] == Start::kPartition;
  }
  bool IsPeerStart(int64_t position) const {
    return starts_[static_cast<size_t>(position)] != Start::kNone;
  }

 private:
  enum class Start : uint8_t { kNone, kPeers, kPartition };

  std::vector<uint64_t> rows_;
  std::vector<Start> starts_;
  bool is_ordered_ = false;
  MemoryReservation reservation_;
};

}  // namespace iceframe
