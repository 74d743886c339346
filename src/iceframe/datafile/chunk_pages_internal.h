// SPDX-License-Identifier: Apache-2.0
// The finished pages of a column chunk, in memory until the whole chunk is written.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <arrow/buffer.h>
#include <arrow/buffer_builder.h>
#include <parquet/column_page.h>
#include <parquet/column_writer.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/size_statistics.h>
#include <parquet/statistics.h>

#include "iceframe/base/result.h"
#include "iceframe/datafile/page_compressor_internal.h"

namespace iceframe::internal {

/// What is known of a page's values besides their encoded form.
template <typename T>
struct PageFacts {
  int64_t num_levels = 0;
  int64_t num_values = 0;
  /// Of those values, if there are any.
  T min{};
  T max{};
  /// The lengths of strings together.
  int64_t text_bytes = 0;
};

/// Takes encoded pages, compresses them, keeps statistics. DType: Int32Type, Int64Type or
/// ByteArrayType of libparquet, whose exceptions pass.
template <typename DType, typename T>
class ChunkPages {
 public:
  ChunkPages(parquet::ColumnChunkMetaDataBuilder* metadata,
             std::unique_ptr<parquet::PageWriter> writer,
             const parquet::WriterProperties* properties);

  /// A page of levels and then values, encoded as they stand in `body`. `levels` for statistics.
  Status Add(const arrow::BufferBuilder& body, parquet::Encoding::type encoding,
             const int16_t* levels, const PageFacts<T>& facts);
  /// How many bytes the codec makes of these.
  Result<int64_t> CompressedSize(const uint8_t* data, int64_t size);
  /// Writes the dictionary, unless null, and the pages; the chunk's end. Returns the bytes written
  /// before compression.
  int64_t Write(const std::shared_ptr<arrow::Buffer>& dictionary, int64_t num_entries,
                bool has_fallen_back);

  bool has_codec() const { return !compressor_.is_none(); }
  int64_t num_rows() const { return num_rows_; }
  int64_t compressed_bytes() const { return compressed_bytes_; }
  int64_t written_bytes() const { return writer_->total_compressed_bytes_written(); }

 private:
  Result<std::shared_ptr<arrow::Buffer>> Compress(const uint8_t* data, int64_t size);
  parquet::EncodedStatistics Encode(parquet::Statistics* statistics) const;
  parquet::EncodedStatistics PageStatistics(const PageFacts<T>& facts);
  parquet::SizeStatistics PageSizes(const int16_t* levels, const PageFacts<T>& facts);

  parquet::ColumnChunkMetaDataBuilder* metadata_;
  std::unique_ptr<parquet::PageWriter> writer_;
  const parquet::WriterProperties* properties_;
  const parquet::ColumnDescriptor* column_;
  PageCompressor compressor_;
  std::shared_ptr<arrow::ResizableBuffer> compressed_;
  std::vector<std::unique_ptr<parquet::DataPageV1>> pages_;
  std::shared_ptr<parquet::TypedStatistics<DType>> page_statistics_;
  std::shared_ptr<parquet::TypedStatistics<DType>> chunk_statistics_;
  std::unique_ptr<parquet::SizeStatistics> chunk_sizes_;
  int64_t num_rows_ = 0;
  int64_t compressed_bytes_ = 0;
};

}  // namespace iceframe::internal
