// SPDX-License-Identifier: Apache-2.0
// SQLite under an SQL catalog: connections from a pool, and waiting for locks that can be
// cancelled.
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
#include "iceframe/catalog/connection_pool.h"
#include "iceframe/catalog/sql_database_internal.h"
#include "iceframe/catalog/writer_lock_internal.h"

struct sqlite3;
struct sqlite3_stmt;

namespace iceframe {

class SqliteUses;

/// SQLite's SqlConnection. Its file is opened with the first use, and again with the next one after
/// it was closed.
class SqliteConnection final : public SqlConnection {
 public:
  SqliteConnection(std::string path, bool write_ahead_log)
      : path_(std::move(path)), write_ahead_log_(write_ahead_log) {}
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;
  ~SqliteConnection() override;

  /// Lock waits end with this operation: when cancelled, at its deadline, or at the setting
  /// catalog.lock_timeout. The context must outlive the use.
  void BeginUse(const OperationContext& context);
  void EndUse();
  /// Within a use.
  Status OpenIfClosed();
  bool is_in_use() const { return context_ != nullptr; }
  bool is_in_transaction() const { return is_in_transaction_; }
  /// Whether the file that it has open is still the one at its path; within a use.
  bool IsCurrent() const;
  void Close();
  /// In a forked child: forgets what is the parent's without touching it.
  void Abandon();

  Result<std::vector<SqlRow>> Query(std::string_view sql,
                                    const SqlParameters& parameters = {}) override;
  Result<int64_t> Execute(std::string_view sql, const SqlParameters& parameters = {}) override;
  /// Takes the database's write lock.
  Status Begin() override;
  TransactionEnd Commit() override;
  void Rollback() override;

 private:
  Status Open();
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
  const std::string path_;
  const bool write_ahead_log_;
  // Which file was opened: device and number.
  std::pair<uint64_t, uint64_t> file_;
  bool is_in_transaction_ = false;
  const OperationContext* context_ = nullptr;
  std::chrono::steady_clock::time_point wait_until_;
  std::chrono::milliseconds lock_timeout_{0};
};

/// A database file, or one in memory (path ":memory:"), and its connections, which come from a
/// pool. Thread-safe.
class SqliteDatabase final : public SqlDatabase {
 public:
  /// The file is neither made nor looked at before the first Acquire. `private_folder` is made,
  /// seen by its owner alone, before a new one is put into it; empty: it is there.
  static Result<std::shared_ptr<SqliteDatabase>> Make(const std::string& path,
                                                      std::string private_folder = {});
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;
  ~SqliteDatabase() override;

  const SqlDialect& dialect() const override;
  /// Waits for a connection as for a lock. In memory there is only one: a second operation waits
  /// for the first one's end.
  Result<std::shared_ptr<SqlConnection>> Acquire(const OperationContext& context) override;
  Result<std::shared_ptr<SqlConnection>> Use(const OperationContext& context,
                                             std::shared_ptr<void> holder,
                                             PooledConnection* connection) override;
  /// nullptr for a database in memory.
  std::shared_ptr<ConnectionPool> connections() const override { return connections_; }
  std::string ToString() const override { return "sqlite:///" + path_; }
  /// The file, whatever is in it.
  Result<bool> IsThere(const OperationContext& context) override;
  bool CanBeMade() const override;
  Status MakePlace() override;

  const std::string& path() const { return path_; }
  bool in_memory() const;

 private:
  SqliteDatabase(std::string path, std::string private_folder);
  Result<std::shared_ptr<SqlConnection>> AcquireInMemory(const OperationContext& context);

  const std::string path_;
  const std::string private_folder_;
  std::shared_ptr<SqliteUses> uses_;
  std::shared_ptr<ConnectionPool> connections_;
  // In memory: the connection, and who uses it.
  std::unique_ptr<SqliteConnection> only_;
  WriterLock only_lock_;
};

}  // namespace iceframe
