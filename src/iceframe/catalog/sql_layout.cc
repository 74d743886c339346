// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/sql_layout_internal.h"

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

constexpr std::string_view kAddType =
    "ALTER TABLE iceberg_tables ADD COLUMN iceberg_type VARCHAR(5)";

// Where tables are made and changed in transactions that see each other's (PostgreSQL), somebody
// who makes the same ones at the same time is told of what is there.
constexpr int kLayoutTries = 5;

}  // namespace

Result<SqlLayout> SqlLayoutOf(SqlConnection& connection, const SqlDialect& dialect) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto columns,
                            connection.Query(dialect.columns_of, {"iceberg_tables"}));
  if (columns.empty()) return SqlLayout::kAbsent;
  for (const SqlRow& column : columns) {
    if (column[0] == "iceberg_type") return SqlLayout::kWithType;
  }
  return SqlLayout::kWithoutType;
}

namespace {

Status MakeTables(SqlConnection& connection, const SqlDialect& dialect, bool add_type_column) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto transaction, SqlTransaction::Begin(&connection));
  ICEFRAME_RETURN_NOT_OK(connection.Execute(kCreateTables).status());
  ICEFRAME_RETURN_NOT_OK(connection.Execute(kCreateProperties).status());
  // Looked at again: another process may have been first.
  ICEFRAME_ASSIGN_OR_RETURN(const SqlLayout layout, SqlLayoutOf(connection, dialect));
  if (layout == SqlLayout::kWithoutType && add_type_column) {
    ICEFRAME_RETURN_NOT_OK(connection.Execute(kAddType).status());
  }
  return transaction->Commit().status;
}

}  // namespace

Result<bool> IsSqlLayoutThere(SqlConnection& connection, const SqlDialect& dialect) {
  ICEFRAME_ASSIGN_OR_RETURN(const SqlLayout layout, SqlLayoutOf(connection, dialect));
  if (layout == SqlLayout::kAbsent) return false;
  ICEFRAME_ASSIGN_OR_RETURN(const auto properties,
                            connection.Query(dialect.columns_of, {"iceberg_namespace_properties"}));
  return !properties.empty();
}

Status MakeSqlLayout(SqlConnection& connection, const SqlDialect& dialect, bool create,
                     bool add_type_column) {
  for (int i = 0;; ++i) {
    ICEFRAME_ASSIGN_OR_RETURN(const SqlLayout layout, SqlLayoutOf(connection, dialect));
    ICEFRAME_ASSIGN_OR_RETURN(const bool is_whole, IsSqlLayoutThere(connection, dialect));
    if (!is_whole && !create) {
      return Error(ErrorKind::kNotFound,
                   "catalog database has no catalog tables, and init_catalog_tables is off");
    }
    if (is_whole && (layout == SqlLayout::kWithType || !add_type_column)) return Status::OK();
    Status status = MakeTables(connection, dialect, add_type_column);
    if (KindOf(status) != ErrorKind::kAlreadyExists || i == kLayoutTries) return status;
  }
}

}  // namespace iceframe
