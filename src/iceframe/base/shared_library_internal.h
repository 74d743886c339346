// SPDX-License-Identifier: Apache-2.0
// Libraries that are loaded when they are first used and never linked: docs/decisions/0015 says
// why.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"

namespace iceframe::internal {

/// Where a library is looked for, and what is said where it isn't found.
struct SharedLibraryPlaces {
  /// Begins the error: "librdkafka, which reads from Kafka,".
  std::string_view what;
  /// The environment variable that names its file; then nothing else is tried.
  std::string_view variable;
  /// The copy that a wheel carries, relative to the folder of our own code; empty: none.
  std::string_view carried;
  /// Names that the system's loader knows, tried in this order.
  std::vector<std::string> system;
  /// What to install: "Debian: librdkafka1".
  std::string_view package;
};

/// A library of this process, open for good: its threads and exit functions are in it. Its symbols,
/// and those of the libraries that it brings, are not seen by other libraries, and theirs come
/// before those of any other library in the process (but under sanitizers, whose own must stay
/// first).
class SharedLibrary {
 public:
  /// Loads the first that there is. Errors: Unsupported, saying what was tried and what to install.
  static Result<SharedLibrary> LoadFirst(const SharedLibraryPlaces& places);

  /// Sets a pointer to the function of that name. Errors: Unsupported, as of another library or an
  /// older one.
  template <typename Function>
  Status Bind(const char* name, Function* function) const {
    ICEFRAME_ASSIGN_OR_RETURN(void* const found, Find(name));
    *function = reinterpret_cast<Function>(found);
    return Status::OK();
  }

  /// The file that it was loaded from, or the name by which the system found it.
  const std::string& path() const { return path_; }

 private:
  SharedLibrary(void* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  Result<void*> Find(const char* name) const;

  void* handle_;
  std::string path_;
};

}  // namespace iceframe::internal
