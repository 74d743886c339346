// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <numeric>
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
constexpr int64_t kParallelWriteValues = 64 * 1024;

/// The array less the fields of structs that have Arrow's null type: those are not stored.
std::shared_ptr<arrow::ArrayData> WithoutUnknown(const std::shared_ptr<arrow::ArrayData>& data) {
  if (data->child_data.empty()) return data;
  auto stored = std::make_shared<arrow::ArrayData>(*data);
  stored->child_data.clear();
  for (const auto& child : data->child_data) {
    if (child->type->id() != arrow::Type::NA) stored->child_data.push_back(WithoutUnknown(child));
  }
  return stored;
}

}  // namespace

/// Runs the encoding of a batch's columns side by side on the process's threads and the calling
/// one, or one after the other where the batch is small.
///
/// parquet::arrow hands the columns over one by one, in their order, and then waits for them. Here
/// they are gathered until the last one comes, and all done by then: so a batch may be encoded on a
/// thread of the pool too, which must not wait for its own pool. Those that took longest in the
/// batch before are begun first, lest all wait for a long one at the end.
class ParquetFileWriter::NestingExecutor : public arrow::internal::Executor {
 public:
  NestingExecutor(iceframe::Executor* threads, size_t num_columns)
      : threads_(threads), seconds_(num_columns) {}
  int GetCapacity() override { return threads_->num_cpu_threads(); }
  bool OwnsThisThread() override { return threads_->cpu()->OwnsThisThread(); }
  void BeginBatch(bool is_inline) {
    is_inline_ = is_inline;
    tasks_.clear();
  }

 protected:
  Status SpawnReal(arrow::internal::TaskHints, arrow::internal::FnOnce<void()> task,
                   arrow::StopToken, StopCallback&&) override {
    if (is_inline_) {
      std::move(task)();
      return Status::OK();
    }
    tasks_.push_back(std::move(task));
    if (tasks_.size() < seconds_.size()) return Status::OK();
    const Status run = RunAll();
    tasks_.clear();
    return run;
  }

 private:
  Status RunAll() {
    std::vector<size_t> order(tasks_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [this](size_t left, size_t right) {
      return seconds_[left] > seconds_[right];
    });
    // A task that is left out would be waited for in vain, so nothing may stop them.
    return threads_->ParallelFor(
        static_cast<int64_t>(order.size()),
        [&](int64_t i) -> Status {
          const size_t column = order[static_cast<size_t>(i)];
          const auto begin = std::chrono::steady_clock::now();
          std::move(tasks_[column])();
          const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
          seconds_[column] = taken.count();
          return Status::OK();
        },
        CancelToken(), threads_->num_cpu_threads());
  }

  iceframe::Executor* threads_;
  std::vector<arrow::internal::FnOnce<void()>> tasks_;
  /// What each column took the last time.
  std::vector<double> seconds_;
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
      ->enable_write_page_index()
      ->enable_page_checksum();
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
  executor_ = std::make_shared<NestingExecutor>(context.executor, setup_->stored_columns.size());
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
  contents->set_executor(context.executor);
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
    const auto data = WithoutUnknown(batch.column_data(setup_->stored_columns[i]));
    columns.push_back(
        arrow::MakeArray(Relabel(data, setup_->stored_schema->field(static_cast<int>(i))->type())));
  }
  auto stored = arrow::RecordBatch::Make(setup_->stored_schema, batch.num_rows(), columns);
  executor_->BeginBatch(batch.num_rows() * batch.num_columns() < kParallelWriteValues);
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
