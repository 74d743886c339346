// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/executor.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <mutex>
#include <new>
#include <string>
#include <thread>

#include "iceframe/runtime/memory_manager.h"
#include "iceframe/runtime/metrics_registry.h"
#include "iceframe/runtime/operation_state_internal.h"
#include "iceframe/runtime/worker_pool_internal.h"

namespace iceframe {

namespace {

constexpr int kMaxThreads = 4096;
constexpr std::chrono::milliseconds kExitTimeout{2000};

std::atomic<bool> process_is_exiting{false};

/// The cores that a cgroup's quota is worth, rounded up; nothing if there is none.
std::optional<int> CgroupCores() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return std::nullopt;
  const double cores = std::strtod(quota.c_str(), nullptr) / period;
  if (!(cores > 0) || cores > kMaxThreads) return std::nullopt;
  return std::max(1, static_cast<int>(cores + 0.999));
}

int DefaultCpuThreads() {
  // Honours the process's affinity mask.
  int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  if (const std::optional<int> quota = CgroupCores()) cores = std::min(cores, *quota);
  return cores;
}

Status CheckOptions(const ExecutorOptions& options) {
  if (options.num_threads < 0 || options.num_threads > kMaxThreads) {
    return Error(ErrorKind::kInvalidArgument, "num_threads must be in 0 to ", kMaxThreads, ", got ",
                 options.num_threads);
  }
  if (options.num_io_threads < 1 || options.num_io_threads > kMaxThreads) {
    return Error(ErrorKind::kInvalidArgument, "num_io_threads must be in 1 to ", kMaxThreads,
                 ", got ", options.num_io_threads);
  }
  return Status::OK();
}

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

/// One call of ParallelFor, shared by the caller and those threads that come to help.
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

class PoolExecutor final : public Executor {
 public:
  explicit PoolExecutor(const ExecutorOptions& options)
      : cpu_("iceframe-cpu", NumCpuThreads(options)),
        io_("iceframe-io", options.num_io_threads),
        operations_("iceframe-call", kMaxThreads) {}

  arrow::internal::Executor* cpu() override { return &cpu_; }
  arrow::internal::Executor* io() override { return &io_; }
  arrow::internal::Executor* operations() override { return &operations_; }
  int64_t num_tasks() const override {
    return cpu_.num_tasks() + io_.num_tasks() + operations_.num_tasks();
  }
  int num_cpu_threads() const override { return cpu_.GetCapacity(); }
  int num_io_threads() const override { return io_.GetCapacity(); }

  Status Configure(const ExecutorOptions& options) override {
    ICEFRAME_RETURN_NOT_OK(CheckOptions(options));
    cpu_.SetCapacity(NumCpuThreads(options));
    io_.SetCapacity(options.num_io_threads);
    return Status::OK();
  }

  Status ParallelFor(int64_t count, const std::function<Status(int64_t)>& task,
                     const CancelToken& cancel, int max_parallel) override {
    return RunLoop(&cpu_, count, task, cancel, max_parallel);
  }

  Status ParallelForIo(int64_t count, const std::function<Status(int64_t)>& task,
                       const CancelToken& cancel, int max_parallel) override {
    return RunLoop(&io_, count, task, cancel, max_parallel);
  }

  void StopForExit() {
    cpu_.StopForExit(kExitTimeout);
    io_.StopForExit(kExitTimeout);
    operations_.StopForExit(kExitTimeout);
  }

 private:
  static Status RunLoop(internal::WorkerPool* pool, int64_t count,
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

  static int NumCpuThreads(const ExecutorOptions& options) {
    return options.num_threads > 0 ? options.num_threads : DefaultCpuThreads();
  }

  // Asking for the capacity takes the pool's lock.
  mutable internal::WorkerPool cpu_;
  mutable internal::WorkerPool io_;
  internal::WorkerPool operations_;
};

/// Makes the statics that a future's callback uses inside Arrow (its tracer): what is made before
/// our exit handler is registered is destroyed after it ran, so not under a task's feet.
void MakeStaticsOfFutures() {
  auto future = arrow::Future<>::Make();
  future.AddCallback([](const arrow::Status&) {});
  future.MarkFinished();
}

/// Never destroyed: its threads may outlive every static object.
PoolExecutor& ProcessExecutor() {
  static PoolExecutor& executor = []() -> PoolExecutor& {
    // Made before there are threads: what one of them is making while another forks stays locked
    // in the child.
    MemoryBudget::Process();
    MetricsRegistry::Process();
    internal::PrepareLiveOperations();
    auto* made = new PoolExecutor(ExecutorOptions{});
    MakeStaticsOfFutures();
    std::atexit(&BeginProcessExit);
    return *made;
  }();
  return executor;
}

}  // namespace

bool IsProcessExiting() { return process_is_exiting.load(std::memory_order_relaxed); }

void BeginProcessExit() {
  process_is_exiting.store(true);
  ProcessExecutor().StopForExit();
  internal::EndLiveOperations();
}

Executor& Executor::Process() { return ProcessExecutor(); }

Result<std::unique_ptr<Executor>> Executor::Make(const ExecutorOptions& options) {
  ICEFRAME_RETURN_NOT_OK(CheckOptions(options));
  return std::make_unique<PoolExecutor>(options);
}

}  // namespace iceframe
