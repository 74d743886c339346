// SPDX-License-Identifier: Apache-2.0
// What an operation counts by itself.
#pragma once

#include "iceframe/runtime/operation_counters.h"

namespace iceframe {

enum class RuntimeCount : uint8_t {
  /// Of its result, as they were handed out.
  kRowsReturned,
  kNumCounts
};

template <>
struct LayerCounters<RuntimeCount> {
  static constexpr int kBlock = 6;
  static constexpr auto kDefinitions = std::to_array<CounterDefinition>({
      {"rows_returned", "iceframe_query_rows_total", {{{"stage", "returned"}}}},
  });
};

}  // namespace iceframe
