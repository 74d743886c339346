// SPDX-License-Identifier: Apache-2.0
// The bytes of one column chunk, of which only those are fetched that are looked at.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include <arrow/buffer.h>

#include "iceframe/io/input_file.h"

namespace iceframe::internal {

/// A column chunk as a place to read from. Positions count from the chunk's first byte. Not
/// thread-safe.
class ChunkBytes {
 public:
  /// The whole chunk lies in memory; in the file it lies at `file_offset`.
  ChunkBytes(std::shared_ptr<arrow::Buffer> all, int64_t file_offset);
  /// The chunk is `range` of a file, read piece by piece.
  ChunkBytes(const OperationContext& context, std::shared_ptr<const InputFile> file,
             ByteRange range);

  int64_t size() const { return size_; }
  int64_t file_offset() const { return file_offset_; }
  /// Up to `length` bytes from `position` on, fewer at the chunk's end only; valid until the next
  /// call. Errors: Io; ResourceExhausted; Cancelled.
  Result<std::span<const uint8_t>> Peek(int64_t position, int64_t length);

 private:
  Status Fetch(int64_t position, int64_t length);
  /// Makes room for `length` bytes from `position` on. Returns how many of them were read before,
  /// which are at the beginning of the window.
  Result<int64_t> MoveWindow(int64_t position, int64_t length);

  OperationContext context_;
  std::shared_ptr<const InputFile> file_;
  int64_t file_offset_ = 0;
  int64_t size_ = 0;
  /// What lies in memory: the bytes [window_begin_, window_end_) of the chunk.
  std::shared_ptr<arrow::Buffer> all_;
  std::unique_ptr<arrow::ResizableBuffer> window_;
  int64_t window_begin_ = 0;
  int64_t window_end_ = 0;
};

}  // namespace iceframe::internal
