// SPDX-License-Identifier: Apache-2.0
// A compaction after every so many commits of a writer or stream.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/table/table.h"

namespace iceframe::internal {

using Compact = std::function<Status(const OperationContext&, const std::shared_ptr<const Table>&)>;

/// Joins a table's small files, those of about the same size (FileGroupOptions::by_size).
Status CompactSmallFiles(const OperationContext& context,
                         const std::shared_ptr<const Table>& table);

/// Runs compactions on a thread of the executor, one at a time. Thread-safe.
class AutoCompaction : public std::enable_shared_from_this<AutoCompaction> {
 public:
  AutoCompaction(OperationContext context, int64_t every, Compact compact)
      : context_(std::move(context)), every_(every), compact_(std::move(compact)) {}

  /// `table`: as the commit left it.
  void NoteCommit(std::shared_ptr<const Table> table) {
    std::lock_guard lock(mutex_);
    if (is_stopped_) return;
    num_since_ += 1;
    table_ = std::move(table);
    if (num_since_ < every_ || is_running_) return;
    is_running_ =
        context_.executor->operations()->Spawn([self = shared_from_this()] { self->Run(); }).ok();
  }

  /// No compaction begins any more; the one that runs is cancelled.
  void Stop() {
    std::lock_guard lock(mutex_);
    is_stopped_ = true;
    context_.cancel.Cancel();
  }

  /// Waits for what is due after the commits so far, unless `cancel` comes.
  void Finish(const CancelToken& cancel) {
    std::unique_lock lock(mutex_);
    while (is_running_ && !cancel.is_cancelled()) has_ended_.wait_for(lock, kLookTime);
  }

  int64_t num_done() const { return num_done_; }

 private:
  static constexpr std::chrono::milliseconds kLookTime{20};

  void Run() {
    while (const std::shared_ptr<const Table> table = TakeDue()) {
      const Status status = compact_(context_, table);
      if (status.ok()) {
        num_done_ += 1;
      } else {
        context_.Log(LogLevel::kWarning, "streaming", "compaction failed: ", status.message());
      }
    }
  }

  /// The table that is due; nullptr: none, and the run ends.
  std::shared_ptr<const Table> TakeDue() {
    std::lock_guard lock(mutex_);
    if (!is_stopped_ && num_since_ >= every_) {
      num_since_ = 0;
      return std::exchange(table_, nullptr);
    }
    is_running_ = false;
    has_ended_.notify_all();
    return nullptr;
  }

  OperationContext context_;
  const int64_t every_;
  const Compact compact_;
  std::atomic<int64_t> num_done_{0};
  std::mutex mutex_;
  std::condition_variable has_ended_;
  /// Commits since the last compaction began, and the table after them.
  int64_t num_since_ = 0;
  std::shared_ptr<const Table> table_;
  bool is_running_ = false;
  bool is_stopped_ = false;
};

}  // namespace iceframe::internal
