// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <sqlite3.h>

#include "iceframe/catalog/sqlite_locks_internal.h"

namespace iceframe::internal {

namespace {

using FileId = std::pair<dev_t, ino_t>;

// A file that SQLite has locked.
struct LockedFile {
  /// All its locks belong to this one, so that SQLite may take a lock by one descriptor and give
  /// it back by another, as it may with locks of a process.
  int lock_fd = -1;
  /// Descriptors that SQLite has closed, kept for its next open of the file.
  std::vector<int> parked;
};

struct LockTable {
  std::mutex mutex;
  std::map<FileId, LockedFile> files;
  bool is_installed = false;

  static LockTable& Get() {
    // Never destroyed: connections may be closed after static destruction began.
    static auto& table = *new LockTable;
    return table;
  }
};

// Keeps a process that opens very many databases from running out of descriptors.
constexpr size_t kMaxFiles = 128;
constexpr size_t kMaxParked = 16;

bool Identify(int fd, FileId* id, nlink_t* num_links) {
  struct stat info;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return false;
  *id = {info.st_dev, info.st_ino};
  *num_links = info.st_nlink;
  return true;
}

void CloseAll(const LockedFile& file) {
  for (const int fd : file.parked) close(fd);
  if (file.lock_fd >= 0) close(file.lock_fd);
}

// Deleted files are nobody's any more: without this each temporary database would leave some.
void DropDeleted(LockTable* table) {
  std::erase_if(table->files, [](const auto& entry) {
    FileId id;
    nlink_t num_links = 0;
    if (Identify(entry.second.lock_fd, &id, &num_links) && num_links > 0) return false;
    CloseAll(entry.second);
    return true;
  });
}

// The descriptor that holds the file's locks; -1 and errno on failure.
int LockDescriptorOf(int fd) {
  FileId id;
  nlink_t num_links = 0;
  if (!Identify(fd, &id, &num_links)) return -1;
  LockTable& table = LockTable::Get();
  const std::lock_guard lock(table.mutex);
  auto found = table.files.find(id);
  if (found != table.files.end()) return found->second.lock_fd;
  // Opened anew: a duplicate would share its locks with `fd`.
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  int lock_fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (lock_fd < 0) lock_fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (lock_fd < 0) return -1;
  DropDeleted(&table);
  table.files[id].lock_fd = lock_fd;
  return lock_fd;
}

int OwnedCommand(int command) {
  switch (command) {
    case F_SETLK:
      return F_OFD_SETLK;
    case F_SETLKW:
      return F_OFD_SETLKW;
    default:
      return F_OFD_GETLK;
  }
}

extern "C" int OwnedFcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  if (command != F_SETLK && command != F_SETLKW && command != F_GETLK) {
    return fcntl(fd, command, argument);
  }
  const int lock_fd = LockDescriptorOf(fd);
  if (lock_fd < 0) {
    errno = ENOLCK;
    return -1;
  }
  auto* region = static_cast<struct flock*>(argument);
  region->l_pid = 0;
  return fcntl(lock_fd, OwnedCommand(command), region);
}

extern "C" int OwnedClose(int fd) {
  FileId id;
  nlink_t num_links = 0;
  if (Identify(fd, &id, &num_links) && num_links > 0) {
    LockTable& table = LockTable::Get();
    const std::lock_guard lock(table.mutex);
    const auto found = table.files.find(id);
    if (found != table.files.end() && found->second.parked.size() < kMaxParked &&
        table.files.size() <= kMaxFiles) {
      found->second.parked.push_back(fd);
      return 0;
    }
  }
  return close(fd);
}

// A parked descriptor of the file at `path` that was opened alike; -1 if there is none.
int TakeParked(const char* path, int flags) {
  struct stat info;
  if ((flags & O_EXCL) != 0 || lstat(path, &info) != 0) return -1;
  LockTable& table = LockTable::Get();
  const std::lock_guard lock(table.mutex);
  const auto found = table.files.find({info.st_dev, info.st_ino});
  if (found == table.files.end()) return -1;
  auto& parked = found->second.parked;
  const auto alike = std::find_if(parked.begin(), parked.end(), [&](int fd) {
    return (fcntl(fd, F_GETFL) & O_ACCMODE) == (flags & O_ACCMODE);
  });
  if (alike == parked.end()) return -1;
  const int fd = *alike;
  parked.erase(alike);
  return fd;
}

extern "C" int OwnedOpen(const char* path, int flags, int mode) {
  const int parked = TakeParked(path, flags);
  return parked >= 0 ? parked : open(path, flags, mode);
}

bool KernelHasOwnedLocks() {
  const int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  struct flock region{};
  region.l_type = F_RDLCK;
  region.l_whence = SEEK_SET;
  const bool has = fcntl(fd, F_OFD_GETLK, &region) == 0;
  close(fd);
  return has;
}

bool Install() {
  // Connections that are open already hold locks of the old kind.
  if (sqlite3_memory_used() != 0 || !KernelHasOwnedLocks()) return false;
  sqlite3_vfs* vfs = sqlite3_vfs_find("unix");
  if (vfs == nullptr || vfs->iVersion < 3 || vfs->xSetSystemCall == nullptr) return false;
  const auto set = [&](const char* name, auto* call) {
    return vfs->xSetSystemCall(vfs, name, reinterpret_cast<sqlite3_syscall_ptr>(call)) == SQLITE_OK;
  };
  return set("fcntl", &OwnedFcntl) && set("close", &OwnedClose) && set("open", &OwnedOpen);
}

}  // namespace

void UseOwnedSqliteLocks() {
  static std::once_flag once;
  std::call_once(once, [] { LockTable::Get().is_installed = Install(); });
}

bool HasOwnedSqliteLocks() { return LockTable::Get().is_installed; }

void HoldSqliteLocksForFork() { LockTable::Get().mutex.lock(); }

void ReleaseSqliteLocksAfterFork(bool in_child) {
  LockTable& table = LockTable::Get();
  if (in_child) {
    // The locks are the parent's: they end with its descriptors, not with these.
    for (const auto& [id, file] : table.files) CloseAll(file);
    table.files.clear();
  }
  table.mutex.unlock();
}

}  // namespace iceframe::internal
