// SPDX-License-Identifier: Apache-2.0
// When rows that wait are committed: by their number, bytes and age, or because somebody asks.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/streaming/pending_write.h"

namespace iceframe {

struct CommitLoopOptions {
  int64_t max_rows = 1000;
  int64_t max_bytes = int64_t{64} << 20;
  /// How long the oldest row waits at most.
  std::chrono::milliseconds interval{60'000};
  /// How long after a commit that failed, at first and at most; doubled each time.
  std::chrono::milliseconds min_retry_wait{1000};
  std::chrono::milliseconds max_retry_wait{60'000};
  /// Whether rows whose commit failed stay, to be tried again.
  bool keeps_failed = true;
};

struct CommitLoopState {
  int64_t committed_sequence = 0;
  std::optional<std::string> committed_token;
  int64_t num_pending_rows = 0;
  int64_t num_pending_bytes = 0;
  int64_t num_commits = 0;
  int64_t num_committed_rows = 0;
  /// How often a commit failed since the last one that did not, and why.
  int64_t num_failures = 0;
  Status last_failure;
};

/// Commits what is added, all that is there at once, one commit after the other. A task of the
/// executor waits for the time and commits, as long as there is anything to commit. Thread-safe.
class CommitLoop : public std::enable_shared_from_this<CommitLoop> {
 public:
  using Commit = std::function<Status(const std::vector<PendingWritePtr>& writes)>;

  CommitLoop(OperationContext context, CommitLoopOptions options, Commit commit)
      : context_(std::move(context)), options_(options), commit_(std::move(commit)) {}

  /// What is committed before the first write.
  void Begin(int64_t committed_sequence, std::optional<std::string> committed_token);
  void Add(const std::vector<PendingWritePtr>& writes);
  /// Commits what was added, at once, and waits for it. An error is that of a commit that began
  /// after the call; the rows stay (CommitLoopOptions::keeps_failed).
  Status Flush(const OperationContext& context);
  /// Waits until `sequence` is committed, or a commit of it failed.
  Status FlushThrough(const OperationContext& context, int64_t sequence);
  /// Waits until those who wait hold less than `max_bytes`, or nothing; makes the loop commit.
  /// Errors: that of a commit that failed, so that they stay.
  Status WaitForRoom(const OperationContext& context, int64_t max_bytes);
  /// Ends without another commit; waits for the one under way. May be called again.
  void Stop();

  CommitLoopState state() const;
  /// Those of state(), without a lock.
  int64_t num_pending_bytes() const { return num_pending_bytes_; }

 private:
  using Clock = std::chrono::steady_clock;

  void Start(std::unique_lock<std::mutex>* lock);
  void Run();
  /// When to commit if nothing else happens; in the past: now.
  Clock::time_point DueTime() const;
  void CommitAll(std::unique_lock<std::mutex>* lock);
  void NoteOutcome(const Status& status, const std::vector<PendingWritePtr>& writes);

  const OperationContext context_;
  const CommitLoopOptions options_;
  const Commit commit_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<PendingWritePtr> writes_;
  CommitLoopState state_;
  std::atomic<int64_t> num_pending_bytes_{0};
  Clock::time_point oldest_;
  Clock::time_point retry_at_;
  // Up to where somebody asked for a commit; up to where one failed for good.
  int64_t asked_through_ = 0;
  int64_t failed_through_ = 0;
  int64_t num_begun_ = 0;
  int64_t last_failed_ = 0;
  bool is_running_ = false;
  bool is_committing_ = false;
  bool is_stopped_ = false;
};

}  // namespace iceframe
