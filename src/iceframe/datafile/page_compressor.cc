// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <arrow/util/compression.h>
#include <parquet/exception.h>
#include <parquet/schema.h>
#include <zstd.h>

#include "iceframe/datafile/page_compressor_internal.h"

namespace iceframe::internal {
namespace {

/// Where zstd works; one a thread. It keeps about a megabyte, whatever number of columns is
/// written.
ZSTD_CCtx* CompressionContext() {
  thread_local const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                                  &ZSTD_freeCCtx);
  return context.get();
}

}  // namespace

PageCompressor::PageCompressor(const parquet::WriterProperties& properties,
                               const parquet::ColumnDescriptor& column, parquet::PageWriter* writer)
    : writer_(writer) {
  if (properties.compression(column.path()) != arrow::Compression::ZSTD) return;
  const auto options = properties.codec_options(column.path());
  if (options && options->compression_level != arrow::util::kUseDefaultCompressionLevel) {
    zstd_level_ = options->compression_level;
  } else {
    PARQUET_ASSIGN_OR_THROW(zstd_level_,
                            arrow::util::Codec::DefaultCompressionLevel(arrow::Compression::ZSTD));
  }
}

Status PageCompressor::Compress(const uint8_t* data, int64_t size,
                                arrow::ResizableBuffer* out) const {
  ZSTD_CCtx* context = zstd_level_ ? CompressionContext() : nullptr;
  if (!zstd_level_ || context == nullptr) {
    PARQUET_CATCH_NOT_OK(writer_->Compress(arrow::Buffer(data, size), out));
    return Status::OK();
  }
  ICEFRAME_RETURN_NOT_OK(
      out->Resize(static_cast<int64_t>(ZSTD_compressBound(static_cast<size_t>(size))),
                  /*shrink_to_fit=*/false));
  const size_t compressed =
      ZSTD_compressCCtx(context, out->mutable_data(), static_cast<size_t>(out->size()), data,
                        static_cast<size_t>(size), *zstd_level_);
  if (ZSTD_isError(compressed)) {
    return Error(ErrorKind::kResourceExhausted,
                 "a page can't be compressed: ", ZSTD_getErrorName(compressed));
  }
  return out->Resize(static_cast<int64_t>(compressed), /*shrink_to_fit=*/false);
}

}  // namespace iceframe::internal
