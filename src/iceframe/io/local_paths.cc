// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>
#include <utility>

#include "iceframe/io/local_paths_internal.h"
#include "iceframe/io/location.h"

namespace iceframe::internal {

namespace {

/// "/a/b" is taken apart into "/a" and "b".
std::pair<std::string, std::string> SplitPath(const std::string& path) {
  const size_t slash = path.rfind('/');
  return {path.substr(0, std::max<size_t>(slash, 1)), path.substr(slash + 1)};
}

Result<FileDescriptor> MakeFolders(const std::string& folder, std::string_view location) {
  FileDescriptor opened = OpenAt(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY);
  if (opened.is_open()) return opened;
  if (errno != ENOENT || folder == "/") return ErrnoError(errno, "open the folder of", location);
  const auto [parent, name] = SplitPath(folder);
  ICEFRAME_ASSIGN_OR_RETURN(FileDescriptor parent_fd, MakeFolders(parent, location));
  if (mkdirat(parent_fd.get(), name.c_str(), 0777) == 0) {
    ICEFRAME_RETURN_NOT_OK(SyncFile(parent_fd.get(), location));
  } else if (errno != EEXIST) {
    return ErrnoError(errno, "make the folder of", location);
  }
  opened = OpenAt(parent_fd.get(), name, O_RDONLY | O_DIRECTORY);
  if (!opened.is_open()) return ErrnoError(errno, "open the folder of", location);
  return opened;
}

}  // namespace

Result<std::string> ResolvePath(const std::string& path) {
  std::string existing = path;
  std::string rest;
  while (true) {
    const std::unique_ptr<char, decltype(&std::free)> resolved(realpath(existing.c_str(), nullptr),
                                                               &std::free);
    if (resolved != nullptr) {
      std::string found(resolved.get());
      if (rest.empty()) return found;
      return found == "/" ? rest : found + rest;
    }
    if (errno != ENOENT || existing == "/") return ErrnoError(errno, "follow path", path);
    auto [parent, name] = SplitPath(existing);
    rest = "/" + name + rest;
    existing = std::move(parent);
  }
}

Status LocalPaths::CheckResolved(std::string_view resolved, std::string_view location) const {
  for (const std::string& folder : allowed_) {
    // Followed each time: a warehouse may be made, or moved behind a link, while we run.
    Result<std::string> resolved_folder = ResolvePath(folder);
    if (resolved_folder.ok() && IsWithin(resolved, *resolved_folder)) return Status::OK();
  }
  return Error(ErrorKind::kUnauthorized, "location leads outside the allowed ones: ", location,
               " (add its folder to allowed-locations)");
}

Status LocalPaths::CheckPath(const std::string& path, std::string_view location) const {
  if (allowed_.empty()) return Status::OK();
  Result<std::string> resolved = ResolvePath(path);
  if (!resolved.ok()) return WithContext(resolved.status(), "location", location);
  return CheckResolved(*resolved, location);
}

Status LocalPaths::CheckOpened(int fd, std::string_view location) const {
  if (allowed_.empty()) return Status::OK();
  std::string target(PATH_MAX, '\0');
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = readlink(link.c_str(), target.data(), target.size());
  // Without /proc the check before opening is all there is.
  if (length <= 0 || target[0] != '/') return Status::OK();
  target.resize(static_cast<size_t>(length));
  return CheckResolved(target, location);
}

Result<FileDescriptor> LocalPaths::OpenFile(const std::string& path,
                                            std::string_view location) const {
  ICEFRAME_RETURN_NOT_OK(CheckPath(path, location));
  // Not blocking: opening a named pipe would wait for a writer.
  FileDescriptor file = OpenAt(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file.is_open()) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return Error(ErrorKind::kNotFound, "file does not exist: ", location);
    }
    return ErrnoError(errno, "open file", location);
  }
  ICEFRAME_RETURN_NOT_OK(CheckOpened(file.get(), location));
  struct stat info;
  if (fstat(file.get(), &info) != 0) return ErrnoError(errno, "look at file", location);
  if (S_ISDIR(info.st_mode)) {
    return Error(ErrorKind::kNotFound, "file does not exist, there is a folder: ", location);
  }
  if (!S_ISREG(info.st_mode)) return Error(ErrorKind::kIo, "not a regular file: ", location);
  return file;
}

Result<FileDescriptor> LocalPaths::OpenFolder(const std::string& path,
                                              std::string_view location) const {
  ICEFRAME_RETURN_NOT_OK(CheckPath(path, location));
  FileDescriptor folder = OpenAt(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
  if (!folder.is_open()) return ErrnoError(errno, "open the folder of", location);
  ICEFRAME_RETURN_NOT_OK(CheckOpened(folder.get(), location));
  return folder;
}

Result<FolderEntry> LocalPaths::OpenParent(const std::string& path,
                                           std::string_view location) const {
  auto [parent, name] = SplitPath(path);
  ICEFRAME_ASSIGN_OR_RETURN(FileDescriptor folder, OpenFolder(parent, location));
  return FolderEntry{std::move(folder), std::move(name)};
}

Result<FolderEntry> LocalPaths::MakeParent(const std::string& path,
                                           std::string_view location) const {
  auto [parent, name] = SplitPath(path);
  ICEFRAME_RETURN_NOT_OK(CheckPath(parent, location));
  ICEFRAME_ASSIGN_OR_RETURN(FileDescriptor folder, MakeFolders(parent, location));
  ICEFRAME_RETURN_NOT_OK(CheckOpened(folder.get(), location));
  return FolderEntry{std::move(folder), std::move(name)};
}

}  // namespace iceframe::internal
