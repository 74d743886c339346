// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/federated_catalog.h"

#include <algorithm>
#include <utility>

#include "iceframe/catalog/default_namespace.h"

namespace iceframe {

namespace {

constexpr char kContextKey[] = "catalog";

/// A member, and a namespace as it calls it.
struct Place {
  std::string member;
  std::shared_ptr<Catalog> catalog;
  Namespace name_space;

  /// What came of a call of the member.
  Status Told(const Status& status) const { return WithContext(status, kContextKey, member); }
  template <typename T>
  Result<T> Told(Result<T> result) const {
    if (!result.ok()) return Told(result.status());
    return result;
  }

  Namespace Above(const Namespace& own) const {
    Namespace full{member};
    full.insert(full.end(), own.begin(), own.end());
    return full;
  }
  TableIdentifier Above(const TableIdentifier& own) const {
    return {Above(own.name_space), own.name};
  }
  LoadedTable Above(LoadedTable loaded) const {
    loaded.identifier = Above(loaded.identifier);
    return loaded;
  }
};

class FederatedCatalog final : public Catalog {
 public:
  explicit FederatedCatalog(std::shared_ptr<CatalogMembers> members)
      : members_(std::move(members)) {}

  const std::string& name() const override { return name_; }
  std::string ToString() const override {
    std::string text = "federation of";
    const std::vector<std::string> names = members_->names();
    for (size_t i = 0; i < names.size(); ++i) text += (i == 0 ? " " : ", ") + names[i];
    return names.empty() ? text + " no catalogs" : text;
  }

  Status CreateNamespace(const OperationContext& context, const Namespace& name_space,
                         const Properties& properties) override {
    ICEFRAME_ASSIGN_OR_RETURN(const Place place, Find(context, name_space));
    return place.Told(place.catalog->CreateNamespace(context, place.name_space, properties));
  }
  Status DropNamespace(const OperationContext& context, const Namespace& name_space) override {
    ICEFRAME_ASSIGN_OR_RETURN(const Place place, Find(context, name_space));
    return place.Told(place.catalog->DropNamespace(context, place.name_space));
  }
  Result<std::vector<Namespace>> ListNamespaces(const OperationContext& context,
                                                const Namespace& parent) override;
  Result<Properties> LoadNamespaceProperties(const OperationContext& context,
                                             const Namespace& name_space) override {
    ICEFRAME_ASSIGN_OR_RETURN(const Place place, Find(context, name_space));
    return place.Told(place.catalog->LoadNamespaceProperties(context, place.name_space));
  }
  Status UpdateNamespaceProperties(const OperationContext& context, const Namespace& name_space,
                                   const Properties& updates,
                                   const std::vector<std::string>& removals) override {
    ICEFRAME_ASSIGN_OR_RETURN(const Place place, Find(context, name_space));
    return place.Told(
        place.catalog->UpdateNamespaceProperties(context, place.name_space, updates, removals));
  }
  Result<bool> NamespaceExists(const OperationContext& context,
                               const Namespace& name_space) override {
    ICEFRAME_ASSIGN_OR_RETURN(const Place place, Find(context, name_space));
    return place.Told(place.catalog->NamespaceExists(context, place.name_space));
  }

  Result<std::vector<TableIdentifier>> ListTables(const OperationContext& context,
                                                  const Namespace& name_space) override {
    ICEFRAME_ASSIGN_OR_RETURN(const Place place, Find(context, name_space));
    ICEFRAME_ASSIGN_OR_RETURN(auto tables,
                              place.Told(place.catalog->ListTables(context, place.name_space)));
    for (TableIdentifier& table : tables) table = place.Above(table);
    return tables;
  }
  Result<LoadedTable> CreateTable(const OperationContext& context,
                                  const CreateTableRequest& request) override {
    ICEFRAME_ASSIGN_OR_RETURN(const Place place, Find(context, request.identifier.name_space));
    CreateTableRequest own = request;
    own.identifier.name_space = place.name_space;
    ICEFRAME_ASSIGN_OR_RETURN(LoadedTable made,
                              place.Told(place.catalog->CreateTable(context, own)));
    return place.Above(std::move(made));
  }
  Result<LoadedTable> LoadTable(const OperationContext& context,
                                const TableIdentifier& identifier) override {
    ICEFRAME_ASSIGN_OR_RETURN(const Place place, Find(context, identifier.name_space));
    ICEFRAME_ASSIGN_OR_RETURN(
        LoadedTable loaded,
        place.Told(place.catalog->LoadTable(context, {place.name_space, identifier.name})));
    return place.Above(std::move(loaded));
  }
  Result<bool> TableExists(const OperationContext& context,
                           const TableIdentifier& identifier) override {
    ICEFRAME_ASSIGN_OR_RETURN(const Place place, Find(context, identifier.name_space));
    return place.Told(place.catalog->TableExists(context, {place.name_space, identifier.name}));
  }
  Result<std::optional<std::string>> FindMetadataLocation(
      const OperationContext& context, const TableIdentifier& identifier) override {
    ICEFRAME_ASSIGN_OR_RETURN(const Place place, Find(context, identifier.name_space));
    return place.Told(
        place.catalog->FindMetadataLocation(context, {place.name_space, identifier.name}));
  }
  Status DropTable(const OperationContext& context, const TableIdentifier& identifier,
                   bool purge) override {
    ICEFRAME_ASSIGN_OR_RETURN(const Place place, Find(context, identifier.name_space));
    return place.Told(
        place.catalog->DropTable(context, {place.name_space, identifier.name}, purge));
  }
  Status RenameTable(const OperationContext& context, const TableIdentifier& from,
                     const TableIdentifier& to) override;
  Result<LoadedTable> RegisterTable(const OperationContext& context,
                                    const TableIdentifier& identifier,
                                    const std::string& metadata_location) override {
    ICEFRAME_ASSIGN_OR_RETURN(const Place place, Find(context, identifier.name_space));
    ICEFRAME_ASSIGN_OR_RETURN(
        LoadedTable loaded, place.Told(place.catalog->RegisterTable(
                                context, {place.name_space, identifier.name}, metadata_location)));
    return place.Above(std::move(loaded));
  }
  CommitOutcome CommitTable(const OperationContext& context, const CommitRequest& request) override;
  Result<std::shared_ptr<FileIO>> FileIOFor(const LoadedTable& table) override {
    ICEFRAME_ASSIGN_OR_RETURN(const Place place,
                              Find(OperationContext(), table.identifier.name_space));
    LoadedTable own = table;
    own.identifier.name_space = place.name_space;
    return place.Told(place.catalog->FileIOFor(own));
  }

 private:
  Result<Place> Find(const OperationContext& context, const Namespace& name_space) const;

  const std::string name_ = "federation";
  const std::shared_ptr<CatalogMembers> members_;
};

Result<Place> FederatedCatalog::Find(const OperationContext& context,
                                     const Namespace& name_space) const {
  if (name_space.empty()) {
    return Error(ErrorKind::kInvalidArgument,
                 "a name in a federation begins with that of a catalog: catalog.namespace.table");
  }
  Place place;
  place.member = name_space[0];
  place.name_space.assign(name_space.begin() + 1, name_space.end());
  if (place.name_space.empty()) place.name_space = {kDefaultNamespace};
  ICEFRAME_ASSIGN_OR_RETURN(place.catalog, members_->Find(context, place.member));
  return place;
}

Result<std::vector<Namespace>> FederatedCatalog::ListNamespaces(const OperationContext& context,
                                                                const Namespace& parent) {
  std::vector<Namespace> found;
  if (parent.empty()) {
    for (std::string& name : members_->names()) found.push_back({std::move(name)});
    std::ranges::sort(found);
    return found;
  }
  ICEFRAME_ASSIGN_OR_RETURN(const Place place, Find(context, parent));
  const Namespace own(parent.begin() + 1, parent.end());
  ICEFRAME_ASSIGN_OR_RETURN(found, place.Told(place.catalog->ListNamespaces(context, own)));
  for (Namespace& name_space : found) name_space = place.Above(name_space);
  return found;
}

Status FederatedCatalog::RenameTable(const OperationContext& context, const TableIdentifier& from,
                                     const TableIdentifier& to) {
  ICEFRAME_ASSIGN_OR_RETURN(const Place source, Find(context, from.name_space));
  ICEFRAME_ASSIGN_OR_RETURN(const Place target, Find(context, to.name_space));
  if (source.member != target.member) {
    return Error(ErrorKind::kUnsupported,
                 "a table can't be renamed into another catalog: ", from.ToString(), " to ",
                 to.ToString(), "; register it there by its metadata file");
  }
  return source.Told(source.catalog->RenameTable(context, {source.name_space, from.name},
                                                 {target.name_space, to.name}));
}

CommitOutcome FederatedCatalog::CommitTable(const OperationContext& context,
                                            const CommitRequest& request) {
  CommitOutcome outcome;
  const Result<Place> place = Find(context, request.identifier.name_space);
  if (!place.ok()) {
    outcome.kind = CommitOutcomeKind::kRejected;
    outcome.status = place.status();
    return outcome;
  }
  CommitRequest own = request;
  own.identifier.name_space = place->name_space;
  outcome = place->catalog->CommitTable(context, own);
  outcome.status = place->Told(outcome.status);
  if (outcome.table) outcome.table = place->Above(*std::move(outcome.table));
  return outcome;
}

}  // namespace

std::shared_ptr<Catalog> MakeFederatedCatalog(std::shared_ptr<CatalogMembers> members) {
  return std::make_shared<FederatedCatalog>(std::move(members));
}

}  // namespace iceframe
