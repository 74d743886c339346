// SPDX-License-Identifier: Apache-2.0
// Tables of a catalog of metadata files.
#include <algorithm>
#include <utility>

#include "iceframe/base/uuid.h"
#include "iceframe/catalog/catalog_errors_internal.h"
#include "iceframe/catalog/catalog_metrics_internal.h"
#include "iceframe/catalog/identifier.h"
#include "iceframe/catalog/metadata_file_catalog_internal.h"
#include "iceframe/catalog/metadata_files.h"
#include "iceframe/catalog/purge_internal.h"

namespace iceframe {

namespace {

// The name of another table that lies at or below `root`, however its location is spelt.
Result<std::optional<std::string>> OtherTableAt(PointerReader& reader, const std::string& root,
                                                const TableIdentifier& identifier) {
  for (const std::string& spelling : SpellingsOf(root)) {
    ICEFRAME_ASSIGN_OR_RETURN(auto other, reader.OtherTableBelow(spelling, identifier));
    if (other) return other;
  }
  return std::nullopt;
}

}  // namespace

MetadataFileCatalog::MetadataFileCatalog(std::string name, std::string description, bool is_shared,
                                         std::unique_ptr<PointerStore> store, Warehouse warehouse)
    : name_(std::move(name)),
      description_(std::move(description)),
      is_shared_(is_shared),
      store_(std::move(store)),
      warehouse_(std::move(warehouse)) {}

std::shared_ptr<Catalog> MetadataFileCatalog::Over(
    std::shared_ptr<LeasedConnection> connection) const {
  auto store = store_->Over(std::move(connection));
  if (store == nullptr) return nullptr;
  return std::make_shared<MetadataFileCatalog>(name_, description_, is_shared_, std::move(store),
                                               warehouse_);
}

Status MetadataFileCatalog::EndOf(PointerTransaction& transaction, const std::string& name) {
  const TransactionEnd end = transaction.Commit();
  if (end.status.ok() || !end.may_have_landed) return end.status;
  return Error(ErrorKind::kCommitStateUnknown,
               "change of the catalog may or may not have landed: ", name, ": ",
               end.status.message());
}

Result<std::vector<TableIdentifier>> MetadataFileCatalog::ListTables(
    const OperationContext& context, const Namespace& name_space) {
  const CatalogTimer timer(CatalogOperation::kListTables);
  ICEFRAME_RETURN_NOT_OK(CheckNamespace(name_space));
  ICEFRAME_ASSIGN_OR_RETURN(const auto reader, store_->Read(context));
  ICEFRAME_ASSIGN_OR_RETURN(auto names, reader->TablesIn(name_space));
  if (names.empty()) {
    ICEFRAME_ASSIGN_OR_RETURN(const bool exists, reader->NamespaceExists(name_space));
    if (!exists) return NoNamespace(name_space);
  }
  std::sort(names.begin(), names.end());
  std::vector<TableIdentifier> identifiers;
  for (std::string& name : names) identifiers.push_back({name_space, std::move(name)});
  return identifiers;
}

Result<LoadedTable> MetadataFileCatalog::LoadAt(const OperationContext& context,
                                                const TableIdentifier& identifier,
                                                const std::string& metadata_location) const {
  if (metadata_location.empty()) {
    return Error(ErrorKind::kInvalidMetadata,
                 "catalog has no metadata location for the table: ", identifier.ToString());
  }
  LoadedTable table;
  table.identifier = identifier;
  table.metadata_location = metadata_location;
  ICEFRAME_ASSIGN_OR_RETURN(const auto io, warehouse_.FileIOBelow(TableRootOf(metadata_location)));
  ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(table.metadata,
                                    ReadTableMetadata(context, *io, metadata_location), "table",
                                    identifier.ToString());
  return table;
}

Result<std::optional<LoadedTable>> MetadataFileCatalog::FindAndLoad(
    const OperationContext& context, const TableIdentifier& identifier) const {
  std::optional<std::string> location;
  {
    ICEFRAME_ASSIGN_OR_RETURN(const auto reader, store_->Read(context));
    ICEFRAME_ASSIGN_OR_RETURN(location, reader->Find(identifier));
  }
  if (!location) return std::nullopt;
  ICEFRAME_ASSIGN_OR_RETURN(LoadedTable table, LoadAt(context, identifier, *location));
  return std::optional<LoadedTable>(std::move(table));
}

Result<LoadedTable> MetadataFileCatalog::LoadTable(const OperationContext& context,
                                                   const TableIdentifier& identifier) {
  const CatalogTimer timer(CatalogOperation::kLoadTable);
  ICEFRAME_RETURN_NOT_OK(CheckIdentifier(identifier));
  ICEFRAME_ASSIGN_OR_RETURN(auto table, FindAndLoad(context, identifier));
  if (!table) return NoTable(identifier);
  return *std::move(table);
}

Result<bool> MetadataFileCatalog::TableExists(const OperationContext& context,
                                              const TableIdentifier& identifier) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto location, FindMetadataLocation(context, identifier));
  return location.has_value();
}

Result<std::optional<std::string>> MetadataFileCatalog::FindMetadataLocation(
    const OperationContext& context, const TableIdentifier& identifier) {
  const CatalogTimer timer(CatalogOperation::kLoadTable);
  ICEFRAME_RETURN_NOT_OK(CheckIdentifier(identifier));
  ICEFRAME_ASSIGN_OR_RETURN(const auto reader, store_->Read(context));
  return reader->Find(identifier);
}

Result<std::string> MetadataFileCatalog::LocationForNewTable(
    const OperationContext& context, const CreateTableRequest& request) const {
  const TableIdentifier& identifier = request.identifier;
  ICEFRAME_ASSIGN_OR_RETURN(const auto reader, store_->Read(context));
  ICEFRAME_ASSIGN_OR_RETURN(const bool exists, reader->NamespaceExists(identifier.name_space));
  if (!exists) return NoNamespace(identifier.name_space);
  ICEFRAME_ASSIGN_OR_RETURN(const auto found, reader->Find(identifier));
  if (found) return TableIsThere(identifier);
  if (!request.location.empty()) return AbsoluteLocation(request.location);
  ICEFRAME_ASSIGN_OR_RETURN(const Properties properties,
                            reader->NamespaceProperties(identifier.name_space));
  ICEFRAME_ASSIGN_OR_RETURN(std::string location,
                            warehouse_.DefaultTableLocation(properties, identifier));
  // A table that was renamed still lies where its first name put it.
  ICEFRAME_ASSIGN_OR_RETURN(const auto other, OtherTableAt(*reader, location, identifier));
  return other ? location + "-" + NewUuid() : location;
}

Result<LoadedTable> MetadataFileCatalog::AddTable(const OperationContext& context,
                                                  const Attempt& attempt) {
  CommitOutcome outcome = Conclude(context, attempt, SwapPointer(context, attempt));
  if (outcome.table) return *std::move(outcome.table);
  return outcome.status;
}

Result<LoadedTable> MetadataFileCatalog::CreateTable(const OperationContext& context,
                                                     const CreateTableRequest& request) {
  const CatalogTimer timer(CatalogOperation::kCreateTable);
  ICEFRAME_RETURN_NOT_OK(CheckNewIdentifier(request.identifier));
  return Changed([&] { return AddNewTable(context, request); });
}

Result<LoadedTable> MetadataFileCatalog::AddNewTable(const OperationContext& context,
                                                     const CreateTableRequest& request) {
  Attempt attempt;
  attempt.identifier = request.identifier;
  ICEFRAME_ASSIGN_OR_RETURN(const std::string location, LocationForNewTable(context, request));
  ICEFRAME_ASSIGN_OR_RETURN(attempt.io, warehouse_.FileIOBelow(location));
  ICEFRAME_ASSIGN_OR_RETURN(attempt.staged, StageNewTable(context, *attempt.io, request, location));
  return AddTable(context, attempt);
}

Result<LoadedTable> MetadataFileCatalog::RegisterTable(const OperationContext& context,
                                                       const TableIdentifier& identifier,
                                                       const std::string& metadata_location) {
  const CatalogTimer timer(CatalogOperation::kRegisterTable);
  ICEFRAME_RETURN_NOT_OK(CheckNewIdentifier(identifier));
  Attempt attempt;
  attempt.identifier = identifier;
  ICEFRAME_ASSIGN_OR_RETURN(const std::string location, AbsoluteLocation(metadata_location));
  ICEFRAME_ASSIGN_OR_RETURN(const std::string root, RootToRegister(location));
  ICEFRAME_ASSIGN_OR_RETURN(attempt.io, warehouse_.FileIOBelow(root));
  ICEFRAME_ASSIGN_OR_RETURN(attempt.staged, StageExisting(context, *attempt.io, location));
  return Changed([&] { return AddTable(context, attempt); });
}

Status MetadataFileCatalog::DropTable(const OperationContext& context,
                                      const TableIdentifier& identifier, bool purge) {
  const CatalogTimer timer(CatalogOperation::kDropTable);
  ICEFRAME_RETURN_NOT_OK(CheckIdentifier(identifier));
  ICEFRAME_ASSIGN_OR_RETURN(const LoadedTable table,
                            Changed([&] { return RemoveTable(context, identifier, purge); }));
  if (!purge) return Status::OK();
  ICEFRAME_ASSIGN_OR_RETURN(const auto io, FileIOFor(table));
  PurgeFiles(context, *io, TableRootOf(table.metadata_location));
  return Status::OK();
}

Result<LoadedTable> MetadataFileCatalog::RemoveTable(const OperationContext& context,
                                                     const TableIdentifier& identifier,
                                                     bool to_purge) {
  LoadedTable table;
  ICEFRAME_ASSIGN_OR_RETURN(const auto transaction, store_->Write(context));
  if (to_purge) {
    ICEFRAME_ASSIGN_OR_RETURN(const auto location, transaction->Find(identifier));
    if (!location) return NoTable(identifier);
    ICEFRAME_ASSIGN_OR_RETURN(table, LoadAt(context, identifier, *location));
    ICEFRAME_ASSIGN_OR_RETURN(const auto other,
                              OtherTableAt(*transaction, TableRootOf(*location), identifier));
    ICEFRAME_RETURN_NOT_OK(CheckPurge(table, warehouse_.location(), other));
  }
  ICEFRAME_ASSIGN_OR_RETURN(const bool was_there, transaction->Remove(identifier));
  if (!was_there) return NoTable(identifier);
  ICEFRAME_RETURN_NOT_OK(EndOf(*transaction, identifier.ToString()));
  return table;
}

Status MetadataFileCatalog::RenameTable(const OperationContext& context,
                                        const TableIdentifier& from, const TableIdentifier& to) {
  const CatalogTimer timer(CatalogOperation::kRenameTable);
  ICEFRAME_RETURN_NOT_OK(CheckIdentifier(from));
  ICEFRAME_RETURN_NOT_OK(CheckNewIdentifier(to));
  return Changed([&] { return Rename(context, from, to); });
}

Status MetadataFileCatalog::Rename(const OperationContext& context, const TableIdentifier& from,
                                   const TableIdentifier& to) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto transaction, store_->Write(context));
  ICEFRAME_ASSIGN_OR_RETURN(const auto found, transaction->Find(from));
  if (!found) return NoTable(from);
  ICEFRAME_ASSIGN_OR_RETURN(const bool exists, transaction->NamespaceExists(to.name_space));
  if (!exists) return NoNamespace(to.name_space);
  if (from == to) return TableIsThere(to);
  const auto renamed = transaction->Rename(from, to);
  if (!renamed.ok() && KindOf(renamed.status()) == ErrorKind::kAlreadyExists) {
    return TableIsThere(to);
  }
  ICEFRAME_RETURN_NOT_OK(renamed.status());
  return EndOf(*transaction, from.ToString());
}

Result<std::shared_ptr<FileIO>> MetadataFileCatalog::FileIOFor(const LoadedTable& table) {
  return warehouse_.FileIOBelow(TableRootOf(table.metadata_location));
}

}  // namespace iceframe
