// SPDX-License-Identifier: Apache-2.0
// Cancelling an operation from another thread.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>

#include "iceframe/base/result.h"

namespace iceframe {

/// Tells running work to stop. Copies share one state. Thread-safe.
class CancelToken {
 public:
  using Callback = std::function<void()>;
  /// Ends the registration of a callback when destroyed.
  class Registration;

  CancelToken();
  void Cancel();
  bool is_cancelled() const;
  /// OK, or Cancelled.
  Status Check() const;
  /// Waits until cancelled or `duration` passed; returns whether it was cancelled.
  bool WaitFor(std::chrono::milliseconds duration) const;
  /// Calls `callback` once when cancelled, at once if it is already.
  [[nodiscard]] std::shared_ptr<Registration> OnCancel(Callback callback) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace iceframe
