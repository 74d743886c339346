// SPDX-License-Identifier: Apache-2.0
// Taking a location apart, and saying which ones may be touched.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"

namespace iceframe {

/// A location's scheme and what comes after it, taken literally: nothing is decoded, as table
/// metadata holds locations exactly as they were written.
struct ParsedLocation {
  /// In lower case; "file" for a plain path.
  std::string scheme;
  /// "file": the absolute path; others: all after "scheme://".
  std::string path;
  bool operator==(const ParsedLocation&) const = default;
};

/// Accepts "/path", "file:/path", "file:///path" and "scheme://rest".
/// Errors: InvalidArgument for relative paths, other hosts' files, NUL bytes, and `.` or `..`
/// components.
Result<ParsedLocation> ParseLocation(std::string_view location);

/// Returns the path without doubled and trailing slashes ("/" stays).
std::string NormalizePath(std::string_view path);

/// Whether `path` is `folder` or lies below it; both normalized.
bool IsWithin(std::string_view path, std::string_view folder);

/// The locations that a FileIO may touch. Immutable.
class AllowedLocations {
 public:
  /// None given: every location is allowed.
  static Result<AllowedLocations> Make(const std::vector<std::string>& locations);

  bool allows_all() const { return locations_.empty(); }
  /// OK, or Unauthorized naming `location`. Local paths are only told apart from other schemes:
  /// the local store knows where links lead.
  Status Check(const ParsedLocation& parsed, std::string_view location) const;
  /// The allowed local folders and files, normalized.
  std::vector<std::string> local_paths() const;

 private:
  std::vector<ParsedLocation> locations_;
};

}  // namespace iceframe
