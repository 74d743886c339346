// SPDX-License-Identifier: Apache-2.0
// Writes of many threads, kept in groups: each group by one of those who wait for it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/streaming/pending_write.h"

namespace iceframe {

/// Gives writes their order, and has them kept.
///
/// Whoever waits and finds nobody at it takes all that has come in as a group and keeps it, while
/// the next group gathers: a group is closed when all who wait are in it, and no clock is asked.
/// What nobody waits for is kept in the same way by a task of the executor. Thread-safe.
class WriteQueue : public std::enable_shared_from_this<WriteQueue> {
 public:
  /// Keeps a group, in order; an error is that of all awaited writes in it. Called by one thread
  /// at a time.
  using Keep = std::function<Status(const std::vector<PendingWritePtr>& group)>;
  /// Hands over what a host holds back, by Submit.
  using Seal = std::function<Status()>;

  WriteQueue(Executor* executor, int64_t last_sequence, Keep keep)
      : executor_(executor), keep_(std::move(keep)), last_sequence_(last_sequence) {}

  /// Called before a group is taken by a task. Set before the first write.
  void set_seal(Seal seal) { seal_ = std::move(seal); }

  /// Puts a write at the end and gives it its numbers, the last of which is returned.
  int64_t Submit(const PendingWritePtr& write);
  /// Waits until a submitted write is kept, or until it was taken back because the caller was
  /// cancelled before anybody began to keep it.
  Status Wait(const OperationContext& context, const PendingWritePtr& write);
  /// Has all that was submitted, or that Seal gives, kept by a task.
  void KeepInBackground();
  /// Waits until nothing is left to keep. Errors: Cancelled; Timeout.
  Status Drain(const OperationContext& context);
  /// Waits until no task of the queue runs any more; those that do keep what is there.
  void Stop();
  int64_t last_sequence() const { return last_sequence_; }
  /// Bytes of what is not kept yet.
  int64_t num_bytes() const { return num_bytes_; }

 private:
  struct Item {
    PendingWritePtr write;
    bool is_done = false;
    Status status;
  };
  using ItemPtr = std::shared_ptr<Item>;

  void KeepGroup(std::unique_lock<std::mutex>* lock);
  void RunInBackground();
  ItemPtr Find(const PendingWritePtr& write) const;
  bool TakeBack(const ItemPtr& item);

  Executor* const executor_;
  const Keep keep_;
  Seal seal_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<ItemPtr> queue_;
  // What is being kept now.
  std::vector<ItemPtr> group_;
  bool is_keeping_ = false;
  bool is_in_background_ = false;
  bool has_news_ = false;
  // Changed with the lock, read without it.
  std::atomic<int64_t> last_sequence_;
  std::atomic<int64_t> num_bytes_{0};
};

}  // namespace iceframe
