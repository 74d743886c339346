// SPDX-License-Identifier: Apache-2.0
// Calls of the engine on behalf of Python: without the GIL, with Ctrl-C, progress and log lines.
//
//   Python thread ── RunCall ──▶ one of the engine's operation threads: work(caller)
//     waits: signals, progress ◀── Put ───────┤
//     runs what it is asked    ◀── caller.Run ┘   (input that Python code makes)
//
// Whatever touches Python runs on the thread that called; the engine's threads never take the GIL.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <nanobind/nanobind.h>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/table/commit_watch.h"

namespace iceframe::python {

/// The newest progress of an operation, from any thread to the one that tells Python.
class ProgressMailbox {
 public:
  void Put(const Progress& progress);
  /// What came since the last call, if anything did.
  std::optional<Progress> Take();

 private:
  std::mutex mutex_;
  std::optional<Progress> newest_;
};

/// An operation's context and who wants to hear of its progress.
struct Operation {
  OperationContext context;
  /// A callable of (stage, done, total, unit), or nullptr.
  nanobind::object callback;
  std::shared_ptr<ProgressMailbox> progress;
  /// Cancels it with the scope it was made in (cancel_scope.h); nullptr: there is none.
  std::shared_ptr<CancelToken::Registration> scope;
};

/// `progress` is a callable or None.
Operation MakeOperation(OperationContext context, nanobind::object progress = nanobind::none());

/// The Python thread that waits for an engine call.
class CallerThread {
 public:
  virtual ~CallerThread() = default;
  /// Runs `request` on that thread, without the GIL, and returns what it returned.
  /// Errors: Cancelled without running it, once the call was interrupted or the process ends.
  virtual Status Run(const std::function<Status()>& request) = 0;
};

using CallWork = std::function<Status(CallerThread&)>;

/// Runs `work` on one of the engine's threads while this one, which holds the GIL, gives it away
/// and waits.
///
/// When a signal handler (Ctrl-C) or the progress callback raises, the operation is cancelled and
/// waited for; the exception is left as the current Python error, and Cancelled returned.
Status RunCall(const Operation& operation, const CallWork& work);

/// As RunCall, for a write that ends in a commit.
///
/// Once the commit's request was sent it is not cancelled but waited for, at most 5 s. Ctrl-C is
/// raised then with a note, `note` of the outcome. An exception of the caller's progress callback
/// never hides a commit that has landed, or may have: it is logged.
Status RunCommit(const Operation& operation, const CommitWatch& watch, const CallWork& work,
                 const std::function<std::string(const Status&)>& note);

/// Runs `work`, which is over in microseconds, on this thread, which holds the GIL and gives it
/// away meanwhile. Ctrl-C waits for it.
Status RunBriefCall(const std::function<Status()>& work);

/// As RunCall for callers that can't raise a Python error, such as an Arrow C stream: Ctrl-C is
/// raised again as soon as the interpreter has control. The GIL may be held or not.
Status RunStreamCall(const Operation& operation, const std::function<Status()>& work);

template <typename T>
Result<T> RunCall(const Operation& operation, const std::function<Result<T>(CallerThread&)>& work) {
  Result<T> result = Status::Cancelled("not run");
  Status status = RunCall(operation, [&](CallerThread& caller) -> Status {
    result = work(caller);
    return result.status();
  });
  if (!status.ok()) return status;
  return result;
}

/// Ends the engine's work as the interpreter does (atexit, with the GIL): what runs is cancelled
/// and takes back what it did; Python threads that wait for it stay where they are, since they
/// could not go on in an interpreter that is being taken down.
void EndCalls();

/// Finds out which thread is Python's main one. Called when the module is made.
void RememberMainThread();

}  // namespace iceframe::python
