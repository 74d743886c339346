// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "iceframe/base/ascii.h"
#include "iceframe/catalog/hadoop_pointer_store_internal.h"

namespace iceframe {

namespace {

constexpr std::string_view kMetadataFolder = "/metadata/";
constexpr std::string_view kHintFile = "version-hint.text";
constexpr std::string_view kPlain = ".metadata.json";

/// Returns 7 for "v7.metadata.json" (or compressed, by either of the two names); nullopt for other
/// names.
std::optional<int64_t> VersionOf(std::string_view name) {
  if (!name.starts_with("v")) return std::nullopt;
  int64_t version = 0;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), version);
  if (error != std::errc() || version < 0) return std::nullopt;
  const std::string_view rest(end, static_cast<size_t>(name.data() + name.size() - end));
  const bool is_metadata =
      rest == kPlain || rest == ".gz.metadata.json" || rest == ".metadata.json.gz";
  return is_metadata ? std::optional(version) : std::nullopt;
}

/// Returns whether the name shows that a folder is a table's metadata folder.
bool IsPointer(std::string_view name) { return name == kHintFile || VersionOf(name); }

/// Returns whether the name stays inside its parent folder.
bool IsFolderName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos;
}

std::string_view NameIn(std::string_view location) {
  return location.substr(location.rfind('/') + 1);
}

class HadoopPointers final : public PointerReader {
 public:
  HadoopPointers(const OperationContext& context, FileIO* io, const std::string& warehouse)
      : context_(context), io_(io), warehouse_(warehouse) {}

  Result<std::optional<std::string>> Find(const TableIdentifier& identifier) override {
    std::optional<std::string> folder = FolderOf(identifier.name_space);
    if (!folder || !IsFolderName(identifier.name)) return std::nullopt;
    const std::string metadata = *folder + "/" + identifier.name + std::string(kMetadataFolder);
    ICEFRAME_ASSIGN_OR_RETURN(const std::vector<FileEntry> files, io_->List(context_, metadata));
    std::optional<std::string> newest;
    int64_t newest_version = -1;
    const auto is_newer = [&](int64_t version, std::string_view name) {
      // Files come in no order: of one version twice, the same file is taken each time.
      return version > newest_version || (version == newest_version && name < NameIn(*newest));
    };
    bool has_hint = false;
    for (const FileEntry& file : files) {
      const std::string_view name = NameIn(file.location);
      has_hint = has_hint || name == kHintFile;
      // A hint may be stale: the last commit wrote the highest version.
      const std::optional<int64_t> version = VersionOf(name);
      if (!version || !is_newer(*version, name)) continue;
      newest_version = *version;
      newest = metadata + std::string(name);
    }
    if (newest || !has_hint) return newest;
    return HintedFile(metadata);
  }

  Result<std::vector<std::string>> TablesIn(const Namespace& name_space) override {
    ICEFRAME_ASSIGN_OR_RETURN(const auto tables, TablesBelow(name_space));
    std::vector<std::string> names;
    for (const TableIdentifier& table : tables) {
      if (table.name_space == name_space) names.push_back(table.name);
    }
    return names;
  }

  Result<std::optional<std::string>> OtherTableBelow(const std::string& /*location*/,
                                                     const TableIdentifier&) override {
    // Only purges ask, and they are refused before.
    return std::nullopt;
  }

  Result<bool> NamespaceExists(const Namespace& name_space) override {
    ICEFRAME_ASSIGN_OR_RETURN(const auto tables, TablesBelow(name_space));
    return !tables.empty();
  }

  Result<std::vector<Namespace>> NamespacesBelow(const Namespace& parent) override {
    ICEFRAME_ASSIGN_OR_RETURN(const auto tables, TablesBelow(parent));
    std::vector<Namespace> found;
    for (const TableIdentifier& table : tables) {
      if (table.name_space.size() > parent.size()) found.push_back(table.name_space);
    }
    return found;
  }

  Result<Properties> NamespaceProperties(const Namespace&) override { return Properties(); }

 private:
  std::optional<std::string> FolderOf(const Namespace& name_space) const {
    std::string folder = warehouse_;
    for (const std::string& level : name_space) {
      if (!IsFolderName(level)) return std::nullopt;
      folder += "/" + level;
    }
    return folder;
  }

  Result<std::optional<std::string>> HintedFile(const std::string& metadata) {
    const std::string hint_location = metadata + std::string(kHintFile);
    ICEFRAME_ASSIGN_OR_RETURN(const auto hint, io_->ReadAll(context_, hint_location));
    const std::string_view version =
        Trim({reinterpret_cast<const char*>(hint->data()), static_cast<size_t>(hint->size())});
    if (!IsFolderName(version)) {
      return Error(ErrorKind::kInvalidMetadata, "names no metadata file: ", hint_location);
    }
    std::string name(version);
    if (!name.ends_with(".json") && !name.ends_with(".gz")) name += kPlain;
    return std::optional<std::string>(metadata + name);
  }

  /// Returns the tables at any depth below a namespace, each once. Lists all files there.
  Result<std::set<TableIdentifier>> TablesBelow(const Namespace& name_space) {
    std::set<TableIdentifier> tables;
    const std::optional<std::string> folder = FolderOf(name_space);
    if (!folder) return tables;
    ICEFRAME_ASSIGN_OR_RETURN(const std::vector<FileEntry> files, io_->List(context_, *folder));
    for (const FileEntry& file : files) {
      std::string_view path = std::string_view(file.location).substr(folder->size() + 1);
      const std::string_view name = NameIn(path);
      path.remove_suffix(name.size());
      if (!IsPointer(name) || !path.ends_with(kMetadataFolder)) continue;
      path.remove_suffix(kMetadataFolder.size());
      tables.insert(TableAt(name_space, path));
    }
    return tables;
  }

  static TableIdentifier TableAt(Namespace name_space, std::string_view path) {
    for (size_t end = path.find('/'); end != std::string_view::npos; end = path.find('/')) {
      name_space.emplace_back(path.substr(0, end));
      path.remove_prefix(end + 1);
    }
    return {std::move(name_space), std::string(path)};
  }

  const OperationContext& context_;
  FileIO* io_;
  const std::string& warehouse_;
};

class HadoopPointerStore final : public PointerStore {
 public:
  HadoopPointerStore(std::shared_ptr<FileIO> io, std::string warehouse)
      : io_(std::move(io)), warehouse_(std::move(warehouse)) {}

  bool holds_what_it_finds() const override { return false; }
  Result<std::unique_ptr<PointerReader>> Read(const OperationContext& context) override {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    return std::make_unique<HadoopPointers>(context, io_.get(), warehouse_);
  }
  Result<std::unique_ptr<PointerTransaction>> Write(const OperationContext&) override {
    return Error(
        ErrorKind::kUnsupported,
        "a catalog of type hadoop is read-only (it can't keep two writers apart); to change a "
        "table, register its metadata file in another catalog: ",
        warehouse_);
  }

 private:
  const std::shared_ptr<FileIO> io_;
  const std::string warehouse_;
};

}  // namespace

std::unique_ptr<PointerStore> MakeHadoopPointerStore(std::shared_ptr<FileIO> io,
                                                     std::string warehouse) {
  return std::make_unique<HadoopPointerStore>(std::move(io), std::move(warehouse));
}

}  // namespace iceframe
