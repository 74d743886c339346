// SPDX-License-Identifier: Apache-2.0
#include "engine_call.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <thread>

#include <nanobind/stl/string.h>

#include "iceframe/runtime/executor.h"

#include "call_listener.h"
#include "cancel_scope.h"
#include "python_log.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

constexpr std::chrono::milliseconds kSignalInterval{20};
constexpr std::chrono::milliseconds kExitInterval{100};
constexpr std::chrono::milliseconds kExitTimeout{2000};
constexpr std::chrono::seconds kCommitWait{5};

std::atomic<pthread_t> main_thread{};
bool IsMainThread() { return main_thread.load() == pthread_self(); }

// Python threads that are inside an engine call, beside the main one.
std::atomic<int> num_callers{0};

[[noreturn]] void StayForever() {
  --num_callers;
  while (true) pause();
}

// A thread without the GIL may not ask for it any more once the process ends.
void StayIfExiting() {
  if (IsProcessExiting() && !IsMainThread()) StayForever();
}

class CountedCaller {
 public:
  CountedCaller() { num_callers += IsMainThread() ? 0 : 1; }
  ~CountedCaller() { num_callers -= IsMainThread() ? 0 : 1; }
  CountedCaller(const CountedCaller&) = delete;
  CountedCaller& operator=(const CountedCaller&) = delete;
};

class ReleasedGil {
 public:
  ReleasedGil() : state_(PyEval_SaveThread()) {}
  ~ReleasedGil() {
    StayIfExiting();
    PyEval_RestoreThread(state_);
  }
  ReleasedGil(const ReleasedGil&) = delete;
  ReleasedGil& operator=(const ReleasedGil&) = delete;

 private:
  PyThreadState* state_;
};

// A Python exception that waits to be raised. Used with the GIL.
class RaisedError {
 public:
  explicit operator bool() const { return type_ != nullptr; }
  void Fetch() {
    if (type_ == nullptr) {
      PyErr_Fetch(&type_, &value_, &trace_);
    } else {
      PyErr_Clear();
    }
  }
  void Restore() {
    PyErr_Restore(std::exchange(type_, nullptr), std::exchange(value_, nullptr),
                  std::exchange(trace_, nullptr));
  }
  bool IsKeyboardInterrupt() const { return Is(PyExc_KeyboardInterrupt); }
  bool Is(PyObject* type) const { return PyErr_GivenExceptionMatches(type_, type) != 0; }

 private:
  PyObject* type_ = nullptr;
  PyObject* value_ = nullptr;
  PyObject* trace_ = nullptr;
};

Status Interrupted() { return Error(ErrorKind::kCancelled, "interrupted"); }

// One call under way on another thread, as both sides see it.
class Call final : public CallerThread {
 public:
  Status Run(const std::function<Status()>& request) override {
    std::unique_lock lock(mutex_);
    if (refuses_) return Interrupted();
    request_ = &request;
    is_answered_ = false;
    changed_.notify_all();
    while (!is_answered_) {
      changed_.wait_for(lock, kExitInterval);
      if (request_ != nullptr && (refuses_ || IsProcessExiting())) {
        request_ = nullptr;
        return Interrupted();
      }
    }
    return std::move(answer_);
  }

  void Finish(Status status) {
    std::lock_guard lock(mutex_);
    status_ = std::move(status);
    is_done_ = true;
    changed_.notify_all();
  }

  void Refuse() {
    std::lock_guard lock(mutex_);
    refuses_ = true;
    changed_.notify_all();
  }

  // Waits on the caller's side; returns whether there is a request to take.
  bool Wait(std::chrono::milliseconds duration) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, duration, [this] { return is_done_ || request_ != nullptr; });
    return request_ != nullptr;
  }

  // Runs the request there is on this thread. Returns what it returned.
  Status Serve() {
    std::unique_lock lock(mutex_);
    if (request_ == nullptr) return Status::OK();
    const std::function<Status()>* request = std::exchange(request_, nullptr);
    lock.unlock();
    Status status = (*request)();
    lock.lock();
    answer_ = status;
    is_answered_ = true;
    changed_.notify_all();
    return status;
  }

  bool is_done() {
    std::lock_guard lock(mutex_);
    return is_done_;
  }
  const Status& status() const { return status_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  // Set by the engine's thread, taken by the caller; what it points to outlives the answer.
  const std::function<Status()>* request_ = nullptr;
  bool is_answered_ = false;
  Status answer_;
  bool refuses_ = false;
  bool is_done_ = false;
  Status status_;
};

void TellProgress(const Operation& operation) {
  const std::optional<Progress> news = operation.progress->Take();
  if (!news) return;
  nb::gil_scoped_acquire gil;
  try {
    operation.callback(news->stage, news->done, news->total, news->unit);
  } catch (nb::python_error& error) {
    error.restore();
  }
}

// What the waiting thread does now and then. A Python error is left in `error`.
void LookAround(const Operation& operation, bool is_main, RaisedError* error) {
  if (operation.progress != nullptr) TellProgress(operation);
  if (!is_main && operation.progress == nullptr) return;
  nb::gil_scoped_acquire gil;
  DeliverLogLines();
  if (PyErr_Occurred() == nullptr && is_main) PyErr_CheckSignals();
  if (PyErr_Occurred() != nullptr) error->Fetch();
}

// Takes what Python code raised while it made input.
void TakeRaised(RaisedError* error) {
  nb::gil_scoped_acquire gil;
  if (PyErr_Occurred() != nullptr) error->Fetch();
}

// How long an interrupted call may go on: as long as it can't be told what a commit came to.
class Patience {
 public:
  explicit Patience(const CommitWatch* watch) : watch_(watch) {}
  bool IsOver() {
    if (watch_ == nullptr || !watch_->is_request_sent()) return true;
    const auto now = std::chrono::steady_clock::now();
    if (!until_) until_ = now + kCommitWait;
    return now >= *until_;
  }

 private:
  const CommitWatch* watch_;
  std::optional<std::chrono::steady_clock::time_point> until_;
};

// Without the GIL.
Status WaitForCall(const Operation& operation, const CallWork& work, RaisedError* error,
                   const CommitWatch* watch = nullptr) {
  const bool is_main = IsMainThread();
  auto call = std::make_shared<Call>();
  ICEFRAME_RETURN_NOT_OK(Executor::Process().operations()->Spawn([call, &work] {
    Status status = work(*call);
    call->Finish(std::move(status));
  }));
  const auto interval = is_main || operation.progress ? kSignalInterval : kExitInterval;
  bool is_cancelled = false;
  Patience patience(watch);
  auto next_look = std::chrono::steady_clock::now() + interval;
  while (!call->is_done()) {
    const bool has_request = call->Wait(interval);
    StayIfExiting();
    if (has_request) {
      const Status served = call->Serve();
      if (!served.ok() && !*error) TakeRaised(error);
    }
    if (!*error && std::chrono::steady_clock::now() >= next_look) {
      LookAround(operation, is_main, error);
      next_look = std::chrono::steady_clock::now() + interval;
    }
    if (*error && !is_cancelled && patience.IsOver()) {
      is_cancelled = true;
      CancelToken(operation.context.cancel).Cancel();
      call->Refuse();
    }
  }
  if (!*error) LookAround(operation, is_main, error);
  return call->status();
}

// Adds a note to the current Python error.
void AddNote(const std::string& note) {
  nb::python_error error;
  try {
    error.value().attr("add_note")(nb::str(note.data(), note.size()));
  } catch (nb::python_error& other) {
    other.discard_as_unraisable("iceframe");
  }
  error.restore();
}

// Logs the current Python error, which has no place in the outcome any more.
void LogError() {
  nb::python_error error;
  try {
    nb::module_::import_("iceframe.log_lines").attr("report_of_progress_callback")(error.value());
  } catch (nb::python_error& other) {
    other.discard_as_unraisable("iceframe");
  }
}

// Whether Python knows this thread.
bool HasThreadState() { return PyGILState_GetThisThreadState() != nullptr; }

}  // namespace

void ProgressMailbox::Put(const Progress& progress) {
  std::lock_guard lock(mutex_);
  newest_ = progress;
}

std::optional<Progress> ProgressMailbox::Take() {
  std::lock_guard lock(mutex_);
  return std::exchange(newest_, std::nullopt);
}

Operation MakeOperation(OperationContext context, nb::object progress) {
  TellCallListener();
  Operation operation{std::move(context), {}, nullptr, nullptr};
  operation.scope = CancelWithScope(operation.context.cancel);
  if (!progress.is_none()) {
    operation.callback = std::move(progress);
    operation.progress = std::make_shared<ProgressMailbox>();
    operation.context.progress = [mailbox = operation.progress](const Progress& news) {
      mailbox->Put(news);
    };
  }
  return operation;
}

Status RunCall(const Operation& operation, const CallWork& work) {
  RefreshLogLevel();
  RaisedError error;
  Status status;
  {
    const CountedCaller counted;
    const ReleasedGil released;
    status = WaitForCall(operation, work, &error);
  }
  DeliverLogLines();
  if (!error) return status;
  error.Restore();
  return Interrupted();
}

Status RunCommit(const Operation& operation, const CommitWatch& watch, const CallWork& work,
                 const std::function<std::string(const Status&)>& note) {
  RefreshLogLevel();
  RaisedError error;
  Status status;
  {
    const CountedCaller counted;
    const ReleasedGil released;
    status = WaitForCall(operation, work, &error, &watch);
  }
  DeliverLogLines();
  if (!error) return status;
  // Exceptions are a callback's or a reader's; what is none, such as KeyboardInterrupt, ends more
  // than this call.
  const bool ends_program = !error.Is(PyExc_Exception);
  const bool may_have_landed = status.ok() || KindOf(status) == ErrorKind::kCommitStateUnknown;
  error.Restore();
  if (ends_program) {
    AddNote(note(status));
  } else if (may_have_landed) {
    LogError();
    return status;
  }
  return Interrupted();
}

Status RunBriefCall(const std::function<Status()>& work) {
  const CountedCaller counted;
  const ReleasedGil released;
  return work();
}

Status RunStreamCall(const Operation& operation, const std::function<Status()>& work) {
  const bool holds_gil = PyGILState_Check() != 0;
  // Threads that Python does not know run the work themselves; so do those it knows, where
  // nothing has to be looked for meanwhile.
  if (!HasThreadState()) return work();
  const CountedCaller counted;
  PyThreadState* held = holds_gil ? PyEval_SaveThread() : nullptr;
  RaisedError error;
  Status status = IsMainThread() || operation.progress != nullptr
                      ? WaitForCall(
                            operation, [&](CallerThread&) { return work(); }, &error)
                      : work();
  StayIfExiting();
  if (error) {
    nb::gil_scoped_acquire gil;
    const bool is_interrupt = error.IsKeyboardInterrupt();
    error.Restore();
    if (is_interrupt) {
      PyErr_Clear();
      PyErr_SetInterrupt();
    } else {
      PyErr_WriteUnraisable(nullptr);
    }
    status = Interrupted();
  }
  if (held != nullptr) PyEval_RestoreThread(held);
  return status;
}

void EndCalls() {
  {
    const nb::gil_scoped_release released;
    BeginProcessExit();
    const auto until = std::chrono::steady_clock::now() + kExitTimeout;
    while (num_callers > 0 && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  CloseLog();
}

void RememberMainThread() {
  nb::object thread = nb::module_::import_("threading").attr("main_thread")();
  main_thread = static_cast<pthread_t>(nb::cast<unsigned long>(thread.attr("ident")));
  // The thread that forked is the child's only one.
  pthread_atfork(nullptr, nullptr, [] {
    main_thread = pthread_self();
    num_callers = 0;
  });
}

}  // namespace iceframe::python
