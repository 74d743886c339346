// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <utility>

#include "iceframe/datafile/chunk_bytes_internal.h"
#include "iceframe/datafile/datafile_counters.h"

namespace iceframe::internal {
namespace {

/// What is read beyond what is asked for: mostly the next page's header.
constexpr int64_t kReadAheadBytes = 512;

}  // namespace

ChunkBytes::ChunkBytes(std::shared_ptr<arrow::Buffer> all, int64_t file_offset)
    : file_offset_(file_offset), size_(all->size()), all_(std::move(all)) {}

ChunkBytes::ChunkBytes(const OperationContext& context, std::shared_ptr<const InputFile> file,
                       ByteRange range)
    : context_(context), file_(std::move(file)), file_offset_(range.offset), size_(range.length) {}

Result<std::span<const uint8_t>> ChunkBytes::Peek(int64_t position, int64_t length) {
  if (position < 0 || position > size_) {
    return Error(ErrorKind::kInvalidData, "a page lies outside of its column chunk");
  }
  length = std::min(length, size_ - position);
  const uint8_t* data = nullptr;
  if (all_ != nullptr) {
    data = all_->data() + position;
  } else {
    if (position < window_begin_ || position + length > window_end_) {
      ICEFRAME_RETURN_NOT_OK(Fetch(position, length));
    }
    data = window_->data() + (position - window_begin_);
  }
  return std::span<const uint8_t>(data, static_cast<size_t>(length));
}

Status ChunkBytes::Fetch(int64_t position, int64_t length) {
  ICEFRAME_RETURN_NOT_OK(context_.Check());
  length = std::min(length + kReadAheadBytes, size_ - position);
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t num_kept, MoveWindow(position, length));
  ICEFRAME_RETURN_NOT_OK(file_->ReadAt(context_, file_offset_ + position + num_kept,
                                       length - num_kept, window_->mutable_data() + num_kept));
  context_.counters->Add(DataFileCount::kDataBytesRead, length - num_kept);
  window_begin_ = position;
  window_end_ = position + length;
  return Status::OK();
}

Result<int64_t> ChunkBytes::MoveWindow(int64_t position, int64_t length) {
  const bool overlaps = window_begin_ <= position && position < window_end_;
  const int64_t num_kept = overlaps ? std::min(window_end_ - position, length) : 0;
  const uint8_t* kept = overlaps ? window_->data() + (position - window_begin_) : nullptr;
  window_begin_ = window_end_ = 0;
  if (window_ != nullptr && window_->capacity() >= length) {
    if (num_kept > 0) std::memmove(window_->mutable_data(), kept, static_cast<size_t>(num_kept));
    ICEFRAME_RETURN_NOT_OK(window_->Resize(length, /*shrink_to_fit=*/false));
    return num_kept;
  }
  // Without overlap the old one goes first: it would be held beside the new one.
  if (num_kept == 0) window_.reset();
  ICEFRAME_ASSIGN_OR_RETURN(auto larger, arrow::AllocateResizableBuffer(length, context_.pool()));
  if (num_kept > 0) std::memcpy(larger->mutable_data(), kept, static_cast<size_t>(num_kept));
  window_ = std::move(larger);
  return num_kept;
}

}  // namespace iceframe::internal
