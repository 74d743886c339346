// SPDX-License-Identifier: Apache-2.0
// A database and the pool of its connections.
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "iceframe/catalog/catalog_settings.h"
#include "iceframe/catalog/sqlite_database_internal.h"
#include "iceframe/catalog/sqlite_uses_internal.h"

namespace iceframe {

namespace {

// A write-ahead log needs memory shared between the processes that use it, which file systems
// over a network don't give.
bool IsOnNetworkFileSystem(const std::string& path) {
  constexpr auto kNetworkTypes = std::to_array<uint32_t>({
      0x00006969,  // NFS
      0x0000517B,  // SMB
      0xFF534D42,  // CIFS
      0xFE534D42,  // SMB2
      0x65735546,  // FUSE
      0x00C36400,  // Ceph
      0x0BD00BD0,  // Lustre
      0x47504653,  // GPFS
      0x01021997,  // 9P
      0x5346414F,  // AFS
  });
  // The folder may not be there yet; what is above it then tells.
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  struct statfs info{};
  while (statfs(folder.empty() ? "." : folder.c_str(), &info) != 0) {
    if (!folder.has_relative_path()) return false;
    folder = folder.parent_path();
  }
  const auto type = static_cast<uint32_t>(info.f_type);
  return std::find(kNetworkTypes.begin(), kNetworkTypes.end(), type) != kNetworkTypes.end();
}

// A connection as the pool keeps it.
class PooledSqlite final : public PooledConnection {
 public:
  explicit PooledSqlite(std::shared_ptr<SqliteUses> uses)
      : uses_(std::move(uses)), connection_(uses_->MakeConnection()) {}
  ~PooledSqlite() override { uses_->Drop(std::move(connection_)); }

  SqliteConnection* get() { return connection_.get(); }

  Status Ping(const OperationContext& context) override {
    ICEFRAME_RETURN_NOT_OK(uses_->Begin(context, get()));
    Status status = connection_->Query("SELECT 1").status();
    if (status.ok() && !connection_->IsCurrent()) {
      status = Error(ErrorKind::kUnavailable, "catalog database was replaced by another file");
    }
    uses_->End(get());
    return status;
  }

  Status Reset() override {
    if (!connection_->is_in_transaction()) return Status::OK();
    const OperationContext context;
    ICEFRAME_RETURN_NOT_OK(uses_->Begin(context, get()));
    connection_->Rollback();
    uses_->End(get());
    return Status::OK();
  }

 private:
  std::shared_ptr<SqliteUses> uses_;
  std::unique_ptr<SqliteConnection> connection_;
};

// One operation's use of a connection, which `holder` has on loan.
struct SqliteUse {
  SqliteUse(std::shared_ptr<SqliteUses> of, std::shared_ptr<void> lent, SqliteConnection* used)
      : holder(std::move(lent)), uses(std::move(of)), connection(used) {}
  SqliteUse(const SqliteUse&) = delete;
  SqliteUse& operator=(const SqliteUse&) = delete;
  ~SqliteUse() { uses->End(connection); }

  // Given back after the use's end.
  std::shared_ptr<void> holder;
  std::shared_ptr<SqliteUses> uses;
  SqliteConnection* connection;
};

Result<std::chrono::milliseconds> LockTimeout(const OperationContext& context) {
  return SettingsReader(kCatalogSettings, context.settings.get()).Duration("catalog.lock_timeout");
}

}  // namespace

SqliteDatabase::SqliteDatabase(std::string path, std::string private_folder)
    : path_(std::move(path)), private_folder_(std::move(private_folder)) {
  const bool write_ahead_log = !in_memory() && !IsOnNetworkFileSystem(path_);
  uses_ = std::make_shared<SqliteUses>(path_, write_ahead_log);
  if (in_memory()) {
    only_ = uses_->MakeConnection();
    return;
  }
  const auto connect =
      [uses = uses_](const OperationContext& context) -> Result<std::unique_ptr<PooledConnection>> {
    auto connection = std::make_unique<PooledSqlite>(uses);
    ICEFRAME_RETURN_NOT_OK(uses->Begin(context, connection->get()));
    uses->End(connection->get());
    return connection;
  };
  ConnectionPoolOptions options;
  // A file is there or not: nothing is gained by keeping callers from it.
  options.max_connect_failures = 0;
  connections_ = std::make_shared<ConnectionPool>("sqlite:///" + path_, connect, options);
}

SqliteDatabase::~SqliteDatabase() {
  if (only_ != nullptr) uses_->Drop(std::move(only_));
}

bool SqliteDatabase::in_memory() const { return path_ == kInMemoryPath; }

Result<std::shared_ptr<SqliteDatabase>> SqliteDatabase::Make(const std::string& path,
                                                             std::string private_folder) {
  std::string absolute = path;
  if (path != kInMemoryPath) {
    std::error_code code;
    absolute = std::filesystem::absolute(path, code).lexically_normal().string();
    if (code) return Error(ErrorKind::kIo, "catalog database's path can't be resolved: ", path);
  }
  return std::shared_ptr<SqliteDatabase>(
      new SqliteDatabase(std::move(absolute), std::move(private_folder)));
}

Result<bool> SqliteDatabase::IsThere(const OperationContext& /*context*/) {
  std::error_code code;
  return in_memory() || std::filesystem::exists(path_, code);
}

bool SqliteDatabase::CanBeMade() const {
  const auto folder = std::filesystem::path(path_).parent_path();
  return !private_folder_.empty() || access(folder.c_str(), W_OK) == 0;
}

// Only its owner may see into it.
Status SqliteDatabase::MakePlace() {
  if (private_folder_.empty()) return Status::OK();
  std::error_code code;
  const std::filesystem::path path(private_folder_);
  if (std::filesystem::is_directory(path, code)) return Status::OK();
  std::filesystem::create_directories(path, code);
  if (!code) {
    std::filesystem::permissions(path, std::filesystem::perms::owner_all,
                                 std::filesystem::perm_options::replace, code);
  }
  if (!code) return Status::OK();
  return Error(ErrorKind::kIo, "folder of the embedded catalog can't be made: ", private_folder_,
               ": ", code.message());
}

const SqlDialect& SqliteDatabase::dialect() const {
  static constexpr SqlDialect kDialect = {
      .parameter = '?',
      .columns_of = "SELECT name FROM pragma_table_info(?1)",
      .or_set_property =
          " ON CONFLICT (catalog_name, namespace, property_key) DO UPDATE SET "
          "property_value = excluded.property_value",
      .or_ignore = " ON CONFLICT DO NOTHING",
      .row_lock = "",
  };
  return kDialect;
}

Result<std::shared_ptr<SqlConnection>> SqliteDatabase::Acquire(const OperationContext& context) {
  ICEFRAME_RETURN_NOT_OK(context.Check());
  if (in_memory()) return AcquireInMemory(context);
  ICEFRAME_ASSIGN_OR_RETURN(const auto timeout, LockTimeout(context));
  ICEFRAME_ASSIGN_OR_RETURN(auto lease, connections_->Acquire(context, {.timeout = timeout}));
  PooledConnection* connection = &lease.connection();
  return Use(context, std::make_shared<ConnectionLease>(std::move(lease)), connection);
}

Result<std::shared_ptr<SqlConnection>> SqliteDatabase::Use(const OperationContext& context,
                                                           std::shared_ptr<void> holder,
                                                           PooledConnection* connection) {
  SqliteConnection* sqlite = static_cast<PooledSqlite*>(connection)->get();
  ICEFRAME_RETURN_NOT_OK(uses_->Begin(context, sqlite));
  if (!sqlite->IsCurrent()) {
    // Writing to a file that was taken away would lose what is written.
    sqlite->Close();
    const Status status = sqlite->OpenIfClosed();
    if (!status.ok()) {
      uses_->End(sqlite);
      return status;
    }
  }
  const auto use = std::make_shared<SqliteUse>(uses_, std::move(holder), sqlite);
  return std::shared_ptr<SqlConnection>(use, sqlite);
}

Result<std::shared_ptr<SqlConnection>> SqliteDatabase::AcquireInMemory(
    const OperationContext& context) {
  ICEFRAME_RETURN_NOT_OK(only_lock_.Lock(context));
  const auto lock = std::make_shared<std::unique_lock<WriterLock>>(only_lock_, std::adopt_lock);
  ICEFRAME_RETURN_NOT_OK(uses_->Begin(context, only_.get()));
  const auto use = std::make_shared<SqliteUse>(uses_, lock, only_.get());
  return std::shared_ptr<SqlConnection>(use, only_.get());
}

}  // namespace iceframe
