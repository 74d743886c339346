// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "iceframe/datafile/parquet_stream_internal.h"

namespace iceframe::internal {

Status OutputFileStream::Write(const void* data, int64_t nbytes) {
  position_ += nbytes;
  if (file_ == nullptr) return Status::OK();
  return file_->Write(
      std::string_view(static_cast<const char*>(data), static_cast<size_t>(nbytes)));
}

Status OutputFileStream::Write(const std::shared_ptr<arrow::Buffer>& data) {
  position_ += data->size();
  return file_ == nullptr ? Status::OK() : file_->Write(data);
}

Status OutputFileStream::Close() {
  closed_ = true;
  return Status::OK();
}

PrefetchedFile::PrefetchedFile(int64_t size, std::vector<Piece> pieces)
    : size_(size), pieces_(std::move(pieces)) {
  std::sort(pieces_.begin(), pieces_.end(),
            [](const Piece& left, const Piece& right) { return left.offset < right.offset; });
}

Result<std::shared_ptr<arrow::Buffer>> PrefetchedFile::ReadAt(int64_t position, int64_t nbytes) {
  if (position < 0 || nbytes < 0 || position > size_) {
    return Error(ErrorKind::kInvalidData, "file refers to bytes outside of itself: at ", position,
                 ", ", nbytes, " bytes of ", size_);
  }
  nbytes = std::min(nbytes, size_ - position);
  auto piece = std::upper_bound(
      pieces_.begin(), pieces_.end(), position,
      [](int64_t wanted, const Piece& candidate) { return wanted < candidate.offset; });
  if (piece != pieces_.begin()) {
    --piece;
    const int64_t skip = position - piece->offset;
    const int64_t available = piece->data->size() - skip;

    if (available >= nbytes) return arrow::SliceBuffer(piece->data, skip, nbytes);
  }
  return Error(ErrorKind::kInvalidData, "file refers to bytes outside of its column chunks: at ",
               position, ", ", nbytes, " bytes");
}

Result<int64_t> PrefetchedFile::ReadAt(int64_t position, int64_t nbytes, void* out) {
  ICEFRAME_ASSIGN_OR_RETURN(auto buffer, ReadAt(position, nbytes));
  if (buffer->size() > 0) std::memcpy(out, buffer->data(), static_cast<size_t>(buffer->size()));
  return buffer->size();
}

Result<int64_t> PrefetchedFile::Read(int64_t nbytes, void* out) {
  ICEFRAME_ASSIGN_OR_RETURN(int64_t num_read, ReadAt(position_, nbytes, out));
  position_ += num_read;
  return num_read;
}

Result<std::shared_ptr<arrow::Buffer>> PrefetchedFile::Read(int64_t nbytes) {
  ICEFRAME_ASSIGN_OR_RETURN(auto buffer, ReadAt(position_, nbytes));
  position_ += buffer->size();
  return buffer;
}

Status PrefetchedFile::Seek(int64_t position) {
  if (position < 0 || position > size_) {
    return Error(ErrorKind::kInvalidData,
                 "file refers to a position outside of itself: ", position);
  }
  position_ = position;
  return Status::OK();
}

Status PrefetchedFile::Close() {
  closed_ = true;
  pieces_.clear();
  return Status::OK();
}

}  // namespace iceframe::internal
