// SPDX-License-Identifier: Apache-2.0
// What an SQL catalog asks its database, in the database's dialect.
#pragma once

#include <string>

#include "iceframe/catalog/sql_database_internal.h"
#include "iceframe/catalog/sql_layout_internal.h"

namespace iceframe {

/// Every statement about the rows of a layout. The first parameter is the catalog's name, the
/// second a namespace in its dotted form; further ones are named beside each.
///
/// Rows of other types than tables, such as views, are left alone.
struct SqlStatements {
  static SqlStatements Make(const SqlDialect& dialect, SqlLayout layout);

  std::string find_table;  // table
  /// As find_table, for a transaction: the row stays as it is until the transaction ends.
  std::string find_and_hold_table;  // table
  std::string tables_in;
  /// Of any catalog in the database.
  std::string other_table_below;  // table, prefix of the location
  std::string insert_table;       // table, location
  std::string swap_table;         // table, location to be, location as it must be
  std::string rename_table;       // table, new namespace, new table
  std::string delete_table;       // table

  std::string namespace_exists;  // prefix of the names below it
  std::string namespaces_below;  // here the second parameter is a prefix
  std::string properties;
  std::string set_property;     // key, value
  std::string add_property;     // key, value; leaves what is there
  std::string remove_property;  // key
  std::string remove_namespace;
};

}  // namespace iceframe
