// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/sql_catalog.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <utility>

#include "iceframe/catalog/leased_connection.h"
#include "iceframe/catalog/memory_pointer_store_internal.h"
#include "iceframe/catalog/metadata_file_catalog_internal.h"
#include "iceframe/catalog/sql_layout_internal.h"
#include "iceframe/catalog/sql_pointer_store_internal.h"
#include "iceframe/catalog/sqlite_database_internal.h"
#include "iceframe/catalog/sqlite_uri_internal.h"

namespace iceframe {

namespace {

// Only its owner may see into it.
Status MakePrivateFolder(const std::string& folder) {
  std::error_code code;
  const std::filesystem::path path(folder);
  if (std::filesystem::is_directory(path, code)) return Status::OK();
  std::filesystem::create_directories(path, code);
  if (!code) {
    std::filesystem::permissions(path, std::filesystem::perms::owner_all,
                                 std::filesystem::perm_options::replace, code);
  }
  if (!code) return Status::OK();
  return Error(ErrorKind::kIo, "folder of the embedded catalog can't be made: ", folder, ": ",
               code.message());
}

// A database through a connection on loan; through the pool once that was given back.
class LeasedSqlite final : public SqlDatabase {
 public:
  LeasedSqlite(std::shared_ptr<SqliteDatabase> database, std::shared_ptr<LeasedConnection> leased)
      : database_(std::move(database)), leased_(std::move(leased)) {}

  const SqlDialect& dialect() const override { return database_->dialect(); }
  Result<std::shared_ptr<SqlConnection>> Acquire(const OperationContext& context) override {
    ICEFRAME_ASSIGN_OR_RETURN(auto use, leased_->BeginUse(context));
    if (use == nullptr) return database_->Acquire(context);
    PooledConnection* connection = use->connection();
    return database_->Use(context, std::move(use), connection);
  }

 private:
  const std::shared_ptr<SqliteDatabase> database_;
  const std::shared_ptr<LeasedConnection> leased_;
};

// Pointers in an SQLite database that may not be there yet: the first change makes it; until then
// it is empty.
class SqlitePointerStore final : public PointerStore {
 public:
  SqlitePointerStore(std::shared_ptr<SqliteDatabase> database, const SqlCatalogOptions& options)
      : SqlitePointerStore(database, database,
                           {options.name, options.private_folder, options.create_tables,
                            options.add_type_column}) {}

  // Looks at the database, or makes sure that one can be made where it is to be.
  Status Connect(const OperationContext& context) override {
    // Somebody took it away.
    if (is_initialized_ && !IsThere()) is_initialized_ = false;
    const auto folder = std::filesystem::path(database_->path()).parent_path();
    const bool can_be_made = !options_.private_folder.empty() || access(folder.c_str(), W_OK) == 0;
    const bool can_wait = !IsThere() && options_.create_tables && can_be_made;
    return can_wait ? Status::OK() : Initialize(context);
  }

  std::shared_ptr<ConnectionPool> connections() const override { return database_->connections(); }

  std::unique_ptr<PointerStore> Over(std::shared_ptr<LeasedConnection> connection) const override {
    if (database_->connections() == nullptr) return nullptr;
    auto leased = std::make_shared<LeasedSqlite>(database_, std::move(connection));
    return std::unique_ptr<PointerStore>(
        new SqlitePointerStore(database_, std::move(leased), options_));
  }

  bool holds_what_it_finds() const override { return rows_->holds_what_it_finds(); }

  Result<std::unique_ptr<PointerReader>> Read(const OperationContext& context) override {
    if (!is_initialized_ && !IsThere()) return nothing_->Read(context);
    ICEFRAME_RETURN_NOT_OK(Initialize(context));
    return rows_->Read(context);
  }

  Result<std::unique_ptr<PointerTransaction>> Write(const OperationContext& context) override {
    ICEFRAME_RETURN_NOT_OK(Initialize(context));
    return rows_->Write(context);
  }

 private:
  struct Options {
    std::string catalog_name;
    std::string private_folder;
    bool create_tables;
    bool add_type_column;
  };

  // `used` is the database, or a connection to it.
  SqlitePointerStore(std::shared_ptr<SqliteDatabase> database, std::shared_ptr<SqlDatabase> used,
                     Options options)
      : database_(std::move(database)),
        used_(std::move(used)),
        options_(std::move(options)),
        rows_(MakeSqlPointerStore(used_, options_.catalog_name)) {}

  bool IsThere() const {
    std::error_code code;
    return database_->in_memory() || std::filesystem::exists(database_->path(), code);
  }

  // Makes the database and its tables, as far as they are missing.
  Status Initialize(const OperationContext& context) {
    if (is_initialized_) return Status::OK();
    const std::lock_guard lock(initializing_);
    if (is_initialized_) return Status::OK();
    if (!options_.private_folder.empty()) {
      ICEFRAME_RETURN_NOT_OK(MakePrivateFolder(options_.private_folder));
    }
    ICEFRAME_ASSIGN_OR_RETURN(const auto connection, used_->Acquire(context));
    ICEFRAME_RETURN_NOT_OK(MakeSqlLayout(*connection, database_->dialect(), options_.create_tables,
                                         options_.add_type_column));
    is_initialized_ = true;
    return Status::OK();
  }

  const std::shared_ptr<SqliteDatabase> database_;
  const std::shared_ptr<SqlDatabase> used_;
  const Options options_;
  const std::unique_ptr<PointerStore> rows_;
  const std::unique_ptr<PointerStore> nothing_ = MakeMemoryPointerStore();
  std::mutex initializing_;
  std::atomic<bool> is_initialized_{false};
};

}  // namespace

Result<std::shared_ptr<Catalog>> MakeSqlCatalog(const OperationContext& context,
                                                SqlCatalogOptions options) {
  ICEFRAME_ASSIGN_OR_RETURN(const std::string path, SqlitePathOfUri(options.uri));
  ICEFRAME_ASSIGN_OR_RETURN(Warehouse warehouse,
                            Warehouse::Make(options.properties, options.wrap_file_io));
  ICEFRAME_ASSIGN_OR_RETURN(auto database, SqliteDatabase::Make(path));
  std::string description = "sql catalog '" + options.name + "' at sqlite:///" + database->path();
  const bool is_shared = !database->in_memory();
  auto store = std::make_unique<SqlitePointerStore>(std::move(database), options);
  if (options.connect) ICEFRAME_RETURN_NOT_OK(store->Connect(context));
  return std::make_shared<MetadataFileCatalog>(std::move(options.name), std::move(description),
                                               is_shared, std::move(store), std::move(warehouse));
}

}  // namespace iceframe
