// SPDX-License-Identifier: Apache-2.0
#include "iceframe/maintenance/rewrite_data_files.h"

#include <utility>

#include "iceframe/maintenance/maintenance_operations.h"
#include "iceframe/maintenance/rewrite_pass_internal.h"
#include "iceframe/runtime/running_operation.h"
#include "iceframe/table/ignored_properties.h"

namespace iceframe {

namespace {

Status CheckOptions(const RewriteDataFilesOptions& options) {
  const auto above_zero = [](const char* name, int64_t value) {
    if (value > 0) return Status::OK();
    return Error(ErrorKind::kInvalidArgument, name, " must be above zero: ", value);
  };
  ICEFRAME_RETURN_NOT_OK(options.Check());
  ICEFRAME_RETURN_NOT_OK(
      above_zero("target_file_size_bytes", options.target_file_size_bytes.value_or(1)));
  ICEFRAME_RETURN_NOT_OK(above_zero("min_input_files", options.min_input_files));
  ICEFRAME_RETURN_NOT_OK(above_zero("max_group_bytes", options.max_group_bytes));
  ICEFRAME_RETURN_NOT_OK(above_zero("max_parallel_groups", options.max_parallel_groups));
  return above_zero("max_commits", options.max_commits);
}

Status CheckTable(const Table& table, const RewriteDataFilesOptions& options) {
  const TableMetadata& metadata = *table.metadata();
  if (options.strategy == RewriteStrategy::kSort && options.sort_by.empty() &&
      metadata.default_sort_order()->is_unsorted()) {
    return Error(ErrorKind::kInvalidArgument, "sort_by is empty, and the table has no sort order: ",
                 table.identifier().ToString());
  }
  return Status::OK();
}

// The state whose files are rewritten; its snapshot is nullptr where there is none.
Result<TableState> StateOf(const std::shared_ptr<const Table>& table, const std::string& branch) {
  if (branch == kMainBranch) return ResolveTable(table, {});
  return ResolveTable(table, {std::nullopt, std::nullopt, branch});
}

Result<RewriteDataFilesReport> Rewrite(OperationContext context, std::shared_ptr<const Table> table,
                                       const RewriteDataFilesOptions& options) {
  // The names of all new files are made durable together, by the commit.
  context.deferred_syncs = std::make_shared<DeferredSyncs>();
  WarnOfIgnoredProperties(context, *table->metadata());
  RewriteDataFilesReport report;
  report.table = table;
  for (int attempt = 0;; ++attempt) {
    ICEFRAME_RETURN_NOT_OK(CheckTable(*table, options));
    ICEFRAME_ASSIGN_OR_RETURN(TableState state, StateOf(table, options.branch));
    if (state.snapshot == nullptr) return report;
    internal::RewritePass pass(context, std::move(state), options, &report);
    ICEFRAME_RETURN_NOT_OK(pass.Choose());
    if (options.dry_run) {
      pass.CountChosen();
      return report;
    }
    ICEFRAME_ASSIGN_OR_RETURN(const bool has_given_up, pass.Run());
    if (!has_given_up) return report;
    if (attempt >= options.num_retries) break;
    ICEFRAME_ASSIGN_OR_RETURN(table, report.table->Refresh(context));
  }
  if (report.num_commits > 0) return report;
  return Error(
      ErrorKind::kCommitConflict, "other writers took away files of every group while it ",
      "was rewritten; try again when the table is quieter: ", table->identifier().ToString());
}

}  // namespace

Result<RewriteDataFilesReport> RewriteDataFiles(const OperationContext& context,
                                                const std::shared_ptr<const Table>& table,
                                                const RewriteDataFilesOptions& options) {
  return RunOperation(context, kRewriteDataFilesOperation, {table->identifier().ToString()},
                      [&](const OperationContext& own) -> Result<RewriteDataFilesReport> {
                        ICEFRAME_RETURN_NOT_OK(CheckOptions(options));
                        return Rewrite(own, table, options);
                      });
}

}  // namespace iceframe
