// SPDX-License-Identifier: Apache-2.0
// A pool of threads that is safe over fork() and at the end of the process.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include <arrow/util/thread_pool.h>

#include "iceframe/base/result.h"
#include "iceframe/runtime/fork.h"

namespace iceframe::internal {

/// Runs tasks first in, first out. Threads start when a task finds none idle and stay.
///
/// After fork() the child's pool is empty: what was queued belongs to the parent.
class WorkerPool final : public arrow::internal::Executor, private ForkListener {
 public:
  WorkerPool(std::string thread_name, int capacity);
  /// Waits for running and queued tasks.
  ~WorkerPool() override;

  int GetCapacity() override;
  bool OwnsThisThread() override;
  void SetCapacity(int capacity);
  /// Count the tasks that were ever spawned here, and those of them that have ended.
  int64_t num_spawned() const;
  int64_t num_ended() const;
  /// Starts no more tasks and waits for the running ones, but no longer than `timeout`.
  /// For the end of the process: what is queued is never run nor destroyed.
  void StopForExit(std::chrono::milliseconds timeout);

 protected:
  arrow::Status SpawnReal(arrow::internal::TaskHints hints, arrow::internal::FnOnce<void()> task,
                          arrow::StopToken stop_token, StopCallback&& stop_callback) override;

 private:
  struct Task;
  struct State;

  void PrepareFork() override;
  void AfterForkInParent() override;
  void AfterForkInChild() override;

  static void RunWorker(std::shared_ptr<State> state, std::string thread_name);
  Status StartWorkerLocked(const std::shared_ptr<State>& state);

  const std::string thread_name_;
  /// Replaced in a forked child, where nobody else runs.
  std::shared_ptr<State> state_;
};

}  // namespace iceframe::internal
