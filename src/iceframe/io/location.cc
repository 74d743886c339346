// SPDX-License-Identifier: Apache-2.0
#include "iceframe/io/location.h"

#include <algorithm>
#include <cctype>
#include <optional>

namespace iceframe {

namespace {

/// The length of "scheme" in "scheme:…", 0 if there is none.
size_t SchemeLength(std::string_view location) {
  const size_t colon = location.find(':');
  if (colon == std::string_view::npos || colon == 0) return 0;
  if (!std::isalpha(static_cast<unsigned char>(location[0]))) return 0;
  for (char c : location.substr(0, colon)) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '+' && c != '-' && c != '.') return 0;
  }
  return colon;
}

bool HasDotComponent(std::string_view path) {
  size_t begin = 0;
  while (begin <= path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view component = path.substr(begin, end - begin);
    if (component == "." || component == "..") return true;
    begin = end + 1;
  }
  return false;
}

Result<std::string> LocalPath(std::string_view rest, std::string_view location) {
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    constexpr std::string_view kLocalhost = "localhost/";
    if (rest.starts_with(kLocalhost)) rest.remove_prefix(kLocalhost.size() - 1);
    if (!rest.starts_with('/')) {
      return Error(ErrorKind::kInvalidArgument,
                   "location names a file of another host: ", location);
    }
  }
  if (!rest.starts_with('/')) {
    return Error(ErrorKind::kInvalidArgument, "location is not an absolute path: ", location);
  }
  return NormalizePath(rest);
}

}  // namespace

Result<ParsedLocation> ParseLocation(std::string_view location) {
  if (location.find('\0') != std::string_view::npos) {
    return Error(ErrorKind::kInvalidArgument,
                 "location holds a NUL byte: ", location.substr(0, location.find('\0')));
  }
  if (HasDotComponent(location)) {
    return Error(ErrorKind::kInvalidArgument, "location holds a '.' or '..' component: ", location);
  }
  ParsedLocation parsed;
  const size_t scheme_length = location.starts_with('/') ? 0 : SchemeLength(location);
  if (scheme_length == 0) {
    if (!location.starts_with('/')) {
      return Error(ErrorKind::kInvalidArgument, "location is not an absolute path: ", location);
    }
    parsed.scheme = "file";
    parsed.path = NormalizePath(location);
    return parsed;
  }
  parsed.scheme = std::string(location.substr(0, scheme_length));
  std::transform(parsed.scheme.begin(), parsed.scheme.end(), parsed.scheme.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::string_view rest = location.substr(scheme_length + 1);
  if (parsed.scheme == "file") {
    ICEFRAME_ASSIGN_OR_RETURN(parsed.path, LocalPath(rest, location));
    return parsed;
  }
  if (!rest.starts_with("//")) {
    return Error(ErrorKind::kInvalidArgument, "location has no '//' after its scheme: ", location);
  }
  parsed.path = std::string(rest.substr(2));
  return parsed;
}

std::string NormalizePath(std::string_view path) {
  std::string normalized;
  normalized.reserve(path.size());
  for (char c : path) {
    if (c != '/' || !normalized.ends_with('/')) normalized.push_back(c);
  }
  if (normalized.size() > 1 && normalized.ends_with('/')) normalized.pop_back();
  return normalized;
}

bool IsWithin(std::string_view path, std::string_view folder) {
  if (!path.starts_with(folder)) return false;
  return path.size() == folder.size() || folder.ends_with('/') || path[folder.size()] == '/';
}

Result<AllowedLocations> AllowedLocations::Make(const std::vector<std::string>& locations) {
  AllowedLocations allowed;
  for (const std::string& location : locations) {
    ICEFRAME_ASSIGN_OR_RETURN(ParsedLocation parsed, ParseLocation(location));
    while (parsed.path.size() > 1 && parsed.path.ends_with('/')) parsed.path.pop_back();
    allowed.locations_.push_back(std::move(parsed));
  }
  return allowed;
}

namespace {

/// Hadoop's names of S3 are the same store.
std::string_view StoreOf(std::string_view scheme) {
  return scheme == "s3a" || scheme == "s3n" ? "s3" : scheme;
}

}  // namespace

Status AllowedLocations::Check(const ParsedLocation& parsed, std::string_view location) const {
  if (allows_all()) return Status::OK();
  for (const ParsedLocation& allowed : locations_) {
    if (StoreOf(parsed.scheme) != StoreOf(allowed.scheme)) continue;
    // Two texts may name one folder through links: the local store compares what they lead to.
    if (parsed.scheme == "file") return Status::OK();
    if (IsWithin(parsed.path, allowed.path)) return Status::OK();
  }
  return Error(ErrorKind::kUnauthorized, "location is outside the allowed ones: ", location,
               " (add its folder to allowed-locations)");
}

std::vector<std::string> AllowedLocations::local_paths() const {
  std::vector<std::string> paths;
  for (const ParsedLocation& allowed : locations_) {
    if (allowed.scheme == "file") paths.push_back(allowed.path);
  }
  return paths;
}

}  // namespace iceframe
