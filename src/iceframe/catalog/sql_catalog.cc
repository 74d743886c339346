// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/sql_catalog.h"

#include <atomic>
#include <mutex>
#include <utility>

#include "iceframe/catalog/leased_connection.h"
#include "iceframe/catalog/memory_pointer_store_internal.h"
#include "iceframe/catalog/metadata_file_catalog_internal.h"
#include "iceframe/catalog/postgres_database_internal.h"
#include "iceframe/catalog/postgres_uri_internal.h"
#include "iceframe/catalog/sql_layout_internal.h"
#include "iceframe/catalog/sql_pointer_store_internal.h"
#include "iceframe/catalog/sqlite_database_internal.h"
#include "iceframe/catalog/sqlite_uri_internal.h"

namespace iceframe {

namespace {

// A database through a connection on loan; through the pool once that was given back.
class LeasedDatabase final : public SqlDatabase {
 public:
  LeasedDatabase(std::shared_ptr<SqlDatabase> database, std::shared_ptr<LeasedConnection> leased)
      : database_(std::move(database)), leased_(std::move(leased)) {}

  const SqlDialect& dialect() const override { return database_->dialect(); }
  std::string ToString() const override { return database_->ToString(); }
  Result<std::shared_ptr<SqlConnection>> Acquire(const OperationContext& context) override {
    ICEFRAME_ASSIGN_OR_RETURN(auto use, leased_->BeginUse(context));
    if (use == nullptr) return database_->Acquire(context);
    PooledConnection* connection = use->connection();
    return database_->Use(context, std::move(use), connection);
  }
  std::shared_ptr<ConnectionPool> connections() const override { return database_->connections(); }
  Result<std::shared_ptr<SqlConnection>> Use(const OperationContext& context,
                                             std::shared_ptr<void> holder,
                                             PooledConnection* connection) override {
    return database_->Use(context, std::move(holder), connection);
  }
  Result<bool> IsThere(const OperationContext& context) override {
    return database_->IsThere(context);
  }
  bool CanBeMade() const override { return database_->CanBeMade(); }
  Status MakePlace() override { return database_->MakePlace(); }

 private:
  const std::shared_ptr<SqlDatabase> database_;
  const std::shared_ptr<LeasedConnection> leased_;
};

// Pointers in a database that may not be there yet: the first change makes it; until then it is
// empty.
class LazySqlPointerStore final : public PointerStore {
 public:
  struct Options {
    std::string catalog_name;
    bool create_tables;
    bool add_type_column;
  };

  // `used` is the database, or a connection to it.
  LazySqlPointerStore(std::shared_ptr<SqlDatabase> database, std::shared_ptr<SqlDatabase> used,
                      Options options)
      : database_(std::move(database)),
        used_(std::move(used)),
        options_(std::move(options)),
        rows_(MakeSqlPointerStore(used_, options_.catalog_name)) {}

  // Looks at the database, or makes sure that one can be made where it is to be.
  Status Connect(const OperationContext& context) override {
    ICEFRAME_ASSIGN_OR_RETURN(const bool is_there, used_->IsThere(context));
    // Somebody took it away.
    if (!is_there) is_initialized_ = false;
    const bool can_wait = !is_there && options_.create_tables && database_->CanBeMade();
    return can_wait ? Status::OK() : Initialize(context);
  }

  std::shared_ptr<ConnectionPool> connections() const override { return database_->connections(); }

  std::unique_ptr<PointerStore> Over(std::shared_ptr<LeasedConnection> connection) const override {
    if (database_->connections() == nullptr) return nullptr;
    auto leased = std::make_shared<LeasedDatabase>(database_, std::move(connection));
    return std::make_unique<LazySqlPointerStore>(database_, std::move(leased), options_);
  }

  bool holds_what_it_finds() const override { return rows_->holds_what_it_finds(); }
  int num_tries() const override { return rows_->num_tries(); }

  Result<std::unique_ptr<PointerReader>> Read(const OperationContext& context) override {
    if (!is_initialized_) {
      ICEFRAME_ASSIGN_OR_RETURN(const bool is_there, used_->IsThere(context));
      if (!is_there) return nothing_->Read(context);
    }
    ICEFRAME_RETURN_NOT_OK(Initialize(context));
    return rows_->Read(context);
  }

  Result<std::unique_ptr<PointerTransaction>> Write(const OperationContext& context) override {
    ICEFRAME_RETURN_NOT_OK(Initialize(context));
    return rows_->Write(context);
  }

 private:
  // Makes the database and its tables, as far as they are missing.
  Status Initialize(const OperationContext& context) {
    if (is_initialized_) return Status::OK();
    const std::lock_guard lock(initializing_);
    if (is_initialized_) return Status::OK();
    ICEFRAME_RETURN_NOT_OK(used_->MakePlace());
    ICEFRAME_ASSIGN_OR_RETURN(const auto connection, used_->Acquire(context));
    ICEFRAME_RETURN_NOT_OK(MakeSqlLayout(*connection, database_->dialect(), options_.create_tables,
                                         options_.add_type_column));
    is_initialized_ = true;
    return Status::OK();
  }

  const std::shared_ptr<SqlDatabase> database_;
  const std::shared_ptr<SqlDatabase> used_;
  const Options options_;
  const std::unique_ptr<PointerStore> rows_;
  const std::unique_ptr<PointerStore> nothing_ = MakeMemoryPointerStore();
  std::mutex initializing_;
  std::atomic<bool> is_initialized_{false};
};

Result<std::shared_ptr<SqlDatabase>> MakeDatabase(const SqlCatalogOptions& options) {
  if (IsPostgresUri(options.uri)) return MakePostgresDatabase(options.uri, options.properties);
  ICEFRAME_ASSIGN_OR_RETURN(const std::string path, SqlitePathOfUri(options.uri));
  return SqliteDatabase::Make(path, options.private_folder);
}

}  // namespace

Result<std::shared_ptr<Catalog>> MakeSqlCatalog(const OperationContext& context,
                                                SqlCatalogOptions options) {
  ICEFRAME_ASSIGN_OR_RETURN(auto database, MakeDatabase(options));
  ICEFRAME_ASSIGN_OR_RETURN(Warehouse warehouse,
                            Warehouse::Make(options.properties, options.wrap_file_io));
  std::string description = "sql catalog '" + options.name + "' at " + database->ToString();
  const bool is_shared = database->connections() != nullptr;
  auto store = std::make_unique<LazySqlPointerStore>(
      database, database,
      LazySqlPointerStore::Options{options.name, options.create_tables, options.add_type_column});
  if (options.connect) ICEFRAME_RETURN_NOT_OK(store->Connect(context));
  return std::make_shared<MetadataFileCatalog>(std::move(options.name), std::move(description),
                                               is_shared, std::move(store), std::move(warehouse));
}

}  // namespace iceframe
