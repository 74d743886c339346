// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/avro_codec.h"

#include <snappy-c.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <libdeflate.h>
#include <zstd.h>

namespace iceframe {

std::string_view ToString(AvroCodec codec) {
  switch (codec) {
    case AvroCodec::kNull:
      return "null";
    case AvroCodec::kDeflate:
      return "deflate";
    case AvroCodec::kSnappy:
      return "snappy";
    case AvroCodec::kZstandard:
      return "zstandard";
  }
  return "?";
}

Result<AvroCodec> AvroCodecFromName(std::string_view name) {
  if (name == "null" || name.empty()) return AvroCodec::kNull;
  if (name == "deflate") return AvroCodec::kDeflate;
  if (name == "snappy") return AvroCodec::kSnappy;
  if (name == "zstandard") return AvroCodec::kZstandard;
  return Error(ErrorKind::kUnsupported, "Avro codec is not supported: ", name);
}

AvroBuffer::AvroBuffer(AvroBuffer&& other) noexcept { *this = std::move(other); }

AvroBuffer& AvroBuffer::operator=(AvroBuffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  return *this;
}

AvroBuffer::~AvroBuffer() { std::free(data_); }

Status AvroBuffer::Reserve(size_t capacity) {
  if (capacity <= capacity_) return Status::OK();
  void* grown = std::realloc(data_, capacity);
  if (grown == nullptr) {
    return Error(ErrorKind::kResourceExhausted, "out of memory for an Avro block: ", capacity,
                 " bytes");
  }
  data_ = static_cast<char*>(grown);
  capacity_ = capacity;
  return Status::OK();
}

Status AvroBuffer::Append(std::string_view bytes) {
  if (bytes.empty()) return Status::OK();
  if (size_ + bytes.size() > capacity_) {
    ICEFRAME_RETURN_NOT_OK(Reserve(std::max(size_ + bytes.size(), 2 * capacity_)));
  }
  std::memcpy(data_ + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
  return Status::OK();
}

void AvroBuffer::ShrinkToFit() {
  if (size_ == 0 || size_ == capacity_) return;
  if (void* shrunk = std::realloc(data_, size_)) {
    data_ = static_cast<char*>(shrunk);
    capacity_ = size_;
  }
}

struct AvroDecompressor::State {
  std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> deflate{
      nullptr, &libdeflate_free_decompressor};
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> zstd{nullptr, &ZSTD_freeDCtx};
};

AvroDecompressor::AvroDecompressor(AvroCodec codec, size_t max_size)
    : codec_(codec), max_size_(max_size), state_(std::make_unique<State>()) {
  if (codec == AvroCodec::kDeflate) state_->deflate.reset(libdeflate_alloc_decompressor());
  if (codec == AvroCodec::kZstandard) state_->zstd.reset(ZSTD_createDCtx());
}

AvroDecompressor::~AvroDecompressor() = default;

size_t AvroDecompressor::MaxSize(size_t num_bytes) {
  return std::max(size_t{64} << 20, 100 * num_bytes);
}

Status AvroDecompressor::TooBig() const {
  return Error(ErrorKind::kResourceExhausted,
               "Avro file decompresses to more than its size allows: ", max_size_, " bytes");
}

Status AvroDecompressor::Append(std::string_view block, AvroBuffer* out) {
  const size_t start = out->size();
  end_limit_ = start + (max_size_ - produced_);
  switch (codec_) {
    case AvroCodec::kNull:
      if (block.size() > end_limit_ - start) return TooBig();
      ICEFRAME_RETURN_NOT_OK(out->Append(block));
      break;
    case AvroCodec::kDeflate:
      ICEFRAME_RETURN_NOT_OK(AppendDeflate(block, out));
      break;
    case AvroCodec::kSnappy:
      ICEFRAME_RETURN_NOT_OK(AppendSnappy(block, out));
      break;
    case AvroCodec::kZstandard:
      ICEFRAME_RETURN_NOT_OK(AppendZstandard(block, out));
      break;
  }
  produced_ += out->size() - start;
  return Status::OK();
}

// A deflate stream does not tell its size: guess, and try again with more room.
Status AvroDecompressor::AppendDeflate(std::string_view block, AvroBuffer* out) {
  if (state_->deflate == nullptr) {
    return Error(ErrorKind::kResourceExhausted, "out of memory for a decompressor");
  }
  size_t room = std::max<size_t>(4096, 8 * block.size());
  while (true) {
    room = std::min(room, end_limit_ - out->size());
    if (out->capacity() - out->size() < room) {
      const size_t wanted = std::max(out->size() + room, 2 * out->capacity());
      ICEFRAME_RETURN_NOT_OK(out->Reserve(std::min(wanted, end_limit_)));
    }
    const size_t available = std::min(out->capacity(), end_limit_) - out->size();
    size_t written = 0;
    const auto outcome =
        libdeflate_deflate_decompress(state_->deflate.get(), block.data(), block.size(),
                                      out->data() + out->size(), available, &written);
    if (outcome == LIBDEFLATE_SUCCESS) {
      out->set_size(out->size() + written);
      return Status::OK();
    }
    if (outcome != LIBDEFLATE_INSUFFICIENT_SPACE) {
      return Error(ErrorKind::kInvalidData, "Avro block is damaged: deflate");
    }
    if (available >= end_limit_ - out->size()) return TooBig();
    room = 4 * available;
  }
}

Status AvroDecompressor::AppendSnappy(std::string_view block, AvroBuffer* out) {
  constexpr size_t kChecksumSize = 4;
  if (block.size() < kChecksumSize) {
    return Error(ErrorKind::kInvalidData, "Avro block is damaged: snappy block without checksum");
  }
  const std::string_view data = block.substr(0, block.size() - kChecksumSize);
  size_t size = 0;
  if (snappy_uncompressed_length(data.data(), data.size(), &size) != SNAPPY_OK) {
    return Error(ErrorKind::kInvalidData, "Avro block is damaged: snappy");
  }
  if (size > end_limit_ - out->size()) return TooBig();
  ICEFRAME_RETURN_NOT_OK(out->Reserve(out->size() + std::max<size_t>(size, 1)));
  char* target = out->data() + out->size();
  if (snappy_uncompress(data.data(), data.size(), target, &size) != SNAPPY_OK) {
    return Error(ErrorKind::kInvalidData, "Avro block is damaged: snappy");
  }
  uint32_t expected = 0;
  for (char byte : block.substr(data.size())) {
    expected = (expected << 8) | static_cast<uint8_t>(byte);
  }
  if (libdeflate_crc32(0, target, size) != expected) {
    return Error(ErrorKind::kInvalidData, "Avro block is damaged: its checksum differs");
  }
  out->set_size(out->size() + size);
  return Status::OK();
}

Status AvroDecompressor::AppendZstandard(std::string_view block, AvroBuffer* out) {
  if (state_->zstd == nullptr) {
    return Error(ErrorKind::kResourceExhausted, "out of memory for a decompressor");
  }
  ZSTD_DCtx_reset(state_->zstd.get(), ZSTD_reset_session_only);
  ZSTD_inBuffer input{block.data(), block.size(), 0};
  size_t pending = 1;
  while (input.pos < input.size || pending != 0) {
    if (out->size() == out->capacity()) {
      if (out->size() >= end_limit_) return TooBig();
      const size_t room = std::max<size_t>(8192, out->capacity() + 4 * block.size());
      ICEFRAME_RETURN_NOT_OK(out->Reserve(std::min(out->size() + room, end_limit_)));
    }
    ZSTD_outBuffer output{out->data(), std::min(out->capacity(), end_limit_), out->size()};
    if (output.pos >= output.size) return TooBig();
    const size_t consumed = input.pos;
    const size_t produced = output.pos;
    pending = ZSTD_decompressStream(state_->zstd.get(), &output, &input);
    if (ZSTD_isError(pending)) {
      return Error(ErrorKind::kInvalidData, "Avro block is damaged: ", ZSTD_getErrorName(pending));
    }
    out->set_size(output.pos);
    const bool stuck = input.pos == consumed && output.pos == produced;
    if (pending != 0 && stuck) {
      return Error(ErrorKind::kInvalidData, "Avro block is damaged: zstandard data ends early");
    }
  }
  return Status::OK();
}

namespace {

Result<std::string> CompressDeflate(std::string_view bytes) {
  constexpr int kLevel = 6;
  std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(kLevel), &libdeflate_free_compressor);
  if (compressor == nullptr) {
    return Error(ErrorKind::kResourceExhausted, "out of memory for a compressor");
  }
  std::string out(libdeflate_deflate_compress_bound(compressor.get(), bytes.size()), '\0');
  const size_t size = libdeflate_deflate_compress(compressor.get(), bytes.data(), bytes.size(),
                                                  out.data(), out.size());
  out.resize(size);
  return out;
}

Result<std::string> CompressSnappy(std::string_view bytes) {
  size_t size = snappy_max_compressed_length(bytes.size());
  std::string out(size, '\0');
  if (snappy_compress(bytes.data(), bytes.size(), out.data(), &size) != SNAPPY_OK) {
    return Error(ErrorKind::kInvalidArgument, "block can't be compressed with snappy");
  }
  out.resize(size);
  const uint32_t checksum = libdeflate_crc32(0, bytes.data(), bytes.size());
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(checksum >> shift));
  return out;
}

Result<std::string> CompressZstandard(std::string_view bytes) {
  constexpr int kLevel = 3;
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), kLevel);
  if (ZSTD_isError(size)) {
    return Error(ErrorKind::kInvalidArgument,
                 "block can't be compressed: ", ZSTD_getErrorName(size));
  }
  out.resize(size);
  return out;
}

}  // namespace

Result<std::string> AvroCompress(AvroCodec codec, std::string_view bytes) {
  switch (codec) {
    case AvroCodec::kNull:
      return std::string(bytes);
    case AvroCodec::kDeflate:
      return CompressDeflate(bytes);
    case AvroCodec::kSnappy:
      return CompressSnappy(bytes);
    case AvroCodec::kZstandard:
      return CompressZstandard(bytes);
  }
  return std::string();
}

}  // namespace iceframe
