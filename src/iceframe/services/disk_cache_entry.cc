// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <arrow/buffer.h>
#include <arrow/io/buffered.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
// Before xxhash, all of which is to be inline, as Arrow itself does it.
#include <arrow/util/hashing.h>

#include "iceframe/io/posix_internal.h"
#include "iceframe/services/disk_cache_entry_internal.h"

namespace iceframe::internal {

namespace {

/// A new layout gets another one, and older entries are damaged ones then.
constexpr std::array<char, 8> kMagic = {'I', 'C', 'E', 'F', 'D', 'C', '0', '1'};
/// Arrow's buffers lie as well in the file as in memory.
constexpr int64_t kAlignment = 64;
constexpr int64_t kWriteBytes = 256 << 10;

/// In the byte order of the machine: others don't share its folder.
struct Header {
  std::array<char, 8> magic = kMagic;
  int64_t created_at_ms = 0;
  int64_t expires_at_ms = 0;
  int64_t key_bytes = 0;
  int64_t rows_bytes = 0;
  uint64_t rows_checksum[2] = {0, 0};
  /// Of what stands before the rows, this field being zero.
  uint64_t checksum = 0;
};
static_assert(sizeof(Header) == 64);

int64_t PrefixBytes(int64_t key_bytes) {
  const int64_t end = static_cast<int64_t>(sizeof(Header)) + key_bytes;
  return (end + kAlignment - 1) / kAlignment * kAlignment;
}

/// Header, key and zeros, with their checksum.
std::string PrefixOf(Header header, const std::string& key) {
  header.checksum = 0;
  std::string prefix(static_cast<size_t>(PrefixBytes(header.key_bytes)), '\0');
  std::memcpy(prefix.data(), &header, sizeof(header));
  std::memcpy(prefix.data() + sizeof(header), key.data(), key.size());
  header.checksum = XXH3_64bits(prefix.data(), prefix.size());
  std::memcpy(prefix.data(), &header, sizeof(header));
  return prefix;
}

/// Appends to a file, counts and sums up what went there, and refuses what is too much.
class ChecksummedFile final : public arrow::io::OutputStream {
 public:
  ChecksummedFile(int fd, std::string path, int64_t max_bytes)
      : fd_(fd), path_(std::move(path)), max_bytes_(max_bytes), state_(XXH3_createState()) {
    XXH3_128bits_reset(state_);
  }
  ~ChecksummedFile() override { XXH3_freeState(state_); }

  Status Write(const void* data, int64_t num_bytes) override {
    if (num_bytes > max_bytes_ - written_) {
      is_full_ = true;
      return Status::CapacityError("too large for the cache");
    }
    XXH3_128bits_update(state_, data, static_cast<size_t>(num_bytes));
    ICEFRAME_RETURN_NOT_OK(WriteFully(fd_, static_cast<const uint8_t*>(data), num_bytes, path_));
    written_ += num_bytes;
    return Status::OK();
  }
  using arrow::io::OutputStream::Write;
  Status Close() override {
    closed_ = true;
    return Status::OK();
  }
  bool closed() const override { return closed_; }
  Result<int64_t> Tell() const override { return written_; }

  bool is_full() const { return is_full_; }
  int64_t written() const { return written_; }
  XXH128_hash_t checksum() const { return XXH3_128bits_digest(state_); }

 private:
  const int fd_;
  const std::string path_;
  const int64_t max_bytes_;
  XXH3_state_t* const state_;
  int64_t written_ = 0;
  bool closed_ = false;
  bool is_full_ = false;
};

Status WriteRows(const arrow::Table& rows, const std::shared_ptr<ChecksummedFile>& file,
                 arrow::MemoryPool* pool) {
  ICEFRAME_ASSIGN_OR_RETURN(auto buffered,
                            arrow::io::BufferedOutputStream::Create(kWriteBytes, pool, file));
  arrow::ipc::IpcWriteOptions options = arrow::ipc::IpcWriteOptions::Defaults();
  options.memory_pool = pool;
  options.use_threads = false;
  options.alignment = kAlignment;
  options.emit_dictionary_deltas = true;
  ICEFRAME_ASSIGN_OR_RETURN(auto writer,
                            arrow::ipc::MakeStreamWriter(buffered, rows.schema(), options));
  ICEFRAME_RETURN_NOT_OK(writer->WriteTable(rows));
  ICEFRAME_RETURN_NOT_OK(writer->Close());
  return buffered->Close();
}

Status Damaged(std::string_view what) {
  return Error(ErrorKind::kInvalidData, "cache entry is damaged: ", what);
}

Result<Header> ParseHeader(const arrow::Buffer& bytes) {
  Header header;
  if (bytes.size() < static_cast<int64_t>(sizeof(header))) return Damaged("it is too short");
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.magic != kMagic) return Damaged("it does not begin as one");
  if (header.key_bytes < 0 || header.key_bytes > bytes.size() - int64_t{sizeof(header)}) {
    return Damaged("its key is longer than the file");
  }
  const int64_t prefix_bytes = PrefixBytes(header.key_bytes);
  if (prefix_bytes > bytes.size() || header.rows_bytes != bytes.size() - prefix_bytes) {
    return Damaged("it is longer or shorter than it says");
  }
  const std::string key(reinterpret_cast<const char*>(bytes.data()) + sizeof(header),
                        static_cast<size_t>(header.key_bytes));
  const std::string prefix = PrefixOf(header, key);
  if (std::memcmp(prefix.data(), bytes.data(), prefix.size()) != 0) {
    return Damaged("the checksum of its header is another");
  }
  return header;
}

Result<std::shared_ptr<arrow::Table>> ParseRows(const std::shared_ptr<arrow::Buffer>& bytes,
                                                arrow::MemoryPool* pool) {
  arrow::ipc::IpcReadOptions options = arrow::ipc::IpcReadOptions::Defaults();
  options.memory_pool = pool;
  options.use_threads = false;
  ICEFRAME_ASSIGN_OR_RETURN(auto reader,
                            arrow::ipc::RecordBatchStreamReader::Open(
                                std::make_shared<arrow::io::BufferReader>(bytes), options));
  ICEFRAME_ASSIGN_OR_RETURN(const auto batches, reader->ToRecordBatches());
  // Somebody may have written the checksums, too.
  for (const auto& batch : batches) ICEFRAME_RETURN_NOT_OK(batch->ValidateFull());
  return arrow::Table::FromRecordBatches(reader->schema(), batches);
}

}  // namespace

Result<int64_t> WriteDiskEntry(int fd, const std::string& path, const DiskEntry& entry,
                               const arrow::Table& rows, int64_t max_bytes,
                               arrow::MemoryPool* pool) {
  Header header;
  header.created_at_ms = entry.created_at_ms;
  header.expires_at_ms = entry.expires_at_ms;
  header.key_bytes = static_cast<int64_t>(entry.key.size());
  // Its place is kept; what is to stand there is known after the rows.
  const int64_t prefix_bytes = PrefixBytes(header.key_bytes);
  if (prefix_bytes > max_bytes) return -1;
  const std::string zeros(static_cast<size_t>(prefix_bytes), '\0');
  ICEFRAME_RETURN_NOT_OK(
      WriteFully(fd, reinterpret_cast<const uint8_t*>(zeros.data()), prefix_bytes, path));
  auto file = std::make_shared<ChecksummedFile>(fd, path, max_bytes - prefix_bytes);
  const Status written = WriteRows(rows, file, pool);
  if (file->is_full()) return -1;
  ICEFRAME_RETURN_NOT_OK(written);
  header.rows_bytes = file->written();
  const XXH128_hash_t checksum = file->checksum();
  header.rows_checksum[0] = checksum.low64;
  header.rows_checksum[1] = checksum.high64;
  const std::string prefix = PrefixOf(header, entry.key);
  if (lseek(fd, 0, SEEK_SET) != 0) return ErrnoError(errno, "write file", path);
  ICEFRAME_RETURN_NOT_OK(
      WriteFully(fd, reinterpret_cast<const uint8_t*>(prefix.data()), prefix_bytes, path));
  return prefix_bytes + header.rows_bytes;
}

Result<ReadDiskEntry> ParseDiskEntry(const std::shared_ptr<arrow::Buffer>& bytes,
                                     arrow::MemoryPool* pool) {
  ICEFRAME_ASSIGN_OR_RETURN(const Header header, ParseHeader(*bytes));
  const int64_t prefix_bytes = PrefixBytes(header.key_bytes);
  const XXH128_hash_t checksum =
      XXH3_128bits(bytes->data() + prefix_bytes, static_cast<size_t>(header.rows_bytes));
  if (checksum.low64 != header.rows_checksum[0] || checksum.high64 != header.rows_checksum[1]) {
    return Damaged("the checksum of its rows is another");
  }
  ReadDiskEntry read;
  read.entry.key.assign(reinterpret_cast<const char*>(bytes->data()) + sizeof(Header),
                        static_cast<size_t>(header.key_bytes));
  read.entry.created_at_ms = header.created_at_ms;
  read.entry.expires_at_ms = header.expires_at_ms;
  auto rows = ParseRows(arrow::SliceBuffer(bytes, prefix_bytes), pool);
  if (!rows.ok()) {
    if (KindOf(rows.status()) == ErrorKind::kResourceExhausted) return rows.status();
    return Damaged(rows.status().message());
  }
  read.rows = *std::move(rows);
  return read;
}

std::string DigestOf(const std::string& text) {
  const XXH128_hash_t digest = XXH3_128bits(text.data(), text.size());
  std::string hex;
  for (const uint64_t half : {digest.high64, digest.low64}) {
    for (int shift = 60; shift >= 0; shift -= 4) hex += "0123456789abcdef"[(half >> shift) & 15];
  }
  return hex;
}

}  // namespace iceframe::internal
