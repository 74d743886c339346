// SPDX-License-Identifier: Apache-2.0
// Reading the files of a write-ahead log that a writer left behind.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/io/posix_internal.h"
#include "iceframe/streaming/log_record.h"

namespace iceframe::internal {

/// "00000000000000000042.log".
std::string SegmentName(int64_t number);

struct SegmentFile {
  int64_t number = 0;
  std::string path;
};
/// The segments in a folder, in order; other files are passed over. Errors: Io.
Result<std::vector<SegmentFile>> ListSegments(const std::string& folder);

/// Reads one segment from its first record to its last, a frame at a time.
///
/// Where the file ends within a frame, or with one that is not what was written, the process that
/// wrote it ended before the sync: nobody was told that those rows are kept, and they are passed
/// over. Damage anywhere before is an error. Not thread-safe.
class SegmentReader {
 public:
  /// Errors: NotFound; Unsupported for another version; InvalidData; Io.
  static Result<SegmentReader> Open(const std::string& path, arrow::MemoryPool* pool);

  /// nullopt: the file ends within its header, so it holds no record.
  const std::optional<LogIdentity>& identity() const { return identity_; }

  /// Returns the records of the next frame; nullopt at the end.
  /// Errors: InvalidData naming the file and the offset; ResourceExhausted; Io.
  Result<std::optional<std::vector<LogRecord>>> Next();

 private:
  SegmentReader(FileDescriptor file, std::string path, int64_t size, arrow::MemoryPool* pool)
      : file_(std::move(file)), path_(std::move(path)), size_(size), pool_(pool) {}

  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t offset, int64_t length) const;
  Status ReadHeader();
  /// OK if nothing of the log follows; else the error.
  Status CheckTail() const;
  Status Damaged(std::string_view what) const;

  FileDescriptor file_;
  std::string path_;
  int64_t size_ = 0;
  arrow::MemoryPool* pool_ = nullptr;
  std::optional<LogIdentity> identity_;
  uint32_t salt_ = 0;
  int64_t offset_ = 0;
  uint64_t next_frame_ = 0;
  std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace iceframe::internal
