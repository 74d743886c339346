// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/transaction_writes.h"

#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/execution/commit_written_files_internal.h"
#include "iceframe/execution/overwrite_internal.h"
#include "iceframe/execution/table_writer.h"
#include "iceframe/table/ignored_properties.h"
#include "iceframe/table/snapshot_summary.h"

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

}  // namespace

Result<WriteReport> AppendRows(const OperationContext& operation, Transaction& transaction,
                               arrow::RecordBatchReader& batches, const CommitOptions& options) {
  ICEFRAME_RETURN_NOT_OK(transaction.CheckOpen());
  ICEFRAME_RETURN_NOT_OK(CheckCallerSummary(options.summary));
  const OperationContext context = transaction.ForWriting(operation);
  const auto table = transaction.table();
  WarnOfIgnoredProperties(context, *table->metadata());
  ICEFRAME_ASSIGN_OR_RETURN(const std::vector<DataFile> files,
                            WriteDataFiles(context, table->io(), *table->metadata(), batches));
  if (files.empty()) return internal::ReportOf(table, files);
  ICEFRAME_RETURN_NOT_OK(transaction.AppendFiles(context, files, {options.ForAction()}));
  return LastReport(transaction, files);
}

Result<WriteReport> OverwriteRows(const OperationContext& operation, Transaction& transaction,
                                  arrow::RecordBatchReader& batches, const Expression& filter,
                                  const OverwriteOptions& options) {
  ICEFRAME_RETURN_NOT_OK(transaction.CheckOpen());
  ICEFRAME_RETURN_NOT_OK(CheckCallerSummary(options.summary));
  const OperationContext context = transaction.ForWriting(operation);
  const auto table = transaction.table();
  ICEFRAME_ASSIGN_OR_RETURN(const std::vector<DataFile> files,
                            internal::WriteReplacement(context, *table, batches, filter, options));
  ICEFRAME_RETURN_NOT_OK(transaction.OverwriteFiles(
      context, files, internal::OverwriteActionOptions(*table, filter, options)));
  return LastReport(transaction, files);
}

Result<WriteReport> DeleteRows(const OperationContext& operation, Transaction& transaction,
                               const Expression& filter, const CommitOptions& options) {
  ICEFRAME_RETURN_NOT_OK(transaction.CheckOpen());
  ICEFRAME_RETURN_NOT_OK(CheckCallerSummary(options.summary));
  const OperationContext context = transaction.ForWriting(operation);
  ICEFRAME_RETURN_NOT_OK(transaction.OverwriteFiles(
      context, {}, internal::OverwriteActionOptions(*transaction.table(), filter, options)));
  return LastReport(transaction, {});
}

}  // namespace iceframe
