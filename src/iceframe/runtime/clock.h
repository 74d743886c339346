// SPDX-License-Identifier: Apache-2.0
// What time it is, so that tests can say so.
#pragma once

#include <chrono>
#include <cstdint>

namespace iceframe {

/// Thread-safe.
class Clock {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  /// The machine's clocks.
  static Clock& System();

  virtual ~Clock() = default;
  /// For measuring and deadlines: never goes back.
  virtual SteadyTime SteadyNow() const = 0;
  /// For timestamps in metadata: milliseconds since 1970 in UTC, may jump.
  virtual int64_t SystemNowMs() const = 0;
};

}  // namespace iceframe
