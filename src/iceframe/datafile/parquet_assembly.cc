// SPDX-License-Identifier: Apache-2.0
#include <utility>
#include <vector>

#include <arrow/util/key_value_metadata.h>
#include <parquet/column_writer.h>
#include <parquet/exception.h>

#include "iceframe/datafile/column_chunk_writer_internal.h"
#include "iceframe/datafile/parquet_assembly_internal.h"

namespace iceframe::internal {

class ParquetAssembly::RowGroup final : public parquet::RowGroupWriter::Contents {
 public:
  RowGroup(ParquetAssembly* file, parquet::RowGroupMetaDataBuilder* metadata)
      : file_(file), metadata_(metadata) {
    for (int i = 0; i < file->num_columns(); ++i) columns_.push_back(MakeColumn(i));
  }

  int num_columns() const override { return file_->num_columns(); }
  int64_t num_rows() const override { return columns_.empty() ? 0 : columns_[0]->rows_written(); }
  parquet::ColumnWriter* NextColumn() override {
    throw parquet::ParquetException("columns of a row group are written side by side");
  }
  parquet::ColumnWriter* column(int i) override {
    return columns_.at(static_cast<size_t>(i)).get();
  }
  int current_column() const override { return 0; }
  bool buffered() const override { return true; }

  void Close() override {
    if (std::exchange(is_closed_, true)) return;
    const int64_t num_rows = this->num_rows();
    FinishColumns();
    for (const auto& column : columns_) {
      if (column->rows_written() != num_rows) {
        throw parquet::ParquetException("columns of a row group have different numbers of rows");
      }
      bytes_written_ += column->Close();
      compressed_bytes_written_ += column->total_compressed_bytes_written();
    }
    metadata_->set_num_rows(num_rows);
    metadata_->Finish(bytes_written_, static_cast<int16_t>(file_->num_row_groups_ - 1));
  }

  int64_t total_bytes_written() const override { return bytes_written_; }
  int64_t total_compressed_bytes() const override {
    int64_t bytes = 0;
    if (is_closed_) return bytes;
    for (const auto& column : columns_) bytes += column->total_compressed_bytes();
    return bytes;
  }
  int64_t total_compressed_bytes_written() const override {
    int64_t bytes = compressed_bytes_written_;
    if (is_closed_) return bytes;
    for (const auto& column : columns_) bytes += column->total_compressed_bytes_written();
    return bytes;
  }
  parquet::RowGroupWriter::BufferedStats EstimatedBufferedStats() const override {
    parquet::RowGroupWriter::BufferedStats stats;
    if (is_closed_) return stats;
    for (const auto& column : columns_) {
      stats.def_level_bytes += column->estimated_buffered_def_level_bytes();
      stats.rep_level_bytes += column->estimated_buffered_rep_level_bytes();
      stats.value_bytes += column->estimated_buffered_value_bytes();
      stats.dict_bytes += column->estimated_buffered_dict_bytes();
    }
    return stats;
  }

 private:
  std::shared_ptr<parquet::ColumnWriter> MakeColumn(int i) {
    parquet::ColumnChunkMetaDataBuilder* metadata = metadata_->NextColumnChunk();
    const parquet::ColumnDescriptor& column = *metadata->descr();
    const auto& properties = *file_->properties_;
    parquet::BloomFilter* bloom_filter = file_->bloom_filters_->CreateBloomFilter(i);
    const bool is_ours = bloom_filter == nullptr && HasColumnChunkWriter(column);
    const bool has_index = properties.page_index_enabled(column.path());
    const auto codec = properties.codec_options(column.path());
    // Our own writer keeps its pages until the row group is closed, so they need no second buffer.
    auto pages = parquet::PageWriter::Open(
        file_->sink_, properties.compression(column.path()), metadata,
        static_cast<int16_t>(file_->num_row_groups_ - 1), static_cast<int16_t>(i),
        properties.memory_pool(), /*buffered_row_group=*/!is_ours, nullptr, nullptr,
        properties.page_checksum_enabled(),
        has_index ? file_->page_index_->GetColumnIndexBuilder(i) : nullptr,
        has_index ? file_->page_index_->GetOffsetIndexBuilder(i) : nullptr,
        codec ? *codec : parquet::CodecOptions{});
    if (is_ours) {
      ours_.push_back(MakeColumnChunkWriter(metadata, std::move(pages), &properties));
      return ours_.back();
    }
    return parquet::ColumnWriter::Make(metadata, std::move(pages), &properties, bloom_filter);
  }

  void FinishColumns() {
    if (file_->executor_ == nullptr) return;
    PARQUET_THROW_NOT_OK(file_->executor_->ParallelFor(
        static_cast<int64_t>(ours_.size()),
        [this](int64_t i) { return ours_[static_cast<size_t>(i)]->Finish(); }, CancelToken(),
        file_->executor_->num_cpu_threads()));
  }

  ParquetAssembly* file_;
  parquet::RowGroupMetaDataBuilder* metadata_;
  std::vector<std::shared_ptr<parquet::ColumnWriter>> columns_;
  std::vector<std::shared_ptr<ColumnChunkWriter>> ours_;
  int64_t bytes_written_ = 0;
  int64_t compressed_bytes_written_ = 0;
  bool is_closed_ = false;
};

ParquetAssembly::ParquetAssembly(std::shared_ptr<arrow::io::OutputStream> sink,
                                 const std::shared_ptr<parquet::schema::GroupNode>& schema,
                                 std::shared_ptr<parquet::WriterProperties> properties,
                                 std::shared_ptr<const arrow::KeyValueMetadata> key_values)
    : Contents(schema, std::move(key_values)),
      sink_(std::move(sink)),
      properties_(std::move(properties)),
      footer_(parquet::FileMetaDataBuilder::Make(&schema_, properties_)),
      page_index_(parquet::PageIndexBuilder::Make(&schema_)),
      bloom_filters_(parquet::BloomFilterBuilder::Make(&schema_, properties_.get())) {
  PARQUET_THROW_NOT_OK(sink_->Write(parquet::kParquetMagic, sizeof(parquet::kParquetMagic)));
}

ParquetAssembly::~ParquetAssembly() = default;

parquet::RowGroupWriter* ParquetAssembly::AppendRowGroup() {
  throw parquet::ParquetException("row groups are written with all columns side by side");
}

parquet::RowGroupWriter* ParquetAssembly::AppendBufferedRowGroup() {
  FlushRowGroup();
  ++num_row_groups_;
  auto* metadata = footer_->AppendRowGroup();
  page_index_->AppendRowGroup();
  bloom_filters_->AppendRowGroup();
  row_group_ =
      std::make_unique<parquet::RowGroupWriter>(std::make_unique<RowGroup>(this, metadata));
  is_row_group_open_ = true;
  return row_group_.get();
}

void ParquetAssembly::FlushRowGroup() {
  if (!std::exchange(is_row_group_open_, false)) return;
  num_rows_ += row_group_->num_rows();
  // parquet::arrow still refers to it, and closes it again before it asks for the next one.
  row_group_->Close();
}

void ParquetAssembly::AddKeyValueMetadata(
    const std::shared_ptr<const arrow::KeyValueMetadata>& key_values) {
  key_value_metadata_ =
      key_value_metadata_ == nullptr ? key_values : key_value_metadata_->Merge(*key_values);
}

void ParquetAssembly::Close() {
  if (std::exchange(is_closed_, true)) return;
  FlushRowGroup();
  footer_->SetIndexLocations(parquet::IndexKind::kBloomFilter,
                             bloom_filters_->WriteTo(sink_.get()));
  page_index_->Finish();
  const auto indexes = page_index_->WriteTo(sink_.get());
  footer_->SetIndexLocations(parquet::IndexKind::kColumnIndex, indexes.column_index_locations);
  footer_->SetIndexLocations(parquet::IndexKind::kOffsetIndex, indexes.offset_index_locations);
  file_metadata_ = footer_->Finish(key_value_metadata_);
  parquet::WriteFileMetaData(*file_metadata_, sink_.get());
}

}  // namespace iceframe::internal
