// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include "iceframe/catalog/catalog_settings.h"
#include "iceframe/catalog/connection_pool.h"
#include "iceframe/catalog/postgres_connection_internal.h"
#include "iceframe/catalog/postgres_database_internal.h"
#include "iceframe/catalog/postgres_uri_internal.h"
#include "iceframe/catalog/sql_layout_internal.h"

namespace iceframe {

namespace {

using std::chrono::milliseconds;

// How often a server that is away is asked again.
constexpr milliseconds kPause{100};

// A connection as the pool keeps it.
class PooledPostgres final : public PooledConnection {
 public:
  explicit PooledPostgres(std::shared_ptr<const PostgresAddress> address)
      : connection_(std::move(address)) {}

  PostgresConnection* get() { return &connection_; }

  Status Open(const OperationContext& context) {
    connection_.BeginUse(context);
    const Status status = connection_.Open();
    connection_.EndUse();
    return status;
  }

  Status Ping(const OperationContext& context) override {
    connection_.BeginUse(context);
    const Status status = connection_.Ping();
    connection_.EndUse();
    return status;
  }

  Status Reset() override {
    if (connection_.is_in_transaction()) {
      const OperationContext context;
      connection_.BeginUse(context);
      connection_.Rollback();
      connection_.EndUse();
    }
    if (connection_.is_open()) return Status::OK();
    return Error(ErrorKind::kUnavailable, "connection is closed");
  }

 private:
  PostgresConnection connection_;
};

// One operation's use of a connection, which `holder` has on loan.
struct PostgresUse {
  PostgresUse(std::shared_ptr<void> lent, PostgresConnection* used)
      : holder(std::move(lent)), connection(used) {}
  PostgresUse(const PostgresUse&) = delete;
  PostgresUse& operator=(const PostgresUse&) = delete;
  ~PostgresUse() { connection->EndUse(); }

  // Given back after the use's end.
  std::shared_ptr<void> holder;
  PostgresConnection* connection;
};

class PostgresDatabase final : public SqlDatabase {
 public:
  explicit PostgresDatabase(PostgresAddress address)
      : address_(std::make_shared<const PostgresAddress>(std::move(address))) {
    const auto connect =
        [of = address_](
            const OperationContext& context) -> Result<std::unique_ptr<PooledConnection>> {
      auto connection = std::make_unique<PooledPostgres>(of);
      ICEFRAME_RETURN_NOT_OK(connection->Open(context));
      return connection;
    };
    connections_ = std::make_shared<ConnectionPool>(address_->shown, connect);
  }

  const SqlDialect& dialect() const override {
    static constexpr SqlDialect kDialect = {
        .parameter = '$',
        .columns_of =
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND "
            "NOT attisdropped",
        .or_set_property =
            " ON CONFLICT (catalog_name, namespace, property_key) DO UPDATE SET "
            "property_value = excluded.property_value",
        .or_ignore = " ON CONFLICT DO NOTHING",
        .is_remote = true,
        .row_lock = " FOR UPDATE",
    };
    return kDialect;
  }

  std::string ToString() const override { return address_->shown; }
  std::shared_ptr<ConnectionPool> connections() const override { return connections_; }

  // A server that was there once is waited for; one that never was is most likely mistyped.
  Result<std::shared_ptr<SqlConnection>> Acquire(const OperationContext& context) override {
    const SettingsReader settings(kCatalogSettings, context.settings.get());
    ICEFRAME_ASSIGN_OR_RETURN(const auto timeout, settings.Duration("catalog.lock_timeout"));
    ICEFRAME_ASSIGN_OR_RETURN(const auto patience, settings.Duration("catalog.reconnect_timeout"));
    const auto give_up_at = std::chrono::steady_clock::now() + patience;
    while (true) {
      auto lease = connections_->Acquire(context, {.timeout = timeout});
      if (lease.ok()) {
        was_there_ = true;
        PooledConnection* connection = &lease->connection();
        return Use(context, std::make_shared<ConnectionLease>(*std::move(lease)), connection);
      }
      const bool is_away = was_there_ && KindOf(lease.status()) == ErrorKind::kUnavailable;
      if (!is_away || std::chrono::steady_clock::now() >= give_up_at) return lease.status();
      ICEFRAME_RETURN_NOT_OK(context.Sleep(kPause));
    }
  }

  Result<std::shared_ptr<SqlConnection>> Use(const OperationContext& context,
                                             std::shared_ptr<void> holder,
                                             PooledConnection* connection) override {
    PostgresConnection* const used = static_cast<PooledPostgres*>(connection)->get();
    used->BeginUse(context);
    const auto use = std::make_shared<PostgresUse>(std::move(holder), used);
    return std::shared_ptr<SqlConnection>(use, used);
  }

  // The database has to be there; its tables are made by the first change.
  Result<bool> IsThere(const OperationContext& context) override {
    ICEFRAME_ASSIGN_OR_RETURN(const auto connection, Acquire(context));
    return IsSqlLayoutThere(*connection, dialect());
  }
  bool CanBeMade() const override { return true; }

 private:
  const std::shared_ptr<const PostgresAddress> address_;
  std::shared_ptr<ConnectionPool> connections_;
  std::atomic<bool> was_there_{false};
};

}  // namespace

Result<std::shared_ptr<SqlDatabase>> MakePostgresDatabase(const std::string& uri,
                                                          const Properties& properties) {
  ICEFRAME_ASSIGN_OR_RETURN(PostgresAddress address, ParsePostgresUri(uri, properties));
  return std::make_shared<PostgresDatabase>(std::move(address));
}

}  // namespace iceframe
