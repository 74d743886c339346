// SPDX-License-Identifier: Apache-2.0
// The codecs of Avro blocks: null, deflate, snappy, zstandard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "iceframe/base/result.h"

namespace iceframe {

enum class AvroCodec : uint8_t { kNull, kDeflate, kSnappy, kZstandard };

/// Avro's name: "null", "deflate", "snappy", "zstandard".
std::string_view ToString(AvroCodec codec);
/// Errors: Unsupported naming the codec (bzip2, xz).
Result<AvroCodec> AvroCodecFromName(std::string_view name);

/// Bytes in one piece of malloc'ed memory that grow without being zeroed first.
class AvroBuffer {
 public:
  AvroBuffer() = default;
  AvroBuffer(AvroBuffer&& other) noexcept;
  AvroBuffer& operator=(AvroBuffer&& other) noexcept;
  ~AvroBuffer();

  std::string_view view() const { return {data_, size_}; }
  char* data() { return data_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  void set_size(size_t size) { size_ = size; }

  /// Errors: ResourceExhausted.
  Status Reserve(size_t capacity);
  Status Append(std::string_view bytes);
  void ShrinkToFit();

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

/// Decompresses the blocks of one file.
class AvroDecompressor {
 public:
  /// `max_size`: what all blocks may come to. It guards against small files that blow up.
  AvroDecompressor(AvroCodec codec, size_t max_size);
  ~AvroDecompressor();

  /// Appends a decompressed block. Errors: InvalidData; ResourceExhausted beyond the limit.
  Status Append(std::string_view block, AvroBuffer* out);

  /// The limit for a file of `num_bytes`: 64 MiB, or 100 times its size if that is more.
  static size_t MaxSize(size_t num_bytes);

 private:
  struct State;

  Status AppendDeflate(std::string_view block, AvroBuffer* out);
  Status AppendSnappy(std::string_view block, AvroBuffer* out);
  Status AppendZstandard(std::string_view block, AvroBuffer* out);
  Status TooBig() const;

  AvroCodec codec_;
  size_t max_size_;
  size_t produced_ = 0;
  // Where the buffer must end at the latest; set for each block.
  size_t end_limit_ = 0;
  std::unique_ptr<State> state_;
};

/// Returns one block compressed.
Result<std::string> AvroCompress(AvroCodec codec, std::string_view bytes);

}  // namespace iceframe
