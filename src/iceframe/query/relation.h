// SPDX-License-Identifier: Apache-2.0
// What a query reads, as plans see it: a name, columns, a guess of its size.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "iceframe/base/result.h"
#include "iceframe/format/table_version.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// A table at one version. Who resolved it knows what is behind it; plans don't.
class Relation {
 public:
  virtual ~Relation() = default;
  /// As the user named it.
  virtual const std::string& name() const = 0;
  /// Equal for the same state of the same table alone.
  virtual const std::string& canonical_name() const = 0;
  /// Its columns, with the table's field ids.
  virtual const std::shared_ptr<const Schema>& schema() const = 0;
  /// Rows, if something cheap tells; deletes may not be counted off.
  virtual std::optional<int64_t> estimated_rows() const = 0;
};

/// What a query calls a relation before it is resolved.
struct RelationName {
  std::string name;
  TableVersion version;
};

/// Finds relations by name. Errors: NotFound, and those of the catalog.
class RelationResolver {
 public:
  virtual ~RelationResolver() = default;
  virtual Result<std::shared_ptr<const Relation>> Resolve(const RelationName& name) = 0;
};

}  // namespace iceframe
