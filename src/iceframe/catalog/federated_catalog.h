// SPDX-License-Identifier: Apache-2.0
// Several catalogs as one: the first level of a name says which of them is meant.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/catalog/catalog.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// The catalogs of a federated one, under their names. Thread-safe.
class CatalogMembers {
 public:
  virtual ~CatalogMembers() = default;
  /// Connects where nobody did before. Errors: NotFound for an unknown name; those of connecting.
  virtual Result<std::shared_ptr<Catalog>> Find(const OperationContext& context,
                                                const std::string& name) = 0;
  virtual std::vector<std::string> names() const = 0;
};

/// Makes the catalog whose namespaces are its members' below their names: a.b.t is table b.t of
/// member a, and a.t its default.t. Every call is the member's own, with the member named in its
/// errors. Unsupported: renaming from one member to another, and locked commits.
std::shared_ptr<Catalog> MakeFederatedCatalog(std::shared_ptr<CatalogMembers> members);

}  // namespace iceframe
