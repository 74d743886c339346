// SPDX-License-Identifier: Apache-2.0
// What an operation counts in data files.
#pragma once

#include "iceframe/runtime/operation_counters.h"

namespace iceframe {

enum class DataFileCount : uint8_t {
  /// Of which anything was read: a file whose cached footer rules out all of it is not.
  kFilesScanned,
  /// By the statistics of all their row groups, before anything was read.
  kFilesSkippedByRowGroups,
  kFootersRead,
  kFootersFromCache,
  kRowGroupsTotal,
  kRowGroupsSkippedByBounds,
  kRowGroupsSkippedByBloom,
  kRowGroupsSkippedByDictionary,
  /// The bytes, of the columns that are wanted, in row groups that are skipped.
  kRowGroupBytesSkipped,
  kRowGroupsScanned,
  /// Of the columns read, where pages are read one by one.
  kPagesScanned,
  kPagesSkipped,
  kPageBytesSkipped,
  kRowsScanned,
  /// Those of them that the filter let through.
  kRowsMatched,
  kDataBytesRead,
  /// Of footers, as long as they are in their files.
  kFooterBytesFromCache,
  kNumCounts
};

template <>
struct LayerCounters<DataFileCount> {
  static constexpr int kBlock = 2;
  static constexpr auto kDefinitions = std::to_array<CounterDefinition>({
      {"files_scanned", "iceframe_scan_files_total", {{{"result", "scanned"}, {"reason", ""}}}},
      {"files_skipped_by_row_groups",
       "iceframe_scan_files_total",
       {{{"result", "skipped"}, {"reason", "row_groups"}}}},
      {"footers_read", "iceframe_footers_total", {{{"result", "read"}}}},
      {"footers_from_cache", "iceframe_footers_total", {{{"result", "cached"}}}},
      {"row_groups_total", "iceframe_scan_row_groups_considered_total"},
      {"row_groups_skipped_by_bounds",
       "iceframe_scan_row_groups_total",
       {{{"result", "skipped"}, {"reason", "min_max"}}}},
      {"row_groups_skipped_by_bloom",
       "iceframe_scan_row_groups_total",
       {{{"result", "skipped"}, {"reason", "bloom"}}}},
      {"row_groups_skipped_by_dictionary",
       "iceframe_scan_row_groups_total",
       {{{"result", "skipped"}, {"reason", "dictionary"}}}},
      {"row_group_bytes_skipped",
       "iceframe_skipped_bytes_total",
       {{{"level", "row_group"}, {"reason", ""}}}},
      {"row_groups_scanned",
       "iceframe_scan_row_groups_total",
       {{{"result", "scanned"}, {"reason", ""}}}},
      {"pages_scanned", "iceframe_scan_pages_total", {{{"result", "scanned"}}}},
      {"pages_skipped", "iceframe_scan_pages_total", {{{"result", "skipped"}}}},
      {"page_bytes_skipped",
       "iceframe_skipped_bytes_total",
       {{{"level", "page"}, {"reason", "min_max"}}}},
      {"rows_scanned", "iceframe_query_rows_total", {{{"stage", "scanned"}}}},
      {"rows_matched", "iceframe_query_rows_total", {{{"stage", "matched"}}}},
      {"data_bytes_read", "iceframe_scan_bytes_total", {{{"kind", "data"}, {"source", "remote"}}}},
      {"footer_bytes_from_cache",
       "iceframe_scan_bytes_total",
       {{{"kind", "data"}, {"source", "memory"}}}},
  });
};

}  // namespace iceframe
