// SPDX-License-Identifier: Apache-2.0
#include "iceframe/datafile/sorting_writer.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/compute/initialize.h>

#include "iceframe/datafile/array_form_internal.h"
#include "iceframe/datafile/row_sorter_internal.h"
#include "iceframe/types/offset_reach.h"

namespace iceframe {
namespace {

using internal::RowSorter;

/// Sorted rows are copied and written so many at a time.
constexpr int64_t kRowsPerWrite = 64 * 1024;

class SortingWriter final : public DataFileWriter {
 public:
  SortingWriter(std::shared_ptr<FileIO> io, WriteOptions options, RowSorter sorter,
                std::unique_ptr<DataFileWriter> first)
      : io_(std::move(io)), options_(std::move(options)), sorter_(std::move(sorter)) {
    runs_.push_back(std::move(first));
  }

  Status Write(const OperationContext& context, const arrow::RecordBatch& batch) override {
    ICEFRAME_RETURN_NOT_OK(CheckState());
    Status written = Gather(context, batch);
    if (!written.ok()) failed_ = true;
    return written;
  }

  Result<std::vector<DataFile>> Finish(const OperationContext& context) override {
    ICEFRAME_RETURN_NOT_OK(CheckState());
    finished_ = true;
    Status written = WriteRun(context);
    if (written.ok()) return files_;
    failed_ = true;
    return written;
  }

  Status Abort(const OperationContext& context) override {
    finished_ = failed_ = true;
    gathered_.clear();
    files_.clear();
    Status first;
    for (const auto& run : runs_) {
      Status aborted = run->Abort(context);
      if (first.ok()) first = std::move(aborted);
    }
    return first;
  }

  int64_t num_rows() const override { return num_rows_; }

  int64_t num_bytes() const override {
    int64_t bytes = 0;
    for (const auto& run : runs_) bytes += run->num_bytes();
    return bytes;
  }

 private:
  Status CheckState() const {
    if (!failed_ && !finished_) return Status::OK();
    return Error(ErrorKind::kInvalidArgument,
                 "the writer has finished or failed; only Abort is left");
  }

  /// Sorting holds the rows gathered and their copy in one piece at once. No run outgrows 32-bit
  /// offsets.
  int64_t MaxRunBytes(const OperationContext& context) const {
    const int64_t most = std::min(options_.max_open_bytes, kMaxOffset);
    const auto limit = context.memory->limit_bytes();
    return limit ? std::min(most, *limit / 8) : most;
  }

  Status Gather(const OperationContext& context, const arrow::RecordBatch& batch) {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    if (batch.num_rows() == 0) return Status::OK();
    const int64_t bytes = internal::NumBytes(batch);
    if (gathered_bytes_ + bytes > MaxRunBytes(context)) ICEFRAME_RETURN_NOT_OK(WriteRun(context));
    gathered_.push_back(
        arrow::RecordBatch::Make(batch.schema(), batch.num_rows(), batch.columns()));
    gathered_bytes_ += bytes;
    num_rows_ += batch.num_rows();
    return Status::OK();
  }

  Status WriteRun(const OperationContext& context) {
    if (gathered_.empty()) return Status::OK();
    ICEFRAME_RETURN_NOT_OK(context.Check());
    if (!files_.empty()) {
      WriteOptions options = options_;
      if (!options.file_name_prefix.empty()) {
        options.file_name_prefix += "-" + std::to_string(runs_.size());
      }
      ICEFRAME_ASSIGN_OR_RETURN(auto run, MakeDataFileWriter(context, io_, std::move(options)));
      runs_.push_back(std::move(run));
    }
    ICEFRAME_RETURN_NOT_OK(WriteSorted(context));
    ICEFRAME_ASSIGN_OR_RETURN(std::vector<DataFile> files, runs_.back()->Finish(context));
    std::move(files.begin(), files.end(), std::back_inserter(files_));
    return Status::OK();
  }

  Status WriteSorted(const OperationContext& context) {
    gathered_bytes_ = 0;
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches = std::exchange(gathered_, {});
    std::shared_ptr<arrow::RecordBatch> rows = batches.front();
    if (batches.size() > 1) {
      ICEFRAME_ASSIGN_OR_RETURN(rows, arrow::ConcatenateRecordBatches(batches, context.pool()));
    }
    batches.clear();
    ICEFRAME_ASSIGN_OR_RETURN(auto order, sorter_.Order(context, *rows));
    if (order == nullptr) return runs_.back()->Write(context, *rows);
    arrow::compute::ExecContext exec(context.pool());
    exec.set_use_threads(false);
    for (int64_t begin = 0; begin < order->length(); begin += kRowsPerWrite) {
      ICEFRAME_ASSIGN_OR_RETURN(
          arrow::Datum next,
          arrow::compute::Take(rows, order->Slice(begin, kRowsPerWrite),
                               arrow::compute::TakeOptions::NoBoundsCheck(), &exec));
      ICEFRAME_RETURN_NOT_OK(runs_.back()->Write(context, *next.record_batch()));
    }
    return Status::OK();
  }

  std::shared_ptr<FileIO> io_;
  WriteOptions options_;
  RowSorter sorter_;
  /// One writer per run: the last one, and those before it, which have finished.
  std::vector<std::unique_ptr<DataFileWriter>> runs_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> gathered_;
  int64_t gathered_bytes_ = 0;
  std::vector<DataFile> files_;
  int64_t num_rows_ = 0;
  bool failed_ = false;
  bool finished_ = false;
};

}  // namespace

Result<std::unique_ptr<DataFileWriter>> MakeSortingWriter(const OperationContext& context,
                                                          std::shared_ptr<FileIO> io,
                                                          WriteOptions options,
                                                          const SortOrder& order) {
  ICEFRAME_RETURN_NOT_OK(arrow::compute::Initialize());
  options.sort_order_id.reset();
  std::optional<RowSorter> sorter;
  if (options.schema != nullptr) sorter = RowSorter::Make(*options.schema, order);
  if (!sorter) return MakeDataFileWriter(context, std::move(io), std::move(options));
  options.sort_order_id = order.order_id;
  // Made at once, so that what can't be written is refused before the first row.
  ICEFRAME_ASSIGN_OR_RETURN(auto first, MakeDataFileWriter(context, io, options));
  return std::make_unique<SortingWriter>(std::move(io), std::move(options), *std::move(sorter),
                                         std::move(first));
}

}  // namespace iceframe
