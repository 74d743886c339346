// SPDX-License-Identifier: Apache-2.0
// Several catalogs and the engine over all of them.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/format/table_version.h"
#include "iceframe/query/query.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/session.h"

namespace iceframe {

/// A table of one of the catalogs: "users" stands for "default.users" there.
struct FederatedTable {
  std::string catalog;
  std::string table;
  TableVersion version = {};

  /// "catalog.table", as queries of the federation name it.
  std::string ToString() const { return catalog + "." + table; }
};

/// What is wanted of the rows of several tables.
struct UnionTablesOptions {
  /// Columns of the union in the order wanted, SQL too (Query::Select); nullopt: all.
  std::optional<std::vector<std::string>> columns = std::nullopt;
  /// Over the columns of the union.
  std::optional<Expression> filter = std::nullopt;
  /// A column of text with each row's catalog, after all others; empty: none.
  std::string catalog_column = {};
  /// The same with each row's table, as it was named.
  std::string table_column = {};
  /// Columns meet by field id (UnionOptions), as those of tables that were one; false: by name.
  bool by_field_id = false;
};

/// How the rows of a union are read.
struct UnionReadOptions {
  /// A table whose catalog or files fail is left out and told of; false: the first error ends all.
  bool skip_failures = false;
  /// The most tables at once; at least 1.
  int max_parallel = 4;
  /// Put around the rows of each table.
  std::function<std::shared_ptr<arrow::RecordBatchReader>(
      const OperationContext& context, std::shared_ptr<arrow::RecordBatchReader> rows)>
      wrap_rows = {};
};

struct UnionRows {
  struct Failure {
    /// Which of the tables.
    size_t index = 0;
    Status status;
  };
  std::shared_ptr<arrow::Table> rows;
  /// What was left out, in the tables' order.
  std::vector<Failure> failures;
};

/// Catalogs under names, each connected when it is first used. Thread-safe; names have no dots.
///
/// In the federation's session a table is "catalog.namespace.table", or "catalog.table" in the
/// namespace `default`; all that a session does with names, queries over tables of several catalogs
/// among it, is done for these. Each table is read in one state by all parts of a query. Errors of
/// a catalog name it; no configuration is ever shown.
class CatalogFederation final {
 public:
  /// `options`, the catalog aside, are the federation's own: settings, memory, cache and log of
  /// what is read through it.
  static Result<std::shared_ptr<CatalogFederation>> Make(SessionOptions options = {});
  ~CatalogFederation();
  CatalogFederation(const CatalogFederation&) = delete;
  CatalogFederation& operator=(const CatalogFederation&) = delete;

  /// Adds a catalog by its configuration, to be opened as Session::Open does when it is first
  /// asked for. Errors: InvalidArgument for what can't be a name; AlreadyExists.
  Status AddCatalog(const std::string& name, SessionOptions options);
  /// Adds the catalog of a session that is open.
  Status AddCatalog(const std::string& name, std::shared_ptr<Session> session);
  /// Forgets a catalog; what is being read of it is read on. Errors: NotFound.
  Status RemoveCatalog(const std::string& name);
  /// In the order in which they were added.
  std::vector<std::string> ListCatalogs() const;
  /// The catalog's own session, opened where it was not: one for all who ask, several at once
  /// included. A failure is not remembered. Errors: NotFound; those of Session::Open.
  Result<std::shared_ptr<Session>> GetCatalog(const OperationContext& context,
                                              const std::string& name) const;
  /// Over all catalogs, those that are added later too.
  const std::shared_ptr<Session>& session() const;
  std::string ToString() const;

  /// The rows of all tables, in their order, as a query of the federation's session. Columns meet
  /// by name, nested ones too, with types promoted as Query::Union says; what a table lacks is null
  /// in its rows. Errors: InvalidArgument without tables.
  static Result<Query> UnionOf(const std::vector<FederatedTable>& tables,
                               const UnionTablesOptions& options = {});
  /// Runs that query for each table apart, several at once: their catalogs are asked and their
  /// files read side by side, each table's read being an operation. `context` is the session's.
  /// Errors: those of UnionOf and Session::Execute; of a table, which they name, as `how` says:
  /// wrong arguments, a lack of memory and cancelling are nobody's failures.
  Result<UnionRows> ReadUnion(const OperationContext& context,
                              const std::vector<FederatedTable>& tables,
                              const UnionTablesOptions& options = {},
                              const UnionReadOptions& how = {}) const;

 private:
  class Members;
  CatalogFederation(std::shared_ptr<Members> members, std::shared_ptr<Session> session);

  const std::shared_ptr<Members> members_;
  const std::shared_ptr<Session> session_;
};

}  // namespace iceframe
