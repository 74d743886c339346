// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/memory_catalog.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "iceframe/base/uuid.h"
#include "iceframe/catalog/catalog_metrics_internal.h"
#include "iceframe/catalog/identifier.h"
#include "iceframe/catalog/metadata_files.h"
#include "iceframe/catalog/staged_metadata_internal.h"
#include "iceframe/catalog/warehouse_internal.h"
#include "iceframe/runtime/fork.h"
#include "iceframe/runtime/settings.h"

namespace iceframe {

namespace {

Status NoNamespace(const Namespace& name_space) {
  return Error(ErrorKind::kNotFound, "namespace does not exist: ", ToString(name_space));
}

Status NoTable(const TableIdentifier& identifier) {
  return Error(ErrorKind::kNotFound, "table does not exist: ", identifier.ToString());
}

Status TableIsThere(const TableIdentifier& identifier) {
  return Error(ErrorKind::kAlreadyExists, "table exists already: ", identifier.ToString());
}

bool IsAtOrBelow(const Namespace& name_space, const Namespace& parent) {
  return name_space.size() >= parent.size() &&
         std::equal(parent.begin(), parent.end(), name_space.begin());
}

/// What the catalog holds. Every member is called under the catalog's data mutex.
struct Content {
  std::map<Namespace, Properties> namespaces;
  std::map<TableIdentifier, LoadedTable> tables;

  bool NamespaceExists(const Namespace& name_space) const {
    // Below `a` in the order comes all that begins with it.
    const auto first = namespaces.lower_bound(name_space);
    if (first != namespaces.end() && IsAtOrBelow(first->first, name_space)) return true;
    const auto table = tables.lower_bound(TableIdentifier{name_space, ""});
    return table != tables.end() && IsAtOrBelow(table->first.name_space, name_space);
  }

  std::set<Namespace> ChildrenOf(const Namespace& parent) const {
    std::set<Namespace> children;
    const auto add = [&](const Namespace& name_space) {
      if (name_space.size() <= parent.size() || !IsAtOrBelow(name_space, parent)) return;
      children.emplace(name_space.begin(),
                       name_space.begin() + static_cast<std::ptrdiff_t>(parent.size()) + 1);
    };
    for (const auto& [name_space, properties] : namespaces) add(name_space);
    for (const auto& [identifier, table] : tables) add(identifier.name_space);
    return children;
  }

  std::vector<TableIdentifier> TablesIn(const Namespace& name_space) const {
    std::vector<TableIdentifier> found;
    for (auto at = tables.lower_bound(TableIdentifier{name_space, ""});
         at != tables.end() && at->first.name_space == name_space; ++at) {
      found.push_back(at->first);
    }
    return found;
  }

  const LoadedTable* Find(const TableIdentifier& identifier) const {
    const auto found = tables.find(identifier);
    return found == tables.end() ? nullptr : &found->second;
  }

  const LoadedTable* OtherTableBelow(const std::string& root,
                                     const TableIdentifier& identifier) const {
    for (const std::string& spelling : SpellingsOf(root)) {
      for (const auto& [other, table] : tables) {
        if (other != identifier && table.metadata_location.starts_with(spelling + "/")) {
          return &table;
        }
      }
    }
    return nullptr;
  }
};

class MemoryCatalog final : public Catalog {
 public:
  MemoryCatalog(std::string name, Warehouse warehouse)
      : name_(std::move(name)), warehouse_(std::move(warehouse)) {}

  const std::string& name() const override { return name_; }
  std::string ToString() const override { return "memory catalog '" + name_ + "'"; }
  bool supports_locked_commit() const override { return true; }

  Status CreateNamespace(const OperationContext& context, const Namespace& name_space,
                         const Properties& properties) override {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_RETURN_NOT_OK(CheckNewNamespace(name_space));
    const std::lock_guard lock(mutex_);
    if (content_.NamespaceExists(name_space)) {
      return Error(ErrorKind::kAlreadyExists,
                   "namespace exists already: ", iceframe::ToString(name_space));
    }
    content_.namespaces[name_space] = properties;
    return Status::OK();
  }

  Status DropNamespace(const OperationContext& context, const Namespace& name_space) override {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_RETURN_NOT_OK(CheckNamespace(name_space));
    const std::lock_guard lock(mutex_);
    if (!content_.NamespaceExists(name_space)) return NoNamespace(name_space);
    if (!content_.TablesIn(name_space).empty() || !content_.ChildrenOf(name_space).empty()) {
      return Error(ErrorKind::kInvalidArgument,
                   "namespace is not empty: ", iceframe::ToString(name_space));
    }
    content_.namespaces.erase(name_space);
    return Status::OK();
  }

  Result<std::vector<Namespace>> ListNamespaces(const OperationContext& context,
                                                const Namespace& parent) override {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    const std::lock_guard lock(mutex_);
    if (!parent.empty() && !content_.NamespaceExists(parent)) return NoNamespace(parent);
    const std::set<Namespace> children = content_.ChildrenOf(parent);
    return std::vector<Namespace>(children.begin(), children.end());
  }

  Result<Properties> LoadNamespaceProperties(const OperationContext& context,
                                             const Namespace& name_space) override {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_RETURN_NOT_OK(CheckNamespace(name_space));
    const std::lock_guard lock(mutex_);
    if (!content_.NamespaceExists(name_space)) return NoNamespace(name_space);
    const auto found = content_.namespaces.find(name_space);
    return found == content_.namespaces.end() ? Properties() : found->second;
  }

  Status UpdateNamespaceProperties(const OperationContext& context, const Namespace& name_space,
                                   const Properties& updates,
                                   const std::vector<std::string>& removals) override {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_RETURN_NOT_OK(CheckNamespace(name_space));
    for (const std::string& key : removals) {
      if (!updates.contains(key)) continue;
      return Error(ErrorKind::kInvalidArgument,
                   "namespace property is both set and removed: ", key);
    }
    const std::lock_guard lock(mutex_);
    if (!content_.NamespaceExists(name_space)) return NoNamespace(name_space);
    Properties& properties = content_.namespaces[name_space];
    for (const std::string& key : removals) properties.erase(key);
    for (const auto& [key, value] : updates) properties[key] = value;
    return Status::OK();
  }

  Result<bool> NamespaceExists(const OperationContext& context,
                               const Namespace& name_space) override {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_RETURN_NOT_OK(CheckNamespace(name_space));
    const std::lock_guard lock(mutex_);
    return content_.NamespaceExists(name_space);
  }

  Result<std::vector<TableIdentifier>> ListTables(const OperationContext& context,
                                                  const Namespace& name_space) override {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_RETURN_NOT_OK(CheckNamespace(name_space));
    const std::lock_guard lock(mutex_);
    if (!content_.NamespaceExists(name_space)) return NoNamespace(name_space);
    return content_.TablesIn(name_space);
  }

  Result<LoadedTable> CreateTable(const OperationContext& context,
                                  const CreateTableRequest& request) override;
  Result<LoadedTable> LoadTable(const OperationContext& context,
                                const TableIdentifier& identifier) override {
    const CatalogTimer timer(CatalogOperation::kLoadTable);
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_RETURN_NOT_OK(CheckIdentifier(identifier));
    const auto table = Find(identifier);
    if (!table) return NoTable(identifier);
    return *table;
  }

  Result<bool> TableExists(const OperationContext& context,
                           const TableIdentifier& identifier) override {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_RETURN_NOT_OK(CheckIdentifier(identifier));
    return Find(identifier).has_value();
  }

  Status DropTable(const OperationContext& context, const TableIdentifier& identifier,
                   bool purge) override;
  Status RenameTable(const OperationContext& context, const TableIdentifier& from,
                     const TableIdentifier& to) override;
  Result<LoadedTable> RegisterTable(const OperationContext& context,
                                    const TableIdentifier& identifier,
                                    const std::string& metadata_location) override;
  CommitOutcome CommitTable(const OperationContext& context, const CommitRequest& request) override;
  CommitOutcome CommitTableLocked(const OperationContext& context,
                                  const TableIdentifier& identifier,
                                  const RebaseFunction& rebase) override;

  Result<std::shared_ptr<FileIO>> FileIOFor(const LoadedTable& table) override {
    return warehouse_.FileIOBelow(TableRootOf(table.metadata_location));
  }

 private:
  struct EndWriting {
    void operator()(MemoryCatalog* catalog) const {
      {
        const std::lock_guard lock(catalog->write_mutex_);
        catalog->is_writing_ = false;
      }
      catalog->may_write_.notify_one();
    }
  };
  using WriteLock = std::unique_ptr<MemoryCatalog, EndWriting>;

  std::optional<LoadedTable> Find(const TableIdentifier& identifier) const {
    const std::lock_guard lock(mutex_);
    const LoadedTable* table = content_.Find(identifier);
    return table == nullptr ? std::nullopt : std::optional<LoadedTable>(*table);
  }

  // Waits for the lock in steps, so that a cancel is seen.
  Result<WriteLock> LockForWriting(const OperationContext& context) {
    ICEFRAME_ASSIGN_OR_RETURN(
        const auto timeout,
        SettingsReader(context.settings.get()).Duration("catalog.lock_timeout"));
    const auto until = std::chrono::steady_clock::now() + timeout;
    std::unique_lock lock(write_mutex_);
    while (
        !may_write_.wait_for(lock, std::chrono::milliseconds(10), [&] { return !is_writing_; })) {
      ICEFRAME_RETURN_NOT_OK(context.Check());
      if (std::chrono::steady_clock::now() >= until) {
        return Error(ErrorKind::kTimeout, "catalog stayed locked by other writers for ",
                     timeout.count(), " ms: ", name_);
      }
    }
    is_writing_ = true;
    return WriteLock(this);
  }

  Result<std::string> LocationForNewTable(const CreateTableRequest& request) const;
  Status Insert(const TableIdentifier& identifier, const StagedMetadata& staged);
  Status Replace(const LoadedTable& current, const StagedMetadata& staged);
  Result<LoadedTable> InsertOrDiscard(const OperationContext& context, FileIO& io,
                                      const TableIdentifier& identifier,
                                      const StagedMetadata& staged);
  CommitOutcome Commit(const OperationContext& context, const CommitRequest& request);
  CommitOutcome CommitLocked(const OperationContext& context, const TableIdentifier& identifier,
                             const RebaseFunction& rebase);

  const std::string name_;
  const Warehouse warehouse_;
  // Each change of a table's metadata is a turn of its own, during which the other mutex is taken.
  std::mutex write_mutex_;
  std::condition_variable may_write_;
  bool is_writing_ = false;
  mutable internal::ForkSafeMutex mutex_;
  Content content_;
};

Result<std::string> MemoryCatalog::LocationForNewTable(const CreateTableRequest& request) const {
  const TableIdentifier& identifier = request.identifier;
  Properties properties;
  {
    const std::lock_guard lock(mutex_);
    if (!content_.NamespaceExists(identifier.name_space)) return NoNamespace(identifier.name_space);
    if (content_.Find(identifier) != nullptr) return TableIsThere(identifier);
    const auto found = content_.namespaces.find(identifier.name_space);
    if (found != content_.namespaces.end()) properties = found->second;
  }
  if (!request.location.empty()) return AbsoluteLocation(request.location);
  ICEFRAME_ASSIGN_OR_RETURN(std::string location,
                            warehouse_.DefaultTableLocation(properties, identifier));
  // A table that was renamed still lies where its first name put it.
  const std::lock_guard lock(mutex_);
  const bool is_taken = content_.OtherTableBelow(location, identifier) != nullptr;
  return is_taken ? location + "-" + NewUuid() : location;
}

Status MemoryCatalog::Insert(const TableIdentifier& identifier, const StagedMetadata& staged) {
  const std::lock_guard lock(mutex_);
  if (!content_.NamespaceExists(identifier.name_space)) return NoNamespace(identifier.name_space);
  if (content_.Find(identifier) != nullptr) return TableIsThere(identifier);
  content_.tables[identifier] = LoadedTable{identifier, staged.location, staged.metadata, {}};
  return Status::OK();
}

Status MemoryCatalog::Replace(const LoadedTable& current, const StagedMetadata& staged) {
  const std::lock_guard lock(mutex_);
  const auto found = content_.tables.find(current.identifier);
  if (found == content_.tables.end() ||
      found->second.metadata_location != current.metadata_location) {
    return Error(ErrorKind::kCommitConflict, "another writer has committed to the table first: ",
                 current.identifier.ToString());
  }
  found->second = LoadedTable{current.identifier, staged.location, staged.metadata, {}};
  return Status::OK();
}

Result<LoadedTable> MemoryCatalog::InsertOrDiscard(const OperationContext& context, FileIO& io,
                                                   const TableIdentifier& identifier,
                                                   const StagedMetadata& staged) {
  const Status status = Insert(identifier, staged);
  if (!status.ok()) {
    DiscardStaged(context, io, staged);
    return status;
  }
  return LoadedTable{identifier, staged.location, staged.metadata, {}};
}

Result<LoadedTable> MemoryCatalog::CreateTable(const OperationContext& context,
                                               const CreateTableRequest& request) {
  const CatalogTimer timer(CatalogOperation::kCreateTable);
  ICEFRAME_RETURN_NOT_OK(context.Check());
  ICEFRAME_RETURN_NOT_OK(CheckNewIdentifier(request.identifier));
  ICEFRAME_ASSIGN_OR_RETURN(const std::string location, LocationForNewTable(request));
  ICEFRAME_ASSIGN_OR_RETURN(const auto io, warehouse_.FileIOBelow(location));
  ICEFRAME_ASSIGN_OR_RETURN(const auto staged, StageNewTable(context, *io, request, location));
  return InsertOrDiscard(context, *io, request.identifier, staged);
}

Result<LoadedTable> MemoryCatalog::RegisterTable(const OperationContext& context,
                                                 const TableIdentifier& identifier,
                                                 const std::string& metadata_location) {
  const CatalogTimer timer(CatalogOperation::kRegisterTable);
  ICEFRAME_RETURN_NOT_OK(CheckNewIdentifier(identifier));
  ICEFRAME_ASSIGN_OR_RETURN(const std::string location, AbsoluteLocation(metadata_location));
  ICEFRAME_ASSIGN_OR_RETURN(const std::string root, RootToRegister(location));
  ICEFRAME_ASSIGN_OR_RETURN(const auto io, warehouse_.FileIOBelow(root));
  ICEFRAME_ASSIGN_OR_RETURN(const auto staged, StageExisting(context, *io, location));
  return InsertOrDiscard(context, *io, identifier, staged);
}

Status MemoryCatalog::DropTable(const OperationContext& context, const TableIdentifier& identifier,
                                bool purge) {
  const CatalogTimer timer(CatalogOperation::kDropTable);
  ICEFRAME_RETURN_NOT_OK(CheckIdentifier(identifier));
  LoadedTable table;
  {
    ICEFRAME_ASSIGN_OR_RETURN(const WriteLock write_lock, LockForWriting(context));
    const auto found = Find(identifier);
    if (!found) return NoTable(identifier);
    table = *found;
    if (purge) ICEFRAME_RETURN_NOT_OK(CheckPurge(table, warehouse_.location()));
    const std::lock_guard lock(mutex_);
    if (purge && content_.OtherTableBelow(TableRootOf(table.metadata_location), identifier)) {
      return Error(ErrorKind::kInvalidArgument,
                   "table's files can't be purged, since another table lies at its location (drop "
                   "it without purge): ",
                   identifier.ToString());
    }
    content_.tables.erase(identifier);
  }
  if (!purge) return Status::OK();
  ICEFRAME_ASSIGN_OR_RETURN(const auto io, FileIOFor(table));
  PurgeFiles(context, *io, TableRootOf(table.metadata_location));
  return Status::OK();
}

Status MemoryCatalog::RenameTable(const OperationContext& context, const TableIdentifier& from,
                                  const TableIdentifier& to) {
  const CatalogTimer timer(CatalogOperation::kRenameTable);
  ICEFRAME_RETURN_NOT_OK(CheckIdentifier(from));
  ICEFRAME_RETURN_NOT_OK(CheckNewIdentifier(to));
  ICEFRAME_ASSIGN_OR_RETURN(const WriteLock write_lock, LockForWriting(context));
  const std::lock_guard lock(mutex_);
  if (content_.Find(from) == nullptr) return NoTable(from);
  if (!content_.NamespaceExists(to.name_space)) return NoNamespace(to.name_space);
  if (content_.Find(to) != nullptr) return TableIsThere(to);
  LoadedTable table = content_.tables[from];
  table.identifier = to;
  content_.tables.erase(from);
  content_.tables[to] = std::move(table);
  return Status::OK();
}

CommitOutcome MemoryCatalog::CommitTable(const OperationContext& context,
                                         const CommitRequest& request) {
  const CatalogTimer timer(CatalogOperation::kCommitTable);
  CommitOutcome outcome = Commit(context, request);
  CountCommit(context, outcome.kind);
  return outcome;
}

CommitOutcome MemoryCatalog::Commit(const OperationContext& context, const CommitRequest& request) {
  const TableIdentifier& identifier = request.identifier;
  if (const Status status = context.Check(); !status.ok()) return NotLanded(status);
  if (const Status status = CheckIdentifier(identifier); !status.ok()) return NotLanded(status);
  const auto current = Find(identifier);
  if (!current) {
    if (const Status status = CheckNewIdentifier(identifier); !status.ok()) {
      return NotLanded(status);
    }
  }
  const std::string root =
      current ? TableRootOf(current->metadata_location) : LocationIn(request.updates);
  if (root.empty()) return NotLanded(NoTable(identifier));
  const auto io = warehouse_.FileIOBelow(root);
  if (!io.ok()) return NotLanded(io.status());
  const auto staged = StageMetadata(context, **io, current ? &*current : nullptr, request);
  if (!staged.ok()) return NotLanded(staged.status());
  if (staged->is_unchanged) return Landed(identifier, *staged);
  Status status;
  {
    const auto write_lock = LockForWriting(context);
    status = write_lock.status();
    if (status.ok()) status = current ? Replace(*current, *staged) : Insert(identifier, *staged);
  }
  if (!status.ok()) {
    DiscardStaged(context, **io, *staged);
    return NotLanded(status);
  }
  if (current) DeleteForgottenMetadata(context, **io, *current->metadata, *staged);
  return Landed(identifier, *staged);
}

CommitOutcome MemoryCatalog::CommitTableLocked(const OperationContext& context,
                                               const TableIdentifier& identifier,
                                               const RebaseFunction& rebase) {
  const CatalogTimer timer(CatalogOperation::kCommitTable);
  CommitOutcome outcome = CommitLocked(context, identifier, rebase);
  CountCommit(context, outcome.kind);
  return outcome;
}

CommitOutcome MemoryCatalog::CommitLocked(const OperationContext& context,
                                          const TableIdentifier& identifier,
                                          const RebaseFunction& rebase) {
  if (const Status status = CheckIdentifier(identifier); !status.ok()) return NotLanded(status);
  const auto write_lock = LockForWriting(context);
  if (!write_lock.ok()) return NotLanded(write_lock.status());
  const auto current = Find(identifier);
  if (!current) return NotLanded(NoTable(identifier));
  const auto request = rebase(*current);
  if (!request.ok()) return NotLanded(request.status());
  if (request->identifier != identifier) {
    return NotLanded(
        Error(ErrorKind::kInvalidArgument,
              "commit names another table than it locked: ", request->identifier.ToString()));
  }
  const auto io = FileIOFor(*current);
  if (!io.ok()) return NotLanded(io.status());
  const auto staged = StageMetadata(context, **io, &*current, *request);
  if (!staged.ok()) return NotLanded(staged.status());
  if (staged->is_unchanged) return Landed(identifier, *staged);
  if (const Status status = Replace(*current, *staged); !status.ok()) {
    DiscardStaged(context, **io, *staged);
    return NotLanded(status);
  }
  DeleteForgottenMetadata(context, **io, *current->metadata, *staged);
  return Landed(identifier, *staged);
}

}  // namespace

Result<std::shared_ptr<Catalog>> MakeMemoryCatalog(MemoryCatalogOptions options) {
  if (const auto found = options.properties.find("warehouse");
      found == options.properties.end() || found->second.empty()) {
    // Files in memory are one set per process; catalogs must not share a place.
    options.properties["warehouse"] = "memory://" + NewUuid();
  }
  ICEFRAME_ASSIGN_OR_RETURN(Warehouse warehouse,
                            Warehouse::Make(options.properties, options.wrap_file_io));
  return std::make_shared<MemoryCatalog>(std::move(options.name), std::move(warehouse));
}

}  // namespace iceframe
