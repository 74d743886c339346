// SPDX-License-Identifier: Apache-2.0
// Namespaces of a catalog of metadata files.
#include <algorithm>
#include <set>
#include <utility>

#include "iceframe/catalog/catalog_errors_internal.h"
#include "iceframe/catalog/catalog_metrics_internal.h"
#include "iceframe/catalog/identifier.h"
#include "iceframe/catalog/metadata_file_catalog_internal.h"

namespace iceframe {

namespace {

Status CheckExists(PointerReader& reader, const Namespace& name_space) {
  ICEFRAME_ASSIGN_OR_RETURN(const bool exists, reader.NamespaceExists(name_space));
  return exists ? Status::OK() : NoNamespace(name_space);
}

Status CheckPropertyKeys(const Properties& updates, const std::vector<std::string>& removals) {
  for (const std::string& key : removals) {
    if (!updates.contains(key)) continue;
    return Error(ErrorKind::kInvalidArgument, "namespace property is both set and removed: ", key);
  }
  if (updates.contains(kNamespaceExistsKey) ||
      std::find(removals.begin(), removals.end(), kNamespaceExistsKey) != removals.end()) {
    return Error(ErrorKind::kInvalidArgument,
                 "namespace property is the catalog's own: ", kNamespaceExistsKey);
  }
  return Status::OK();
}

}  // namespace

Status MetadataFileCatalog::CreateNamespace(const OperationContext& context,
                                            const Namespace& name_space,
                                            const Properties& properties) {
  const CatalogTimer timer(CatalogOperation::kChangeNamespace);
  ICEFRAME_RETURN_NOT_OK(CheckNewNamespace(name_space));
  ICEFRAME_RETURN_NOT_OK(CheckPropertyKeys(properties, {}));
  return Changed([&] { return PutNewNamespace(context, name_space, properties); });
}

Status MetadataFileCatalog::PutNewNamespace(const OperationContext& context,
                                            const Namespace& name_space,
                                            const Properties& properties) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto transaction, store_->Write(context));
  ICEFRAME_ASSIGN_OR_RETURN(const bool exists, transaction->NamespaceExists(name_space));
  if (exists) {
    return Error(ErrorKind::kAlreadyExists,
                 "namespace exists already: ", iceframe::ToString(name_space));
  }
  ICEFRAME_RETURN_NOT_OK(transaction->PutNamespace(name_space, properties, {}));
  return EndOf(*transaction, iceframe::ToString(name_space));
}

Status MetadataFileCatalog::DropNamespace(const OperationContext& context,
                                          const Namespace& name_space) {
  const CatalogTimer timer(CatalogOperation::kChangeNamespace);
  ICEFRAME_RETURN_NOT_OK(CheckNamespace(name_space));
  return Changed([&] { return RemoveNamespace(context, name_space); });
}

Status MetadataFileCatalog::RemoveNamespace(const OperationContext& context,
                                            const Namespace& name_space) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto transaction, store_->Write(context));
  ICEFRAME_RETURN_NOT_OK(CheckExists(*transaction, name_space));
  ICEFRAME_ASSIGN_OR_RETURN(const auto tables, transaction->TablesIn(name_space));
  ICEFRAME_ASSIGN_OR_RETURN(const auto below, transaction->NamespacesBelow(name_space));
  const std::string name = iceframe::ToString(name_space);
  if (!tables.empty() || !below.empty()) {
    return Error(ErrorKind::kInvalidArgument, "namespace is not empty: ", name, " has ",
                 tables.size(), " tables and ", std::set(below.begin(), below.end()).size(),
                 " namespaces below it");
  }
  ICEFRAME_RETURN_NOT_OK(transaction->RemoveNamespace(name_space));
  return EndOf(*transaction, name);
}

Result<std::vector<Namespace>> MetadataFileCatalog::ListNamespaces(const OperationContext& context,
                                                                   const Namespace& parent) {
  const CatalogTimer timer(CatalogOperation::kListNamespaces);
  if (!parent.empty()) ICEFRAME_RETURN_NOT_OK(CheckNamespace(parent));
  ICEFRAME_ASSIGN_OR_RETURN(const auto reader, store_->Read(context));
  if (!parent.empty()) ICEFRAME_RETURN_NOT_OK(CheckExists(*reader, parent));
  ICEFRAME_ASSIGN_OR_RETURN(const auto below, reader->NamespacesBelow(parent));
  std::set<Namespace> children;
  for (const Namespace& name_space : below) {
    const auto end = name_space.begin() + static_cast<std::ptrdiff_t>(parent.size()) + 1;
    // Others may have written names with empty levels.
    if (!std::prev(end)->empty()) children.emplace(name_space.begin(), end);
  }
  return std::vector<Namespace>(children.begin(), children.end());
}

Result<Properties> MetadataFileCatalog::LoadNamespaceProperties(const OperationContext& context,
                                                                const Namespace& name_space) {
  const CatalogTimer timer(CatalogOperation::kLoadNamespace);
  ICEFRAME_RETURN_NOT_OK(CheckNamespace(name_space));
  ICEFRAME_ASSIGN_OR_RETURN(const auto reader, store_->Read(context));
  ICEFRAME_RETURN_NOT_OK(CheckExists(*reader, name_space));
  return reader->NamespaceProperties(name_space);
}

Status MetadataFileCatalog::UpdateNamespaceProperties(const OperationContext& context,
                                                      const Namespace& name_space,
                                                      const Properties& updates,
                                                      const std::vector<std::string>& removals) {
  const CatalogTimer timer(CatalogOperation::kChangeNamespace);
  ICEFRAME_RETURN_NOT_OK(CheckNamespace(name_space));
  ICEFRAME_RETURN_NOT_OK(CheckPropertyKeys(updates, removals));
  return Changed([&]() -> Status {
    ICEFRAME_ASSIGN_OR_RETURN(const auto transaction, store_->Write(context));
    ICEFRAME_RETURN_NOT_OK(CheckExists(*transaction, name_space));
    ICEFRAME_RETURN_NOT_OK(transaction->PutNamespace(name_space, updates, removals));
    return EndOf(*transaction, iceframe::ToString(name_space));
  });
}

Result<bool> MetadataFileCatalog::NamespaceExists(const OperationContext& context,
                                                  const Namespace& name_space) {
  const CatalogTimer timer(CatalogOperation::kLoadNamespace);
  ICEFRAME_RETURN_NOT_OK(CheckNamespace(name_space));
  ICEFRAME_ASSIGN_OR_RETURN(const auto reader, store_->Read(context));
  return reader->NamespaceExists(name_space);
}

}  // namespace iceframe
