// SPDX-License-Identifier: Apache-2.0
// One writer at a time, for stores that have no lock of their own.
#pragma once

#include <cstdint>
#include <optional>

#include "iceframe/base/result.h"
#include "iceframe/runtime/fork.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// A lock whose wait ends when the operation is cancelled, at its deadline, or at the setting
/// catalog.lock_timeout. A child process does not inherit its parent's hold.
class WriterLock {
 public:
  /// Errors: Timeout, Cancelled.
  Status Lock(const OperationContext& context);
  /// Named for std::unique_lock.
  void unlock();

 private:
  bool TryLock();

  internal::ForkSafeMutex mutex_;
  // In which process, counted in forks, the lock is held.
  std::optional<uint64_t> held_in_;
};

}  // namespace iceframe
