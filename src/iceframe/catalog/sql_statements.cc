// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "iceframe/catalog/sql_statements_internal.h"

namespace iceframe {

namespace {

// Prefixes are compared by substr: LIKE would ignore case and treat '_' and '%' as patterns.
constexpr std::string_view kNamespaceExists =
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM iceberg_tables WHERE catalog_name = ?1 AND "
    "(table_namespace = ?2 OR substr(table_namespace, 1, length(?3)) = ?3)) OR "
    "EXISTS (SELECT 1 FROM iceberg_namespace_properties WHERE catalog_name = ?1 AND "
    "(namespace = ?2 OR substr(namespace, 1, length(?3)) = ?3))";

constexpr std::string_view kNamespacesBelow =
    "SELECT table_namespace FROM iceberg_tables WHERE catalog_name = ?1 AND "
    "substr(table_namespace, 1, length(?2)) = ?2 UNION "
    "SELECT namespace FROM iceberg_namespace_properties WHERE catalog_name = ?1 AND "
    "substr(namespace, 1, length(?2)) = ?2";

constexpr std::string_view kOtherTableBelow =
    "SELECT table_namespace || '.' || table_name FROM iceberg_tables WHERE "
    "substr(metadata_location, 1, length(?4)) = ?4 AND NOT "
    "(catalog_name = ?1 AND table_namespace = ?2 AND table_name = ?3) LIMIT 1";

constexpr std::string_view kInsertProperty =
    "INSERT INTO iceberg_namespace_properties "
    "(catalog_name, namespace, property_key, property_value) VALUES (?1, ?2, ?3, ?4)";

constexpr std::string_view kWhereNamespace = " WHERE catalog_name = ?1 AND namespace = ?2";

class Writer {
 public:
  explicit Writer(const SqlDialect& dialect) : dialect_(dialect) {}

  template <typename... Parts>
  std::string operator()(const Parts&... parts) const {
    std::string text;
    (text.append(parts), ...);
    std::replace(text.begin(), text.end(), '?', dialect_.parameter);
    return text;
  }

 private:
  const SqlDialect& dialect_;
};

}  // namespace

SqlStatements SqlStatements::Make(const SqlDialect& dialect, SqlLayout layout) {
  const Writer write(dialect);
  const bool has_type = layout == SqlLayout::kWithType;
  const std::string tables_only =
      has_type ? " AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)" : "";
  const std::string where_table =
      " WHERE catalog_name = ?1 AND table_namespace = ?2 AND table_name = ?3" + tables_only;
  SqlStatements sql;
  sql.find_table = write("SELECT metadata_location FROM iceberg_tables", where_table);
  sql.find_and_hold_table = write(sql.find_table, dialect.row_lock);
  sql.tables_in = write(
      "SELECT table_name FROM iceberg_tables WHERE catalog_name = ?1 AND table_namespace = ?2",
      tables_only);
  sql.other_table_below = write(kOtherTableBelow);
  sql.insert_table = write(
      "INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, metadata_location, "
      "previous_metadata_location",
      has_type ? ", iceberg_type) VALUES (?1, ?2, ?3, ?4, NULL, 'TABLE')"
               : ") VALUES (?1, ?2, ?3, ?4, NULL)");
  sql.swap_table =
      write("UPDATE iceberg_tables SET metadata_location = ?4, previous_metadata_location = ?5",
            where_table, " AND metadata_location = ?5");
  sql.rename_table =
      write("UPDATE iceberg_tables SET table_namespace = ?4, table_name = ?5", where_table);
  sql.delete_table = write("DELETE FROM iceberg_tables", where_table);
  sql.namespace_exists = write(kNamespaceExists);
  sql.namespaces_below = write(kNamespacesBelow);
  sql.properties = write("SELECT property_key, property_value FROM iceberg_namespace_properties",
                         kWhereNamespace);
  sql.set_property = write(kInsertProperty, dialect.or_set_property);
  sql.add_property = write(kInsertProperty, dialect.or_ignore);
  sql.remove_namespace = write("DELETE FROM iceberg_namespace_properties", kWhereNamespace);
  sql.remove_property = write(sql.remove_namespace, " AND property_key = ?3");
  return sql;
}

}  // namespace iceframe
