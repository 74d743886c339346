// SPDX-License-Identifier: Apache-2.0
// When a request to a store is sent again, and after how long.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace iceframe::internal {

/// How many retries a store may be sent beyond its ordinary requests: a store that is down is not
/// asked several times by everybody. Thread-safe.
///
/// A retry takes tokens, a success brings a few back; no token, no retry.
class RetryBudget {
 public:
  static constexpr int kCapacity = 500;
  static constexpr int kPerRetry = 5;
  static constexpr int kPerSuccess = 1;

  /// Whether there may be one more retry.
  bool Take();
  void GiveBack();

 private:
  std::atomic<int> tokens_{kCapacity};
};

/// How long to wait before retry number `retry` (from 0), "full jitter": anything from nothing to
/// 50 ms × 2^retry, 5 s at most. `random` is in [0, 1).
std::chrono::milliseconds RetryDelay(int64_t retry, double random);

/// Whether a request may be sent once more after `retry` retries.
bool MayRetry(int64_t retry);

}  // namespace iceframe::internal
