// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/parallel_loop.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

#include "iceframe/runtime/executor.h"

namespace iceframe {

namespace {

Status RunGuarded(const std::function<Status(int64_t)>& task, int64_t index) {
  try {
    return task(index);
  } catch (const std::bad_alloc&) {
    return Error(ErrorKind::kResourceExhausted, "out of memory");
  } catch (const std::exception& error) {
    return Error(ErrorKind::kIo, "a task failed unexpectedly: ", error.what());
  } catch (...) {
    return Error(ErrorKind::kIo, "a task failed unexpectedly");
  }
}

/// One call of RunParallelLoop, shared by the caller and those threads that come to help.
class ParallelLoop {
 public:
  ParallelLoop(int64_t count, const std::function<Status(int64_t)>& task, CancelToken cancel)
      : count_(count), task_(&task), cancel_(std::move(cancel)) {}

  /// Runs calls until none is left. A helper that comes too late does nothing.
  void Help() {
    {
      std::lock_guard lock(mutex_);
      if (closed_) return;
      ++num_inside_;
    }
    RunCalls();
    std::lock_guard lock(mutex_);
    if (--num_inside_ == 0) nobody_inside_.notify_all();
  }

  /// Runs calls on this thread, then waits for those that others have started.
  Status RunAndWait() {
    RunCalls();
    std::unique_lock lock(mutex_);
    // From here on `task_` may end: no helper may begin, however long it was queued.
    closed_ = true;
    nobody_inside_.wait(lock, [&] { return num_inside_ == 0; });
    if (failed_index_ < count_) return failure_;
    if (num_done_ < count_) return StopReason();
    return Status::OK();
  }

 private:
  void RunCalls() {
    int64_t num_done = 0;
    while (!failed_.load(std::memory_order_relaxed) && !cancel_.is_cancelled() &&
           !IsProcessExiting()) {
      const int64_t index = next_.fetch_add(1, std::memory_order_relaxed);
      if (index >= count_) break;
      ++num_done;
      Status status = RunGuarded(*task_, index);
      if (!status.ok()) Fail(index, std::move(status));
    }
    std::lock_guard lock(mutex_);
    num_done_ += num_done;
  }

  void Fail(int64_t index, Status status) {
    failed_.store(true, std::memory_order_relaxed);
    std::lock_guard lock(mutex_);
    if (index >= failed_index_) return;
    failed_index_ = index;
    failure_ = std::move(status);
  }

  Status StopReason() const {
    if (cancel_.is_cancelled()) return cancel_.Check();
    return Error(ErrorKind::kCancelled, "the process is exiting");
  }

  const int64_t count_;
  const std::function<Status(int64_t)>* const task_;
  const CancelToken cancel_;
  std::atomic<int64_t> next_{0};
  std::atomic<bool> failed_{false};

  std::mutex mutex_;
  std::condition_variable nobody_inside_;
  int num_inside_ = 0;
  bool closed_ = false;
  int64_t num_done_ = 0;
  int64_t failed_index_ = count_;
  Status failure_;
};

}  // namespace

Status RunParallelLoop(arrow::internal::Executor* pool, int64_t count,
                       const std::function<Status(int64_t)>& task, const CancelToken& cancel,
                       int max_parallel) {
  if (count <= 0) return Status::OK();
  auto loop = std::make_shared<ParallelLoop>(count, task, cancel);
  int64_t num_helpers = std::min<int64_t>(count - 1, pool->GetCapacity());
  if (max_parallel > 0) num_helpers = std::min<int64_t>(num_helpers, max_parallel - 1);
  for (int64_t i = 0; i < num_helpers; ++i) {
    // Help is welcome, not needed: the caller alone gets through.
    if (!pool->Spawn([loop] { loop->Help(); }).ok()) break;
  }
  return loop->RunAndWait();
}

}  // namespace iceframe
