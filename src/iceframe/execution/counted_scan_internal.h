// SPDX-License-Identifier: Apache-2.0
// A table's scan that counts for the operator above it, and for the operation.
#pragma once

#include <array>
#include <memory>

#include "iceframe/execution/table_read_internal.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// One scan after the other; what they count is the operation's as soon as each is closed.
class CountedScan {
 public:
  CountedScan() = default;
  ~CountedScan() { Close(); }
  CountedScan(const CountedScan&) = delete;
  CountedScan& operator=(const CountedScan&) = delete;

  Status Open(const OperationContext& context, const TableRead& read) {
    Close();
    ICEFRAME_ASSIGN_OR_RETURN(stream_, OpenTableScan(Counting(context), *read.table, read.options));
    return Status::OK();
  }
  /// The context with this scan's counters, for planning too.
  OperationContext Counting(const OperationContext& context) {
    total_ = context.counters;
    OperationContext own = context;
    own.counters = counters_;
    return own;
  }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() {
    if (stream_ == nullptr) return nullptr;
    ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::RecordBatch> batch, stream_->Next());
    if (batch == nullptr) Close();
    return batch;
  }
  void Close() {
    stream_.reset();
    if (total_ == nullptr) return;
    for (size_t i = 0; i < told_.size(); ++i) {
      const auto count = static_cast<OperationCount>(i);
      const int64_t now = counters_->Get(count);
      total_->Add(count, now - std::exchange(told_[i], now));
    }
  }
  const std::shared_ptr<OperationCounters>& counters() const { return counters_; }

 private:
  std::shared_ptr<OperationCounters> counters_ = std::make_shared<OperationCounters>();
  std::shared_ptr<OperationCounters> total_;
  std::array<int64_t, static_cast<size_t>(OperationCount::kNumCounts)> told_{};
  std::unique_ptr<ScanStream> stream_;
};

}  // namespace iceframe
