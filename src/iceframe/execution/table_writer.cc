// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/table_writer.h"

#include <memory>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "iceframe/datafile/sorting_writer.h"
#include "iceframe/execution/batch_hand_over_internal.h"
#include "iceframe/execution/wanted_rows_internal.h"
#include "iceframe/runtime/batch_bytes.h"
#include "iceframe/runtime/fork.h"
#include "iceframe/types/lossless_cast.h"

namespace iceframe {

namespace {

// Batches of a few big columns cast and encode well; very large ones are cut so that memory stays
// bounded whatever the caller hands in, and so are those whose text outgrows 32-bit offsets.
constexpr int64_t kMaxBatchRows = 128 * 1024;

void LogFailure(const OperationContext& context, const Status& status) {
  if (!status.ok()) context.Log(LogLevel::kWarning, "write", status.message());
}

WriteOptions FileOptions(const TableMetadata& metadata, const TableWriterOptions& options) {
  WriteOptions files;
  files.schema = metadata.current_schema();
  files.spec = *metadata.default_spec();
  files.table_location = metadata.location;
  files.properties = metadata.properties;
  files.format_version = metadata.format_version;
  files.max_open_bytes = options.max_open_bytes;
  files.max_open_files = options.max_open_files;
  return files;
}

}  // namespace

class TableWriter::Impl {
 public:
  Impl(const OperationContext& context, std::shared_ptr<const Schema> schema,
       std::unique_ptr<DataFileWriter> files, internal::WantedRows wanted, int64_t max_bytes)
      : context_(context),
        schema_(std::move(schema)),
        files_(std::move(files)),
        wanted_(std::move(wanted)),
        max_bytes_(max_bytes),
        hand_over_(context_, files_.get()) {}

  ~Impl() { LogFailure(context_, Abort()); }

  /// The error that every call has got since the writer failed or ended.
  Status CheckOpen() const {
    if (!is_of_this_process()) {
      return Error(ErrorKind::kInvalidArgument,
                   "a writer that was made before fork() is its parent's; make a new one");
    }
    return end_;
  }

  bool is_of_this_process() const { return ForkGeneration() == generation_; }

  Status CheckSchema(const arrow::Schema& schema) const {
    return LosslessCast::Make(schema, schema_, context_.pool()).status();
  }

  Status Write(const arrow::RecordBatch& batch) { return Settle(WriteParts(batch)); }

  Status Drain() { return Settle(hand_over_.Wait()); }

  Result<std::vector<DataFile>> Finish() {
    ICEFRAME_RETURN_NOT_OK(Drain());
    auto files = files_->Finish(context_);
    if (!files.ok()) return Settle(files.status());
    end_ = Error(ErrorKind::kInvalidArgument, "the writer has finished; make a new one");
    owns_files_ = false;
    return files;
  }

  Status Abort() {
    if (!owns_files_) return Status::OK();
    (void)hand_over_.Wait();
    if (end_.ok()) {
      end_ = Error(ErrorKind::kInvalidArgument, "the writer was aborted; make a new one");
    }
    // What was cancelled must still be able to clean up.
    Status aborted = files_->Abort(context_.ForCleanup());
    owns_files_ = !aborted.ok();
    return aborted;
  }

  int64_t num_rows() const { return hand_over_.num_rows(); }
  int64_t num_bytes() const { return hand_over_.num_bytes(); }

 private:
  Status WriteParts(const arrow::RecordBatch& batch) {
    ICEFRAME_RETURN_NOT_OK(context_.Check());
    ICEFRAME_RETURN_NOT_OK(UseSchema(batch.schema()));
    const int64_t first_row = hand_over_.num_rows();
    int64_t num_rows = 0;
    for (int64_t offset = 0; offset < batch.num_rows(); offset += num_rows) {
      ICEFRAME_RETURN_NOT_OK(context_.Check());
      num_rows = cast_->NumRowsWithin(batch, offset, kMaxBatchRows, max_bytes_);
      const std::shared_ptr<arrow::RecordBatch> part = batch.Slice(offset, num_rows);
      ICEFRAME_ASSIGN_OR_RETURN(auto rows,
                                cast_->Apply(*part, context_.pool(), first_row + offset));
      ICEFRAME_RETURN_NOT_OK(wanted_.Check(*rows, first_row + offset, context_.pool()));
      ICEFRAME_RETURN_NOT_OK(hand_over_.Write(std::move(rows)));
      context_.Report({"write", hand_over_.num_rows(), 0, "rows"});
    }
    return Status::OK();
  }

  // Works out the cast anew where batches begin to look different.
  Status UseSchema(const std::shared_ptr<arrow::Schema>& schema) {
    if (schema == cast_from_ || (cast_from_ != nullptr && schema->Equals(*cast_from_))) {
      return Status::OK();
    }
    ICEFRAME_ASSIGN_OR_RETURN(LosslessCast cast,
                              LosslessCast::Make(*schema, schema_, context_.pool()));
    cast_ = std::make_unique<LosslessCast>(std::move(cast));
    cast_from_ = schema;
    return Status::OK();
  }

  // Makes a failure the writer's end.
  Status Settle(const Status& status) {
    if (status.ok()) return status;
    // What went wrong with an earlier batch goes before what is wrong with a later one.
    const Status earlier = hand_over_.Wait();
    end_ = earlier.ok() ? status : earlier;
    LogFailure(context_, Abort());
    return end_;
  }

  const OperationContext context_;
  const std::shared_ptr<const Schema> schema_;
  const std::unique_ptr<DataFileWriter> files_;
  const internal::WantedRows wanted_;
  const int64_t max_bytes_;
  const uint64_t generation_ = ForkGeneration();
  internal::BatchHandOver hand_over_;
  std::shared_ptr<arrow::Schema> cast_from_;
  std::unique_ptr<LosslessCast> cast_;
  Status end_;
  bool owns_files_ = true;
};

TableWriter::TableWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TableWriter::~TableWriter() {
  // In a child of fork() neither the files nor what is under way are this process's: what would
  // wait for threads that are gone, or delete the parent's files, is left as it is.
  if (!impl_->is_of_this_process()) (void)impl_.release();
}

Result<std::unique_ptr<TableWriter>> TableWriter::Make(const OperationContext& context,
                                                       std::shared_ptr<FileIO> io,
                                                       const TableMetadata& metadata,
                                                       const TableWriterOptions& options) {
  std::shared_ptr<const Schema> schema = metadata.current_schema();
  ICEFRAME_ASSIGN_OR_RETURN(auto wanted, internal::WantedRows::Make(options.rows_wanted, *schema));
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t max_bytes, BatchBytes(context));
  ICEFRAME_ASSIGN_OR_RETURN(
      auto files, MakeSortingWriter(context, std::move(io), FileOptions(metadata, options),
                                    *metadata.default_sort_order()));
  auto impl = std::make_unique<Impl>(context, std::move(schema), std::move(files),
                                     std::move(wanted), max_bytes);
  return std::unique_ptr<TableWriter>(new TableWriter(std::move(impl)));
}

Status TableWriter::CheckSchema(const arrow::Schema& schema) const {
  ICEFRAME_RETURN_NOT_OK(impl_->CheckOpen());
  return impl_->CheckSchema(schema);
}

Status TableWriter::Write(const arrow::RecordBatch& batch) {
  ICEFRAME_RETURN_NOT_OK(impl_->CheckOpen());
  return impl_->Write(batch);
}

Status TableWriter::Drain() {
  ICEFRAME_RETURN_NOT_OK(impl_->CheckOpen());
  return impl_->Drain();
}

Result<std::vector<DataFile>> TableWriter::Finish() {
  ICEFRAME_RETURN_NOT_OK(impl_->CheckOpen());
  return impl_->Finish();
}

Status TableWriter::Abort() {
  if (!impl_->is_of_this_process()) return impl_->CheckOpen();
  return impl_->Abort();
}

int64_t TableWriter::num_rows() const { return impl_->num_rows(); }

int64_t TableWriter::num_bytes() const { return impl_->num_bytes(); }

namespace {

Status WriteAll(const OperationContext& context, arrow::RecordBatchReader& batches,
                TableWriter* writer) {
  ICEFRAME_RETURN_NOT_OK(writer->CheckSchema(*batches.schema()));
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    const Status read = context.Check().ok() ? batches.ReadNext(&batch) : context.Check();
    if (!read.ok()) {
      // What went wrong with an earlier batch goes before.
      ICEFRAME_RETURN_NOT_OK(writer->Drain());
      return read;
    }
    if (batch == nullptr) return Status::OK();
    ICEFRAME_RETURN_NOT_OK(writer->Write(*batch));
  }
}

}  // namespace

Result<std::vector<DataFile>> WriteDataFiles(const OperationContext& context,
                                             std::shared_ptr<FileIO> io,
                                             const TableMetadata& metadata,
                                             arrow::RecordBatchReader& batches,
                                             const TableWriterOptions& options) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto writer,
                            TableWriter::Make(context, std::move(io), metadata, options));
  ICEFRAME_RETURN_NOT_OK(WriteAll(context, batches, writer.get()));
  return writer->Finish();
}

void DeleteDataFiles(const OperationContext& context, FileIO& io,
                     const std::vector<DataFile>& files) {
  const OperationContext cleanup = context.ForCleanup();
  for (const DataFile& file : files) LogFailure(cleanup, io.Delete(cleanup, file.file_path));
}

}  // namespace iceframe
