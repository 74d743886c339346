// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "iceframe/io/posix_internal.h"

namespace iceframe::internal {

namespace {

/// Linux moves at most this much in one call.
constexpr int64_t kMaxTransfer = int64_t{1} << 30;

ErrorKind KindOfErrno(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return ErrorKind::kNotFound;
    case EEXIST:
      return ErrorKind::kAlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorKind::kUnauthorized;
    case EINVAL:
    case EISDIR:
    case ENAMETOOLONG:
      return ErrorKind::kInvalidArgument;
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      return ErrorKind::kResourceExhausted;
    default:
      return ErrorKind::kIo;
  }
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    Reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void FileDescriptor::Reset() {
  // Not retried when interrupted: Linux has closed it by then, and its number may be reused.
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

Status ErrnoError(int error, std::string_view action, std::string_view location) {
  return Error(KindOfErrno(error), "can't ", action, ": ", location, " (",
               std::generic_category().message(error), ")");
}

FileDescriptor OpenAt(int folder_fd, const std::string& path, int flags, unsigned mode) {
  int fd = -1;
  do {
    fd = openat(folder_fd, path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return FileDescriptor(fd);
}

Status ReadFully(int fd, int64_t offset, int64_t length, uint8_t* out, std::string_view location) {
  int64_t done = 0;
  while (done < length) {
    const int64_t step = std::min(length - done, kMaxTransfer);
    const ssize_t num_read = pread(fd, out + done, static_cast<size_t>(step), offset + done);
    if (num_read < 0 && errno == EINTR) continue;
    if (num_read < 0) return ErrnoError(errno, "read file", location);
    if (num_read == 0) {
      return Error(ErrorKind::kIo, "file ends before the range to be read: offset ", offset,
                   ", length ", length, ", size ", offset + done, " of ", location);
    }
    done += num_read;
  }
  return Status::OK();
}

int64_t ReadCached(int fd, int64_t offset, int64_t length, uint8_t* out) {
  int64_t done = 0;
  while (done < length) {
    iovec rest{out + done, static_cast<size_t>(std::min(length - done, kMaxTransfer))};
    const ssize_t num_read = preadv2(fd, &rest, 1, offset + done, RWF_NOWAIT);
    // Errors too are left to the read that waits.
    if (num_read <= 0) break;
    done += num_read;
  }
  return done;
}

Status WriteFully(int fd, const uint8_t* data, int64_t length, std::string_view location) {
  int64_t done = 0;
  while (done < length) {
    const int64_t step = std::min(length - done, kMaxTransfer);
    const ssize_t num_written = write(fd, data + done, static_cast<size_t>(step));
    if (num_written < 0 && errno == EINTR) continue;
    if (num_written < 0) return ErrnoError(errno, "write file", location);
    done += num_written;
  }
  return Status::OK();
}

Status SyncFile(int fd, std::string_view location) {
  int result = 0;
  do {
    result = fsync(fd);
  } while (result < 0 && errno == EINTR);
  if (result < 0) return ErrnoError(errno, "make file durable", location);
  return Status::OK();
}

}  // namespace iceframe::internal
