// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/operation_counters.h"

namespace iceframe {

std::string_view ToString(OperationCount count) {
  switch (count) {
    case OperationCount::kManifestListsRead:
      return "manifest_lists_read";
    case OperationCount::kManifestsTotal:
      return "manifests_total";
    case OperationCount::kManifestsRead:
      return "manifests_read";
    case OperationCount::kManifestsFromCache:
      return "manifests_from_cache";
    case OperationCount::kManifestsSkippedByPartition:
      return "manifests_skipped_by_partition";
    case OperationCount::kFilesTotal:
      return "files_total";
    case OperationCount::kFilesSkippedByPartition:
      return "files_skipped_by_partition";
    case OperationCount::kFilesSkippedByBounds:
      return "files_skipped_by_bounds";
    case OperationCount::kFilesScanned:
      return "files_scanned";
    case OperationCount::kFootersRead:
      return "footers_read";
    case OperationCount::kFootersFromCache:
      return "footers_from_cache";
    case OperationCount::kRowGroupsTotal:
      return "row_groups_total";
    case OperationCount::kRowGroupsSkippedByBounds:
      return "row_groups_skipped_by_bounds";
    case OperationCount::kRowGroupsScanned:
      return "row_groups_scanned";
    case OperationCount::kRowsScanned:
      return "rows_scanned";
    case OperationCount::kRowsReturned:
      return "rows_returned";
    case OperationCount::kDataBytesRead:
      return "data_bytes_read";
    case OperationCount::kMetadataBytesRead:
      return "metadata_bytes_read";
    case OperationCount::kIoRequests:
      return "io_requests";
    case OperationCount::kCommitAttempts:
      return "commit_attempts";
    case OperationCount::kNumCounts:
      break;
  }
  return "";
}

}  // namespace iceframe
