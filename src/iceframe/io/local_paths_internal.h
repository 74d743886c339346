// SPDX-License-Identifier: Apache-2.0
// Opening local files only where it is allowed, whatever links lie on the way.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/io/posix_internal.h"

namespace iceframe::internal {

/// Follows symbolic links in the part of `path` that exists; the rest is kept as it is.
Result<std::string> ResolvePath(const std::string& path);

/// An open folder and the name of an entry in it that may or may not exist.
struct FolderEntry {
  FileDescriptor folder;
  std::string name;
};

/// The local side of a FileIO's allow-list. `location` is what errors name. Thread-safe.
class LocalPaths {
 public:
  /// `allowed`: normalized absolute paths; empty: everything is allowed.
  explicit LocalPaths(std::vector<std::string> allowed) : allowed_(std::move(allowed)) {}

  /// Opens a regular file for reading.
  /// Errors: NotFound (also for a folder); Unauthorized; Io.
  Result<FileDescriptor> OpenFile(const std::string& path, std::string_view location) const;
  /// Opens a folder. Errors: NotFound; Unauthorized; Io.
  Result<FileDescriptor> OpenFolder(const std::string& path, std::string_view location) const;
  /// Opens the folder that holds `path`.
  Result<FolderEntry> OpenParent(const std::string& path, std::string_view location) const;
  /// As OpenParent; makes missing folders, durably.
  Result<FolderEntry> MakeParent(const std::string& path, std::string_view location) const;

 private:
  /// OK if `path` leads to a place within the allowed ones.
  Status CheckPath(const std::string& path, std::string_view location) const;
  /// The same of what was really opened, which no race with a rename can change.
  Status CheckOpened(int fd, std::string_view location) const;
  Status CheckResolved(std::string_view resolved, std::string_view location) const;

  const std::vector<std::string> allowed_;
};

}  // namespace iceframe::internal
