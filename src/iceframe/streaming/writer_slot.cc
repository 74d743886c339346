// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/writer_slot.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "iceframe/base/uuid.h"
#include "iceframe/streaming/streaming_settings.h"

namespace iceframe {

namespace {

namespace fs = std::filesystem;
using internal::ErrnoError;
using internal::FileDescriptor;
using internal::OpenAt;

constexpr std::string_view kNamedPrefix = "id-";
constexpr std::string_view kNumberedPrefix = "slot-";
constexpr size_t kMaxIdLength = 64;
constexpr int kMaxSlots = 10'000;

/// Makes a folder for this user alone, and its name durable.
Status MakeFolder(const fs::path& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return Status::OK();
  if (folder.has_relative_path() && !fs::exists(folder.parent_path(), error)) {
    ICEFRAME_RETURN_NOT_OK(MakeFolder(folder.parent_path()));
  }
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return ErrnoError(errno, "make folder", folder.string());
  }
  const FileDescriptor parent =
      OpenAt(AT_FDCWD, folder.parent_path().string(), O_RDONLY | O_DIRECTORY);
  if (!parent.is_open()) return ErrnoError(errno, "open folder", folder.parent_path().string());
  return internal::SyncFile(parent.get(), folder.string());
}

/// Rows lie there as they were written, so nobody else may read them or put others in their place.
Status CheckOwner(const std::string& folder) {
  struct stat found;
  if (stat(folder.c_str(), &found) != 0) return ErrnoError(errno, "open folder", folder);
  if (found.st_uid != geteuid() || (found.st_mode & 022) != 0) {
    return Error(ErrorKind::kUnauthorized, "state folder can be written by other users: ", folder,
                 "; name one of your own by the setting streaming.state_folder");
  }
  return Status::OK();
}

Result<std::vector<std::string>> ListFolders(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  if (error == std::errc::no_such_file_or_directory) return names;
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    if (entries->is_directory(error)) names.push_back(entries->path().filename().string());
  }
  if (error) return ErrnoError(error.value(), "list folder", folder);
  std::sort(names.begin(), names.end());
  return names;
}

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::getline(file, text);
  return text;
}

/// Puts a file in place as a whole, and durably.
Status WriteText(const std::string& folder, const std::string& name, const std::string& text) {
  const std::string path = folder + "/" + name;
  const std::string unfinished = path + ".new";
  {
    const FileDescriptor file = OpenAt(AT_FDCWD, unfinished, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (!file.is_open()) return ErrnoError(errno, "create file", unfinished);
    ICEFRAME_RETURN_NOT_OK(internal::WriteFully(file.get(),
                                                reinterpret_cast<const uint8_t*>(text.data()),
                                                static_cast<int64_t>(text.size()), unfinished));
    ICEFRAME_RETURN_NOT_OK(internal::SyncFile(file.get(), unfinished));
  }
  if (rename(unfinished.c_str(), path.c_str()) != 0) {
    return ErrnoError(errno, "give file its name", path);
  }
  const FileDescriptor parent = OpenAt(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY);
  if (!parent.is_open()) return ErrnoError(errno, "open folder", folder);
  return internal::SyncFile(parent.get(), folder);
}

}  // namespace

Result<std::string> StateFolder(const OperationContext& context) {
  const SettingsReader settings(kStreamingSettings, context.settings.get());
  ICEFRAME_ASSIGN_OR_RETURN(std::string folder, settings.String("streaming.state_folder"));
  if (folder.empty()) {
    const char* state = std::getenv("XDG_STATE_HOME");
    const char* home = std::getenv("HOME");
    if (state != nullptr && state[0] == '/') {
      folder = std::string(state) + "/iceframe/streaming";
    } else if (home != nullptr && home[0] == '/') {
      folder = std::string(home) + "/.local/state/iceframe/streaming";
    } else {
      return Error(ErrorKind::kInvalidArgument,
                   "there is no home folder to keep the state of writers in; set "
                   "streaming.state_folder");
    }
  }
  if (!folder.starts_with('/')) {
    return Error(ErrorKind::kInvalidArgument, "state folder must be an absolute path, got ",
                 folder);
  }
  return folder;
}

Status CheckWriterId(std::string_view id) {
  const bool is_known = std::all_of(id.begin(), id.end(), [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '_' || letter == '-' || letter == '.';
  });
  if (!id.empty() && id.size() <= kMaxIdLength && is_known) return Status::OK();
  return Error(ErrorKind::kInvalidArgument, "writer id is not 1 to ", kMaxIdLength,
               " letters, digits and \"_\", \"-\", \".\": '", id, "'");
}

WriterSlot::WriterSlot(std::string folder, FileDescriptor lock)
    : folder_(std::move(folder)), lock_(std::move(lock)) {
  internal::AddForkListener(this);
}

WriterSlot::~WriterSlot() { internal::RemoveForkListener(this); }

Result<std::unique_ptr<WriterSlot>> WriterSlot::TryLock(const std::string& folder) {
  const std::string path = folder + "/lock";
  FileDescriptor lock = OpenAt(AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  if (!lock.is_open()) return ErrnoError(errno, "open file", path);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return nullptr;
    return ErrnoError(errno, "lock file", path);
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  // For people and error messages alone.
  if (ftruncate(lock.get(), 0) == 0) (void)!pwrite(lock.get(), pid.data(), pid.size(), 0);
  std::unique_ptr<WriterSlot> slot(new WriterSlot(folder, std::move(lock)));
  ICEFRAME_RETURN_NOT_OK(slot->ReadId());
  return slot;
}

Status WriterSlot::ReadId() {
  const std::string name = folder_.substr(folder_.rfind('/') + 1);
  is_numbered_ = !name.starts_with(kNamedPrefix);
  if (!is_numbered_) {
    writer_id_ = name.substr(kNamedPrefix.size());
    return Status::OK();
  }
  writer_id_ = ReadText(folder_ + "/id");
  if (CheckWriterId(writer_id_).ok()) return Status::OK();
  // Two folders of one table, on two machines maybe, must never have the same.
  writer_id_ = "auto-" + NewUuid().substr(24);
  return WriteText(folder_, "id", writer_id_ + "\n");
}

Result<std::unique_ptr<WriterSlot>> WriterSlot::Take(const std::string& state_folder,
                                                     const std::string& table_uuid,
                                                     const std::optional<std::string>& writer_id) {
  const std::string table_folder = state_folder + "/" + table_uuid;
  ICEFRAME_RETURN_NOT_OK(MakeFolder(table_folder));
  ICEFRAME_RETURN_NOT_OK(CheckOwner(state_folder));
  if (writer_id) {
    ICEFRAME_RETURN_NOT_OK(CheckWriterId(*writer_id));
    const std::string folder = table_folder + "/" + std::string(kNamedPrefix) + *writer_id;
    ICEFRAME_RETURN_NOT_OK(MakeFolder(folder));
    ICEFRAME_ASSIGN_OR_RETURN(auto slot, TryLock(folder));
    if (slot != nullptr) return slot;
    return Error(ErrorKind::kUnavailable, "writer is open already: ", *writer_id, " (process ",
                 ReadText(folder + "/lock"), "); close it there, or use another writer id");
  }
  for (int number = 0; number < kMaxSlots; ++number) {
    const std::string folder =
        table_folder + "/" + std::string(kNumberedPrefix) + std::to_string(number);
    ICEFRAME_RETURN_NOT_OK(MakeFolder(folder));
    ICEFRAME_ASSIGN_OR_RETURN(auto slot, TryLock(folder));
    if (slot != nullptr) return slot;
  }
  return Error(ErrorKind::kResourceExhausted,
               "too many writers are open on one table: ", kMaxSlots);
}

Result<std::vector<std::string>> ListSlots(const std::string& state_folder,
                                           const std::string& table_uuid) {
  const std::string table_folder = state_folder + "/" + table_uuid;
  ICEFRAME_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFolders(table_folder));
  std::vector<std::string> folders;
  for (const std::string& name : names) {
    const bool is_slot = name.starts_with(kNamedPrefix) || name.starts_with(kNumberedPrefix);
    if (is_slot) folders.push_back(table_folder + "/" + name);
  }
  return folders;
}

Result<std::vector<std::string>> ListTablesWithSlots(const std::string& state_folder) {
  ICEFRAME_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFolders(state_folder));
  std::vector<std::string> tables;
  for (const std::string& name : names) {
    if (ParseUuid(name)) tables.push_back(name);
  }
  return tables;
}

}  // namespace iceframe
