// SPDX-License-Identifier: Apache-2.0
// The SQL catalog: table names and metadata locations in a database, SQLite or PostgreSQL.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/catalog/catalog.h"

namespace iceframe {

struct SqlCatalogOptions {
  /// The value of the column catalog_name; catalogs of several names share a database.
  std::string name = "iceframe";
  /// "sqlite:///relative.db", "sqlite:////absolute.db" or "sqlite:///:memory:";
  /// "postgresql://user:password@host:5432/database", also as SQLAlchemy and JDBC write it.
  std::string uri;
  /// Made, seen by its owner alone, before a new database is put into it; empty: it is there.
  std::string private_folder = {};
  /// Whether the database is looked at when the catalog is made; else by its first use.
  bool connect = true;
  /// Whether the layout's tables are made where they are absent.
  bool create_tables = true;
  /// Whether an older layout gets the column iceberg_type.
  bool add_type_column = false;
  /// warehouse, allowed-locations, jdbc.user and its family, and what the FileIO takes.
  Properties properties;
  /// Put around the FileIO of tables and metadata; see FileIOOptions.
  std::function<std::shared_ptr<FileIO>(std::shared_ptr<FileIO>)> wrap_file_io = {};
};

/// Opens the catalog. A database that is not there is made by the first change; until then the
/// catalog is empty. The layout is that of PyIceberg's SqlCatalog and Java's JdbcCatalog (with and
/// without the column iceberg_type): they may use the same database at the same time.
///
/// Safe for many threads, processes and forks; see docs/catalogs.md. Waiting for the database's
/// lock ends when the operation is cancelled, at its deadline, or at the setting
/// catalog.lock_timeout. Supports locked commits.
Result<std::shared_ptr<Catalog>> MakeSqlCatalog(const OperationContext& context,
                                                SqlCatalogOptions options);

}  // namespace iceframe
