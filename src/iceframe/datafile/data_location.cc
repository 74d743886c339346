// SPDX-License-Identifier: Apache-2.0
#include "iceframe/datafile/data_location.h"

#include <algorithm>

#include "iceframe/base/uuid.h"
#include "iceframe/types/transform.h"

namespace iceframe {
namespace {

constexpr int kHashBits = 20;
constexpr int kDirectoryBits = 4;
constexpr int kDirectories = 3;
// What local file systems allow a folder's name to have.
constexpr size_t kMaxFolderNameBytes = 255;
constexpr size_t kHashDigits = 8;

uint32_t HashOf(std::string_view text) {
  auto hash = BucketHash(Type::String(), Value(std::string(text)));
  return hash.ok() ? static_cast<uint32_t>(*hash) : 0;
}

/// Three folders of four binary digits and one of the rest.
std::string HashFolders(std::string_view name) {
  const uint32_t bits = HashOf(name);
  std::string folders;
  for (int i = 0; i < kHashBits; ++i) {
    if (i > 0 && i % kDirectoryBits == 0 && i / kDirectoryBits <= kDirectories) folders += '/';
    folders += ((bits >> (kHashBits - 1 - i)) & 1U) != 0 ? '1' : '0';
  }
  return folders;
}

/// A folder's name cut to what a file system takes, with a hash of the whole in place of the rest.
/// Paths carry no meaning and file names are unique, so that equal hashes do no harm.
std::string ShortFolderName(std::string_view name) {
  constexpr char kHex[] = "0123456789abcdef";
  size_t kept = kMaxFolderNameBytes - kHashDigits - 1;
  // A percent escape is kept whole or not at all.
  for (size_t back = 1; back <= 2; ++back) {
    if (name[kept - back] == '%') kept -= back;
  }
  std::string out(name.substr(0, kept));
  out += '-';
  const uint32_t hash = HashOf(name);
  for (size_t i = 0; i < kHashDigits; ++i) out += kHex[(hash >> (28 - 4 * i)) & 15U];
  return out;
}

/// `path` with each folder's name that is too long shortened.
std::string ShortenFolders(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const std::string_view name = path.substr(0, path.find('/'));
    if (name.size() <= kMaxFolderNameBytes) {
      out += name;
    } else {
      out += ShortFolderName(name);
    }
    path.remove_prefix(std::min(name.size() + 1, path.size()));
    if (!path.empty()) out += '/';
  }
  return out;
}

std::string WithoutTrailingSlash(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/') && !path.ends_with("://")) path.remove_suffix(1);
  return std::string(path);
}

}  // namespace

DataLocation::DataLocation(std::string_view table_location, const WriteProperties& properties)
    : data_path_(properties.data_path ? WithoutTrailingSlash(*properties.data_path)
                                      : WithoutTrailingSlash(table_location) + "/data"),
      object_storage_(properties.object_storage_layout),
      partitioned_paths_(properties.object_storage_partitioned_paths) {}

std::string DataLocation::Make(std::string_view partition_path, std::string_view name) const {
  const std::string folder = ShortenFolders(partition_path);
  std::string location = data_path_ + "/";
  if (object_storage_) {
    const std::string full_name =
        folder.empty() ? std::string(name) : folder + "/" + std::string(name);
    const std::string folders = HashFolders(partitioned_paths_ ? full_name : name);
    if (!partitioned_paths_) return location + folders + "-" + std::string(name);
    location += folders + "/";
  }
  if (!folder.empty()) location += folder + "/";
  location += name;
  return location;
}

std::string MakeFileNamePrefix() { return "00000-0-" + NewUuid(); }

}  // namespace iceframe
