// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "iceframe/catalog/identifier.h"
#include "iceframe/catalog/warehouse_internal.h"

namespace iceframe {

namespace {

std::string WithoutTrailingSlashes(std::string_view text) {
  while (text.size() > 1 && text.back() == '/' && !text.ends_with("://")) text.remove_suffix(1);
  return std::string(text);
}

bool IsLocalPath(std::string_view location) {
  return location.starts_with('/') || location.find(':') == std::string_view::npos;
}

// The path of "/p", "file:/p" and "file:///p"; empty for others.
std::string_view LocalPathOf(std::string_view location) {
  if (location.starts_with('/')) return location;
  if (location.starts_with("file:///")) return location.substr(7);
  if (location.starts_with("file:/") && !location.starts_with("file://")) {
    return location.substr(5);
  }
  return {};
}

std::vector<std::string> SplitAtCommas(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    if (!part.empty()) parts.emplace_back(part);
  }
  return parts;
}

}  // namespace

std::string TableRootOf(std::string_view metadata_location) {
  const auto parent = [](std::string_view path) {
    const size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  };
  const std::string_view folder = parent(metadata_location);
  const std::string_view above = parent(folder);
  // Never a whole store: "/metadata/x" and "s3://metadata/x" keep their folder.
  const bool is_metadata_folder = folder.ends_with("/metadata");
  if (!is_metadata_folder || above.empty() || above.ends_with('/')) return std::string(folder);
  return std::string(above);
}

Result<std::string> RootToRegister(const std::string& metadata_location) {
  std::string root = TableRootOf(metadata_location);
  if (!root.empty() && !root.ends_with('/')) return root;
  return Error(ErrorKind::kInvalidArgument,
               "metadata file lies in no folder, such as TABLE/metadata: ", metadata_location);
}

std::vector<std::string> SpellingsOf(const std::string& location) {
  const std::string_view path = LocalPathOf(location);
  if (path.empty()) return {location};
  const std::string text(path);
  return {text, "file://" + text, "file:" + text};
}

Result<std::string> AbsoluteLocation(const std::string& location) {
  if (!IsLocalPath(location)) return WithoutTrailingSlashes(location);
  std::error_code code;
  const auto path = std::filesystem::absolute(location, code).lexically_normal();
  if (code) return Error(ErrorKind::kIo, "path can't be resolved: ", location);
  return WithoutTrailingSlashes(path.string());
}

Result<Warehouse> Warehouse::Make(
    const Properties& properties,
    std::function<std::shared_ptr<FileIO>(std::shared_ptr<FileIO>)> wrap_file_io) {
  Warehouse warehouse;
  warehouse.options_.properties = properties;
  if (const auto found = properties.find("warehouse");
      found != properties.end() && !found->second.empty()) {
    ICEFRAME_ASSIGN_OR_RETURN(warehouse.location_, AbsoluteLocation(found->second));
    warehouse.options_.allowed_locations.push_back(warehouse.location_);
  }
  if (const auto found = properties.find("allowed-locations"); found != properties.end()) {
    for (const std::string& part : SplitAtCommas(found->second)) {
      ICEFRAME_ASSIGN_OR_RETURN(std::string allowed, AbsoluteLocation(part));
      warehouse.options_.allowed_locations.push_back(std::move(allowed));
    }
  }
  warehouse.options_.wrap = std::move(wrap_file_io);
  if (!warehouse.options_.allowed_locations.empty()) {
    ICEFRAME_ASSIGN_OR_RETURN(warehouse.io_, MakeFileIO(warehouse.options_));
  }
  return warehouse;
}

Result<std::string> Warehouse::DefaultTableLocation(const Properties& namespace_properties,
                                                    const TableIdentifier& identifier) const {
  if (const auto found = namespace_properties.find("location");
      found != namespace_properties.end() && !found->second.empty()) {
    return WithoutTrailingSlashes(found->second) + "/" + identifier.name;
  }
  if (location_.empty()) {
    return Error(ErrorKind::kInvalidArgument,
                 "table has no location, and the catalog no warehouse to put it (set 'warehouse' "
                 "or give a location): ",
                 identifier.ToString());
  }
  const std::string separator = location_.ends_with('/') ? "" : "/";
  return location_ + separator + ToString(identifier.name_space) + "/" + identifier.name;
}

Result<std::shared_ptr<FileIO>> Warehouse::FileIOBelow(const std::string& root) const {
  if (io_ != nullptr && !location_.empty()) {
    for (const std::string& spelling : SpellingsOf(root)) {
      if (spelling.starts_with(location_ + "/")) return io_;
    }
  }
  FileIOOptions options = options_;
  options.allowed_locations.push_back(root);
  return MakeFileIO(std::move(options));
}

}  // namespace iceframe
