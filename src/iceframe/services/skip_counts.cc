// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/skip_counts.h"

#include <algorithm>
#include <utility>

#include "iceframe/datafile/datafile_counters.h"
#include "iceframe/execution/execution_counters.h"
#include "iceframe/planning/planning_counters.h"
#include "iceframe/table/table_counters.h"

namespace iceframe {

namespace {

// `num_total` may be less than what is counted otherwise, where an operation failed in between.
SkipLevel MakeLevel(std::string_view name, int64_t num_total, int64_t num_scanned,
                    int64_t num_bytes_skipped, std::vector<SkipReasonCount> reasons) {
  SkipLevel level{name, num_scanned, 0, num_bytes_skipped, std::move(reasons)};
  for (const SkipReasonCount& reason : level.reasons) level.num_skipped += reason.count;
  const int64_t num_left = std::max<int64_t>(num_total - num_scanned - level.num_skipped, 0);
  level.num_skipped += num_left;
  // A limit was reached, metadata had the answer, or whoever read stopped.
  level.reasons.push_back({"not_needed", num_left});
  return level;
}

}  // namespace

SkipCounts SkipCounts::Of(const CounterValues& counters) {
  using File = DataFileCount;
  using Plan = PlanningCount;
  const auto count = [&](OperationCount what) { return counters.Get(what); };
  SkipCounts counts;
  counts.num_scans = count(ExecutionCount::kTableScans);
  counts.num_bytes_scanned = count(File::kDataBytesRead);
  counts.levels = {
      MakeLevel("manifests", count(Plan::kManifestsTotal),
                count(TableCount::kManifestsRead) + count(TableCount::kManifestsFromCache),
                count(Plan::kManifestBytesSkipped),
                {{"partition", count(Plan::kManifestsSkippedByPartition)}}),
      MakeLevel("files", count(Plan::kFilesTotal), count(File::kFilesScanned),
                count(Plan::kFileBytesSkippedByPartition) + count(Plan::kFileBytesSkippedByBounds) +
                    count(Plan::kFileBytesSkippedByFirstRows),
                {{"partition", count(Plan::kFilesSkippedByPartition)},
                 {"min_max", count(Plan::kFilesSkippedByBounds)},
                 {"first_rows", count(Plan::kFilesSkippedByFirstRows)},
                 {"row_groups", count(File::kFilesSkippedByRowGroups)},
                 {"cache", count(ExecutionCount::kFilesAnsweredFromCache)}}),
      MakeLevel("row_groups", count(File::kRowGroupsTotal), count(File::kRowGroupsScanned),
                count(File::kRowGroupBytesSkipped),
                {{"min_max", count(File::kRowGroupsSkippedByBounds)},
                 {"bloom", count(File::kRowGroupsSkippedByBloom)},
                 {"dictionary", count(File::kRowGroupsSkippedByDictionary)}}),
      MakeLevel("pages", count(File::kPagesScanned) + count(File::kPagesSkipped),
                count(File::kPagesScanned), count(File::kPageBytesSkipped),
                {{"min_max", count(File::kPagesSkipped)}}),
  };
  return counts;
}

}  // namespace iceframe
