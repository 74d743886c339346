// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/table_writer.h"

#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/datafile/sorting_writer.h"
#include "iceframe/execution/batch_hand_over_internal.h"
#include "iceframe/execution/wanted_rows_internal.h"
#include "iceframe/runtime/batch_bytes.h"
#include "iceframe/types/lossless_cast.h"

namespace iceframe {

namespace {

// Batches of a few big columns cast and encode well; very large ones are cut so that memory stays
// bounded whatever the caller hands in, and so are those whose text outgrows 32-bit offsets.
constexpr int64_t kMaxBatchRows = 128 * 1024;

Status WriteBatch(const OperationContext& context, const LosslessCast& cast,
                  const internal::WantedRows& wanted, const arrow::RecordBatch& batch,
                  internal::BatchHandOver* writer) {
  const int64_t first_row = writer->num_rows();
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t max_bytes, BatchBytes(context));
  int64_t num_rows = 0;
  for (int64_t offset = 0; offset < batch.num_rows(); offset += num_rows) {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    num_rows = cast.NumRowsWithin(batch, offset, kMaxBatchRows, max_bytes);
    const std::shared_ptr<arrow::RecordBatch> part = batch.Slice(offset, num_rows);
    ICEFRAME_ASSIGN_OR_RETURN(auto rows, cast.Apply(*part, context.pool(), first_row + offset));
    ICEFRAME_RETURN_NOT_OK(wanted.Check(*rows, first_row + offset, context.pool()));
    ICEFRAME_RETURN_NOT_OK(writer->Write(std::move(rows)));
    context.Report({"write", writer->num_rows(), 0, "rows"});
  }
  return Status::OK();
}

Status HandOverAll(const OperationContext& context, std::shared_ptr<const Schema> schema,
                   const internal::WantedRows& wanted, arrow::RecordBatchReader& batches,
                   internal::BatchHandOver* writer) {
  ICEFRAME_ASSIGN_OR_RETURN(
      LosslessCast cast, LosslessCast::Make(*batches.schema(), std::move(schema), context.pool()));
  while (true) {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    std::shared_ptr<arrow::RecordBatch> batch;
    ICEFRAME_RETURN_NOT_OK(batches.ReadNext(&batch));
    if (batch == nullptr) return Status::OK();
    ICEFRAME_RETURN_NOT_OK(WriteBatch(context, cast, wanted, *batch, writer));
  }
}

Status WriteAll(const OperationContext& context, std::shared_ptr<const Schema> schema,
                const internal::WantedRows& wanted, arrow::RecordBatchReader& batches,
                DataFileWriter* writer) {
  internal::BatchHandOver hand_over(context, writer);
  const Status read = HandOverAll(context, std::move(schema), wanted, batches, &hand_over);
  // What went wrong with an earlier batch goes before what is wrong with a later one.
  ICEFRAME_RETURN_NOT_OK(hand_over.Wait());
  return read;
}

}  // namespace

Result<std::vector<DataFile>> WriteDataFiles(const OperationContext& context,
                                             std::shared_ptr<FileIO> io,
                                             const TableMetadata& metadata,
                                             arrow::RecordBatchReader& batches,
                                             const Expression& rows_wanted) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto wanted,
                            internal::WantedRows::Make(rows_wanted, *metadata.current_schema()));
  WriteOptions options;
  options.schema = metadata.current_schema();
  options.spec = *metadata.default_spec();
  options.table_location = metadata.location;
  options.properties = metadata.properties;
  options.format_version = metadata.format_version;
  ICEFRAME_ASSIGN_OR_RETURN(auto writer,
                            MakeSortingWriter(context, std::move(io), std::move(options),
                                              *metadata.default_sort_order()));
  Status status = WriteAll(context, metadata.current_schema(), wanted, batches, writer.get());
  if (status.ok()) {
    auto files = writer->Finish(context);
    if (files.ok()) return files;
    status = files.status();
  }
  // What was cancelled must still be able to clean up.
  const OperationContext cleanup = context.ForCleanup();
  const Status aborted = writer->Abort(cleanup);
  if (!aborted.ok() && context.log != nullptr) {
    context.log->Log(LogLevel::kWarning, "write", aborted.message());
  }
  return status;
}

void DeleteDataFiles(const OperationContext& context, FileIO& io,
                     const std::vector<DataFile>& files) {
  const OperationContext cleanup = context.ForCleanup();
  for (const DataFile& file : files) {
    const Status status = io.Delete(cleanup, file.file_path);
    if (!status.ok() && context.log != nullptr) {
      context.log->Log(LogLevel::kWarning, "write", status.message());
    }
  }
}

}  // namespace iceframe
