// SPDX-License-Identifier: Apache-2.0
// A Parquet file put together from column chunks: row groups, indexes and footer.
#pragma once

#include <memory>

#include <arrow/io/interfaces.h>
#include <parquet/bloom_filter_writer.h>
#include <parquet/file_writer.h>
#include <parquet/metadata.h>
#include <parquet/page_index.h>
#include <parquet/properties.h>

#include "iceframe/runtime/executor.h"

namespace iceframe::internal {

/// What libparquet's file writer writes through, with buffered row groups only. Columns are encoded
/// by our own chunk writer where it can, else by libparquet's. Destroyed unclosed, the file has no
/// footer.
class ParquetAssembly final : public parquet::ParquetFileWriter::Contents {
 public:
  ParquetAssembly(std::shared_ptr<arrow::io::OutputStream> sink,
                  const std::shared_ptr<parquet::schema::GroupNode>& schema,
                  std::shared_ptr<parquet::WriterProperties> properties,
                  std::shared_ptr<const arrow::KeyValueMetadata> key_values);
  ~ParquetAssembly() override;

  /// Lets the columns of a row group end side by side; null, the default: one after the other.
  void set_executor(Executor* executor) { executor_ = executor; }

  void Close() override;
  parquet::RowGroupWriter* AppendRowGroup() override;
  /// Closes the row group before.
  parquet::RowGroupWriter* AppendBufferedRowGroup() override;
  int64_t num_rows() const override { return num_rows_; }
  int num_columns() const override { return schema_.num_columns(); }
  int num_row_groups() const override { return num_row_groups_; }
  const std::shared_ptr<parquet::WriterProperties>& properties() const override {
    return properties_;
  }
  void AddKeyValueMetadata(
      const std::shared_ptr<const arrow::KeyValueMetadata>& key_values) override;

  /// The one that is open, null if none is.
  parquet::RowGroupWriter* row_group() const {
    return is_row_group_open_ ? row_group_.get() : nullptr;
  }
  /// Writes out what the open row group holds.
  void FlushRowGroup();

 private:
  class RowGroup;

  std::shared_ptr<arrow::io::OutputStream> sink_;
  std::shared_ptr<parquet::WriterProperties> properties_;
  std::unique_ptr<parquet::FileMetaDataBuilder> footer_;
  std::unique_ptr<parquet::PageIndexBuilder> page_index_;
  std::unique_ptr<parquet::BloomFilterBuilder> bloom_filters_;
  std::unique_ptr<parquet::RowGroupWriter> row_group_;
  Executor* executor_ = nullptr;
  bool is_row_group_open_ = false;
  int num_row_groups_ = 0;
  int64_t num_rows_ = 0;
  bool is_closed_ = false;
};

}  // namespace iceframe::internal
