// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/clock.h"

namespace iceframe {

namespace {

class SystemClock final : public Clock {
 public:
  SteadyTime SteadyNow() const override { return std::chrono::steady_clock::now(); }
  int64_t SystemNowMs() const override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  }
};

}  // namespace

Clock& Clock::System() {
  static Clock& clock = *new SystemClock;
  return clock;
}

}  // namespace iceframe
