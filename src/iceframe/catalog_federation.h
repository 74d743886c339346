// SPDX-License-Identifier: Apache-2.0
// Several catalogs and the engine over all of them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/format/table_version.h"
#include "iceframe/query/query.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/services/parallel_reads.h"
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
  /// A last column of text with each row's catalog; empty: none.
  std::string catalog_column = {};
  /// The same with each row's table, as it was named.
  std::string table_column = {};
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

 private:
  class Members;
  CatalogFederation(std::shared_ptr<Members> members, std::shared_ptr<Session> session);

  const std::shared_ptr<Members> members_;
  const std::shared_ptr<Session> session_;
};

}  // namespace iceframe
