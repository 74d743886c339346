// SPDX-License-Identifier: Apache-2.0
// System calls on local files, retried and with typed errors.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "iceframe/base/result.h"

namespace iceframe::internal {

/// An open file descriptor, closed at the end of its scope.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor() { Reset(); }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void Reset();

 private:
  int fd_ = -1;
};

/// An error for `error` (an errno), e.g. "can't open file: /x (Permission denied)".
Status ErrnoError(int error, std::string_view action, std::string_view location);

/// As openat, retried when interrupted; -1 and errno on failure.
FileDescriptor OpenAt(int folder_fd, const std::string& path, int flags, unsigned mode = 0);

/// Reads exactly `length` bytes at `offset`; Io if the file ends before.
Status ReadFully(int fd, int64_t offset, int64_t length, uint8_t* out, std::string_view location);

/// Reads what is in the page cache, without ever waiting for the disk; returns how many bytes from
/// `offset` on that were, 0 where the file system can't tell.
int64_t ReadCached(int fd, int64_t offset, int64_t length, uint8_t* out);

Status WriteFully(int fd, const uint8_t* data, int64_t length, std::string_view location);

Status SyncFile(int fd, std::string_view location);

}  // namespace iceframe::internal
