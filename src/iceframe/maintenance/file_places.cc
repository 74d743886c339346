// SPDX-License-Identifier: Apache-2.0
#include "iceframe/maintenance/file_places.h"

#include <utility>

#include "iceframe/io/location.h"

namespace iceframe {

std::string PlaceOf(std::string_view location) {
  const auto parsed = ParseLocation(location);
  if (!parsed.ok()) return std::string(location);
  const bool is_s3 = parsed->scheme == "s3a" || parsed->scheme == "s3n";
  return (is_s3 ? std::string("s3") : parsed->scheme) + ":" + NormalizePath(parsed->path);
}

std::string_view PathOfPlace(std::string_view place) { return place.substr(place.find(':') + 1); }

bool IsBelow(std::string_view place, std::string_view folder) {
  if (place.size() <= folder.size()) return place == folder;
  return place.starts_with(folder) && (place[folder.size()] == '/' || folder.ends_with('/'));
}

std::vector<std::string> FoldersOf(const TableMetadata& metadata) {
  std::vector<std::string> folders = {PlaceOf(metadata.location)};
  for (const char* name : {"write.data.path", "write.metadata.path"}) {
    const auto property = metadata.properties.find(name);
    if (property != metadata.properties.end()) folders.push_back(PlaceOf(property->second));
  }
  return folders;
}

std::vector<std::string> DeleteFiles(const OperationContext& context, FileIO& io,
                                     const std::vector<std::string>& locations, int max_parallel) {
  std::vector<char> is_deleted(locations.size(), 0);
  const auto remove = [&](int64_t place) {
    const auto i = static_cast<size_t>(place);
    const Status status = io.Delete(context, locations[i]);
    if (status.ok()) {
      is_deleted[i] = 1;
    } else {
      context.Log(LogLevel::kWarning, "maintenance", "file is left behind: ", locations[i], ": ",
                  status.message());
    }
    return Status::OK();
  };
  const Status ended = context.executor->ParallelForIo(static_cast<int64_t>(locations.size()),
                                                       remove, context.cancel, max_parallel);
  if (!ended.ok()) {
    context.Log(LogLevel::kWarning, "maintenance", "deleting files ended early: ", ended.message());
  }
  std::vector<std::string> left;
  for (size_t i = 0; i < locations.size(); ++i) {
    if (is_deleted[i] == 0) left.push_back(locations[i]);
  }
  return left;
}

}  // namespace iceframe
