// SPDX-License-Identifier: Apache-2.0
#include "python_log.h"

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>

#include "iceframe/runtime/fork.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

constexpr size_t kMaxWaitingLines = 10'000;

struct LogLine {
  LogLevel level;
  std::string component;
  std::string message;
};

// Python's numbers of levels.
int PythonLevel(LogLevel level) { return 10 + 10 * static_cast<int>(level); }

class LogQueue {
 public:
  // Never destroyed: threads may log until the process is gone.
  static LogQueue& Get() {
    static LogQueue& queue = *new LogQueue;
    return queue;
  }

  void Put(LogLine line) {
    {
      std::lock_guard lock(mutex_);
      ForgetParentsLines();
      if (is_closed_) return;
      if (lines_.size() >= kMaxWaitingLines) {
        ++num_dropped_;
        return;
      }
      lines_.push_back(std::move(line));
      if (is_scheduled_) return;
      is_scheduled_ = true;
    }
    // The interpreter empties the queue when its main thread runs next.
    const auto deliver = [](void*) {
      DeliverLogLines();
      return 0;
    };
    if (Py_AddPendingCall(deliver, nullptr) != 0) SetUnscheduled();
  }

  std::vector<LogLine> Take() {
    std::lock_guard lock(mutex_);
    ForgetParentsLines();
    is_scheduled_ = false;
    std::vector<LogLine> lines = std::exchange(lines_, {});
    if (const int64_t num_dropped = std::exchange(num_dropped_, 0); num_dropped > 0) {
      lines.push_back({LogLevel::kWarning, "log",
                       std::to_string(num_dropped) + " lines were dropped: too many waited"});
    }
    return lines;
  }

  void Close() {
    std::lock_guard lock(mutex_);
    is_closed_ = true;
  }

 private:
  void SetUnscheduled() {
    std::lock_guard lock(mutex_);
    is_scheduled_ = false;
  }

  // What waited when a process was forked is its parent's to deliver.
  void ForgetParentsLines() {
    if (generation_ == ForkGeneration()) return;
    generation_ = ForkGeneration();
    lines_.clear();
    num_dropped_ = 0;
    is_scheduled_ = false;
  }

  internal::ForkSafeMutex mutex_;
  std::vector<LogLine> lines_;
  int64_t num_dropped_ = 0;
  bool is_scheduled_ = false;
  bool is_closed_ = false;
  uint64_t generation_ = ForkGeneration();
};

std::atomic<int> least_level{PythonLevel(LogLevel::kWarning)};

class QueueLogSink final : public LogSink {
 public:
  bool IsEnabled(LogLevel level) const override { return PythonLevel(level) >= least_level.load(); }

  void Log(LogLevel level, std::string_view component, std::string_view message) override {
    if (!IsEnabled(level)) return;
    try {
      LogQueue::Get().Put({level, std::string(component), std::string(message)});
    } catch (const std::bad_alloc&) {
      // A line less.
    }
  }
};

// A function of iceframe/log_lines.py, nullptr where Python can't give it any more. No static
// object: a thread could wait for its guard with the GIL, which the other one needs.
PyObject* LogFunction(std::atomic<PyObject*>* known, const char* name) {
  if (PyObject* function = known->load()) return function;
  PyObject* module = PyImport_ImportModule("iceframe.log_lines");
  if (module == nullptr) return nullptr;
  PyObject* function = PyObject_GetAttrString(module, name);
  Py_DECREF(module);
  *known = function;
  return function;
}

std::atomic<PyObject*> least_level_function{nullptr};
std::atomic<PyObject*> deliver_function{nullptr};

// Text of any bytes.
PyObject* ToText(const std::string& text) {
  return PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
}

// Keeps the current Python error apart from what is run meanwhile, whose errors are dropped; but
// Ctrl-C that came meanwhile is raised where Python runs next.
class KeptError {
 public:
  KeptError() { PyErr_Fetch(&type_, &value_, &trace_); }
  ~KeptError() {
    DropRaised();
    PyErr_Restore(type_, value_, trace_);
    if (is_interrupted_) PyErr_SetInterrupt();
  }
  KeptError(const KeptError&) = delete;
  KeptError& operator=(const KeptError&) = delete;

  void DropRaised() {
    if (PyErr_Occurred() == nullptr) return;
    if (PyErr_ExceptionMatches(PyExc_KeyboardInterrupt) != 0) is_interrupted_ = true;
    PyErr_Clear();
  }

 private:
  PyObject* type_ = nullptr;
  PyObject* value_ = nullptr;
  PyObject* trace_ = nullptr;
  bool is_interrupted_ = false;
};

}  // namespace

std::shared_ptr<LogSink> PythonLogSink() {
  static const auto& sink = *new std::shared_ptr<LogSink>(std::make_shared<QueueLogSink>());
  return sink;
}

void RefreshLogLevel() {
  const KeptError kept;
  PyObject* function = LogFunction(&least_level_function, "least_level");
  if (function == nullptr) return;
  PyObject* level = PyObject_CallNoArgs(function);
  if (level == nullptr) return;
  least_level = static_cast<int>(PyLong_AsLong(level));
  Py_DECREF(level);
}

void DeliverLogLines() {
  const std::vector<LogLine> lines = LogQueue::Get().Take();
  if (lines.empty()) return;
  KeptError kept;
  PyObject* function = LogFunction(&deliver_function, "deliver");
  if (function == nullptr) return;
  for (const LogLine& line : lines) {
    PyObject* result = PyObject_CallFunction(function, "iNN", PythonLevel(line.level),
                                             ToText(line.component), ToText(line.message));
    Py_XDECREF(result);
    kept.DropRaised();
  }
}

void CloseLog() {
  DeliverLogLines();
  LogQueue::Get().Close();
}

}  // namespace iceframe::python
