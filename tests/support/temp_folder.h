// SPDX-License-Identifier: Apache-2.0
// A folder that is there for one test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace iceframe {

/// Made at construction below the system's folder for temporary files, removed at the end.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::canonical(std::filesystem::temp_directory_path()) /
                           "iceframe-test-XXXXXX")
                              .string();
    if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~TempFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  /// Absolute, without links or a slash at its end.
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace iceframe
