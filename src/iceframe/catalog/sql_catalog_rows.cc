// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "iceframe/catalog/sql_catalog_rows_internal.h"

namespace iceframe {

namespace {

constexpr std::string_view kCreateTables =
    "CREATE TABLE IF NOT EXISTS iceberg_tables ("
    "catalog_name VARCHAR(255) NOT NULL, "
    "table_namespace VARCHAR(255) NOT NULL, "
    "table_name VARCHAR(255) NOT NULL, "
    "metadata_location VARCHAR(1000), "
    "previous_metadata_location VARCHAR(1000), "
    "iceberg_type VARCHAR(5), "
    "PRIMARY KEY (catalog_name, table_namespace, table_name))";

constexpr std::string_view kCreateProperties =
    "CREATE TABLE IF NOT EXISTS iceberg_namespace_properties ("
    "catalog_name VARCHAR(255) NOT NULL, "
    "namespace VARCHAR(255) NOT NULL, "
    "property_key VARCHAR(255) NOT NULL, "
    "property_value VARCHAR(1000) NOT NULL, "
    "PRIMARY KEY (catalog_name, namespace, property_key))";

// Prefixes are compared by substr: LIKE would ignore case and treat '_' and '%' as patterns.
constexpr std::string_view kNamespaceExists =
    "SELECT EXISTS (SELECT 1 FROM iceberg_tables WHERE catalog_name = ?1 AND "
    "(table_namespace = ?2 OR substr(table_namespace, 1, length(?3)) = ?3)) OR "
    "EXISTS (SELECT 1 FROM iceberg_namespace_properties WHERE catalog_name = ?1 AND "
    "(namespace = ?2 OR substr(namespace, 1, length(?3)) = ?3))";

constexpr std::string_view kNamespacesBelow =
    "SELECT table_namespace FROM iceberg_tables WHERE catalog_name = ?1 AND "
    "substr(table_namespace, 1, length(?2)) = ?2 UNION "
    "SELECT namespace FROM iceberg_namespace_properties WHERE catalog_name = ?1 AND "
    "substr(namespace, 1, length(?2)) = ?2";

enum class Layout { kAbsent, kWithoutType, kWithType };

Result<Layout> LayoutOf(SqliteConnection* connection) {
  Layout layout = Layout::kAbsent;
  ICEFRAME_ASSIGN_OR_RETURN(SqliteStatement columns,
                            connection->Prepare("SELECT name FROM "
                                                "pragma_table_info('iceberg_tables')"));
  while (true) {
    ICEFRAME_ASSIGN_OR_RETURN(const bool found, columns.Step());
    if (!found) break;
    if (columns.Text(0) == "iceberg_type") return Layout::kWithType;
    layout = Layout::kWithoutType;
  }
  return layout;
}

Result<bool> HasPropertiesTable(SqliteConnection* connection) {
  ICEFRAME_ASSIGN_OR_RETURN(
      SqliteStatement columns,
      connection->Prepare("SELECT name FROM pragma_table_info('iceberg_namespace_properties')"));
  return columns.Step();
}

}  // namespace

Status InitializeSqlCatalog(SqliteConnection* connection, bool create, bool add_type_column) {
  ICEFRAME_ASSIGN_OR_RETURN(Layout layout, LayoutOf(connection));
  ICEFRAME_ASSIGN_OR_RETURN(const bool has_properties, HasPropertiesTable(connection));
  const bool is_whole = layout != Layout::kAbsent && has_properties;
  if (!is_whole && !create) {
    return Error(ErrorKind::kNotFound,
                 "catalog database has no catalog tables, and init_catalog_tables is off");
  }
  if (is_whole && (layout == Layout::kWithType || !add_type_column)) return Status::OK();
  ICEFRAME_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(connection));
  ICEFRAME_RETURN_NOT_OK(connection->Execute(kCreateTables).status());
  ICEFRAME_RETURN_NOT_OK(connection->Execute(kCreateProperties).status());
  // Looked at again: another process may have been first.
  ICEFRAME_ASSIGN_OR_RETURN(layout, LayoutOf(connection));
  if (layout == Layout::kWithoutType && add_type_column) {
    ICEFRAME_RETURN_NOT_OK(
        connection->Execute("ALTER TABLE iceberg_tables ADD COLUMN iceberg_type VARCHAR(5)")
            .status());
  }
  return transaction.Commit().status;
}

Result<SqlCatalogRows> SqlCatalogRows::Make(SqliteConnection* connection,
                                            std::string catalog_name) {
  ICEFRAME_ASSIGN_OR_RETURN(const Layout layout, LayoutOf(connection));
  if (layout == Layout::kAbsent) {
    return Error(ErrorKind::kNotFound, "catalog database has lost its catalog tables");
  }
  return SqlCatalogRows(connection, std::move(catalog_name), layout == Layout::kWithType);
}

std::string SqlCatalogRows::TablesOnly(std::string_view sql) const {
  constexpr std::string_view kCondition = " AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)";
  std::string text;
  text.reserve(sql.size() + kCondition.size());
  text.append(sql);
  if (has_type_) text.append(kCondition);
  return text;
}

Result<bool> SqlCatalogRows::NamespaceExists(const std::string& name_space) const {
  ICEFRAME_ASSIGN_OR_RETURN(
      SqliteStatement statement,
      connection_->Prepare(kNamespaceExists, {catalog_name_, name_space, name_space + "."}));
  ICEFRAME_RETURN_NOT_OK(statement.Step().status());
  return statement.Integer(0) != 0;
}

Result<std::set<std::string>> SqlCatalogRows::NamespacesBelow(const std::string& prefix) const {
  ICEFRAME_ASSIGN_OR_RETURN(SqliteStatement statement,
                            connection_->Prepare(kNamespacesBelow, {catalog_name_, prefix}));
  std::set<std::string> names;
  while (true) {
    ICEFRAME_ASSIGN_OR_RETURN(const bool found, statement.Step());
    if (!found) return names;
    names.insert(statement.Text(0).value_or(""));
  }
}

Result<Properties> SqlCatalogRows::NamespaceProperties(const std::string& name_space) const {
  ICEFRAME_ASSIGN_OR_RETURN(
      SqliteStatement statement,
      connection_->Prepare("SELECT property_key, property_value FROM "
                           "iceberg_namespace_properties WHERE catalog_name = ? AND namespace = ?",
                           {catalog_name_, name_space}));
  Properties properties;
  while (true) {
    ICEFRAME_ASSIGN_OR_RETURN(const bool found, statement.Step());
    if (!found) return properties;
    properties[statement.Text(0).value_or("")] = statement.Text(1).value_or("");
  }
}

Status SqlCatalogRows::SetNamespaceProperty(const std::string& name_space, const std::string& key,
                                            const std::string& value) const {
  return connection_
      ->Execute(
          "INSERT OR REPLACE INTO iceberg_namespace_properties "
          "(catalog_name, namespace, property_key, property_value) VALUES (?, ?, ?, ?)",
          {catalog_name_, name_space, key, value})
      .status();
}

Status SqlCatalogRows::AddNamespaceProperty(const std::string& name_space, const std::string& key,
                                            const std::string& value) const {
  return connection_
      ->Execute(
          "INSERT OR IGNORE INTO iceberg_namespace_properties "
          "(catalog_name, namespace, property_key, property_value) VALUES (?, ?, ?, ?)",
          {catalog_name_, name_space, key, value})
      .status();
}

Status SqlCatalogRows::RemoveNamespaceProperty(const std::string& name_space,
                                               const std::string& key) const {
  return connection_
      ->Execute(
          "DELETE FROM iceberg_namespace_properties WHERE catalog_name = ? AND "
          "namespace = ? AND property_key = ?",
          {catalog_name_, name_space, key})
      .status();
}

Status SqlCatalogRows::RemoveNamespace(const std::string& name_space) const {
  return connection_
      ->Execute("DELETE FROM iceberg_namespace_properties WHERE catalog_name = ? AND namespace = ?",
                {catalog_name_, name_space})
      .status();
}

Result<std::vector<std::string>> SqlCatalogRows::TablesIn(const std::string& name_space) const {
  ICEFRAME_ASSIGN_OR_RETURN(
      SqliteStatement statement,
      connection_->Prepare(TablesOnly("SELECT table_name FROM iceberg_tables WHERE "
                                      "catalog_name = ? AND table_namespace = ?") +
                               " ORDER BY table_name",
                           {catalog_name_, name_space}));
  std::vector<std::string> names;
  while (true) {
    ICEFRAME_ASSIGN_OR_RETURN(const bool found, statement.Step());
    if (!found) return names;
    names.push_back(statement.Text(0).value_or(""));
  }
}

Result<std::optional<SqlTableRow>> SqlCatalogRows::FindTable(const std::string& name_space,
                                                             const std::string& table) const {
  ICEFRAME_ASSIGN_OR_RETURN(
      SqliteStatement statement,
      connection_->Prepare(TablesOnly("SELECT metadata_location, previous_metadata_location FROM "
                                      "iceberg_tables WHERE catalog_name = ? AND "
                                      "table_namespace = ? AND table_name = ?"),
                           {catalog_name_, name_space, table}));
  ICEFRAME_ASSIGN_OR_RETURN(const bool found, statement.Step());
  if (!found) return std::optional<SqlTableRow>();
  return SqlTableRow{statement.Text(0).value_or(""), statement.Text(1).value_or("")};
}

Status SqlCatalogRows::InsertTable(const std::string& name_space, const std::string& table,
                                   const std::string& metadata_location) const {
  SqlParameters parameters = {catalog_name_, name_space, table, metadata_location};
  std::string sql =
      "INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, metadata_location, "
      "previous_metadata_location) VALUES (?, ?, ?, ?, NULL)";
  if (has_type_) {
    sql =
        "INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, "
        "metadata_location, previous_metadata_location, iceberg_type) "
        "VALUES (?, ?, ?, ?, NULL, 'TABLE')";
  }
  return connection_->Execute(sql, parameters).status();
}

Result<bool> SqlCatalogRows::DeleteTable(const std::string& name_space,
                                         const std::string& table) const {
  ICEFRAME_ASSIGN_OR_RETURN(
      const int64_t changed,
      connection_->Execute(TablesOnly("DELETE FROM iceberg_tables WHERE catalog_name = ? AND "
                                      "table_namespace = ? AND table_name = ?"),
                           {catalog_name_, name_space, table}));
  return changed == 1;
}

Result<bool> SqlCatalogRows::RenameTable(const std::string& from_namespace,
                                         const std::string& from_table,
                                         const std::string& to_namespace,
                                         const std::string& to_table) const {
  ICEFRAME_ASSIGN_OR_RETURN(
      const int64_t changed,
      connection_->Execute(
          TablesOnly("UPDATE iceberg_tables SET table_namespace = ?, table_name = ? WHERE "
                     "catalog_name = ? AND table_namespace = ? AND table_name = ?"),
          {to_namespace, to_table, catalog_name_, from_namespace, from_table}));
  return changed == 1;
}

Result<bool> SqlCatalogRows::SwapMetadata(const std::string& name_space, const std::string& table,
                                          const std::string& from, const std::string& to) const {
  ICEFRAME_ASSIGN_OR_RETURN(
      const int64_t changed,
      connection_->Execute(
          TablesOnly("UPDATE iceberg_tables SET metadata_location = ?, "
                     "previous_metadata_location = ? WHERE catalog_name = ? AND "
                     "table_namespace = ? AND table_name = ? AND metadata_location = ?"),
          {to, from, catalog_name_, name_space, table, from}));
  return changed == 1;
}

Result<std::optional<std::string>> SqlCatalogRows::OtherTableBelow(const std::string& location,
                                                                   const std::string& name_space,
                                                                   const std::string& table) const {
  ICEFRAME_ASSIGN_OR_RETURN(
      SqliteStatement statement,
      connection_->Prepare(
          "SELECT table_namespace || '.' || table_name FROM iceberg_tables WHERE "
          "substr(metadata_location, 1, length(?1)) = ?1 AND NOT "
          "(catalog_name = ?2 AND table_namespace = ?3 AND table_name = ?4) LIMIT 1",
          {location + "/", catalog_name_, name_space, table}));
  ICEFRAME_ASSIGN_OR_RETURN(const bool found, statement.Step());
  if (!found) return std::optional<std::string>();
  return statement.Text(0);
}

}  // namespace iceframe
