// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/overwrite.h"

#include <vector>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "iceframe/execution/commit_written_files_internal.h"
#include "iceframe/execution/file_rows_match.h"
#include "iceframe/execution/overwrite_internal.h"
#include "iceframe/execution/table_writer.h"
#include "iceframe/execution/write_operations.h"
#include "iceframe/runtime/running_operation.h"
#include "iceframe/table/ignored_properties.h"

namespace iceframe {

namespace {

// Nothing at all, not even a type, is more likely a mistake than the wish to empty a table.
Status CheckHasTypes(const arrow::Schema& schema) {
  for (const auto& field : schema.fields()) {
    if (field->type()->id() != arrow::Type::NA) return Status::OK();
  }
  return Error(ErrorKind::kInvalidArgument,
               "overwriting with no rows and no types would empty the table; to do so give an "
               "empty frame whose columns have types, such as read_table(name, limit=0)");
}

}  // namespace

namespace internal {

OverwriteFilesOptions OverwriteActionOptions(const Table& table, const Expression& filter,
                                             const CommitOptions& options) {
  OverwriteFilesOptions action;
  static_cast<SnapshotActionOptions&>(action) = options.ForAction();
  if (!filter.is_true()) action.filter = filter;
  action.match_rows = [io = table.io()](const OperationContext& context,
                                        const TableMetadata& metadata, const DataFile& file,
                                        const Expression& bound) {
    return MatchFileRows(context, io, metadata, file, bound);
  };
  return action;
}

Result<std::vector<DataFile>> WriteReplacement(const OperationContext& context, const Table& table,
                                               arrow::RecordBatchReader& batches,
                                               const Expression& filter,
                                               const OverwriteOptions& options) {
  WarnOfIgnoredProperties(context, *table.metadata());
  if (batches.schema()->num_fields() == 0) {
    ICEFRAME_RETURN_NOT_OK(CheckHasTypes(*batches.schema()));
  }
  ICEFRAME_ASSIGN_OR_RETURN(std::vector<DataFile> files,
                            WriteDataFiles(context, table.io(), *table.metadata(), batches,
                                           {options.allow_rows_outside_filter ? True() : filter}));
  if (files.empty()) ICEFRAME_RETURN_NOT_OK(CheckHasTypes(*batches.schema()));
  return files;
}

}  // namespace internal

namespace {

Result<WriteReport> WriteAndReplace(const OperationContext& operation,
                                    const std::shared_ptr<const Table>& table,
                                    arrow::RecordBatchReader& batches, const Expression& filter,
                                    const OverwriteOptions& options) {
  ICEFRAME_RETURN_NOT_OK(options.Check());
  const OperationContext context = internal::WithDeferredSyncs(operation);
  ICEFRAME_ASSIGN_OR_RETURN(const std::vector<DataFile> files,
                            internal::WriteReplacement(context, *table, batches, filter, options));
  return internal::CommitWrittenFiles(
      context, table, files,
      OverwriteFilesAction::Make(*table, files,
                                 internal::OverwriteActionOptions(*table, filter, options)),
      options.watch.get());
}

}  // namespace

Result<WriteReport> OverwriteRows(const OperationContext& context,
                                  const std::shared_ptr<const Table>& table,
                                  arrow::RecordBatchReader& batches, const Expression& filter,
                                  const OverwriteOptions& options) {
  return RunOperation(context, kOverwriteOperation, {table->identifier().ToString()},
                      [&](const OperationContext& own) {
                        return WriteAndReplace(own, table, batches, filter, options);
                      });
}

}  // namespace iceframe
