// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/append.h"

#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/execution/commit_written_files_internal.h"
#include "iceframe/execution/table_writer.h"
#include "iceframe/execution/write_operations.h"
#include "iceframe/runtime/running_operation.h"
#include "iceframe/table/append_files_action.h"
#include "iceframe/table/ignored_properties.h"

namespace iceframe {

namespace {

Result<WriteReport> WriteAndAppend(const OperationContext& operation,
                                   const std::shared_ptr<const Table>& table,
                                   arrow::RecordBatchReader& batches,
                                   const CommitOptions& options) {
  ICEFRAME_RETURN_NOT_OK(options.Check());
  const OperationContext context = internal::WithDeferredSyncs(operation);
  WarnOfIgnoredProperties(context, *table->metadata());
  ICEFRAME_ASSIGN_OR_RETURN(std::vector<DataFile> files,
                            WriteDataFiles(context, table->io(), *table->metadata(), batches));
  return AppendFiles(context, table, files, options);
}

}  // namespace

Result<WriteReport> AppendRows(const OperationContext& context,
                               const std::shared_ptr<const Table>& table,
                               arrow::RecordBatchReader& batches, const CommitOptions& options) {
  return RunOperation(
      context, kAppendOperation, {table->identifier().ToString()},
      [&](const OperationContext& own) { return WriteAndAppend(own, table, batches, options); });
}

Result<WriteReport> AppendFiles(const OperationContext& context,
                                const std::shared_ptr<const Table>& table,
                                const std::vector<DataFile>& files, const CommitOptions& options) {
  Status status = options.Check();
  if (!status.ok()) {
    DeleteDataFiles(context, *table->io(), files);
    return status;
  }
  if (files.empty() && !options.MovesPositions()) return internal::ReportOf(table, files);
  return internal::CommitWrittenFiles(context, table, files,
                                      AppendFilesAction::Make(*table, files, {options.ForAction()}),
                                      options.watch.get());
}

}  // namespace iceframe
