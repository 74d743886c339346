// SPDX-License-Identifier: Apache-2.0
// The tables of an SQL catalog, in the layout that Java's JdbcCatalog and PyIceberg's SqlCatalog
// share: iceberg_tables and iceberg_namespace_properties.
#pragma once

#include "iceframe/catalog/sql_database_internal.h"

namespace iceframe {

/// Layouts differ in the column iceberg_type, which the older one does not have.
enum class SqlLayout { kAbsent, kWithoutType, kWithType };

Result<SqlLayout> SqlLayoutOf(SqlConnection& connection, const SqlDialect& dialect);

/// Whether both of its tables are there.
Result<bool> IsSqlLayoutThere(SqlConnection& connection, const SqlDialect& dialect);

/// Makes the layout's tables where they are absent. `add_type_column` adds the column
/// iceberg_type to a layout without it. Errors: NotFound if `create` is false and they are absent.
Status MakeSqlLayout(SqlConnection& connection, const SqlDialect& dialect, bool create,
                     bool add_type_column);

}  // namespace iceframe
