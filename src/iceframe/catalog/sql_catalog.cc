// SPDX-License-Identifier: Apache-2.0
// Namespaces and table names of the SQL catalog.
#include "iceframe/catalog/sql_catalog.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "iceframe/base/uuid.h"
#include "iceframe/catalog/catalog_metrics_internal.h"
#include "iceframe/catalog/identifier.h"
#include "iceframe/catalog/metadata_files.h"
#include "iceframe/catalog/sql_catalog_internal.h"

namespace iceframe {

namespace {

// Keeps a namespace without properties; the layout's other users write it too.
constexpr std::string_view kExistsKey = "exists";

Status NoNamespace(const Namespace& name_space) {
  return Error(ErrorKind::kNotFound, "namespace does not exist: ", ToString(name_space));
}

Status NoTable(const TableIdentifier& identifier) {
  return Error(ErrorKind::kNotFound, "table does not exist: ", identifier.ToString());
}

Status TableIsThere(const TableIdentifier& identifier) {
  return Error(ErrorKind::kAlreadyExists, "table exists already: ", identifier.ToString());
}

// Only its owner may see into it.
Status MakePrivateFolder(const std::string& folder) {
  std::error_code code;
  const std::filesystem::path path(folder);
  if (std::filesystem::is_directory(path, code)) return Status::OK();
  std::filesystem::create_directories(path, code);
  if (!code) {
    std::filesystem::permissions(path, std::filesystem::perms::owner_all,
                                 std::filesystem::perm_options::replace, code);
  }
  if (!code) return Status::OK();
  return Error(ErrorKind::kIo, "folder of the embedded catalog can't be made: ", folder, ": ",
               code.message());
}

Status CheckPropertyKeys(const Properties& properties, const std::vector<std::string>& removals) {
  for (const std::string& key : removals) {
    if (properties.contains(key)) {
      return Error(ErrorKind::kInvalidArgument,
                   "namespace property is both set and removed: ", key);
    }
  }
  const bool is_reserved =
      properties.contains(kExistsKey) ||
      std::find(removals.begin(), removals.end(), kExistsKey) != removals.end();
  if (is_reserved) {
    return Error(ErrorKind::kInvalidArgument,
                 "namespace property is the catalog's own: ", kExistsKey);
  }
  return Status::OK();
}

}  // namespace

Result<std::shared_ptr<Catalog>> MakeSqlCatalog(const OperationContext& context,
                                                SqlCatalogOptions options) {
  ICEFRAME_ASSIGN_OR_RETURN(const std::string path, SqlitePathOfUri(options.uri));
  ICEFRAME_ASSIGN_OR_RETURN(Warehouse warehouse,
                            Warehouse::Make(options.properties, options.wrap_file_io));
  ICEFRAME_ASSIGN_OR_RETURN(auto database, SqliteDatabase::Make(path));
  auto catalog =
      std::make_shared<SqlCatalog>(std::move(options), std::move(database), std::move(warehouse));
  ICEFRAME_RETURN_NOT_OK(catalog->Open(context));
  return catalog;
}

std::string SqlCatalog::ToString() const {
  return "sql catalog '" + options_.name + "' at sqlite:///" + database_->path();
}

bool SqlCatalog::HasFile() const {
  std::error_code code;
  return database_->in_memory() || std::filesystem::exists(database_->path(), code);
}

Status SqlCatalog::Open(const OperationContext& context) {
  const auto folder = std::filesystem::path(database_->path()).parent_path();
  const bool can_be_made = !options_.private_folder.empty() || access(folder.c_str(), W_OK) == 0;
  if (HasFile() || !options_.create_tables || !can_be_made) return Initialize(context);
  ICEFRAME_ASSIGN_OR_RETURN(nothing_, SqliteDatabase::Make(":memory:"));
  ICEFRAME_ASSIGN_OR_RETURN(auto use, nothing_->Acquire(context));
  return InitializeSqlCatalog(use.get(), true, options_.add_type_column);
}

Status SqlCatalog::Initialize(const OperationContext& context) {
  const std::lock_guard lock(initializing_);
  if (is_initialized_) return Status::OK();
  if (!options_.private_folder.empty()) {
    ICEFRAME_RETURN_NOT_OK(MakePrivateFolder(options_.private_folder));
  }
  ICEFRAME_ASSIGN_OR_RETURN(auto use, database_->Acquire(context));
  ICEFRAME_RETURN_NOT_OK(
      InitializeSqlCatalog(use.get(), options_.create_tables, options_.add_type_column));
  is_initialized_ = true;
  return Status::OK();
}

Result<SqlCatalog::Session> SqlCatalog::OpenSession(const OperationContext& context) {
  if (!is_initialized_) ICEFRAME_RETURN_NOT_OK(Initialize(context));
  return SessionOf(*database_, context);
}

Result<SqlCatalog::Session> SqlCatalog::OpenToRead(const OperationContext& context) {
  if (!is_initialized_ && !HasFile()) return SessionOf(*nothing_, context);
  return OpenSession(context);
}

Result<SqlCatalog::Session> SqlCatalog::SessionOf(SqliteDatabase& database,
                                                  const OperationContext& context) const {
  ICEFRAME_ASSIGN_OR_RETURN(auto use, database.Acquire(context));
  ICEFRAME_ASSIGN_OR_RETURN(SqlCatalogRows rows, SqlCatalogRows::Make(use.get(), options_.name));
  return Session{std::move(use), std::move(rows)};
}

Status SqlCatalog::CreateNamespace(const OperationContext& context, const Namespace& name_space,
                                   const Properties& properties) {
  const CatalogTimer timer(CatalogOperation::kChangeNamespace);
  ICEFRAME_RETURN_NOT_OK(CheckNewNamespace(name_space));
  ICEFRAME_RETURN_NOT_OK(CheckPropertyKeys(properties, {}));
  ICEFRAME_ASSIGN_OR_RETURN(const Session session, OpenSession(context));
  ICEFRAME_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::Begin(session.use.get()));
  const std::string name = iceframe::ToString(name_space);
  ICEFRAME_ASSIGN_OR_RETURN(const bool exists, session.rows.NamespaceExists(name));
  if (exists) return Error(ErrorKind::kAlreadyExists, "namespace exists already: ", name);
  ICEFRAME_RETURN_NOT_OK(session.rows.SetNamespaceProperty(name, std::string(kExistsKey), "true"));
  for (const auto& [key, value] : properties) {
    ICEFRAME_RETURN_NOT_OK(session.rows.SetNamespaceProperty(name, key, value));
  }
  return transaction.Commit().status;
}

Status SqlCatalog::DropNamespace(const OperationContext& context, const Namespace& name_space) {
  const CatalogTimer timer(CatalogOperation::kChangeNamespace);
  ICEFRAME_RETURN_NOT_OK(CheckNamespace(name_space));
  ICEFRAME_ASSIGN_OR_RETURN(const Session session, OpenSession(context));
  ICEFRAME_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::Begin(session.use.get()));
  const std::string name = iceframe::ToString(name_space);
  ICEFRAME_ASSIGN_OR_RETURN(const bool exists, session.rows.NamespaceExists(name));
  if (!exists) return NoNamespace(name_space);
  ICEFRAME_ASSIGN_OR_RETURN(const auto tables, session.rows.TablesIn(name));
  ICEFRAME_ASSIGN_OR_RETURN(const auto children, session.rows.NamespacesBelow(name + "."));
  if (!tables.empty() || !children.empty()) {
    return Error(ErrorKind::kInvalidArgument, "namespace is not empty: ", name, " has ",
                 tables.size(), " tables and ", children.size(), " namespaces below it");
  }
  ICEFRAME_RETURN_NOT_OK(session.rows.RemoveNamespace(name));
  return transaction.Commit().status;
}

Result<std::vector<Namespace>> SqlCatalog::ListNamespaces(const OperationContext& context,
                                                          const Namespace& parent) {
  const CatalogTimer timer(CatalogOperation::kListNamespaces);
  ICEFRAME_ASSIGN_OR_RETURN(const Session session, OpenToRead(context));
  std::string prefix;
  if (!parent.empty()) {
    ICEFRAME_RETURN_NOT_OK(CheckNamespace(parent));
    const std::string name = iceframe::ToString(parent);
    ICEFRAME_ASSIGN_OR_RETURN(const bool exists, session.rows.NamespaceExists(name));
    if (!exists) return NoNamespace(parent);
    prefix = name + ".";
  }
  ICEFRAME_ASSIGN_OR_RETURN(const auto names, session.rows.NamespacesBelow(prefix));
  std::set<std::string> levels;
  for (const std::string& name : names) {
    const std::string_view below = std::string_view(name).substr(prefix.size());
    levels.emplace(below.substr(0, below.find('.')));
  }
  std::vector<Namespace> children;
  for (const std::string& level : levels) {
    if (level.empty()) continue;
    children.push_back(parent);
    children.back().push_back(level);
  }
  return children;
}

Result<Properties> SqlCatalog::LoadNamespaceProperties(const OperationContext& context,
                                                       const Namespace& name_space) {
  const CatalogTimer timer(CatalogOperation::kLoadNamespace);
  ICEFRAME_RETURN_NOT_OK(CheckNamespace(name_space));
  ICEFRAME_ASSIGN_OR_RETURN(const Session session, OpenToRead(context));
  const std::string name = iceframe::ToString(name_space);
  ICEFRAME_ASSIGN_OR_RETURN(const bool exists, session.rows.NamespaceExists(name));
  if (!exists) return NoNamespace(name_space);
  ICEFRAME_ASSIGN_OR_RETURN(Properties properties, session.rows.NamespaceProperties(name));
  properties.erase(std::string(kExistsKey));
  return properties;
}

Status SqlCatalog::UpdateNamespaceProperties(const OperationContext& context,
                                             const Namespace& name_space, const Properties& updates,
                                             const std::vector<std::string>& removals) {
  const CatalogTimer timer(CatalogOperation::kChangeNamespace);
  ICEFRAME_RETURN_NOT_OK(CheckNamespace(name_space));
  ICEFRAME_RETURN_NOT_OK(CheckPropertyKeys(updates, removals));
  ICEFRAME_ASSIGN_OR_RETURN(const Session session, OpenSession(context));
  ICEFRAME_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::Begin(session.use.get()));
  const std::string name = iceframe::ToString(name_space);
  ICEFRAME_ASSIGN_OR_RETURN(const bool exists, session.rows.NamespaceExists(name));
  if (!exists) return NoNamespace(name_space);
  // Else a namespace that others made without it would go with its last property.
  ICEFRAME_RETURN_NOT_OK(session.rows.AddNamespaceProperty(name, std::string(kExistsKey), "true"));
  for (const std::string& key : removals) {
    ICEFRAME_RETURN_NOT_OK(session.rows.RemoveNamespaceProperty(name, key));
  }
  for (const auto& [key, value] : updates) {
    ICEFRAME_RETURN_NOT_OK(session.rows.SetNamespaceProperty(name, key, value));
  }
  return transaction.Commit().status;
}

Result<bool> SqlCatalog::NamespaceExists(const OperationContext& context,
                                         const Namespace& name_space) {
  const CatalogTimer timer(CatalogOperation::kLoadNamespace);
  ICEFRAME_RETURN_NOT_OK(CheckNamespace(name_space));
  ICEFRAME_ASSIGN_OR_RETURN(const Session session, OpenToRead(context));
  return session.rows.NamespaceExists(iceframe::ToString(name_space));
}

Result<std::vector<TableIdentifier>> SqlCatalog::ListTables(const OperationContext& context,
                                                            const Namespace& name_space) {
  const CatalogTimer timer(CatalogOperation::kListTables);
  ICEFRAME_RETURN_NOT_OK(CheckNamespace(name_space));
  ICEFRAME_ASSIGN_OR_RETURN(const Session session, OpenToRead(context));
  const std::string name = iceframe::ToString(name_space);
  ICEFRAME_ASSIGN_OR_RETURN(const auto tables, session.rows.TablesIn(name));
  if (tables.empty()) {
    ICEFRAME_ASSIGN_OR_RETURN(const bool exists, session.rows.NamespaceExists(name));
    if (!exists) return NoNamespace(name_space);
  }
  std::vector<TableIdentifier> identifiers;
  for (const std::string& table : tables) identifiers.push_back({name_space, table});
  return identifiers;
}

Result<LoadedTable> SqlCatalog::LoadRow(const OperationContext& context,
                                        const TableIdentifier& identifier, const SqlTableRow& row) {
  if (row.metadata_location.empty()) {
    return Error(ErrorKind::kInvalidMetadata,
                 "catalog has no metadata location for the table: ", identifier.ToString());
  }
  LoadedTable table;
  table.identifier = identifier;
  table.metadata_location = row.metadata_location;
  ICEFRAME_ASSIGN_OR_RETURN(const auto io,
                            warehouse_.FileIOBelow(TableRootOf(row.metadata_location)));
  ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(table.metadata,
                                    ReadTableMetadata(context, *io, row.metadata_location), "table",
                                    identifier.ToString());
  return table;
}

Result<std::optional<LoadedTable>> SqlCatalog::FindAndLoad(const OperationContext& context,
                                                           const TableIdentifier& identifier) {
  std::optional<SqlTableRow> row;
  {
    ICEFRAME_ASSIGN_OR_RETURN(const Session session, OpenToRead(context));
    ICEFRAME_ASSIGN_OR_RETURN(
        row, session.rows.FindTable(iceframe::ToString(identifier.name_space), identifier.name));
  }
  if (!row) return std::optional<LoadedTable>();
  ICEFRAME_ASSIGN_OR_RETURN(LoadedTable table, LoadRow(context, identifier, *row));
  return std::optional<LoadedTable>(std::move(table));
}

Result<LoadedTable> SqlCatalog::LoadTable(const OperationContext& context,
                                          const TableIdentifier& identifier) {
  const CatalogTimer timer(CatalogOperation::kLoadTable);
  ICEFRAME_RETURN_NOT_OK(CheckIdentifier(identifier));
  ICEFRAME_ASSIGN_OR_RETURN(auto table, FindAndLoad(context, identifier));
  if (!table) return NoTable(identifier);
  return *std::move(table);
}

Result<bool> SqlCatalog::TableExists(const OperationContext& context,
                                     const TableIdentifier& identifier) {
  const CatalogTimer timer(CatalogOperation::kLoadTable);
  ICEFRAME_RETURN_NOT_OK(CheckIdentifier(identifier));
  ICEFRAME_ASSIGN_OR_RETURN(const Session session, OpenToRead(context));
  ICEFRAME_ASSIGN_OR_RETURN(
      const auto row,
      session.rows.FindTable(iceframe::ToString(identifier.name_space), identifier.name));
  return row.has_value();
}

Result<std::string> SqlCatalog::LocationForNewTable(const OperationContext& context,
                                                    const CreateTableRequest& request) {
  const TableIdentifier& identifier = request.identifier;
  const std::string name = iceframe::ToString(identifier.name_space);
  ICEFRAME_ASSIGN_OR_RETURN(const Session session, OpenSession(context));
  ICEFRAME_ASSIGN_OR_RETURN(const bool exists, session.rows.NamespaceExists(name));
  if (!exists) return NoNamespace(identifier.name_space);
  ICEFRAME_ASSIGN_OR_RETURN(const auto row, session.rows.FindTable(name, identifier.name));
  if (row) return TableIsThere(identifier);
  if (!request.location.empty()) return AbsoluteLocation(request.location);
  ICEFRAME_ASSIGN_OR_RETURN(const Properties properties, session.rows.NamespaceProperties(name));
  ICEFRAME_ASSIGN_OR_RETURN(std::string location,
                            warehouse_.DefaultTableLocation(properties, identifier));
  // A table that was renamed still lies where its first name put it.
  for (const std::string& spelling : SpellingsOf(location)) {
    ICEFRAME_ASSIGN_OR_RETURN(const auto other,
                              session.rows.OtherTableBelow(spelling, name, identifier.name));
    if (other) return location + "-" + NewUuid();
  }
  return location;
}

Result<LoadedTable> SqlCatalog::CreateTable(const OperationContext& context,
                                            const CreateTableRequest& request) {
  const CatalogTimer timer(CatalogOperation::kCreateTable);
  const TableIdentifier& identifier = request.identifier;
  ICEFRAME_RETURN_NOT_OK(CheckNewIdentifier(identifier));
  ICEFRAME_ASSIGN_OR_RETURN(const std::string location, LocationForNewTable(context, request));
  ICEFRAME_ASSIGN_OR_RETURN(const auto io, warehouse_.FileIOBelow(location));
  ICEFRAME_ASSIGN_OR_RETURN(const StagedMetadata staged,
                            StageNewTable(context, *io, request, location));
  CommitOutcome outcome = SwapInTransaction(context, *io, identifier, nullptr, staged);
  if (outcome.kind == CommitOutcomeKind::kCommitted && outcome.table) {
    return *std::move(outcome.table);
  }
  return outcome.status;
}

Result<LoadedTable> SqlCatalog::RegisterTable(const OperationContext& context,
                                              const TableIdentifier& identifier,
                                              const std::string& metadata_location) {
  const CatalogTimer timer(CatalogOperation::kRegisterTable);
  ICEFRAME_RETURN_NOT_OK(CheckNewIdentifier(identifier));
  ICEFRAME_ASSIGN_OR_RETURN(const std::string location, AbsoluteLocation(metadata_location));
  ICEFRAME_ASSIGN_OR_RETURN(const std::string root, RootToRegister(location));
  ICEFRAME_ASSIGN_OR_RETURN(const auto io, warehouse_.FileIOBelow(root));
  ICEFRAME_ASSIGN_OR_RETURN(const auto staged, StageExisting(context, *io, location));
  CommitOutcome outcome = SwapInTransaction(context, *io, identifier, nullptr, staged);
  if (outcome.kind == CommitOutcomeKind::kCommitted && outcome.table) {
    return *std::move(outcome.table);
  }
  return outcome.status;
}

Status SqlCatalog::CheckNoOtherTableBelow(const SqlCatalogRows& rows,
                                          const LoadedTable& table) const {
  const std::string name_space = iceframe::ToString(table.identifier.name_space);
  for (const std::string& spelling : SpellingsOf(TableRootOf(table.metadata_location))) {
    ICEFRAME_ASSIGN_OR_RETURN(const auto other,
                              rows.OtherTableBelow(spelling, name_space, table.identifier.name));
    if (!other) continue;
    return Error(ErrorKind::kInvalidArgument,
                 "table's files can't be purged, since another table lies at its location (drop "
                 "it without purge): ",
                 table.identifier.ToString(), " and ", *other);
  }
  return Status::OK();
}

Status SqlCatalog::DropTable(const OperationContext& context, const TableIdentifier& identifier,
                             bool purge) {
  const CatalogTimer timer(CatalogOperation::kDropTable);
  ICEFRAME_RETURN_NOT_OK(CheckIdentifier(identifier));
  std::optional<LoadedTable> table;
  if (purge) {
    ICEFRAME_ASSIGN_OR_RETURN(table, FindAndLoad(context, identifier));
    if (!table) return NoTable(identifier);
    ICEFRAME_RETURN_NOT_OK(CheckPurge(*table, warehouse_.location()));
  }
  {
    ICEFRAME_ASSIGN_OR_RETURN(const Session session, OpenSession(context));
    ICEFRAME_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::Begin(session.use.get()));
    if (table) ICEFRAME_RETURN_NOT_OK(CheckNoOtherTableBelow(session.rows, *table));
    ICEFRAME_ASSIGN_OR_RETURN(
        const bool was_there,
        session.rows.DeleteTable(iceframe::ToString(identifier.name_space), identifier.name));
    if (!was_there) return NoTable(identifier);
    ICEFRAME_RETURN_NOT_OK(transaction.Commit().status);
  }
  if (!table) return Status::OK();
  ICEFRAME_ASSIGN_OR_RETURN(const auto io, FileIOFor(*table));
  PurgeFiles(context, *io, TableRootOf(table->metadata_location));
  return Status::OK();
}

Status SqlCatalog::RenameTable(const OperationContext& context, const TableIdentifier& from,
                               const TableIdentifier& to) {
  const CatalogTimer timer(CatalogOperation::kRenameTable);
  ICEFRAME_RETURN_NOT_OK(CheckIdentifier(from));
  ICEFRAME_RETURN_NOT_OK(CheckNewIdentifier(to));
  ICEFRAME_ASSIGN_OR_RETURN(const Session session, OpenSession(context));
  ICEFRAME_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::Begin(session.use.get()));
  const std::string from_namespace = iceframe::ToString(from.name_space);
  const std::string to_namespace = iceframe::ToString(to.name_space);
  ICEFRAME_ASSIGN_OR_RETURN(const auto row, session.rows.FindTable(from_namespace, from.name));
  if (!row) return NoTable(from);
  ICEFRAME_ASSIGN_OR_RETURN(const bool exists, session.rows.NamespaceExists(to_namespace));
  if (!exists) return NoNamespace(to.name_space);
  if (from == to) return TableIsThere(to);
  const auto renamed = session.rows.RenameTable(from_namespace, from.name, to_namespace, to.name);
  if (!renamed.ok() && KindOf(renamed.status()) == ErrorKind::kAlreadyExists) {
    return TableIsThere(to);
  }
  ICEFRAME_RETURN_NOT_OK(renamed.status());
  return transaction.Commit().status;
}

Result<std::shared_ptr<FileIO>> SqlCatalog::FileIOFor(const LoadedTable& table) {
  return warehouse_.FileIOBelow(TableRootOf(table.metadata_location));
}

}  // namespace iceframe
