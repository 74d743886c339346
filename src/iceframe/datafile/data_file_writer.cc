// SPDX-License-Identifier: Apache-2.0
#include "iceframe/datafile/data_file_writer.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <arrow/api.h>

#include "iceframe/datafile/array_form_internal.h"
#include "iceframe/datafile/data_location.h"
#include "iceframe/datafile/parquet_file_writer_internal.h"
#include "iceframe/datafile/partition_splitter_internal.h"

namespace iceframe {
namespace {

using internal::ParquetFileWriter;
using internal::ParquetWriteSetup;
using internal::PartitionRows;
using internal::PartitionSplitter;

/// Rows go to the encoder in slices of at most so many rows and, by their size in memory, bytes:
/// between slices sizes are looked at.
constexpr int64_t kSliceRows = 64 * 1024;
constexpr int64_t kSliceBytes = int64_t{16} << 20;

class RollingWriter : public DataFileWriter {
 public:
  RollingWriter(std::shared_ptr<FileIO> io, WriteOptions options,
                std::shared_ptr<const ParquetWriteSetup> setup, PartitionSplitter splitter)
      : io_(std::move(io)),
        options_(std::move(options)),
        setup_(std::move(setup)),
        splitter_(std::move(splitter)),
        location_(options_.table_location, setup_->properties) {
    if (options_.file_name_prefix.empty()) options_.file_name_prefix = MakeFileNamePrefix();
  }

  Status Write(const OperationContext& context, const arrow::RecordBatch& batch) override {
    ICEFRAME_RETURN_NOT_OK(CheckState());
    Status written = WriteChecked(context, batch);
    if (!written.ok()) failed_ = true;
    return written;
  }

  Result<std::vector<DataFile>> Finish(const OperationContext& context) override {
    ICEFRAME_RETURN_NOT_OK(CheckState());
    std::vector<Partition*> open;
    for (auto& [key, partition] : partitions_) {
      if (partition.file != nullptr) open.push_back(&partition);
    }
    std::sort(open.begin(), open.end(), [](const Partition* left, const Partition* right) {
      return left->file->location() < right->file->location();
    });
    std::vector<DataFile> closed(open.size());
    finished_ = true;
    Status status = context.executor->ParallelFor(
        static_cast<int64_t>(open.size()),
        [&](int64_t i) -> Status {
          ICEFRAME_ASSIGN_OR_RETURN(closed[static_cast<size_t>(i)],
                                    CloseFile(open[static_cast<size_t>(i)]));
          return Status::OK();
        },
        context.cancel);
    if (!status.ok()) {
      failed_ = true;
      return status;
    }
    for (DataFile& file : closed) Keep(std::move(file));
    return files_;
  }

  Status Abort(const OperationContext& context) override {
    finished_ = failed_ = true;
    partitions_.clear();
    Status first;
    // Cancelling an operation must not keep its files from being deleted.
    const OperationContext cleanup = context.ForCleanup();
    // What could not be deleted is kept for another try.
    std::erase_if(locations_, [&](const std::string& location) {
      Status deleted = io_->Delete(cleanup, location);
      if (first.ok() && !deleted.ok()) first = deleted;
      return deleted.ok();
    });
    files_.clear();
    return first;
  }

  int64_t num_rows() const override { return num_rows_; }

  int64_t num_bytes() const override {
    int64_t bytes = 0;
    for (const DataFile& file : files_) bytes += file.file_size_in_bytes;
    for (const auto& [key, partition] : partitions_) {
      if (partition.file != nullptr) bytes += partition.file->encoded_bytes();
    }
    return bytes;
  }

 private:
  struct Partition {
    std::vector<Value> values;
    std::string path;
    std::unique_ptr<ParquetFileWriter> file;
    int64_t held_bytes = 0;
  };

  Status CheckState() const {
    if (failed_ || finished_) {
      return Error(ErrorKind::kInvalidArgument,
                   "the writer has finished or failed; only Abort is left");
    }
    return Status::OK();
  }

  /// The batch under the write schema's own types. Errors: SchemaMismatch.
  Result<std::shared_ptr<arrow::RecordBatch>> Conform(const arrow::RecordBatch& batch,
                                                      arrow::MemoryPool* pool) const {
    const arrow::Schema& wanted = *setup_->batch_schema;
    if (batch.num_columns() != wanted.num_fields()) {
      return Error(ErrorKind::kSchemaMismatch, "a batch has ", batch.num_columns(),
                   " columns, the table ", wanted.num_fields());
    }
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (int i = 0; i < wanted.num_fields(); ++i) {
      const auto& field = wanted.field(i);
      const auto& given = batch.schema()->field(i);
      if (given->name() != field->name()) {
        return Error(ErrorKind::kSchemaMismatch,
                     "a batch's column has another name than the "
                     "table's: ",
                     given->name(), " instead of ", field->name());
      }
      if (!internal::SameLayout(*given->type(), *field->type())) {
        return Error(ErrorKind::kSchemaMismatch,
                     "a batch's column has another type than the "
                     "table's: ",
                     field->name(), " is ", given->type()->ToString(), " instead of ",
                     field->type()->ToString());
      }
      columns.push_back(arrow::MakeArray(internal::Relabel(batch.column_data(i), field->type())));
      ICEFRAME_RETURN_NOT_OK(internal::CheckRequired(
          options_.schema->fields()[static_cast<size_t>(i)], *columns.back(), pool));
    }
    return arrow::RecordBatch::Make(setup_->batch_schema, batch.num_rows(), std::move(columns));
  }

  Status WriteChecked(const OperationContext& context, const arrow::RecordBatch& batch) {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_ASSIGN_OR_RETURN(auto rows, Conform(batch, context.pool()));
    if (rows->num_rows() == 0) return Status::OK();
    num_rows_ += rows->num_rows();
    if (options_.spec.fields.empty()) {
      return WriteRows(context, &FindPartition("", {}), *rows);
    }
    ICEFRAME_ASSIGN_OR_RETURN(auto partitions, splitter_.Split(*rows, context.pool()));
    for (PartitionRows& part : partitions) {
      Partition& partition = FindPartition(part.key, std::move(part.partition));
      ICEFRAME_RETURN_NOT_OK(WriteRows(context, &partition, *part.rows));
      part.rows.reset();
    }
    return Status::OK();
  }

  Partition& FindPartition(const std::string& key, std::vector<Value> values) {
    auto [found, added] = partitions_.try_emplace(key);
    if (added) {
      if (!options_.spec.fields.empty()) {
        found->second.path = PartitionPath(options_.spec, *options_.schema, values);
      }
      found->second.values = std::move(values);
    }
    return found->second;
  }

  Status WriteRows(const OperationContext& context, Partition* partition,
                   const arrow::RecordBatch& rows) {
    const int64_t bytes = internal::NumBytes(rows);
    const int64_t bytes_per_row = std::max<int64_t>(1, bytes / rows.num_rows());
    const int64_t slice_rows =
        std::clamp(SliceBytes(context) / bytes_per_row, int64_t{1}, kSliceRows);
    for (int64_t begin = 0; begin < rows.num_rows(); begin += slice_rows) {
      ICEFRAME_RETURN_NOT_OK(OpenIfNeeded(context, partition));
      ICEFRAME_RETURN_NOT_OK(partition->file->Write(context, *rows.Slice(begin, slice_rows)));
      UpdateHeld(partition);
      if (partition->file->encoded_bytes() >= setup_->properties.target_file_size_bytes) {
        ICEFRAME_RETURN_NOT_OK(Roll(partition));
      }
      ICEFRAME_RETURN_NOT_OK(KeepInBounds(context));
    }
    return Status::OK();
  }

  int64_t SliceBytes(const OperationContext& context) const {
    const int64_t bytes = std::min(kSliceBytes, setup_->properties.target_file_size_bytes);
    // Encoding holds a slice's values a few times: in a dictionary, its hash table, a page.
    const auto budget = context.memory->limit_bytes();
    return budget ? std::min(bytes, *budget / 16) : bytes;
  }

  Status OpenIfNeeded(const OperationContext& context, Partition* partition) {
    if (partition->file != nullptr) return Status::OK();
    while (num_open_ >= std::max(1, options_.max_open_files)) {
      ICEFRAME_RETURN_NOT_OK(Roll(Largest()));
    }
    const std::string number = std::to_string(++num_named_);
    const std::string name = options_.file_name_prefix + "-" +
                             std::string(number.size() < 5 ? 5 - number.size() : 0, '0') + number +
                             ".parquet";
    std::string location = location_.Make(partition->path, name);
    ICEFRAME_ASSIGN_OR_RETURN(partition->file,
                              ParquetFileWriter::Open(context, *io_, location, setup_));
    locations_.push_back(std::move(location));
    ++num_open_;
    return Status::OK();
  }

  void UpdateHeld(Partition* partition) {
    const int64_t held = partition->file == nullptr ? 0 : partition->file->held_bytes();
    held_bytes_ += held - partition->held_bytes;
    partition->held_bytes = held;
  }

  Partition* Largest() {
    Partition* largest = nullptr;
    for (auto& [key, partition] : partitions_) {
      if (partition.file == nullptr) continue;
      if (largest == nullptr || partition.held_bytes > largest->held_bytes) largest = &partition;
    }
    return largest;
  }

  /// Gives memory back while the open files hold more than they may. With few files open it is
  /// enough to write out their row groups; with many, row groups would become tiny, so the
  /// largest file is closed.
  Status KeepInBounds(const OperationContext& context) {
    int64_t limit = options_.max_open_bytes;
    // A column's pages lie in one block, which for a moment is there twice when it grows.
    if (auto budget = context.memory->limit_bytes()) limit = std::min(limit, *budget / 4);
    while (held_bytes_ > limit && num_open_ > 0) {
      Partition* largest = Largest();
      const int64_t before = held_bytes_;
      if (num_open_ == 1) {
        ICEFRAME_RETURN_NOT_OK(largest->file->FlushRowGroup());
        UpdateHeld(largest);
        if (held_bytes_ >= before) return Status::OK();
      } else {
        ICEFRAME_RETURN_NOT_OK(Roll(largest));
      }
    }
    return Status::OK();
  }

  Result<DataFile> CloseFile(Partition* partition) const {
    ICEFRAME_ASSIGN_OR_RETURN(DataFile file, partition->file->Close());
    file.spec_id = options_.spec.spec_id;
    file.partition = partition->values;
    file.sort_order_id = options_.sort_order_id;
    return file;
  }

  Status Roll(Partition* partition) {
    ICEFRAME_ASSIGN_OR_RETURN(DataFile file, CloseFile(partition));
    Keep(std::move(file));
    partition->file.reset();
    UpdateHeld(partition);
    --num_open_;
    return Status::OK();
  }

  void Keep(DataFile file) { files_.push_back(std::move(file)); }

  std::shared_ptr<FileIO> io_;
  WriteOptions options_;
  std::shared_ptr<const ParquetWriteSetup> setup_;
  PartitionSplitter splitter_;
  DataLocation location_;
  std::unordered_map<std::string, Partition> partitions_;
  std::vector<DataFile> files_;
  std::vector<std::string> locations_;
  int64_t num_rows_ = 0;
  int64_t num_named_ = 0;
  int64_t held_bytes_ = 0;
  int num_open_ = 0;
  bool failed_ = false;
  bool finished_ = false;
};

}  // namespace

Result<std::unique_ptr<DataFileWriter>> MakeDataFileWriter(const OperationContext& context,
                                                           std::shared_ptr<FileIO> io,
                                                           WriteOptions options) {
  ICEFRAME_RETURN_NOT_OK(context.Check());
  if (io == nullptr || options.schema == nullptr) {
    return Error(ErrorKind::kInvalidArgument, "a writer needs a FileIO and a schema");
  }
  ICEFRAME_ASSIGN_OR_RETURN(auto setup,
                            ParquetWriteSetup::Make(*options.schema, options.properties));
  ICEFRAME_ASSIGN_OR_RETURN(auto splitter, PartitionSplitter::Make(*options.schema, options.spec));
  return std::make_unique<RollingWriter>(std::move(io), std::move(options), std::move(setup),
                                         std::move(splitter));
}

}  // namespace iceframe
