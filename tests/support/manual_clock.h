// SPDX-License-Identifier: Apache-2.0
// A clock that stands still until a test moves it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "iceframe/runtime/clock.h"

namespace iceframe {

/// Thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(int64_t system_ms = 1700000000000) : system_ms_(system_ms) {}

  SteadyTime SteadyNow() const override {
    return SteadyTime(std::chrono::milliseconds(steady_ms_.load()));
  }
  int64_t SystemNowMs() const override { return system_ms_.load(); }

  /// Moves both clocks.
  void Advance(std::chrono::milliseconds by) {
    steady_ms_ += by.count();
    system_ms_ += by.count();
  }
  /// Moves the system clock alone, back too, as an administrator might.
  void SetSystemMs(int64_t system_ms) { system_ms_ = system_ms; }

 private:
  std::atomic<int64_t> steady_ms_{0};
  std::atomic<int64_t> system_ms_;
};

}  // namespace iceframe
