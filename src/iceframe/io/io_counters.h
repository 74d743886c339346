// SPDX-License-Identifier: Apache-2.0
// What an operation counts in io.
#pragma once

#include "iceframe/runtime/operation_counters.h"

namespace iceframe {

enum class IoCount : uint8_t { kIoRequests, kNumCounts };

template <>
struct LayerCounters<IoCount> {
  static constexpr int kBlock = 0;
  // By scheme and kind io counts all requests itself (iceframe_io_requests_total).
  static constexpr auto kDefinitions = std::to_array<CounterDefinition>({
      {"io_requests", "iceframe_operation_io_requests_total"},
  });
};

}  // namespace iceframe
