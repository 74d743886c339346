// SPDX-License-Identifier: Apache-2.0
// What a query reads, as plans see it: a name, columns, a guess of its size.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "iceframe/base/result.h"
#include "iceframe/format/table_version.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// Reads a relation's rows; who runs plans says how (execution/relation_source.h).
class RelationSource;

/// Rows that a query may read: a table at one version, rows in memory, a service's own.
struct Relation {
  /// As the user named it, or as people should see it.
  std::string name;
  /// Equal for the same rows of the same thing alone, in this process and others.
  std::string canonical_name;
  /// Rows that whoever gave them may still change: bytes that are equal for equal rows alone, those
  /// there are now; nullopt comes back where there are too many. Empty: the rows never change.
  std::function<std::optional<std::string>()> content = {};
  /// Its columns; a table's carry the table's field ids.
  std::shared_ptr<const Schema> schema;
  /// Rows, if something cheap tells; deletes may not be counted off.
  std::optional<int64_t> estimated_rows;
  /// Whether the source counts rows and finds extremes for less than reading them all.
  bool has_statistics = false;
  /// Finds a column that `schema` has not, under an id that the spec reserves for it; nullptr comes
  /// back where there is none. Empty: there are no such columns.
  std::function<Result<std::shared_ptr<const NestedField>>(const std::string& name)>
      find_metadata_column = {};
  /// nullptr: can be planned, not run.
  std::shared_ptr<const RelationSource> source;
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
