// SPDX-License-Identifier: Apache-2.0
#include "interruptible.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include <nanobind/nanobind.h>

#include "iceframe/runtime/executor.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

constexpr std::chrono::milliseconds kSignalInterval(20);

// Python's main thread by its native id, asked anew in a forked child.
bool IsMainThread() {
  static std::atomic<pid_t> known_pid{0};
  static std::atomic<unsigned long> main_ident{0};
  if (known_pid.load() != getpid()) {
    nb::gil_scoped_acquire gil;
    nb::object thread = nb::module_::import_("threading").attr("main_thread")();
    main_ident = nb::cast<unsigned long>(thread.attr("ident"));
    known_pid = getpid();
  }
  return main_ident.load() == static_cast<unsigned long>(pthread_self());
}

// One call under way on another thread.
struct Call {
  std::mutex mutex;
  std::condition_variable ended;
  bool done = false;
  Status status;

  bool WaitFor(std::chrono::milliseconds duration) {
    std::unique_lock lock(mutex);
    return ended.wait_for(lock, duration, [this] { return done; });
  }
};

// Returns whether a signal handler raised; the Python error is then set.
bool SignalRaised() {
  nb::gil_scoped_acquire gil;
  return PyErr_CheckSignals() != 0;
}

Status Run(const CancelToken& cancel, const std::function<Status()>& work,
           const std::function<void()>& on_interrupt) {
  auto call = std::make_shared<Call>();
  Status spawned = Executor::Process().io()->Spawn([call, &work] {
    Status status = work();
    std::lock_guard lock(call->mutex);
    call->status = std::move(status);
    call->done = true;
    call->ended.notify_all();
  });
  ICEFRAME_RETURN_NOT_OK(spawned);
  bool interrupted = false;
  while (!call->WaitFor(kSignalInterval)) {
    if (interrupted || !SignalRaised()) continue;
    interrupted = true;
    on_interrupt();
    CancelToken(cancel).Cancel();
  }
  if (interrupted) return Error(ErrorKind::kCancelled, "interrupted");
  return call->status;
}

}  // namespace

Status RunInterruptibly(const CancelToken& cancel, const std::function<Status()>& work) {
  const bool is_main = IsMainThread();
  nb::gil_scoped_release nogil;
  if (!is_main) return work();
  return Run(cancel, work, [] {});
}

Status RunInterruptiblyDeferred(const CancelToken& cancel, const std::function<Status()>& work) {
  const bool is_main = IsMainThread();
  // A consumer may call with the GIL held; workers that need it must be able to take it.
  PyThreadState* held = PyGILState_Check() ? PyEval_SaveThread() : nullptr;
  Status status = !is_main ? work() : Run(cancel, work, [] {
    nb::gil_scoped_acquire gil;
    PyErr_Clear();
    PyErr_SetInterrupt();
  });
  if (held != nullptr) PyEval_RestoreThread(held);
  return status;
}

}  // namespace iceframe::python
