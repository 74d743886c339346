// SPDX-License-Identifier: Apache-2.0
// Writes of a session: data files first, then one commit.
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "iceframe/execution/file_rows_match.h"
#include "iceframe/execution/table_writer.h"
#include "iceframe/runtime/settings.h"
#include "iceframe/session_impl_internal.h"
#include "iceframe/table/append_files_action.h"
#include "iceframe/table/ignored_properties.h"
#include "iceframe/table/overwrite_files_action.h"
#include "iceframe/table/snapshot_summary.h"

namespace iceframe::internal {

namespace {

WriteReport ReportOf(const std::vector<DataFile>& files) {
  WriteReport report;
  report.num_files = static_cast<int64_t>(files.size());
  for (const DataFile& file : files) {
    report.num_rows += file.record_count;
    report.num_bytes += file.file_size_in_bytes;
  }
  return report;
}

// Files that no commit took are deleted, unless it may have taken them.
void CleanUp(const OperationContext& context, const Table& table,
             const std::vector<DataFile>& files, const Status& status) {
  if (KindOf(status) == ErrorKind::kCommitStateUnknown) return;
  DeleteDataFiles(context, *table.io(), files);
}

// Data files and the commit's own are made durable together, before the swap.
OperationContext WriteContext(OperationContext context) {
  context.deferred_syncs = std::make_shared<DeferredSyncs>();
  return context;
}

template <typename Options>
Options ToActionOptions(const CommitOptions& options) {
  Options action;
  action.target_ref = options.branch;
  action.summary = options.summary;
  action.validator = options.validator;
  return action;
}

Result<CommitReport> CommitAppend(const OperationContext& context,
                                  const std::shared_ptr<const Table>& table,
                                  const std::vector<DataFile>& files,
                                  const CommitOptions& options) {
  ICEFRAME_ASSIGN_OR_RETURN(
      auto action,
      AppendFilesAction::Make(*table, files, ToActionOptions<AppendFilesOptions>(options)));
  return CommitAction(context, table, *action, options.watch.get());
}

Result<CommitReport> CommitOverwrite(const OperationContext& context,
                                     const std::shared_ptr<const Table>& table,
                                     const Expression& filter, const std::vector<DataFile>& files,
                                     const CommitOptions& options) {
  auto action_options = ToActionOptions<OverwriteFilesOptions>(options);
  if (!filter.is_true()) action_options.filter = filter;
  action_options.match_rows = [io = table->io()](const OperationContext& operation,
                                                 const TableMetadata& metadata,
                                                 const DataFile& file, const Expression& bound) {
    return MatchFileRows(operation, io, metadata, file, bound);
  };
  ICEFRAME_ASSIGN_OR_RETURN(auto action, OverwriteFilesAction::Make(*table, files, action_options));
  return CommitAction(context, table, *action, options.watch.get());
}

// Nothing at all, not even a type, is more likely a mistake than the wish to empty a table.
Status CheckHasTypes(const arrow::Schema& schema) {
  for (const auto& field : schema.fields()) {
    if (field->type()->id() != arrow::Type::NA) return Status::OK();
  }
  return Error(ErrorKind::kInvalidArgument,
               "overwriting with no rows and no types would empty the table; to do so give an "
               "empty frame whose columns have types, such as read_table(name, limit=0)");
}

int64_t NumDeletedFiles(const CommitReport& report) {
  if (!report.snapshot_id) return 0;
  const auto found = report.table->metadata()->FindSnapshot(*report.snapshot_id);
  const Snapshot* snapshot = found.ValueOr(nullptr);
  if (snapshot == nullptr) return 0;
  auto count = snapshot->summary.find("deleted-data-files");
  return count == snapshot->summary.end() ? 0 : ParseInteger(count->second).ValueOr(0);
}

}  // namespace

Result<WriteReport> SessionImpl::Append(const OperationContext& operation, std::string_view name,
                                        arrow::RecordBatchReader& batches,
                                        const CommitOptions& options) {
  ICEFRAME_RETURN_NOT_OK(CheckCallerSummary(options.summary));
  const OperationContext context = WriteContext(operation);
  ICEFRAME_ASSIGN_OR_RETURN(auto table, LoadTable(context, name));
  WarnOfIgnoredProperties(context, *table->metadata());
  ICEFRAME_ASSIGN_OR_RETURN(std::vector<DataFile> files,
                            WriteDataFiles(context, table->io(), *table->metadata(), batches));
  WriteReport report = ReportOf(files);
  if (files.empty()) return report;
  auto committed = CommitAppend(context, table, files, options);
  if (!committed.ok()) {
    CleanUp(context, *table, files, committed.status());
    return committed.status();
  }
  report.snapshot_id = committed->snapshot_id;
  return report;
}

Result<WriteReport> SessionImpl::Overwrite(const OperationContext& operation, std::string_view name,
                                           arrow::RecordBatchReader& batches,
                                           const Expression& filter,
                                           const OverwriteOptions& options) {
  ICEFRAME_RETURN_NOT_OK(CheckCallerSummary(options.summary));
  const OperationContext context = WriteContext(operation);
  ICEFRAME_ASSIGN_OR_RETURN(auto table, LoadTable(context, name));
  WarnOfIgnoredProperties(context, *table->metadata());
  if (batches.schema()->num_fields() == 0) {
    ICEFRAME_RETURN_NOT_OK(CheckHasTypes(*batches.schema()));
  }
  ICEFRAME_ASSIGN_OR_RETURN(std::vector<DataFile> files,
                            WriteDataFiles(context, table->io(), *table->metadata(), batches,
                                           options.allow_rows_outside_filter ? True() : filter));
  if (files.empty()) ICEFRAME_RETURN_NOT_OK(CheckHasTypes(*batches.schema()));
  WriteReport report = ReportOf(files);
  auto committed = CommitOverwrite(context, table, filter, files, options);
  if (!committed.ok()) {
    CleanUp(context, *table, files, committed.status());
    return committed.status();
  }
  report.snapshot_id = committed->snapshot_id;
  report.num_deleted_files = NumDeletedFiles(*committed);
  return report;
}

}  // namespace iceframe::internal
