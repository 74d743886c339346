// SPDX-License-Identifier: Apache-2.0
// Keeps callers from a server that can't be reached.
#pragma once

#include <chrono>

#include "iceframe/base/result.h"
#include "iceframe/runtime/clock.h"

namespace iceframe {

/// After several failures to connect in a row, callers fail at once with the last one; when a pause
/// is over, one of them tries. The pause doubles from failure to failure. Used under a lock.
class ConnectBreaker {
 public:
  /// OK: the caller may try, and says by Note how it went. `max_failures` 0: everyone may.
  Status Check(int max_failures, Clock::SteadyTime now);
  /// Of failures only Unavailable and Timeout mean that the server can't be reached.
  void Note(const Status& status, int max_failures, Clock::SteadyTime now);

 private:
  int num_failures_ = 0;
  std::chrono::milliseconds pause_{0};
  Clock::SteadyTime try_again_;
  // Whether somebody tries while the others fail.
  bool is_probing_ = false;
  Status last_failure_;
};

}  // namespace iceframe
