// SPDX-License-Identifier: Apache-2.0
// What an operation counts in data files.
#pragma once

#include "iceframe/runtime/operation_counters.h"

namespace iceframe {

enum class DataFileCount : uint8_t {
  kFootersRead,
  kFootersFromCache,
  kRowGroupsTotal,
  kRowGroupsSkippedByBounds,
  kRowGroupsScanned,
  kRowsScanned,
  kRowsReturned,
  kDataBytesRead,
  kNumCounts
};

template <>
struct LayerCounters<DataFileCount> {
  static constexpr int kBlock = 2;
  static constexpr auto kDefinitions = std::to_array<CounterDefinition>({
      {"footers_read", "iceframe_footers_total", {{{"result", "read"}}}},
      {"footers_from_cache", "iceframe_footers_total", {{{"result", "cached"}}}},
      {"row_groups_total", "iceframe_scan_row_groups_considered_total"},
      {"row_groups_skipped_by_bounds",
       "iceframe_scan_row_groups_total",
       {{{"result", "skipped"}, {"reason", "min_max"}}}},
      {"row_groups_scanned",
       "iceframe_scan_row_groups_total",
       {{{"result", "scanned"}, {"reason", ""}}}},
      {"rows_scanned", "iceframe_query_rows_total", {{{"stage", "scanned"}}}},
      {"rows_returned", "iceframe_query_rows_total", {{{"stage", "returned"}}}},
      {"data_bytes_read", "iceframe_scan_bytes_total", {{{"kind", "data"}}}},
  });
};

}  // namespace iceframe
