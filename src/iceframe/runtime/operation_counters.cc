// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/operation_counters.h"

namespace iceframe {

CounterValues CounterValues::operator-(const CounterValues& before) const {
  CounterValues difference;
  for (size_t i = 0; i < kMaxCounters; ++i) {
    difference.values_[i] = values_[i] - before.values_[i];
  }
  return difference;
}

void OperationCounters::Add(const CounterValues& values) {
  for (size_t i = 0; i < kMaxCounters; ++i) {
    if (values.values_[i] == 0) continue;
    values_[i].fetch_add(values.values_[i], std::memory_order_relaxed);
  }
}

CounterValues OperationCounters::Values() const {
  CounterValues values;
  for (size_t i = 0; i < kMaxCounters; ++i) {
    values.values_[i] = values_[i].load(std::memory_order_relaxed);
  }
  return values;
}

}  // namespace iceframe
