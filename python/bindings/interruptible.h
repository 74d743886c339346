// SPDX-License-Identifier: Apache-2.0
// Running engine calls so that Ctrl-C works.
#pragma once

#include <functional>

#include "iceframe/base/result.h"
#include "iceframe/runtime/cancel_token.h"

namespace iceframe::python {

/// Calls `work` without the GIL and returns what it returns.
///
/// On Python's main thread the work runs on one of the engine's threads while this one looks for
/// signals: when a handler raises (Ctrl-C), `cancel` is cancelled, the work is waited for, and the
/// handler's exception is left as the current Python error, with Cancelled returned. Other threads
/// get no signals, so there the work just runs.
Status RunInterruptibly(const CancelToken& cancel, const std::function<Status()>& work);

/// As above for callers that can't raise a Python error, such as an Arrow C stream: the interrupt
/// is raised again as soon as the interpreter has control. The GIL may be held or not.
Status RunInterruptiblyDeferred(const CancelToken& cancel, const std::function<Status()>& work);

template <typename T>
Result<T> RunInterruptibly(const CancelToken& cancel, const std::function<Result<T>()>& work) {
  Result<T> result = Status::Cancelled("not run");
  Status status = RunInterruptibly(cancel, [&]() -> Status {
    result = work();
    return result.status();
  });
  if (!status.ok()) return status;
  return result;
}

}  // namespace iceframe::python
