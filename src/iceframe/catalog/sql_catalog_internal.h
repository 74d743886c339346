// SPDX-License-Identifier: Apache-2.0
// The class behind MakeSqlCatalog: namespaces and names in sql_catalog.cc, commits in
// sql_catalog_commit.cc.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "iceframe/catalog/catalog.h"
#include "iceframe/catalog/sql_catalog.h"
#include "iceframe/catalog/sql_catalog_rows_internal.h"
#include "iceframe/catalog/sqlite_database_internal.h"
#include "iceframe/catalog/staged_metadata_internal.h"
#include "iceframe/catalog/warehouse_internal.h"

namespace iceframe {

class SqlCatalog final : public Catalog {
 public:
  SqlCatalog(SqlCatalogOptions options, std::shared_ptr<SqliteDatabase> database,
             Warehouse warehouse)
      : options_(std::move(options)),
        database_(std::move(database)),
        warehouse_(std::move(warehouse)) {}

  /// Looks at the database, or makes sure that one can be made where it is to be.
  Status Open(const OperationContext& context);

  const std::string& name() const override { return options_.name; }
  std::string ToString() const override;

  Status CreateNamespace(const OperationContext& context, const Namespace& name_space,
                         const Properties& properties) override;
  Status DropNamespace(const OperationContext& context, const Namespace& name_space) override;
  Result<std::vector<Namespace>> ListNamespaces(const OperationContext& context,
                                                const Namespace& parent) override;
  Result<Properties> LoadNamespaceProperties(const OperationContext& context,
                                             const Namespace& name_space) override;
  Status UpdateNamespaceProperties(const OperationContext& context, const Namespace& name_space,
                                   const Properties& updates,
                                   const std::vector<std::string>& removals) override;
  Result<bool> NamespaceExists(const OperationContext& context,
                               const Namespace& name_space) override;
  Result<std::vector<TableIdentifier>> ListTables(const OperationContext& context,
                                                  const Namespace& name_space) override;
  Result<LoadedTable> CreateTable(const OperationContext& context,
                                  const CreateTableRequest& request) override;
  Result<LoadedTable> LoadTable(const OperationContext& context,
                                const TableIdentifier& identifier) override;
  Result<bool> TableExists(const OperationContext& context,
                           const TableIdentifier& identifier) override;
  Status DropTable(const OperationContext& context, const TableIdentifier& identifier,
                   bool purge) override;
  Status RenameTable(const OperationContext& context, const TableIdentifier& from,
                     const TableIdentifier& to) override;
  Result<LoadedTable> RegisterTable(const OperationContext& context,
                                    const TableIdentifier& identifier,
                                    const std::string& metadata_location) override;
  CommitOutcome CommitTable(const OperationContext& context, const CommitRequest& request) override;
  CommitOutcome CommitTableLocked(const OperationContext& context,
                                  const TableIdentifier& identifier,
                                  const RebaseFunction& rebase) override;
  bool supports_locked_commit() const override { return true; }
  Result<std::shared_ptr<FileIO>> FileIOFor(const LoadedTable& table) override;

 private:
  /// The rows over a connection that is in use as long as this lives.
  struct Session {
    SqliteDatabase::Use use;
    SqlCatalogRows rows;
  };
  /// To change something: makes the database where there is none.
  Result<Session> OpenSession(const OperationContext& context);
  /// To look only: an empty database stands in for one that is not there.
  Result<Session> OpenToRead(const OperationContext& context);
  Result<Session> SessionOf(SqliteDatabase& database, const OperationContext& context) const;
  bool HasFile() const;
  /// Makes the database and its tables, as far as they are missing.
  Status Initialize(const OperationContext& context);
  Result<LoadedTable> LoadRow(const OperationContext& context, const TableIdentifier& identifier,
                              const SqlTableRow& row);
  /// Reads the row and gives the database back before it reads the file; nullopt: no such table.
  Result<std::optional<LoadedTable>> FindAndLoad(const OperationContext& context,
                                                 const TableIdentifier& identifier);
  Result<std::string> LocationForNewTable(const OperationContext& context,
                                          const CreateTableRequest& request);
  Status CheckNoOtherTableBelow(const SqlCatalogRows& rows, const LoadedTable& table) const;

  /// Puts a staged file into the row: an UPDATE from `current`, or an INSERT where there is none.
  /// CommitConflict or AlreadyExists if another writer was first.
  Status Swap(const SqlCatalogRows& rows, const TableIdentifier& identifier,
              const LoadedTable* current, const StagedMetadata& staged) const;
  CommitOutcome SwapInTransaction(const OperationContext& context, FileIO& io,
                                  const TableIdentifier& identifier, const LoadedTable* current,
                                  const StagedMetadata& staged);
  CommitOutcome AfterCommit(const OperationContext& context, FileIO& io,
                            const TableIdentifier& identifier, const LoadedTable* current,
                            const StagedMetadata& staged, const SqliteCommit& commit);
  bool HasLanded(const OperationContext& context, const TableIdentifier& identifier,
                 const StagedMetadata& staged);
  CommitOutcome TryCommit(const OperationContext& context, const CommitRequest& request);
  CommitOutcome TryCommitLocked(const OperationContext& context, const TableIdentifier& identifier,
                                const RebaseFunction& rebase);

  SqlCatalogOptions options_;
  std::shared_ptr<SqliteDatabase> database_;
  std::mutex initializing_;
  std::atomic<bool> is_initialized_{false};
  // In memory, without rows; nullptr where the database was there from the start.
  std::shared_ptr<SqliteDatabase> nothing_;
  Warehouse warehouse_;
};

}  // namespace iceframe
