// SPDX-License-Identifier: Apache-2.0
// A database as the SQL catalog needs it: what its SQL writes otherwise than others', connections
// for one operation each, transactions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/catalog/connection_pool.h"
#include "iceframe/catalog/pointer_store_internal.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// What one database's SQL writes otherwise than another's.
struct SqlDialect {
  /// Stands before a parameter's number: '?' for ?1, '$' for $1.
  char parameter = '?';
  /// A statement that lists the columns of table ?1.
  std::string_view columns_of;
  /// Ends an INSERT that changes the value of a property where its key is there.
  std::string_view or_set_property;
  /// Ends an INSERT that leaves the row that is there.
  std::string_view or_ignore;
  /// Whether each question takes a trip to a server: what can't change is asked once.
  bool is_remote = false;
  /// Ends a SELECT in a transaction, whose row must then stay as it is: " FOR UPDATE"; empty where
  /// a transaction has the database to itself.
  std::string_view row_lock;
};

using SqlRow = std::vector<std::optional<std::string>>;
using SqlParameters = std::vector<std::optional<std::string>>;

/// One connection, used by one thread at a time.
///
/// Its errors tell what they mean for a commit. AlreadyExists: a key is there. Unavailable,
/// Timeout, Cancelled: others hold a lock, or the database is away. Statements that failed have
/// changed nothing; of a transaction's end, see TransactionEnd.
class SqlConnection {
 public:
  virtual ~SqlConnection() = default;
  /// Parameters are bound, never pasted into the text.
  virtual Result<std::vector<SqlRow>> Query(std::string_view sql,
                                            const SqlParameters& parameters = {}) = 0;
  /// Runs a statement without rows and returns how many it changed.
  virtual Result<int64_t> Execute(std::string_view sql, const SqlParameters& parameters = {}) = 0;
  /// Takes the write lock, where the database has one for all its rows.
  virtual Status Begin() = 0;
  virtual TransactionEnd Commit() = 0;
  virtual void Rollback() = 0;
};

/// Rolls back unless Commit was called.
class SqlTransaction {
 public:
  static Result<std::unique_ptr<SqlTransaction>> Begin(SqlConnection* connection) {
    ICEFRAME_RETURN_NOT_OK(connection->Begin());
    return std::unique_ptr<SqlTransaction>(new SqlTransaction(connection));
  }
  SqlTransaction(const SqlTransaction&) = delete;
  SqlTransaction& operator=(const SqlTransaction&) = delete;
  ~SqlTransaction() { Rollback(); }

  TransactionEnd Commit() { return std::exchange(connection_, nullptr)->Commit(); }
  void Rollback() {
    if (connection_ != nullptr) std::exchange(connection_, nullptr)->Rollback();
  }

 private:
  explicit SqlTransaction(SqlConnection* connection) : connection_(connection) {}
  SqlConnection* connection_;
};

/// Thread-safe.
class SqlDatabase {
 public:
  virtual ~SqlDatabase() = default;
  virtual const SqlDialect& dialect() const = 0;
  /// Where it is, without secrets; equal for equal users of one database.
  virtual std::string ToString() const = 0;
  /// A connection for one operation, given back when it is destroyed. The context must outlive it.
  virtual Result<std::shared_ptr<SqlConnection>> Acquire(const OperationContext& context) = 0;

  /// Where its connections come from; nullptr: it has only one, in which it lives.
  virtual std::shared_ptr<ConnectionPool> connections() const = 0;
  /// A connection of that pool, which `holder` has on loan, for one operation.
  virtual Result<std::shared_ptr<SqlConnection>> Use(const OperationContext& context,
                                                     std::shared_ptr<void> holder,
                                                     PooledConnection* connection) = 0;

  /// Whether it is there with what a catalog needs; else its first change makes it.
  virtual Result<bool> IsThere(const OperationContext& context) = 0;
  /// Whether it could be made, as far as that is seen without trying.
  virtual bool CanBeMade() const = 0;
  /// Makes what must be there before it can be connected to.
  virtual Status MakePlace() { return Status::OK(); }
};

}  // namespace iceframe
