// SPDX-License-Identifier: Apache-2.0
// Decompressing pages, whole or only their beginning.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include <arrow/buffer.h>
#include <arrow/util/compression.h>
#include <parquet/types.h>

#include "iceframe/base/result.h"
#include "iceframe/datafile/chunk_bytes_internal.h"

namespace iceframe::internal {

/// The codec of a column chunk, and the memory it decompresses into.
class PageCodec {
 public:
  /// Throws as libparquet does for what this build lacks.
  static Result<PageCodec> Make(arrow::Compression::type compression, arrow::MemoryPool* pool);

  bool is_plain() const { return codec_ == nullptr; }
  /// Whether Begin can do less than all.
  bool can_begin() const { return is_zstd_; }

  /// The decompressed bytes, `size` of them behind a copy of `prefix`; valid until the next call.
  /// Errors: InvalidData if it is another size.
  Result<std::span<const uint8_t>> Decompress(std::span<const uint8_t> bytes, int64_t size,
                                              std::span<const uint8_t> prefix = {});
  /// At least the first `wanted` of `size` decompressed bytes of the `compressed_size` bytes at
  /// `position` of `chunk`, or fewer if this way does not work out: then Decompress says why.
  Result<std::span<const uint8_t>> Begin(ChunkBytes* chunk, int64_t position,
                                         int64_t compressed_size, int64_t size, int64_t wanted);
  /// Gives the memory back that the bytes given last lie in.
  void GiveBack() { room_.reset(); }

 private:
  explicit PageCodec(arrow::MemoryPool* pool) : pool_(pool) {}
  Result<uint8_t*> Room(int64_t size);

  arrow::MemoryPool* pool_;
  std::unique_ptr<arrow::util::Codec> codec_;
  bool is_zstd_ = false;
  std::unique_ptr<arrow::ResizableBuffer> room_;
};

}  // namespace iceframe::internal
