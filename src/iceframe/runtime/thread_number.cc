// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/thread_number.h"

#include <atomic>

namespace iceframe {

int64_t ThisThreadNumber() {
  static std::atomic<int64_t> last{0};
  thread_local const int64_t number = last.fetch_add(1, std::memory_order_relaxed) + 1;
  return number;
}

}  // namespace iceframe
