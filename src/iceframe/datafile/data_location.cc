// SPDX-License-Identifier: Apache-2.0
#include "iceframe/datafile/data_location.h"

#include "iceframe/base/uuid.h"
#include "iceframe/types/transform.h"

namespace iceframe {
namespace {

constexpr int kHashBits = 20;
constexpr int kDirectoryBits = 4;
constexpr int kDirectories = 3;

/// Three folders of four binary digits and one of the rest.
std::string HashFolders(std::string_view name) {
  auto hash = BucketHash(Type::String(), Value(std::string(name)));
  const uint32_t bits = hash.ok() ? static_cast<uint32_t>(*hash) : 0;
  std::string folders;
  for (int i = 0; i < kHashBits; ++i) {
    if (i > 0 && i % kDirectoryBits == 0 && i / kDirectoryBits <= kDirectories) folders += '/';
    folders += ((bits >> (kHashBits - 1 - i)) & 1U) != 0 ? '1' : '0';
  }
  return folders;
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
  std::string location = data_path_ + "/";
  if (object_storage_) {
    const std::string full_name = partition_path.empty()
                                      ? std::string(name)
                                      : std::string(partition_path) + "/" + std::string(name);
    const std::string folders = HashFolders(partitioned_paths_ ? full_name : name);
    if (!partitioned_paths_) return location + folders + "-" + std::string(name);
    location += folders + "/";
  }
  if (!partition_path.empty()) {
    location += partition_path;
    location += '/';
  }
  location += name;
  return location;
}

std::string MakeFileNamePrefix() { return "00000-0-" + NewUuid(); }

}  // namespace iceframe
