// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <utility>

#include <zstd.h>

#include "iceframe/datafile/page_codec_internal.h"

namespace iceframe::internal {
namespace {

/// How much is fed at a time when only the beginning is wanted.
constexpr int64_t kFeedBytes = 32 * 1024;
/// Frames that look further back than this are decompressed whole: a stream would hold as much.
constexpr int kMaxWindowLog = 23;

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

/// This thread's: making one costs more than many a page. nullptr without memory.
ZSTD_DCtx* DecompressionContext() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  return context.get();
}

Status WrongSize() {
  return Error(ErrorKind::kInvalidData, "a page did not decompress to the size in its header");
}

}  // namespace

Result<PageCodec> PageCodec::Make(arrow::Compression::type compression, arrow::MemoryPool* pool) {
  PageCodec codec(pool);
  if (compression != arrow::Compression::UNCOMPRESSED) {
    codec.codec_ = parquet::GetCodec(compression);
  }
  codec.is_zstd_ = compression == arrow::Compression::ZSTD;
  return codec;
}

Result<uint8_t*> PageCodec::Room(int64_t size) {
  if (room_ == nullptr || room_->capacity() < size) {
    room_.reset();
    ICEFRAME_ASSIGN_OR_RETURN(room_, arrow::AllocateResizableBuffer(size, pool_));
  }
  return room_->mutable_data();
}

Result<std::span<const uint8_t>> PageCodec::Decompress(std::span<const uint8_t> bytes, int64_t size,
                                                       std::span<const uint8_t> prefix) {
  const auto prefix_size = static_cast<int64_t>(prefix.size());
  ICEFRAME_ASSIGN_OR_RETURN(uint8_t* out, Room(prefix_size + size));
  if (prefix_size > 0) std::memcpy(out, prefix.data(), prefix.size());
  uint8_t* const to = out + prefix_size;
  int64_t num_written = 0;
  if (size == 0) {
    num_written = 0;
  } else if (ZSTD_DCtx* context = is_zstd_ ? DecompressionContext() : nullptr; context != nullptr) {
    const size_t written =
        ZSTD_decompressDCtx(context, to, static_cast<size_t>(size), bytes.data(), bytes.size());
    if (ZSTD_isError(written) != 0) {
      return Error(ErrorKind::kInvalidData,
                   "a page can't be decompressed: ", ZSTD_getErrorName(written));
    }
    num_written = static_cast<int64_t>(written);
  } else {
    ICEFRAME_ASSIGN_OR_RETURN(num_written, codec_->Decompress(static_cast<int64_t>(bytes.size()),
                                                              bytes.data(), size, to));
  }
  if (num_written != size) return WrongSize();
  return std::span<const uint8_t>(out, static_cast<size_t>(prefix_size + size));
}

Result<std::span<const uint8_t>> PageCodec::Begin(ChunkBytes* chunk, int64_t position,
                                                  int64_t compressed_size, int64_t size,
                                                  int64_t wanted) {
  ZSTD_DCtx* context = is_zstd_ ? DecompressionContext() : nullptr;
  wanted = std::min(wanted, size);
  if (context == nullptr || wanted == 0) return std::span<const uint8_t>();
  ZSTD_DCtx_reset(context, ZSTD_reset_session_and_parameters);
  ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, kMaxWindowLog);
  ICEFRAME_ASSIGN_OR_RETURN(uint8_t* to, Room(wanted));
  ZSTD_outBuffer out{to, static_cast<size_t>(wanted), 0};
  bool fits = true;
  for (int64_t fed = 0; fits && fed < compressed_size && out.pos < out.size;) {
    ICEFRAME_ASSIGN_OR_RETURN(
        auto bytes, chunk->Peek(position + fed, std::min(kFeedBytes, compressed_size - fed)));
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (fits && in.pos < in.size && out.pos < out.size) {
      const size_t left = ZSTD_decompressStream(context, &out, &in);
      // 0: the frame's end; what may follow it is for Decompress.
      fits = ZSTD_isError(left) == 0 && (left != 0 || out.pos == out.size);
    }
    fed += static_cast<int64_t>(bytes.size());
    if (bytes.empty()) break;
  }
  // The context goes on to whole pages, which begin a frame of their own.
  ZSTD_DCtx_reset(context, ZSTD_reset_session_and_parameters);
  return std::span<const uint8_t>(to, out.pos);
}

}  // namespace iceframe::internal
