// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "iceframe/io/input_file.h"
#include "iceframe/io/io_metrics_internal.h"
#include "iceframe/io/local_file_io_internal.h"
#include "iceframe/io/local_output_file_internal.h"
#include "iceframe/io/local_paths_internal.h"
#include "iceframe/io/local_read_internal.h"
#include "iceframe/io/location.h"
#include "iceframe/runtime/wait.h"

namespace iceframe::internal {

namespace {

constexpr std::string_view kScheme = "file";

/// Ends the listing of a folder when it goes out of scope.
struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

class LocalInputFile final : public InputFile {
 public:
  LocalInputFile(FileDescriptor file, std::string location)
      : file_(std::move(file)), location_(std::move(location)) {}

  Status ReadAt(const OperationContext& context, int64_t offset, int64_t length,
                uint8_t* out) const override {
    IoRequest request(context, kScheme, IoOp::kRead);
    ICEFRAME_RETURN_NOT_OK(ReadFully(file_.get(), offset, length, out, location_));
    request.AddBytes(length);
    return Status::OK();
  }

  void Announce(ByteRange range) const override {
    // Advice: that it can't be taken does no harm.
    posix_fadvise(file_.get(), range.offset, range.length, POSIX_FADV_WILLNEED);
  }

 private:
  const FileDescriptor file_;
  const std::string location_;
};

class LocalFileIO final : public FileIO, public SmallReads {
 public:
  explicit LocalFileIO(std::vector<std::string> allowed_paths)
      : paths_(std::make_shared<const LocalPaths>(std::move(allowed_paths))) {}

  Result<std::shared_ptr<arrow::Buffer>> ReadAll(const OperationContext& context,
                                                 const std::string& location,
                                                 std::optional<int64_t> size) override {
    LocalReadRequest request{.location = location, .ranges = {}, .whole_file = true, .size = size};
    ICEFRAME_ASSIGN_OR_RETURN(
        Buffers buffers, Await(context, Read(context, std::move(request), ReadMode::kCallerHelps)));
    return std::move(buffers.front());
  }

  Result<Buffers> ReadRanges(const OperationContext& context, const std::string& location,
                             const std::vector<ByteRange>& ranges) override {
    LocalReadRequest request{.location = location, .ranges = ranges};
    return Await(context, Read(context, std::move(request), ReadMode::kCallerHelps));
  }

  arrow::Future<Buffers> ReadRangesAsync(const OperationContext& context,
                                         const std::string& location,
                                         std::vector<ByteRange> ranges) override {
    LocalReadRequest request{.location = location, .ranges = std::move(ranges)};
    return Read(context, std::move(request), ReadMode::kAsync);
  }

  Result<std::shared_ptr<const InputFile>> OpenInput(const OperationContext& context,
                                                     const std::string& location) override {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_ASSIGN_OR_RETURN(const std::string path, FilePath(location));
    ICEFRAME_ASSIGN_OR_RETURN(FileDescriptor file, paths_->OpenFile(path, location));
    return std::make_shared<const LocalInputFile>(std::move(file), location);
  }

  Result<std::unique_ptr<OutputFile>> Create(const OperationContext& context,
                                             const std::string& location,
                                             OverwriteMode mode) override {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_ASSIGN_OR_RETURN(const std::string path, FilePath(location));
    ICEFRAME_ASSIGN_OR_RETURN(FolderEntry target, paths_->MakeParent(path, location));
    return MakeLocalOutputFile(context, location, std::move(target), {.mode = mode});
  }

  Status Delete(const OperationContext& context, const std::string& location) override {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_ASSIGN_OR_RETURN(const std::string path, FilePath(location));
    IoRequest request(context, kScheme, IoOp::kDelete);
    Result<FolderEntry> entry = paths_->OpenParent(path, location);
    if (!entry.ok()) {
      // No folder, no file.
      return KindOf(entry.status()) == ErrorKind::kNotFound ? Status::OK() : entry.status();
    }
    // A link is removed, not what it leads to.
    if (unlinkat(entry->folder.get(), entry->name.c_str(), 0) != 0 && errno != ENOENT) {
      return ErrnoError(errno, "delete file", location);
    }
    return Status::OK();
  }

  Result<bool> Exists(const OperationContext& context, const std::string& location) override {
    Result<int64_t> size = Size(context, location);
    if (size.ok()) return true;
    if (KindOf(size.status()) == ErrorKind::kNotFound) return false;
    return size.status();
  }

  Result<int64_t> Size(const OperationContext& context, const std::string& location) override {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_ASSIGN_OR_RETURN(const std::string path, FilePath(location));
    IoRequest request(context, kScheme, IoOp::kHead);
    ICEFRAME_ASSIGN_OR_RETURN(const FileDescriptor file, paths_->OpenFile(path, location));
    struct stat info;
    if (fstat(file.get(), &info) != 0) return ErrnoError(errno, "look at file", location);
    return static_cast<int64_t>(info.st_size);
  }

  Result<std::vector<FileEntry>> List(const OperationContext& context,
                                      const std::string& location) override {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_ASSIGN_OR_RETURN(const std::string path, FilePath(location));
    IoRequest request(context, kScheme, IoOp::kList);
    std::string prefix = location;
    while (prefix.ends_with('/')) prefix.pop_back();
    std::vector<FileEntry> entries;
    // Folders yet to be read, relative to `path`.
    std::vector<std::string> pending = {""};
    while (!pending.empty()) {
      ICEFRAME_RETURN_NOT_OK(context.Check());
      const std::string relative = std::move(pending.back());
      pending.pop_back();
      Result<FileDescriptor> folder = paths_->OpenFolder(path + relative, location);
      if (!folder.ok() && KindOf(folder.status()) == ErrorKind::kNotFound) continue;
      ICEFRAME_RETURN_NOT_OK(folder.status());
      ICEFRAME_RETURN_NOT_OK(ListFolder(*folder, location, prefix, relative, &entries, &pending));
    }
    return entries;
  }

 private:
  arrow::Future<Buffers> Read(const OperationContext& context, LocalReadRequest request,
                              ReadMode mode) const {
    Result<std::string> path = FilePath(request.location);
    if (!path.ok()) return path.status();
    request.path = std::move(*path);
    return ReadLocal(context, paths_, std::move(request), mode);
  }

  static Result<std::string> FilePath(const std::string& location) {
    ICEFRAME_ASSIGN_OR_RETURN(ParsedLocation parsed, ParseLocation(location));
    if (parsed.scheme != kScheme) {
      return Error(ErrorKind::kUnsupported, "not a local location: ", location);
    }
    return std::move(parsed.path);
  }

  /// Adds the files of one folder to `entries` and its folders to `pending`. Links are neither
  /// followed nor listed: what they lead to is not below the location.
  static Status ListFolder(const FileDescriptor& folder, const std::string& location,
                           const std::string& prefix, const std::string& relative,
                           std::vector<FileEntry>* entries, std::vector<std::string>* pending) {
    const std::unique_ptr<DIR, CloseFolder> stream(fdopendir(dup(folder.get())));
    if (stream == nullptr) return ErrnoError(errno, "list", location);
    while (true) {
      errno = 0;
      const dirent* found = readdir(stream.get());
      if (found == nullptr) break;
      const std::string name = found->d_name;
      if (name == "." || name == "..") continue;
      struct stat info;
      if (fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) continue;  // deleted meanwhile
        return ErrnoError(errno, "list", location);
      }
      const std::string below = relative + "/" + name;
      if (S_ISDIR(info.st_mode)) {
        pending->push_back(below);
      } else if (S_ISREG(info.st_mode)) {
        const int64_t modified_ms =
            int64_t{info.st_mtim.tv_sec} * 1000 + int64_t{info.st_mtim.tv_nsec} / 1000000;
        entries->push_back({prefix + below, static_cast<int64_t>(info.st_size), modified_ms});
      }
    }
    if (errno != 0) return ErrnoError(errno, "list", location);
    return Status::OK();
  }

  const std::shared_ptr<const LocalPaths> paths_;
};

}  // namespace

std::shared_ptr<FileIO> MakeLocalFileIO(std::vector<std::string> allowed_paths) {
  return std::make_shared<LocalFileIO>(std::move(allowed_paths));
}

}  // namespace iceframe::internal
