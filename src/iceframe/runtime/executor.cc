// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/executor.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "iceframe/runtime/memory_manager.h"
#include "iceframe/runtime/metrics_registry.h"
#include "iceframe/runtime/operation_state_internal.h"
#include "iceframe/runtime/parallel_loop.h"
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
    // Reads the ended tasks first, so that a task which moves to another pool is never missed.
    const int64_t num_ended = cpu_.num_ended() + io_.num_ended() + operations_.num_ended();
    return cpu_.num_spawned() + io_.num_spawned() + operations_.num_spawned() - num_ended;
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
    return RunParallelLoop(&cpu_, count, task, cancel, max_parallel);
  }

  Status ParallelForIo(int64_t count, const std::function<Status(int64_t)>& task,
                       const CancelToken& cancel, int max_parallel) override {
    return RunParallelLoop(&io_, count, task, cancel, max_parallel);
  }

  void StopForExit() {
    cpu_.StopForExit(kExitTimeout);
    io_.StopForExit(kExitTimeout);
    operations_.StopForExit(kExitTimeout);
  }

 private:
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
