// SPDX-License-Identifier: Apache-2.0
#include "iceframe/io/append_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "iceframe/io/posix_internal.h"

namespace iceframe {

namespace {

using internal::ErrnoError;
using internal::FileDescriptor;
using internal::OpenAt;

class LocalAppendFile final : public AppendFile {
 public:
  LocalAppendFile(FileDescriptor file, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {}

  Status Append(std::string_view data) override {
    ICEFRAME_RETURN_NOT_OK(failed_);
    const auto size = static_cast<int64_t>(data.size());
    const Status written = internal::WriteFully(
        file_.get(), reinterpret_cast<const uint8_t*>(data.data()), size, path_);
    if (written.ok()) {
      num_bytes_ += size;
      return Status::OK();
    }
    const int error = errno;
    const Status cut = Truncate(num_bytes_);
    if (!cut.ok()) return failed_ = cut;
    if (error != ENOSPC && error != EDQUOT && error != EFBIG) return written;
    return Error(ErrorKind::kResourceExhausted, "no space is left to write a file: ", path_);
  }

  Status Sync() override {
    ICEFRAME_RETURN_NOT_OK(failed_);
    int result = 0;
    do {
      // The length counts as data that is needed to read the file.
      result = fdatasync(file_.get());
    } while (result < 0 && errno == EINTR);
    if (result < 0) failed_ = ErrnoError(errno, "make file durable", path_);
    return failed_;
  }

  Status Truncate(int64_t num_bytes) override {
    if (ftruncate(file_.get(), num_bytes) != 0 || lseek(file_.get(), num_bytes, SEEK_SET) < 0) {
      return ErrnoError(errno, "cut off file", path_);
    }
    num_bytes_ = num_bytes;
    return Status::OK();
  }

  int64_t num_bytes() const override { return num_bytes_; }

 private:
  const FileDescriptor file_;
  const std::string path_;
  int64_t num_bytes_ = 0;
  Status failed_;
};

}  // namespace

Result<std::unique_ptr<AppendFile>> CreateAppendFile(const std::string& path) {
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  const FileDescriptor parent = OpenAt(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY);
  if (!parent.is_open()) return ErrnoError(errno, "open folder", folder);
  FileDescriptor file = OpenAt(parent.get(), path.substr(folder.size()),
                               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!file.is_open()) return ErrnoError(errno, "create file", path);
  ICEFRAME_RETURN_NOT_OK(internal::SyncFile(parent.get(), folder));
  return std::make_unique<LocalAppendFile>(std::move(file), path);
}

}  // namespace iceframe
