// SPDX-License-Identifier: Apache-2.0
// The counters of two layers, for tests.
#pragma once

#include "iceframe/runtime/operation_counters.h"

namespace iceframe {

enum class LowCount : uint8_t { kLows, kNumCounts };
enum class HighCount : uint8_t { kHighs, kOthers, kNumCounts };

template <>
struct LayerCounters<LowCount> {
  static constexpr int kBlock = 0;
  static constexpr auto kDefinitions =
      std::to_array<CounterDefinition>({{"lows", "test_lows_total"}});
};

template <>
struct LayerCounters<HighCount> {
  static constexpr int kBlock = kNumCounterBlocks - 1;
  static constexpr auto kDefinitions = std::to_array<CounterDefinition>({
      {"highs", "test_highs_total", {{{"which", "first"}}}},
      {"other_highs", "test_highs_total", {{{"which", "other"}}}},
  });
};

}  // namespace iceframe
