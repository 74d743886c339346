// SPDX-License-Identifier: Apache-2.0
// A compaction after every so many commits of a writer.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>

#include "iceframe/runtime/operation_context.h"
#include "iceframe/streaming/streaming_writer.h"
#include "iceframe/table/table.h"

namespace iceframe::internal {

/// Runs compactions on a thread of the executor, one at a time. Thread-safe.
class AutoCompaction : public std::enable_shared_from_this<AutoCompaction> {
 public:
  AutoCompaction(OperationContext context, int64_t every, StreamingWriter::Compact compact)
      : context_(std::move(context)), every_(every), compact_(std::move(compact)) {}

  void NoteCommit(const std::shared_ptr<const Table>& table) {
    std::lock_guard lock(mutex_);
    num_since_ += 1;
    if (num_since_ < every_ || is_running_) return;
    num_since_ = 0;
    is_running_ = context_.executor->operations()
                      ->Spawn([self = shared_from_this(), table] { self->Run(table); })
                      .ok();
  }

  /// No compaction begins any more; the one that runs is cancelled.
  void Stop() {
    std::lock_guard lock(mutex_);
    num_since_ = std::numeric_limits<int64_t>::min();
    context_.cancel.Cancel();
  }

  int64_t num_done() const { return num_done_; }

 private:
  void Run(const std::shared_ptr<const Table>& table) {
    const Status status = compact_(context_, table);
    if (!status.ok()) {
      context_.Log(LogLevel::kWarning, "streaming", "compaction failed: ", status.message());
    } else {
      num_done_ += 1;
    }
    std::lock_guard lock(mutex_);
    is_running_ = false;
  }

  OperationContext context_;
  const int64_t every_;
  const StreamingWriter::Compact compact_;
  std::atomic<int64_t> num_done_{0};
  std::mutex mutex_;
  int64_t num_since_ = 0;
  bool is_running_ = false;
};

}  // namespace iceframe::internal
