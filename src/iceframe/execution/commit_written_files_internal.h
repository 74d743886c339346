// SPDX-License-Identifier: Apache-2.0
// The end of every write: its files get into the table, or away.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/execution/write_report.h"
#include "iceframe/format/data_file.h"
#include "iceframe/table/commit.h"

namespace iceframe::internal {

/// A context under which data files and the commit's own are made durable together, before the
/// swap.
OperationContext WithDeferredSyncs(OperationContext context);

/// Counts the files; the report of a write that commits nothing.
WriteReport ReportOf(std::shared_ptr<const Table> table, const std::vector<DataFile>& files);

/// How many data files a snapshot removed from the table, by its summary; 0 without a snapshot.
int64_t NumDeletedFiles(const TableMetadata& metadata, std::optional<SnapshotId> snapshot_id);

/// Commits `action`, which adds `files` (or could not be made), and reports. After a commit that
/// did not land the files are deleted; one whose state is unknown may need them.
Result<WriteReport> CommitWrittenFiles(const OperationContext& context,
                                       const std::shared_ptr<const Table>& table,
                                       const std::vector<DataFile>& files,
                                       Result<std::unique_ptr<TableAction>> action,
                                       CommitWatch* watch);

}  // namespace iceframe::internal
