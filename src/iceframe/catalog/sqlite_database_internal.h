// SPDX-License-Identifier: Apache-2.0
// SQLite under an SQL catalog: a connection per use, waiting for locks that can be cancelled, and a
// way through fork().
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/catalog/sql_database_internal.h"

struct sqlite3;
struct sqlite3_stmt;

namespace iceframe {

/// SQLite's SqlConnection.
class SqliteConnection final : public SqlConnection {
 public:
  static Result<std::unique_ptr<SqliteConnection>> Open(const OperationContext& context,
                                                        const std::string& path,
                                                        bool write_ahead_log);
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;
  ~SqliteConnection() override;

  /// Lock waits end with this operation: when cancelled, at its deadline, or at the setting
  /// catalog.lock_timeout. The context must outlive the use.
  void BeginUse(const OperationContext& context);
  void EndUse();

  Result<std::vector<SqlRow>> Query(std::string_view sql,
                                    const SqlParameters& parameters = {}) override;
  Result<int64_t> Execute(std::string_view sql, const SqlParameters& parameters = {}) override;
  /// Takes the database's write lock.
  Status Begin() override;
  TransactionEnd Commit() override;
  void Rollback() override;

 private:
  SqliteConnection() = default;
  static int OnBusy(void* self, int count);
  Status ErrorOf(int code, std::string_view what) const;
  /// The statement of a query, made once per connection; of anything else, made anew. nullptr with
  /// the error's code. Not to be finalized, but reset after its use.
  sqlite3_stmt* Prepare(std::string_view sql, int* code);
  void UseWriteAheadLog();

  struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

  sqlite3* database_ = nullptr;
  // Queries, which are few; and the statement of the last thing that was none.
  std::map<std::string, Statement, std::less<>> queries_;
  Statement other_;
  std::string path_;
  const OperationContext* context_ = nullptr;
  std::chrono::steady_clock::time_point wait_until_;
  std::chrono::milliseconds lock_timeout_{0};
};

/// A database file, or one in memory (path ":memory:"), and its idle connections. Thread-safe.
///
/// fork(): SQLite keeps its locks per process, so before a fork the idle connections are closed
/// and running uses are waited for (at most 5 s); parent and child then open their own. If a use
/// did not end in time, the child refuses that database (Unavailable).
class SqliteDatabase final : public SqlDatabase,
                             public std::enable_shared_from_this<SqliteDatabase> {
 public:
  /// The file is neither made nor looked at before the first Acquire.
  static Result<std::shared_ptr<SqliteDatabase>> Make(const std::string& path);
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;
  ~SqliteDatabase() override;

  const SqlDialect& dialect() const override;
  /// In memory there is only one connection: a second operation waits for the first one's end.
  Result<std::shared_ptr<SqlConnection>> Acquire(const OperationContext& context) override;

  const std::string& path() const { return path_; }
  bool in_memory() const;

 private:
  struct State;
  struct ForkHandlers;
  explicit SqliteDatabase(std::string path);
  Result<std::unique_ptr<SqliteConnection>> TakeOrOpen(const OperationContext& context,
                                                       int64_t* generation);
  void GiveBack(std::unique_ptr<SqliteConnection> connection, int64_t generation);

  std::string path_;
  bool write_ahead_log_ = false;
  std::unique_ptr<State> state_;
};

}  // namespace iceframe
