// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/write_queue.h"

#include <algorithm>
#include <chrono>

namespace iceframe {

namespace {

/// How often those who wait look whether they are cancelled.
constexpr std::chrono::milliseconds kWritePollInterval{50};

}  // namespace

int64_t WriteQueue::Submit(const PendingWritePtr& write) {
  std::lock_guard lock(mutex_);
  write->first_sequence = last_sequence_ + 1;
  last_sequence_ += write->num_writes;
  write->last_sequence = last_sequence_;
  auto item = std::make_shared<Item>();
  item->write = write;
  queue_.push_back(std::move(item));
  num_bytes_ += write->num_bytes;
  return last_sequence_;
}

void WriteQueue::Stop() {
  std::unique_lock lock(mutex_);
  while ((is_in_background_ || is_keeping_) && !IsProcessExiting())
    changed_.wait_for(lock, kWritePollInterval);
}

// Takes all that is there as a group; the lock is open meanwhile.
void WriteQueue::KeepGroup(std::unique_lock<std::mutex>* lock) {
  is_keeping_ = true;
  group_.assign(queue_.begin(), queue_.end());
  queue_.clear();
  std::vector<PendingWritePtr> writes;
  writes.reserve(group_.size());
  for (const ItemPtr& item : group_) writes.push_back(item->write);
  lock->unlock();
  const Status status = keep_(writes);
  lock->lock();
  for (const ItemPtr& item : group_) {
    item->status = status;
    item->is_done = true;
    num_bytes_ -= item->write->num_bytes;
  }
  group_.clear();
  is_keeping_ = false;
  changed_.notify_all();
}

WriteQueue::ItemPtr WriteQueue::Find(const PendingWritePtr& write) const {
  const auto is_it = [&](const ItemPtr& item) { return item->write == write; };
  if (const auto found = std::ranges::find_if(group_, is_it); found != group_.end()) return *found;
  const auto found = std::ranges::find_if(queue_, is_it);
  return found == queue_.end() ? nullptr : *found;
}

bool WriteQueue::TakeBack(const ItemPtr& item) {
  if (std::erase(queue_, item) == 0) return false;
  num_bytes_ -= item->write->num_bytes;
  return true;
}

Status WriteQueue::Wait(const OperationContext& context, const PendingWritePtr& write) {
  std::unique_lock lock(mutex_);
  const ItemPtr item = Find(write);
  if (item == nullptr) return Status::OK();
  while (!item->is_done) {
    if (!is_keeping_) {
      KeepGroup(&lock);
      continue;
    }
    changed_.wait_for(lock, kWritePollInterval);
    const Status cancelled = context.Check();
    if (!cancelled.ok() && !item->is_done && TakeBack(item)) return cancelled;
  }
  return item->status;
}

void WriteQueue::KeepInBackground() {
  std::unique_lock lock(mutex_);
  has_news_ = true;
  if (is_in_background_) return;
  is_in_background_ = true;
  lock.unlock();
  const Status spawned =
      executor_->io()->Spawn([self = shared_from_this()] { self->RunInBackground(); });
  if (spawned.ok()) return;
  // The process ends; what is there is kept by the next one who waits.
  lock.lock();
  is_in_background_ = false;
}

void WriteQueue::RunInBackground() {
  std::unique_lock lock(mutex_);
  while (has_news_ || !queue_.empty()) {
    has_news_ = false;
    lock.unlock();
    // What it can't hand over, it tells those who gave it.
    if (seal_) (void)seal_();
    lock.lock();
    if (is_keeping_) {
      changed_.wait_for(lock, kWritePollInterval);
      has_news_ = true;
    } else if (!queue_.empty()) {
      KeepGroup(&lock);
    }
  }
  is_in_background_ = false;
  changed_.notify_all();
}

Status WriteQueue::Drain(const OperationContext& context) {
  if (seal_) ICEFRAME_RETURN_NOT_OK(seal_());
  std::unique_lock lock(mutex_);
  const int64_t target = last_sequence_;
  const auto is_before = [&](const ItemPtr& item) { return item->write->last_sequence <= target; };
  while (std::ranges::any_of(queue_, is_before) || std::ranges::any_of(group_, is_before)) {
    if (!is_keeping_) {
      KeepGroup(&lock);
      continue;
    }
    changed_.wait_for(lock, kWritePollInterval);
    ICEFRAME_RETURN_NOT_OK(context.Check());
  }
  return Status::OK();
}

}  // namespace iceframe
