// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "iceframe/execution/commit_written_files_internal.h"
#include "iceframe/execution/table_writer.h"
#include "iceframe/runtime/settings.h"

namespace iceframe::internal {

namespace {

Result<CommitReport> Commit(const OperationContext& context,
                            const std::shared_ptr<const Table>& table,
                            Result<std::unique_ptr<TableAction>> made, CommitWatch* watch) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto action, std::move(made));
  return CommitAction(context, table, *action, watch);
}

}  // namespace

int64_t NumDeletedFiles(const TableMetadata& metadata, std::optional<SnapshotId> snapshot_id) {
  if (!snapshot_id) return 0;
  const Snapshot* snapshot = metadata.FindSnapshot(*snapshot_id).ValueOr(nullptr);
  if (snapshot == nullptr) return 0;
  auto count = snapshot->summary.find("deleted-data-files");
  return count == snapshot->summary.end() ? 0 : ParseInteger(count->second).ValueOr(0);
}

OperationContext WithDeferredSyncs(OperationContext context) {
  context.deferred_syncs = std::make_shared<DeferredSyncs>();
  return context;
}

WriteReport ReportOf(std::shared_ptr<const Table> table, const std::vector<DataFile>& files) {
  WriteReport report;
  report.table = std::move(table);
  report.num_files = static_cast<int64_t>(files.size());
  for (const DataFile& file : files) {
    report.num_rows += file.record_count;
    report.num_bytes += file.file_size_in_bytes;
  }
  return report;
}

Result<WriteReport> CommitWrittenFiles(const OperationContext& context,
                                       const std::shared_ptr<const Table>& table,
                                       const std::vector<DataFile>& files,
                                       Result<std::unique_ptr<TableAction>> action,
                                       CommitWatch* watch) {
  const auto committed = Commit(context, table, std::move(action), watch);
  if (!committed.ok()) {
    if (KindOf(committed.status()) != ErrorKind::kCommitStateUnknown) {
      DeleteDataFiles(context, *table->io(), files);
    }
    return committed.status();
  }
  WriteReport report = ReportOf(committed->table, files);
  report.snapshot_id = committed->snapshot_id;
  report.num_deleted_files = NumDeletedFiles(*report.table->metadata(), report.snapshot_id);
  return report;
}

}  // namespace iceframe::internal
