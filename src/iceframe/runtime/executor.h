// SPDX-License-Identifier: Apache-2.0
// The one place where threads come from.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <arrow/util/future.h>
#include <arrow/util/thread_pool.h>

#include "iceframe/base/result.h"
#include "iceframe/runtime/cancel_token.h"

namespace iceframe {

struct ExecutorOptions {
  /// 0: as many as this process may use cores, its cgroup's quota included.
  int num_threads = 0;
  int num_io_threads = 32;
};

/// Whether the process has begun to end; running work stops then as if it was cancelled.
bool IsProcessExiting();

/// Begins the end: no task starts any more, and running ones get a moment to see that they are
/// cancelled. Called when the process exits; a host that takes things down before (an interpreter
/// with callbacks in our threads) calls it first. Nothing can be run afterwards.
void BeginProcessExit();

/// The process's threads: as many for computing as there are cores (setting executor.num_threads),
/// and more for waiting on files and services (setting executor.num_io_threads, default 32),
/// which are started as needed. After fork() a child gets fresh ones.
///
/// Arrow code that takes an executor gets `cpu()` or `io()`; Arrow's own pools stay idle.
class Executor {
 public:
  static Executor& Process();
  /// One apart from the process's, whose end waits for its running tasks. For tests.
  static Result<std::unique_ptr<Executor>> Make(const ExecutorOptions& options);

  virtual ~Executor() = default;
  virtual arrow::internal::Executor* cpu() = 0;
  virtual arrow::internal::Executor* io() = 0;
  /// For whole operations that a host's own thread waits for while it looks for signals: no
  /// operation ever uses these threads, so any number of them may wait for cpu() and io().
  virtual arrow::internal::Executor* operations() = 0;
  /// Tasks that are queued or running on all threads, or just ended; 0: nothing is under way.
  virtual int64_t num_tasks() const = 0;
  virtual int num_cpu_threads() const = 0;
  virtual int num_io_threads() const = 0;
  /// Changes how many threads there may be; running tasks are not disturbed.
  virtual Status Configure(const ExecutorOptions& options) = 0;

  /// Calls `task(0) … task(count - 1)` on the cpu threads and the calling one, which helps: it is
  /// safe from inside a task. Returns the first error by index after all started calls ended; once
  /// one failed or `cancel` was cancelled no more are started (Cancelled if any was left out). At
  /// most `max_parallel` at once (0: no bound of its own).
  virtual Status ParallelFor(int64_t count, const std::function<Status(int64_t)>& task,
                             const CancelToken& cancel, int max_parallel = 0) = 0;

  /// As ParallelFor, on the io threads: for tasks that mostly wait, such as reading many small
  /// files through FileIO, so that as many requests are in flight as there are io threads.
  virtual Status ParallelForIo(int64_t count, const std::function<Status(int64_t)>& task,
                               const CancelToken& cancel, int max_parallel = 0) = 0;
};

}  // namespace iceframe
