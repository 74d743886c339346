// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <arrow/util/thread_pool.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>

#include "iceframe/datafile/file_metrics_internal.h"
#include "iceframe/datafile/parquet_assembly_internal.h"
#include "iceframe/datafile/parquet_file_writer_internal.h"

namespace iceframe::internal {
namespace {

/// Batches of fewer values are encoded faster by one thread.
constexpr int64_t kParallelValues = 64 * 1024;

}  // namespace

/// Runs a column's encoding on the process's threads, or at once where the batch is small or the
/// caller is one of those threads: a thread of a pool never waits for its own pool.
///
/// A batch's columns come as tasks in their order; those that took longest in the batch before
/// are begun first, lest all wait for a long one at the end.
class ParquetFileWriter::NestingExecutor : public arrow::internal::Executor {
 public:
  explicit NestingExecutor(arrow::internal::Executor* threads)
      : threads_(threads), columns_(std::make_shared<Columns>()) {}
  int GetCapacity() override { return threads_->GetCapacity(); }
  bool OwnsThisThread() override { return threads_->OwnsThisThread(); }
  void BeginBatch(bool is_inline) {
    is_inline_ = is_inline;
    next_column_ = 0;
  }

 protected:
  Status SpawnReal(arrow::internal::TaskHints hints, arrow::internal::FnOnce<void()> task,
                   arrow::StopToken, StopCallback&&) override {
    if (is_inline_ || threads_->OwnsThisThread()) {
      std::move(task)();
      return Status::OK();
    }
    columns_->Add(next_column_++, std::move(task));
    return threads_->Spawn(hints, [columns = columns_] { columns->RunLongest(); });
  }

 private:
  /// The tasks that wait, and what each column took the last time.
  class Columns {
   public:
    void Add(size_t column, arrow::internal::FnOnce<void()> task) {
      std::lock_guard lock(mutex_);
      if (column >= seconds_.size()) seconds_.resize(column + 1);
      waiting_.emplace_back(column, std::move(task));
    }

    void RunLongest() {
      std::unique_lock lock(mutex_);
      const auto longest = std::max_element(waiting_.begin(), waiting_.end(),
                                            [this](const auto& left, const auto& right) {
                                              return seconds_[left.first] < seconds_[right.first];
                                            });
      // Each task came with one call of this.
      if (longest == waiting_.end()) return;
      auto [column, task] = std::move(*longest);
      waiting_.erase(longest);
      lock.unlock();
      const auto begin = std::chrono::steady_clock::now();
      std::move(task)();
      const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
      lock.lock();
      seconds_[column] = taken.count();
    }

   private:
    std::mutex mutex_;
    std::vector<double> seconds_;
    std::vector<std::pair<size_t, arrow::internal::FnOnce<void()>>> waiting_;
  };

  arrow::internal::Executor* threads_;
  // Shared: a task's last steps come after the writer was told that it is done.
  std::shared_ptr<Columns> columns_;
  size_t next_column_ = 0;
  bool is_inline_ = false;
};

namespace {

std::shared_ptr<parquet::WriterProperties> MakeWriterProperties(const WriteProperties& properties,
                                                                arrow::MemoryPool* pool) {
  parquet::WriterProperties::Builder builder;
  builder.memory_pool(pool)
      ->compression(properties.codec)
      ->data_pagesize(properties.page_size_bytes)
      ->max_rows_per_page(properties.page_row_limit)
      ->dictionary_pagesize_limit(properties.dict_size_bytes)
      ->max_row_group_length(properties.row_group_limit)
      ->enable_store_decimal_as_integer()
      ->enable_write_page_index();
  if (properties.compression_level) builder.compression_level(*properties.compression_level);
  for (const auto& filter : properties.bloom_filters) {
    parquet::BloomFilterOptions options;
    options.fpp = filter.false_positive_rate;
    builder.enable_bloom_filter(filter.column, options);
  }
  return builder.build();
}

}  // namespace

ParquetFileWriter::ParquetFileWriter(const OperationContext& context, std::string location,
                                     std::shared_ptr<const ParquetWriteSetup> setup)
    : location_(std::move(location)),
      setup_(std::move(setup)),
      memory_(context.memory),
      pool_(context.pool()) {}

ParquetFileWriter::~ParquetFileWriter() { Abort(); }

Result<std::unique_ptr<ParquetFileWriter>> ParquetFileWriter::Open(
    const OperationContext& context, FileIO& io, std::string location,
    std::shared_ptr<const ParquetWriteSetup> setup) {
  std::unique_ptr<ParquetFileWriter> writer(
      new ParquetFileWriter(context, std::move(location), std::move(setup)));
  ICEFRAME_ASSIGN_OR_RETURN(writer->file_, io.Create(context, writer->location_));
  Status opened = writer->OpenParquet(context);
  if (!opened.ok()) return WithContext(opened, "file", writer->location_);
  return writer;
}

Status ParquetFileWriter::OpenParquet(const OperationContext& context) {
  BEGIN_PARQUET_CATCH_EXCEPTIONS
  stream_ = std::make_shared<OutputFileStream>(file_.get());
  executor_ = std::make_shared<NestingExecutor>(context.executor->cpu());
  auto properties = MakeWriterProperties(setup_->properties, &pool_);
  auto arrow_properties = parquet::ArrowWriterProperties::Builder()
                              .set_use_threads(true)
                              ->set_executor(executor_.get())
                              ->build();
  std::shared_ptr<parquet::SchemaDescriptor> descriptor;
  ICEFRAME_RETURN_NOT_OK(parquet::arrow::ToParquetSchema(setup_->stored_schema.get(), *properties,
                                                         *arrow_properties, &descriptor));
  auto root = std::static_pointer_cast<parquet::schema::GroupNode>(descriptor->schema_root());
  auto key_values =
      arrow::KeyValueMetadata::Make({std::string("iceberg.schema")}, {setup_->schema_json});
  auto contents =
      std::make_unique<ParquetAssembly>(stream_, root, std::move(properties), key_values);
  contents_ = contents.get();
  auto file_writer = std::make_unique<parquet::ParquetFileWriter>();
  file_writer->Open(std::move(contents));
  return parquet::arrow::FileWriter::Make(&pool_, std::move(file_writer), setup_->stored_schema,
                                          arrow_properties, &writer_);
  END_PARQUET_CATCH_EXCEPTIONS
}

Status ParquetFileWriter::Write(const OperationContext& context, const arrow::RecordBatch& batch) {
  ICEFRAME_RETURN_NOT_OK(context.Check());
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (size_t i = 0; i < setup_->stored_columns.size(); ++i) {
    const auto& data = batch.column_data(setup_->stored_columns[i]);
    columns.push_back(
        arrow::MakeArray(Relabel(data, setup_->stored_schema->field(static_cast<int>(i))->type())));
  }
  auto stored = arrow::RecordBatch::Make(setup_->stored_schema, batch.num_rows(), columns);
  executor_->BeginBatch(batch.num_rows() * batch.num_columns() < kParallelValues);
  auto write = [&]() -> Status {
    BEGIN_PARQUET_CATCH_EXCEPTIONS
    if (contents_->row_group() == nullptr) {
      ICEFRAME_RETURN_NOT_OK(writer_->NewBufferedRowGroup());
    }
    return writer_->WriteRecordBatch(*stored);
    END_PARQUET_CATCH_EXCEPTIONS
  };
  Status written = write();
  if (!written.ok()) return WithContext(written, "file", location_);
  num_rows_ += batch.num_rows();
  ICEFRAME_RETURN_NOT_OK(CountNans(batch));
  if (RowGroupBytes() >= setup_->properties.row_group_size_bytes) return FlushRowGroup();
  return Status::OK();
}

Status ParquetFileWriter::FlushRowGroup() {
  PARQUET_CATCH_NOT_OK(contents_->FlushRowGroup());
  return Status::OK();
}

int64_t ParquetFileWriter::RowGroupBytes() const {
  const parquet::RowGroupWriter* row_group =
      contents_ == nullptr ? nullptr : contents_->row_group();
  if (row_group == nullptr) return 0;
  // Values not yet in a page count at half their plain size, which compression comes to or beats;
  // at most a page per column is in that state.
  const auto buffered = row_group->estimated_buffered_stats();
  return row_group->total_compressed_bytes() + row_group->total_compressed_bytes_written() +
         (buffered.value_bytes + buffered.dict_bytes) / 2 + buffered.def_level_bytes +
         buffered.rep_level_bytes;
}

int64_t ParquetFileWriter::encoded_bytes() const {
  return (file_ == nullptr ? 0 : file_->num_bytes()) + RowGroupBytes();
}

Status ParquetFileWriter::CountNans(const arrow::RecordBatch& batch) {
  for (const auto& column : setup_->nan_columns) {
    ICEFRAME_ASSIGN_OR_RETURN(int64_t count, internal::CountNans(batch, column.path, &pool_));
    nan_counts_[column.field_id] += count;
  }
  return Status::OK();
}

Result<DataFile> ParquetFileWriter::Close() {
  auto close = [&]() -> Result<DataFile> {
    BEGIN_PARQUET_CATCH_EXCEPTIONS
    ICEFRAME_RETURN_NOT_OK(writer_->Close());
    return MakeFileMetrics(*writer_->metadata(), *setup_, nan_counts_);
    END_PARQUET_CATCH_EXCEPTIONS
  };
  auto closed = close();
  if (closed.ok()) {
    closed->file_path = location_;
    closed->file_size_in_bytes = file_->num_bytes();
    Status visible = file_->Close();
    if (!visible.ok()) closed = visible;
    file_.reset();
    contents_ = nullptr;
    writer_.reset();
  }
  if (!closed.ok()) return WithContext(closed.status(), "file", location_);
  return closed;
}

void ParquetFileWriter::Abort() {
  if (file_ == nullptr) return;
  if (stream_ != nullptr) stream_->Detach();
  file_->Abort();
  contents_ = nullptr;
  writer_.reset();
  file_.reset();
}

}  // namespace iceframe::internal
