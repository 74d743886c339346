// SPDX-License-Identifier: Apache-2.0
// What an operation counts while it plans scans.
#pragma once

#include "iceframe/runtime/operation_counters.h"

namespace iceframe {

enum class PlanningCount : uint8_t {
  kManifestsTotal,
  kManifestsSkippedByPartition,
  /// The bytes of those.
  kManifestBytesSkipped,
  kFilesTotal,
  kFilesSkippedByPartition,
  kFilesSkippedByBounds,
  /// None of the first rows that are asked for can be in them.
  kFilesSkippedByFirstRows,
  /// Of the files of manifests that were read: a manifest that was not tells no sizes.
  kFileBytesSkippedByPartition,
  kFileBytesSkippedByBounds,
  kFileBytesSkippedByFirstRows,
  /// Handed on to be read, which a limit may prevent.
  kFilesPlanned,
  kNumCounts
};

template <>
struct LayerCounters<PlanningCount> {
  static constexpr int kBlock = 4;
  static constexpr auto kDefinitions = std::to_array<CounterDefinition>({
      {"manifests_total", "iceframe_manifests_considered_total"},
      {"manifests_skipped_by_partition", "iceframe_manifests_total", {{{"result", "skipped"}}}},
      {"manifest_bytes_skipped",
       "iceframe_skipped_bytes_total",
       {{{"level", "manifest"}, {"reason", "partition"}}}},
      {"files_total", "iceframe_scan_files_considered_total"},
      {"files_skipped_by_partition",
       "iceframe_scan_files_total",
       {{{"result", "skipped"}, {"reason", "partition"}}}},
      {"files_skipped_by_bounds",
       "iceframe_scan_files_total",
       {{{"result", "skipped"}, {"reason", "min_max"}}}},
      {"files_skipped_by_first_rows",
       "iceframe_scan_files_total",
       {{{"result", "skipped"}, {"reason", "first_rows"}}}},
      {"file_bytes_skipped_by_partition",
       "iceframe_skipped_bytes_total",
       {{{"level", "file"}, {"reason", "partition"}}}},
      {"file_bytes_skipped_by_bounds",
       "iceframe_skipped_bytes_total",
       {{{"level", "file"}, {"reason", "min_max"}}}},
      {"file_bytes_skipped_by_first_rows",
       "iceframe_skipped_bytes_total",
       {{{"level", "file"}, {"reason", "first_rows"}}}},
      {"files_planned", "iceframe_scan_files_planned_total"},
  });
};

}  // namespace iceframe
