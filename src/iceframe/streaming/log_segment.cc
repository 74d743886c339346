// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/log_segment.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <utility>

#include <arrow/buffer.h>

#include "iceframe/base/crc32c.h"
#include "iceframe/streaming/log_frame.h"

namespace iceframe::internal {

namespace {

constexpr std::string_view kSuffix = ".log";
constexpr size_t kDigits = 20;
/// How much is looked through at once behind damage.
constexpr int64_t kScanBytes = int64_t{1} << 20;

std::optional<int64_t> NumberOf(std::string_view name) {
  if (name.size() != kDigits + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
  int64_t number = 0;
  const char* end = name.data() + kDigits;
  const auto [stop, error] = std::from_chars(name.data(), end, number);
  if (error != std::errc() || stop != end || number < 0) return std::nullopt;
  return number;
}

}  // namespace

std::string SegmentName(int64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(kDigits - digits.size(), '0') + digits + std::string(kSuffix);
}

Result<std::vector<SegmentFile>> ListSegments(const std::string& folder) {
  std::error_code error;
  std::vector<SegmentFile> segments;
  std::filesystem::directory_iterator entries(folder, error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    const std::filesystem::path& path = entries->path();
    if (const auto number = NumberOf(path.filename().string())) {
      segments.push_back({*number, path.string()});
    }
  }
  if (error) return ErrnoError(error.value(), "list folder", folder);
  std::sort(segments.begin(), segments.end(),
            [](const SegmentFile& a, const SegmentFile& b) { return a.number < b.number; });
  return segments;
}

Result<SegmentReader> SegmentReader::Open(const std::string& path, arrow::MemoryPool* pool) {
  FileDescriptor file = OpenAt(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW);
  if (!file.is_open()) return ErrnoError(errno, "open file", path);
  struct stat found;
  if (fstat(file.get(), &found) != 0) return ErrnoError(errno, "read file", path);
  SegmentReader reader(std::move(file), path, found.st_size, pool);
  ICEFRAME_RETURN_NOT_OK(WithContext(reader.ReadHeader(), "write-ahead log", path));
  return reader;
}

Result<std::shared_ptr<arrow::Buffer>> SegmentReader::Read(int64_t offset, int64_t length) const {
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> bytes,
                            arrow::AllocateBuffer(length, pool_));
  ICEFRAME_RETURN_NOT_OK(ReadFully(file_.get(), offset, length, bytes->mutable_data(), path_));
  return bytes;
}

Status SegmentReader::ReadHeader() {
  ICEFRAME_ASSIGN_OR_RETURN(const auto bytes, Read(0, std::min(size_, MaxHeaderBytes())));
  ICEFRAME_ASSIGN_OR_RETURN(const auto header, DecodeLogHeader(std::string_view(*bytes)));
  if (!header) {
    offset_ = size_;
    return Status::OK();
  }
  ICEFRAME_ASSIGN_OR_RETURN(identity_, DecodeIdentity(header->text));
  salt_ = header->salt;
  offset_ = header->num_bytes;
  return Status::OK();
}

Result<std::optional<std::vector<LogRecord>>> SegmentReader::Next() {
  if (size_ - offset_ < kFrameHeaderBytes) return std::nullopt;
  ICEFRAME_ASSIGN_OR_RETURN(const auto start, Read(offset_, kFrameHeaderBytes));
  const auto header = DecodeFrameHeader(salt_, std::string_view(*start));
  if (!header || header->number != next_frame_ || header->payload_bytes > size_ - offset_ - 32) {
    ICEFRAME_RETURN_NOT_OK(CheckTail());
    return std::nullopt;
  }
  ICEFRAME_ASSIGN_OR_RETURN(const auto payload,
                            Read(offset_ + kFrameHeaderBytes, header->payload_bytes));
  if (Crc32c(std::string_view(*payload)) != header->payload_crc) {
    ICEFRAME_RETURN_NOT_OK(CheckTail());
    return std::nullopt;
  }
  auto records = DecodePayload(payload, &schema_, pool_);
  if (!records.ok()) {
    return WithContext(records.status(), "write-ahead log",
                       path_ + " at offset " + std::to_string(offset_));
  }
  offset_ += header->frame_bytes();
  ++next_frame_;
  return std::optional(*std::move(records));
}

Status SegmentReader::CheckTail() const {
  for (int64_t at = offset_ + 8; at < size_; at += kScanBytes) {
    // Pieces overlap by what a header takes.
    const int64_t length = std::min(size_ - at, kScanBytes + kFrameHeaderBytes);
    ICEFRAME_ASSIGN_OR_RETURN(const auto bytes, Read(at, length));
    if (HoldsLaterFrame(salt_, next_frame_, std::string_view(*bytes))) {
      return Damaged("records that follow are whole");
    }
  }
  return Status::OK();
}

Status SegmentReader::Damaged(std::string_view what) const {
  return Error(ErrorKind::kInvalidData, "write-ahead log is damaged at offset ", offset_, ": ",
               what, ": ", path_, "; restore the file, or move it away to give its rows up");
}

}  // namespace iceframe::internal
