// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/transaction_writes.h"

#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/execution/commit_written_files_internal.h"
#include "iceframe/execution/overwrite_internal.h"
#include "iceframe/execution/table_writer.h"
#include "iceframe/execution/write_operations.h"
#include "iceframe/runtime/running_operation.h"
#include "iceframe/table/ignored_properties.h"

namespace iceframe {

namespace {

// The report of the transaction's last change, which added `files`.
WriteReport LastReport(const Transaction& transaction, const std::vector<DataFile>& files) {
  WriteReport report = internal::ReportOf(transaction.table(), files);
  report.snapshot_id = transaction.snapshot_ids().back();
  report.num_deleted_files =
      internal::NumDeletedFiles(*report.table->metadata(), report.snapshot_id);
  return report;
}

Result<WriteReport> Append(const OperationContext& operation, Transaction& transaction,
                           arrow::RecordBatchReader& batches, const CommitOptions& options) {
  const OperationContext context = transaction.ForWriting(operation);
  const auto table = transaction.table();
  WarnOfIgnoredProperties(context, *table->metadata());
  ICEFRAME_ASSIGN_OR_RETURN(const std::vector<DataFile> files,
                            WriteDataFiles(context, table->io(), *table->metadata(), batches));
  if (files.empty() && !options.MovesPositions()) return internal::ReportOf(table, files);
  ICEFRAME_RETURN_NOT_OK(transaction.AppendFiles(context, files, {options.ForAction()}));
  return LastReport(transaction, files);
}

Result<WriteReport> Overwrite(const OperationContext& operation, Transaction& transaction,
                              arrow::RecordBatchReader& batches, const Expression& filter,
                              const OverwriteOptions& options) {
  const OperationContext context = transaction.ForWriting(operation);
  const auto table = transaction.table();
  ICEFRAME_ASSIGN_OR_RETURN(const std::vector<DataFile> files,
                            internal::WriteReplacement(context, *table, batches, filter, options));
  ICEFRAME_RETURN_NOT_OK(transaction.OverwriteFiles(
      context, files, internal::OverwriteActionOptions(*table, filter, options)));
  return LastReport(transaction, files);
}

Result<WriteReport> Delete(const OperationContext& operation, Transaction& transaction,
                           const Expression& filter, const CommitOptions& options) {
  const OperationContext context = transaction.ForWriting(operation);
  ICEFRAME_RETURN_NOT_OK(transaction.OverwriteFiles(
      context, {}, internal::OverwriteActionOptions(*transaction.table(), filter, options)));
  return LastReport(transaction, {});
}

// Runs `write` as an operation of that kind, if the transaction and the summary allow one.
template <typename Write>
Result<WriteReport> RunWrite(const OperationContext& context, OperationKind kind,
                             const Transaction& transaction, const CommitOptions& options,
                             const Write& write) {
  ICEFRAME_RETURN_NOT_OK(transaction.CheckOpen());
  ICEFRAME_RETURN_NOT_OK(options.Check());
  return RunOperation(context, kind, {transaction.table()->identifier().ToString()}, write);
}

}  // namespace

Result<WriteReport> AppendRows(const OperationContext& context, Transaction& transaction,
                               arrow::RecordBatchReader& batches, const CommitOptions& options) {
  return RunWrite(
      context, kAppendOperation, transaction, options,
      [&](const OperationContext& own) { return Append(own, transaction, batches, options); });
}

Result<WriteReport> OverwriteRows(const OperationContext& context, Transaction& transaction,
                                  arrow::RecordBatchReader& batches, const Expression& filter,
                                  const OverwriteOptions& options) {
  return RunWrite(context, kOverwriteOperation, transaction, options,
                  [&](const OperationContext& own) {
                    return Overwrite(own, transaction, batches, filter, options);
                  });
}

Result<WriteReport> DeleteRows(const OperationContext& context, Transaction& transaction,
                               const Expression& filter, const CommitOptions& options) {
  return RunWrite(
      context, kOverwriteOperation, transaction, options,
      [&](const OperationContext& own) { return Delete(own, transaction, filter, options); });
}

}  // namespace iceframe
