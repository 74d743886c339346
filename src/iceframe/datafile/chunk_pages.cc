// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

#include <parquet/exception.h>
#include <parquet/schema.h>
#include <parquet/types.h>

#include "iceframe/datafile/chunk_pages_internal.h"

namespace iceframe::internal {
namespace {

template <typename T>
auto ParquetValue(const T& value) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    return parquet::ByteArray(value);
  } else {
    return value;
  }
}

}  // namespace

template <typename DType, typename T>
ChunkPages<DType, T>::ChunkPages(parquet::ColumnChunkMetaDataBuilder* metadata,
                                 std::unique_ptr<parquet::PageWriter> writer,
                                 const parquet::WriterProperties* properties)
    : metadata_(metadata),
      writer_(std::move(writer)),
      properties_(properties),
      column_(metadata->descr()),
      compressor_(*properties, *column_, writer_.get()),
      page_statistics_(parquet::MakeStatistics<DType>(column_, properties->memory_pool())),
      chunk_statistics_(parquet::MakeStatistics<DType>(column_, properties->memory_pool())),
      chunk_sizes_(parquet::SizeStatistics::Make(column_)) {}

template <typename DType, typename T>
parquet::EncodedStatistics ChunkPages<DType, T>::Encode(parquet::Statistics* statistics) const {
  parquet::EncodedStatistics encoded = statistics->Encode();
  encoded.ApplyStatSizeLimits(properties_->max_statistics_size(column_->path()));
  encoded.set_is_signed(column_->sort_order() == parquet::SortOrder::SIGNED);
  return encoded;
}

template <typename DType, typename T>
parquet::EncodedStatistics ChunkPages<DType, T>::PageStatistics(const PageFacts<T>& facts) {
  page_statistics_->Reset();
  page_statistics_->IncrementNullCount(facts.num_levels - facts.num_values);
  page_statistics_->IncrementNumValues(facts.num_values);
  if (facts.num_values > 0) {
    page_statistics_->SetMinMax(ParquetValue(facts.min), ParquetValue(facts.max));
  }
  chunk_statistics_->Merge(*page_statistics_);
  return Encode(page_statistics_.get());
}

template <typename DType, typename T>
parquet::SizeStatistics ChunkPages<DType, T>::PageSizes(const int16_t* levels,
                                                        const PageFacts<T>& facts) {
  parquet::SizeStatistics sizes = *parquet::SizeStatistics::Make(column_);
  if (!sizes.definition_level_histogram.empty() && levels != nullptr) {
    parquet::UpdateLevelHistogram(
        std::span<const int16_t>(levels, static_cast<size_t>(facts.num_levels)),
        std::span<int64_t>(sizes.definition_level_histogram));
  }
  if constexpr (std::is_same_v<T, std::string_view>) {
    sizes.IncrementUnencodedByteArrayDataBytes(facts.text_bytes);
  }
  chunk_sizes_->Merge(sizes);
  return sizes;
}

template <typename DType, typename T>
Result<std::shared_ptr<arrow::Buffer>> ChunkPages<DType, T>::Compress(const uint8_t* data,
                                                                      int64_t size) {
  if (has_codec()) {
    if (compressed_ == nullptr) {
      ICEFRAME_ASSIGN_OR_RETURN(compressed_,
                                arrow::AllocateResizableBuffer(0, properties_->memory_pool()));
    }
    ICEFRAME_RETURN_NOT_OK(compressor_.Compress(data, size, compressed_.get()));
    data = compressed_->data();
    size = compressed_->size();
  }
  return arrow::Buffer(data, size).CopySlice(0, size, properties_->memory_pool());
}

template <typename DType, typename T>
Result<int64_t> ChunkPages<DType, T>::CompressedSize(const uint8_t* data, int64_t size) {
  if (!has_codec()) return size;
  ICEFRAME_ASSIGN_OR_RETURN(const auto compressed, Compress(data, size));
  return compressed->size();
}

template <typename DType, typename T>
Status ChunkPages<DType, T>::Add(const arrow::BufferBuilder& body, parquet::Encoding::type encoding,
                                 const int16_t* levels, const PageFacts<T>& facts) {
  if (body.length() > std::numeric_limits<int32_t>::max()) {
    return Error(ErrorKind::kInvalidArgument,
                 "a page of a column is too large: ", column_->path()->ToDotString(), ", ",
                 body.length(), " bytes; lower write.parquet.page-size-bytes");
  }
  ICEFRAME_ASSIGN_OR_RETURN(auto buffer, Compress(body.data(), body.length()));
  compressed_bytes_ += buffer->size();
  pages_.push_back(std::make_unique<parquet::DataPageV1>(
      std::move(buffer), static_cast<int32_t>(facts.num_levels), encoding, parquet::Encoding::RLE,
      parquet::Encoding::RLE, body.length(), PageStatistics(facts), num_rows_,
      PageSizes(levels, facts)));
  num_rows_ += facts.num_levels;
  return Status::OK();
}

template <typename DType, typename T>
int64_t ChunkPages<DType, T>::Write(const std::shared_ptr<arrow::Buffer>& dictionary,
                                    int64_t num_entries, bool has_fallen_back) {
  int64_t written = 0;
  if (dictionary != nullptr) {
    written += writer_->WriteDictionaryPage(parquet::DictionaryPage(
        dictionary, static_cast<int32_t>(num_entries), properties_->dictionary_page_encoding()));
  }
  for (auto& page : pages_) {
    written += writer_->WriteDataPage(*page);
    page.reset();
  }
  pages_.clear();
  compressed_bytes_ = 0;
  const parquet::EncodedStatistics statistics = Encode(chunk_statistics_.get());
  if (num_rows_ > 0 && statistics.is_set()) metadata_->SetStatistics(statistics);
  if (num_rows_ > 0 && chunk_sizes_->is_set()) metadata_->SetSizeStatistics(*chunk_sizes_);
  writer_->Close(dictionary != nullptr, has_fallen_back);
  return written;
}

template class ChunkPages<parquet::Int32Type, int32_t>;
template class ChunkPages<parquet::Int64Type, int64_t>;
template class ChunkPages<parquet::ByteArrayType, std::string_view>;

}  // namespace iceframe::internal
