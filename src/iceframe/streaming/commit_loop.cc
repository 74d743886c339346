// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/commit_loop.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace iceframe {

namespace {

/// How often those who wait look whether they are cancelled, or the process ends.
constexpr std::chrono::milliseconds kCommitPollInterval{100};

}  // namespace

void CommitLoop::Begin(int64_t committed_sequence, std::optional<std::string> committed_token) {
  std::lock_guard lock(mutex_);
  state_.committed_sequence = committed_sequence;
  state_.committed_token = std::move(committed_token);
}

void CommitLoop::Add(const std::vector<PendingWritePtr>& writes) {
  if (writes.empty()) return;
  std::unique_lock lock(mutex_);
  if (writes_.empty()) oldest_ = Clock::now();
  for (const PendingWritePtr& write : writes) {
    writes_.push_back(write);
    state_.num_pending_rows += write->num_rows;
    state_.num_pending_bytes += write->num_bytes;
  }
  num_pending_bytes_ = state_.num_pending_bytes;
  changed_.notify_all();
  Start(&lock);
}

void CommitLoop::Start(std::unique_lock<std::mutex>* lock) {
  if (is_running_ || is_stopped_ || writes_.empty()) return;
  is_running_ = true;
  lock->unlock();
  const Status spawned =
      context_.executor->operations()->Spawn([self = shared_from_this()] { self->Run(); });
  lock->lock();
  if (spawned.ok()) return;
  is_running_ = false;
  state_.last_failure = spawned;
  changed_.notify_all();
}

void CommitLoop::Run() {
  std::unique_lock lock(mutex_);
  while (!is_stopped_ && !writes_.empty() && !IsProcessExiting()) {
    const auto now = Clock::now();
    const auto due = DueTime();
    if (due <= now) {
      CommitAll(&lock);
    } else {
      changed_.wait_until(lock, std::min(due, now + kCommitPollInterval));
    }
  }
  is_running_ = false;
  changed_.notify_all();
}

CommitLoop::Clock::time_point CommitLoop::DueTime() const {
  if (asked_through_ >= writes_.front()->first_sequence) return Clock::time_point::min();
  const bool is_full = state_.num_pending_rows >= options_.max_rows ||
                       state_.num_pending_bytes >= options_.max_bytes;
  const auto due = is_full ? Clock::time_point::min() : oldest_ + options_.interval;
  return state_.num_failures > 0 ? std::max(due, retry_at_) : due;
}

void CommitLoop::CommitAll(std::unique_lock<std::mutex>* lock) {
  const std::vector<PendingWritePtr> writes(writes_.begin(), writes_.end());
  const int64_t number = ++num_begun_;
  is_committing_ = true;
  asked_through_ = 0;
  lock->unlock();
  const Status status = commit_(writes);
  lock->lock();
  is_committing_ = false;
  if (!status.ok()) last_failed_ = number;
  NoteOutcome(status, writes);
  changed_.notify_all();
}

void CommitLoop::NoteOutcome(const Status& status, const std::vector<PendingWritePtr>& writes) {
  if (status.ok()) {
    state_.num_failures = 0;
    state_.last_failure = Status::OK();
    state_.num_commits += 1;
    state_.committed_sequence = writes.back()->last_sequence;
  } else {
    state_.last_failure = status;
    const auto doubled =
        options_.min_retry_wait * (int64_t{1} << std::min<int64_t>(state_.num_failures, 20));
    retry_at_ = Clock::now() + std::min(doubled, options_.max_retry_wait);
    state_.num_failures += 1;
    if (options_.keeps_failed) return;
    failed_through_ = writes.back()->last_sequence;
  }
  for (const PendingWritePtr& write : writes) {
    state_.num_pending_rows -= write->num_rows;
    state_.num_pending_bytes -= write->num_bytes;
    if (status.ok()) state_.num_committed_rows += write->num_rows;
    if (status.ok() && write->token) state_.committed_token = write->token;
  }
  num_pending_bytes_ = state_.num_pending_bytes;
  writes_.erase(writes_.begin(), writes_.begin() + static_cast<std::ptrdiff_t>(writes.size()));
  oldest_ = Clock::now();
}

Status CommitLoop::Flush(const OperationContext& context) {
  int64_t target = 0;
  {
    std::lock_guard lock(mutex_);
    if (writes_.empty()) return Status::OK();
    target = writes_.back()->last_sequence;
  }
  return FlushThrough(context, target);
}

Status CommitLoop::FlushThrough(const OperationContext& context, int64_t sequence) {
  std::unique_lock lock(mutex_);
  const int64_t begun_before = num_begun_;
  while (state_.committed_sequence < sequence) {
    if (failed_through_ >= sequence || last_failed_ > begun_before) return state_.last_failure;
    if (is_stopped_) return Error(ErrorKind::kInvalidArgument, "the writer is closed");
    // Asked again where a commit that was under way did not take all.
    if (!is_committing_) asked_through_ = std::max(asked_through_, sequence);
    changed_.notify_all();
    Start(&lock);
    if (!is_running_) return state_.last_failure;
    changed_.wait_for(lock, kCommitPollInterval);
    ICEFRAME_RETURN_NOT_OK(context.Check());
  }
  return Status::OK();
}

Status CommitLoop::WaitForRoom(const OperationContext& context, int64_t max_bytes) {
  std::unique_lock lock(mutex_);
  const int64_t begun_before = num_begun_;
  while (!writes_.empty() && state_.num_pending_bytes > max_bytes) {
    if (last_failed_ > begun_before) return state_.last_failure;
    if (is_stopped_) return Error(ErrorKind::kInvalidArgument, "the writer is closed");
    if (!is_committing_) asked_through_ = std::max(asked_through_, writes_.back()->last_sequence);
    changed_.notify_all();
    Start(&lock);
    if (!is_running_) return state_.last_failure;
    changed_.wait_for(lock, kCommitPollInterval);
    ICEFRAME_RETURN_NOT_OK(context.Check());
  }
  return Status::OK();
}

void CommitLoop::Stop() {
  std::unique_lock lock(mutex_);
  is_stopped_ = true;
  changed_.notify_all();
  while (is_running_ && !IsProcessExiting()) changed_.wait_for(lock, kCommitPollInterval);
}

CommitLoopState CommitLoop::state() const {
  std::lock_guard lock(mutex_);
  return state_;
}

}  // namespace iceframe
