// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string_view>

#include "iceframe/catalog/purge_internal.h"
#include "iceframe/catalog/warehouse_internal.h"

namespace iceframe {

Status CheckPurge(const LoadedTable& table, const std::string& warehouse,
                  const std::optional<std::string>& other) {
  const std::string root = TableRootOf(table.metadata_location);
  std::string location = table.metadata->location;
  while (location.size() > 1 && location.back() == '/') location.pop_back();
  const auto spellings = SpellingsOf(location);
  if (std::find(spellings.begin(), spellings.end(), root) == spellings.end()) {
    return Error(ErrorKind::kInvalidArgument,
                 "table's files can't be purged, since its metadata does not lie at its location "
                 "(drop it without purge): ",
                 table.identifier.ToString(), " at ", location);
  }
  for (const std::string& spelling : SpellingsOf(warehouse)) {
    if (spelling.empty() || (spelling + "/").find(root + "/") != 0) continue;
    return Error(ErrorKind::kInvalidArgument,
                 "table's files can't be purged, since its location holds the warehouse: ",
                 table.identifier.ToString(), " at ", location);
  }
  if (!other) return Status::OK();
  return Error(ErrorKind::kInvalidArgument,
               "table's files can't be purged, since another table lies at its location (drop it "
               "without purge): ",
               table.identifier.ToString(), " and ", *other);
}

void PurgeFiles(const OperationContext& context, FileIO& io, const std::string& root) {
  for (const std::string_view folder : {"/data", "/metadata"}) {
    const auto files = io.List(context, root + std::string(folder));
    if (!files.ok()) {
      if (KindOf(files.status()) == ErrorKind::kNotFound) continue;
      context.Log(LogLevel::kWarning, "catalog",
                  "files of a dropped table are left behind: ", files.status().message());
      continue;
    }
    for (const FileEntry& file : *files) {
      if (const Status ended = context.Check(); !ended.ok()) {
        context.Log(LogLevel::kWarning, "catalog",
                    "files of a dropped table are left behind: ", root, ": ", ended.message());
        return;
      }
      const Status status = io.Delete(context, file.location);
      if (status.ok()) continue;
      context.Log(LogLevel::kWarning, "catalog",
                  "file of a dropped table is left behind: ", file.location, ": ",
                  status.message());
    }
  }
}

}  // namespace iceframe
