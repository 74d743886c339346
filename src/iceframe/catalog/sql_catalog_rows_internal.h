// SPDX-License-Identifier: Apache-2.0
// The rows of an SQL catalog: the tables iceberg_tables and iceberg_namespace_properties, in the
// layout that Java's JdbcCatalog and PyIceberg's SqlCatalog share.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/properties.h"
#include "iceframe/catalog/sqlite_database_internal.h"

namespace iceframe {

/// Makes the layout's tables where they are absent. `add_type_column` adds the column
/// iceberg_type to a layout without it. Errors: NotFound if `create` is false and they are absent.
Status InitializeSqlCatalog(SqliteConnection* connection, bool create, bool add_type_column);

struct SqlTableRow {
  std::string metadata_location;
  std::string previous_metadata_location;
};

/// The rows of one catalog, over a connection in use. Namespaces are in their dotted form. What
/// changes several rows belongs into the caller's transaction.
///
/// Layouts differ in the column iceberg_type (absent in the older one); rows of other types, such
/// as views, are no tables. A namespace exists if it has a property row, or if a table or another
/// namespace lies in it.
class SqlCatalogRows {
 public:
  static Result<SqlCatalogRows> Make(SqliteConnection* connection, std::string catalog_name);

  Result<bool> NamespaceExists(const std::string& name_space) const;
  /// All dotted names that are used, below `prefix` ("a.") or all (empty).
  Result<std::set<std::string>> NamespacesBelow(const std::string& prefix) const;
  Result<Properties> NamespaceProperties(const std::string& name_space) const;
  Status SetNamespaceProperty(const std::string& name_space, const std::string& key,
                              const std::string& value) const;
  /// Leaves what is there.
  Status AddNamespaceProperty(const std::string& name_space, const std::string& key,
                              const std::string& value) const;
  Status RemoveNamespaceProperty(const std::string& name_space, const std::string& key) const;
  Status RemoveNamespace(const std::string& name_space) const;

  Result<std::vector<std::string>> TablesIn(const std::string& name_space) const;
  Result<std::optional<SqlTableRow>> FindTable(const std::string& name_space,
                                               const std::string& table) const;
  /// Errors: AlreadyExists.
  Status InsertTable(const std::string& name_space, const std::string& table,
                     const std::string& metadata_location) const;
  /// Returns whether the row was there.
  Result<bool> DeleteTable(const std::string& name_space, const std::string& table) const;
  /// Returns whether the row was there. Errors: AlreadyExists.
  Result<bool> RenameTable(const std::string& from_namespace, const std::string& from_table,
                           const std::string& to_namespace, const std::string& to_table) const;
  /// Sets the metadata location where it still is `from`; returns whether it was.
  Result<bool> SwapMetadata(const std::string& name_space, const std::string& table,
                            const std::string& from, const std::string& to) const;
  /// A table of any catalog in this database whose metadata lies below `location`, other than the
  /// one named; nullopt if there is none.
  Result<std::optional<std::string>> OtherTableBelow(const std::string& location,
                                                     const std::string& name_space,
                                                     const std::string& table) const;

 private:
  SqlCatalogRows(SqliteConnection* connection, std::string catalog_name, bool has_type)
      : connection_(connection), catalog_name_(std::move(catalog_name)), has_type_(has_type) {}
  std::string TablesOnly(std::string_view sql) const;

  SqliteConnection* connection_;
  std::string catalog_name_;
  bool has_type_;
};

}  // namespace iceframe
