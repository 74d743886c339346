// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "iceframe/base/uuid.h"
#include "iceframe/io/io_metrics_internal.h"
#include "iceframe/io/local_output_file_internal.h"

namespace iceframe::internal {

namespace {

/// Small writes are gathered up to here.
constexpr int64_t kBufferSize = int64_t{64} << 10;
/// How much is written before the kernel is asked to begin storing it, so that the final sync
/// finds little left to do.
constexpr int64_t kWriteBehind = int64_t{8} << 20;

bool CannotDoUnnamed(int error) {
  // Also EISDIR and ENOENT: kernels and network file systems that don't know O_TMPFILE.
  return error == EOPNOTSUPP || error == EISDIR || error == ENOENT || error == EINVAL;
}

bool CannotRenameWithoutReplacing(int error) { return error == EINVAL || error == ENOSYS; }

class LocalOutputFile final : public OutputFile {
 public:
  LocalOutputFile(const OperationContext& context, std::string location, FolderEntry target,
                  OverwriteMode mode)
      : context_(context),
        location_(std::move(location)),
        target_(std::move(target)),
        mode_(mode) {}

  ~LocalOutputFile() override { Abort(); }

  Status Open(bool use_unnamed_file) {
    ICEFRAME_ASSIGN_OR_RETURN(buffer_, arrow::AllocateBuffer(kBufferSize, context_.pool()));
    if (use_unnamed_file) {
      file_ = OpenAt(target_.folder.get(), ".", O_WRONLY | O_TMPFILE, 0666);
      if (file_.is_open()) return Status::OK();
      if (!CannotDoUnnamed(errno)) return ErrnoError(errno, "create file", location_);
    }
    temp_name_ = MakeTempName();
    file_ =
        OpenAt(target_.folder.get(), temp_name_, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0666);
    if (!file_.is_open()) {
      const int error = errno;
      temp_name_.clear();
      return ErrnoError(error, "create file", location_);
    }
    return Status::OK();
  }

  Status Write(const std::shared_ptr<arrow::Buffer>& data) override {
    return Write(std::string_view(*data));
  }

  Status Write(std::string_view data) override {
    ICEFRAME_RETURN_NOT_OK(CheckOpen());
    ICEFRAME_RETURN_NOT_OK(context_.Check());
    const auto size = static_cast<int64_t>(data.size());
    if (buffered_ + size > kBufferSize) ICEFRAME_RETURN_NOT_OK(Flush());
    const auto* bytes = reinterpret_cast<const uint8_t*>(data.data());
    if (size >= kBufferSize) {
      ICEFRAME_RETURN_NOT_OK(WriteOut(bytes, size));
    } else if (size > 0) {
      std::copy(bytes, bytes + size, buffer_->mutable_data() + buffered_);
      buffered_ += size;
    }
    num_bytes_ += size;
    return Status::OK();
  }

  int64_t num_bytes() const override { return num_bytes_; }

  Status Close() override {
    ICEFRAME_RETURN_NOT_OK(CheckOpen());
    IoRequest request(context_, "file", IoOp::kWrite);
    request.AddBytes(num_bytes_);
    Status status = Publish();
    // After a failure nothing may be left, and after success there is nothing to undo.
    Abort();
    return status;
  }

  void Abort() override {
    RemoveTemp();
    file_.Reset();
    target_.folder.Reset();
    buffer_.reset();
  }

 private:
  static std::string MakeTempName() { return ".iceframe-" + NewUuid() + ".tmp"; }

  Status CheckOpen() const {
    if (file_.is_open()) return Status::OK();
    return Error(ErrorKind::kInvalidArgument, "file was closed or aborted before: ", location_);
  }

  Status WriteOut(const uint8_t* data, int64_t size) {
    ICEFRAME_RETURN_NOT_OK(WriteFully(file_.get(), data, size, location_));
    written_ += size;
    if (written_ - begun_storing_ >= kWriteBehind) {
      // Only a hint: what goes wrong here shows in the final sync.
      (void)sync_file_range(file_.get(), begun_storing_, written_ - begun_storing_,
                            SYNC_FILE_RANGE_WRITE);
      begun_storing_ = written_;
    }
    return Status::OK();
  }

  Status Flush() {
    const int64_t size = std::exchange(buffered_, 0);
    return WriteOut(buffer_->data(), size);
  }

  Status Publish() {
    ICEFRAME_RETURN_NOT_OK(context_.Check());
    ICEFRAME_RETURN_NOT_OK(Flush());
    ICEFRAME_RETURN_NOT_OK(SyncFile(file_.get(), location_));
    ICEFRAME_RETURN_NOT_OK(context_.Check());
    ICEFRAME_RETURN_NOT_OK(mode_ == OverwriteMode::kOverwrite ? Replace() : LinkNew());
    Status synced = SyncFolder();
    if (!synced.ok() && mode_ == OverwriteMode::kNeverOverwrite) {
      // It was ours alone and is not known to be durable: back to nothing visible.
      if (target_.folder.is_open()) unlinkat(target_.folder.get(), target_.name.c_str(), 0);
    }
    return synced;
  }

  Status SyncFolder() {
    if (context_.deferred_syncs == nullptr) return SyncFile(target_.folder.get(), location_);
    auto folder = std::make_shared<FileDescriptor>(std::move(target_.folder));
    return context_.deferred_syncs->Add(
        location_.substr(0, location_.rfind('/')),
        [folder, location = location_] { return SyncFile(folder->get(), location); });
  }

  /// Gives the file without a name one.
  int LinkUnnamed(const std::string& name) const {
    const std::string source = "/proc/self/fd/" + std::to_string(file_.get());
    return linkat(AT_FDCWD, source.c_str(), target_.folder.get(), name.c_str(), AT_SYMLINK_FOLLOW);
  }

  Status LinkNew() {
    const int folder = target_.folder.get();
    if (temp_name_.empty()) {
      if (LinkUnnamed(target_.name) == 0) return Status::OK();
      return PublishError(errno);
    }
    if (renameat2(folder, temp_name_.c_str(), folder, target_.name.c_str(), RENAME_NOREPLACE) ==
        0) {
      temp_name_.clear();
      return Status::OK();
    }
    if (!CannotRenameWithoutReplacing(errno)) return PublishError(errno);
    if (linkat(folder, temp_name_.c_str(), folder, target_.name.c_str(), 0) != 0) {
      return PublishError(errno);
    }
    RemoveTemp();
    return Status::OK();
  }

  Status Replace() {
    const int folder = target_.folder.get();
    if (temp_name_.empty()) {
      std::string name = MakeTempName();
      if (LinkUnnamed(name) != 0) return PublishError(errno);
      temp_name_ = std::move(name);
    }
    if (renameat(folder, temp_name_.c_str(), folder, target_.name.c_str()) != 0) {
      return PublishError(errno);
    }
    temp_name_.clear();
    return Status::OK();
  }

  Status PublishError(int error) const {
    if (error == EEXIST) {
      return Error(ErrorKind::kAlreadyExists, "file exists already: ", location_);
    }
    return ErrnoError(error, "give file its name", location_);
  }

  void RemoveTemp() {
    if (temp_name_.empty() || !target_.folder.is_open()) return;
    unlinkat(target_.folder.get(), temp_name_.c_str(), 0);
    temp_name_.clear();
  }

  const OperationContext context_;
  const std::string location_;
  FolderEntry target_;
  const OverwriteMode mode_;
  FileDescriptor file_;
  /// Empty while the file has no name.
  std::string temp_name_;
  std::shared_ptr<arrow::Buffer> buffer_;
  int64_t buffered_ = 0;
  int64_t num_bytes_ = 0;
  int64_t written_ = 0;
  int64_t begun_storing_ = 0;
};

}  // namespace

Result<std::unique_ptr<OutputFile>> MakeLocalOutputFile(const OperationContext& context,
                                                        std::string location, FolderEntry target,
                                                        const LocalOutputOptions& options) {
  auto file = std::make_unique<LocalOutputFile>(context, std::move(location), std::move(target),
                                                options.mode);
  ICEFRAME_RETURN_NOT_OK(file->Open(options.use_unnamed_file));
  return file;
}

}  // namespace iceframe::internal
