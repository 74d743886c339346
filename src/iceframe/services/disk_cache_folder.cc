// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>

#include "iceframe/base/uuid.h"
#include "iceframe/io/posix_internal.h"
#include "iceframe/services/disk_cache_folder_internal.h"

namespace iceframe::internal {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEntrySuffix = ".entry";
constexpr std::string_view kUnfinishedSuffix = ".unfinished";
constexpr const char* kLockName = "lock";
/// Tells programs that make backups to leave the folder out, and us that it is one of ours.
constexpr const char* kTagName = "CACHEDIR.TAG";
constexpr std::string_view kTagText =
    "Signature: 8a477f597d28d172789f06886806bc55\n# Rows kept by iceframe; may be deleted.\n";
constexpr int kOpenAttempts = 5;
constexpr int kLockAttempts = 100;
constexpr std::chrono::milliseconds kLockPause{2};

bool IsEmptyFolder(const std::string& folder) {
  std::error_code error;
  return fs::directory_iterator(folder, error) == fs::directory_iterator() && !error;
}

bool IsOurs(const std::string& folder) {
  struct stat tag;
  return lstat((folder + "/" + kTagName).c_str(), &tag) == 0;
}

Status CheckOwner(const std::string& folder) {
  struct stat found;
  if (stat(folder.c_str(), &found) != 0) return ErrnoError(errno, "open cache folder", folder);
  if (!S_ISDIR(found.st_mode)) {
    return Error(ErrorKind::kInvalidArgument, "cache folder is not a folder: ", folder);
  }
  if (found.st_uid != geteuid()) {
    return Error(ErrorKind::kUnauthorized, "cache folder belongs to another user: ", folder,
                 "; name one of your own");
  }
  // Another process may have put the tag in between the first two looks.
  if (!IsOurs(folder) && !IsEmptyFolder(folder) && !IsOurs(folder)) {
    return Error(ErrorKind::kInvalidArgument, "cache folder holds something else: ", folder,
                 "; name one that is empty or new");
  }
  if ((found.st_mode & 077) != 0 && chmod(folder.c_str(), 0700) != 0) {
    return ErrnoError(errno, "close cache folder to others", folder);
  }
  return Status::OK();
}

Status WriteTag(const std::string& folder) {
  const std::string path = folder + "/" + kTagName;
  const FileDescriptor tag =
      OpenAt(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (!tag.is_open()) {
    return errno == EEXIST ? Status::OK() : ErrnoError(errno, "write file", path);
  }
  return WriteFully(tag.get(), reinterpret_cast<const uint8_t*>(kTagText.data()),
                    static_cast<int64_t>(kTagText.size()), path);
}

/// Made by this user for itself, those above it as usual.
Status MakeFolder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(fs::path(folder).parent_path(), error);
  if (error) return ErrnoError(error.value(), "make folder", folder);
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return ErrnoError(errno, "make cache folder", folder);
  }
  ICEFRAME_RETURN_NOT_OK(CheckOwner(folder));
  return WriteTag(folder);
}

/// A new file that this process holds the lock of.
Result<FileDescriptor> OpenUnfinished(const std::string& folder, const std::string& path) {
  for (int attempt = 0; attempt < kOpenAttempts; ++attempt) {
    FileDescriptor file =
        OpenAt(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (!file.is_open() && errno == ENOENT) {
      ICEFRAME_RETURN_NOT_OK(MakeFolder(folder));
      continue;
    }
    struct stat made;
    if (!file.is_open() || flock(file.get(), LOCK_EX) != 0 || fstat(file.get(), &made) != 0) {
      return ErrnoError(errno, "write file", path);
    }
    // Another process may have taken it for an abandoned one before it was locked.
    if (made.st_nlink > 0) return file;
  }
  return Error(ErrorKind::kIo, "cache folder is being emptied all the time: ", folder);
}

/// Whoever writes holds the file's lock: one without was left by a process that was killed.
/// It is removed under the lock, so that a writer who gets the lock next sees that it is gone.
void RemoveIfAbandoned(const std::string& path) {
  const FileDescriptor file = OpenAt(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file.is_open() && flock(file.get(), LOCK_EX | LOCK_NB) == 0) unlink(path.c_str());
}

/// The files of the folder with that suffix; without those that went meanwhile.
std::vector<CacheFile> List(const std::string& folder, std::string_view prefix,
                            std::string_view suffix) {
  std::vector<CacheFile> files;
  std::error_code error;
  fs::directory_iterator at(folder, error);
  while (!error && at != fs::directory_iterator()) {
    const std::string name = at->path().filename().string();
    struct stat found;
    if (name.starts_with(prefix) && name.ends_with(suffix) &&
        lstat(at->path().c_str(), &found) == 0) {
      files.push_back({at->path().string(), found.st_size,
                       found.st_mtim.tv_sec * 1'000'000'000 + found.st_mtim.tv_nsec});
    }
    at.increment(error);
  }
  return files;
}

}  // namespace

Result<std::string> OpenCacheFolder(const std::string& folder) {
  if (folder.empty()) return Error(ErrorKind::kInvalidArgument, "cache folder has no name");
  if (folder.find('\0') != std::string::npos) {
    return Error(ErrorKind::kInvalidArgument, "cache folder's name holds a NUL character");
  }
  std::error_code error;
  fs::path path = fs::absolute(folder, error).lexically_normal();
  if (error) return ErrnoError(error.value(), "open cache folder", folder);
  if (!path.has_filename()) path = path.parent_path();
  const std::string absolute = path.string();
  ICEFRAME_RETURN_NOT_OK(MakeFolder(absolute));
  return absolute;
}

std::vector<CacheFile> ListCacheFiles(const std::string& folder, std::string_view prefix) {
  return List(folder, prefix, kEntrySuffix);
}

Result<std::shared_ptr<arrow::Buffer>> ReadCacheFile(const std::string& path,
                                                     arrow::MemoryPool* pool) {
  const FileDescriptor file =
      OpenAt(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  struct stat found;
  if (!file.is_open() || fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode)) return nullptr;
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> bytes,
                            arrow::AllocateBuffer(found.st_size, pool));
  // One that is cut short meanwhile is as good as none.
  if (!ReadFully(file.get(), 0, bytes->size(), bytes->mutable_data(), path).ok()) return nullptr;
  futimens(file.get(), nullptr);
  return bytes;
}

Status ReplaceCacheFile(const std::string& folder, const std::string& path,
                        const std::function<Result<bool>(int fd)>& write) {
  const std::string unfinished = folder + "/" + NewUuid() + std::string(kUnfinishedSuffix);
  ICEFRAME_ASSIGN_OR_RETURN(const FileDescriptor file, OpenUnfinished(folder, unfinished));
  const auto finish = [&]() -> Status {
    ICEFRAME_ASSIGN_OR_RETURN(const bool keeps, write(file.get()));
    if (!keeps) {
      unlink(unfinished.c_str());
      return Status::OK();
    }
    // Else its name might outlive a crash of the machine, and its content not.
    ICEFRAME_RETURN_NOT_OK(SyncFile(file.get(), unfinished));
    if (rename(unfinished.c_str(), path.c_str()) != 0) {
      return ErrnoError(errno, "put file in its place", path);
    }
    return Status::OK();
  };
  const Status finished = finish();
  if (!finished.ok()) unlink(unfinished.c_str());
  return finished;
}

Result<CacheFolderUse> TrimCacheFolder(const std::string& folder, int64_t max_bytes) {
  const std::string lock_path = folder + "/" + kLockName;
  const FileDescriptor lock =
      OpenAt(AT_FDCWD, lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (!lock.is_open()) return ErrnoError(errno, "open file", lock_path);
  int attempts = 0;
  while (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (++attempts == kLockAttempts) {
      return Error(ErrorKind::kUnavailable, "another process is at work in cache folder: ", folder);
    }
    std::this_thread::sleep_for(kLockPause);
  }
  for (const CacheFile& file : List(folder, "", kUnfinishedSuffix)) {
    RemoveIfAbandoned(file.path);
  }
  std::vector<CacheFile> files = ListCacheFiles(folder, "");
  CacheFolderUse use;
  use.num_entries = static_cast<int64_t>(files.size());
  for (const CacheFile& file : files) use.num_bytes += file.num_bytes;
  if (use.num_bytes <= max_bytes) return use;
  std::sort(files.begin(), files.end(),
            [](const CacheFile& a, const CacheFile& b) { return a.used_ns < b.used_ns; });
  for (const CacheFile& file : files) {
    if (use.num_bytes <= max_bytes) break;
    unlink(file.path.c_str());
    use.num_bytes -= file.num_bytes;
    --use.num_entries;
    ++use.num_evicted;
  }
  return use;
}

}  // namespace iceframe::internal
