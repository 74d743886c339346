// SPDX-License-Identifier: Apache-2.0
// What an operation counts while it plans scans.
#pragma once

#include "iceframe/runtime/operation_counters.h"

namespace iceframe {

enum class PlanningCount : uint8_t {
  kManifestsTotal,
  kManifestsSkippedByPartition,
  kFilesTotal,
  kFilesSkippedByPartition,
  kFilesSkippedByBounds,
  kFilesScanned,
  kNumCounts
};

template <>
struct LayerCounters<PlanningCount> {
  static constexpr int kBlock = 4;
  static constexpr auto kDefinitions = std::to_array<CounterDefinition>({
      {"manifests_total", "iceframe_manifests_considered_total"},
      {"manifests_skipped_by_partition", "iceframe_manifests_total", {{{"result", "skipped"}}}},
      {"files_total", "iceframe_scan_files_considered_total"},
      {"files_skipped_by_partition",
       "iceframe_scan_files_total",
       {{{"result", "skipped"}, {"reason", "partition"}}}},
      {"files_skipped_by_bounds",
       "iceframe_scan_files_total",
       {{{"result", "skipped"}, {"reason", "min_max"}}}},
      {"files_scanned", "iceframe_scan_files_total", {{{"result", "scanned"}, {"reason", ""}}}},
  });
};

}  // namespace iceframe
