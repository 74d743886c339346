// SPDX-License-Identifier: Apache-2.0
// What an operation counts while it runs plans.
#pragma once

#include "iceframe/runtime/operation_counters.h"

namespace iceframe {

enum class ExecutionCount : uint8_t {
  /// Tables that were opened to be read, or asked for an answer from their metadata.
  kTableScans,
  kFilesAnsweredFromCache,
  /// Queries whose whole answer was kept.
  kAnswersFromCache,
  /// Of their rows, in memory.
  kAnswerBytesFromCache,
  kNumCounts,
};

template <>
struct LayerCounters<ExecutionCount> {
  static constexpr int kBlock = 5;
  static constexpr auto kDefinitions = std::to_array<CounterDefinition>({
      {"table_scans", "iceframe_table_scans_total"},
      {"files_answered_from_cache", "iceframe_scan_files_answered_from_cache_total"},
      {"answers_from_cache", "iceframe_queries_answered_from_cache_total"},
      {"answer_bytes_from_cache",
       "iceframe_scan_bytes_total",
       {{{"kind", "rows"}, {"source", "memory"}}}},
  });
};

}  // namespace iceframe
