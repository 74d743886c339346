// SPDX-License-Identifier: Apache-2.0
// SQLite as the SQL catalog needs it: connections per use, write transactions, waiting for locks
// that can be cancelled, and a way through fork().
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"

struct sqlite3;
struct sqlite3_stmt;

namespace iceframe {

/// A prepared statement. Texts are bound, never pasted into SQL. Not thread-safe.
class SqliteStatement {
 public:
  SqliteStatement(SqliteStatement&& other) noexcept;
  SqliteStatement& operator=(SqliteStatement&&) = delete;
  ~SqliteStatement();

  /// Runs to the next row; false at the end.
  Result<bool> Step();
  /// Column `index` (from 0) of the row; nullopt for NULL.
  std::optional<std::string> Text(int index) const;
  int64_t Integer(int index) const;

 private:
  friend class SqliteConnection;
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}
  sqlite3_stmt* statement_;
};

using SqlParameters = std::vector<std::optional<std::string>>;

/// How a transaction's end went.
struct SqliteCommit {
  Status status;
  /// False only if it is proved that nothing was committed.
  bool may_have_landed = false;
};

/// One connection, used by one thread at a time.
class SqliteConnection {
 public:
  static Result<std::unique_ptr<SqliteConnection>> Open(const OperationContext& context,
                                                        const std::string& path,
                                                        bool write_ahead_log);
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;
  ~SqliteConnection();

  /// Lock waits end with this operation: when cancelled, at its deadline, or at the setting
  /// catalog.lock_timeout. The context must outlive the use.
  void BeginUse(const OperationContext& context);
  void EndUse();

  Result<SqliteStatement> Prepare(std::string_view sql, const SqlParameters& parameters = {});
  /// Runs a statement without rows and returns how many it changed.
  Result<int64_t> Execute(std::string_view sql, const SqlParameters& parameters = {});

  /// Takes the write lock.
  Status BeginImmediate();
  SqliteCommit Commit();
  void Rollback();

 private:
  SqliteConnection() = default;
  static int OnBusy(void* self, int count);
  Status ErrorOf(int code, std::string_view what) const;
  void UseWriteAheadLog();

  sqlite3* database_ = nullptr;
  std::string path_;
  const OperationContext* context_ = nullptr;
  std::chrono::steady_clock::time_point wait_until_;
  std::chrono::milliseconds lock_timeout_{0};
};

/// Rolls back unless Commit was called.
class SqliteTransaction {
 public:
  static Result<SqliteTransaction> Begin(SqliteConnection* connection);
  SqliteTransaction(SqliteTransaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)) {}
  SqliteTransaction& operator=(SqliteTransaction&&) = delete;
  ~SqliteTransaction() { Rollback(); }

  SqliteCommit Commit() { return std::exchange(connection_, nullptr)->Commit(); }
  void Rollback() {
    if (connection_ != nullptr) std::exchange(connection_, nullptr)->Rollback();
  }

 private:
  explicit SqliteTransaction(SqliteConnection* connection) : connection_(connection) {}
  SqliteConnection* connection_;
};

/// A database file, or one in memory (path ":memory:"), and its idle connections. Thread-safe.
///
/// fork(): SQLite keeps its locks per process, so before a fork the idle connections are closed
/// and running uses are waited for (at most 5 s); parent and child then open their own. If a use
/// did not end in time, the child refuses that database (Unavailable).
class SqliteDatabase : public std::enable_shared_from_this<SqliteDatabase> {
 public:
  static Result<std::shared_ptr<SqliteDatabase>> Open(const OperationContext& context,
                                                      const std::string& path);
  /// As Open, but the file is neither made nor looked at before the first Acquire.
  static Result<std::shared_ptr<SqliteDatabase>> Make(const std::string& path);
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;
  ~SqliteDatabase();

  /// A connection for one operation; given back when destroyed. In memory there is only one.
  class Use {
   public:
    Use(Use&&) = default;
    Use& operator=(Use&&) = delete;
    ~Use();
    SqliteConnection* operator->() const { return connection_.get(); }
    SqliteConnection* get() const { return connection_.get(); }

   private:
    friend class SqliteDatabase;
    Use(std::shared_ptr<SqliteDatabase> database, std::unique_ptr<SqliteConnection> connection,
        int64_t generation)
        : database_(std::move(database)),
          connection_(std::move(connection)),
          generation_(generation) {}
    std::shared_ptr<SqliteDatabase> database_;
    std::unique_ptr<SqliteConnection> connection_;
    int64_t generation_;
  };
  Result<Use> Acquire(const OperationContext& context);

  const std::string& path() const { return path_; }
  bool in_memory() const;

 private:
  struct State;
  struct ForkHandlers;
  explicit SqliteDatabase(std::string path);
  void GiveBack(std::unique_ptr<SqliteConnection> connection, int64_t generation);

  std::string path_;
  bool write_ahead_log_ = false;
  std::unique_ptr<State> state_;
};

/// Returns the file of "sqlite:///relative.db", "sqlite:////absolute.db" or ":memory:" for
/// "sqlite://" and "sqlite:///:memory:". Also takes "sqlite+pysqlite:".
/// Errors: InvalidArgument for another form or a query parameter that means nothing here.
Result<std::string> SqlitePathOfUri(std::string_view uri);

}  // namespace iceframe
