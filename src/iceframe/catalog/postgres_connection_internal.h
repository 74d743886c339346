// SPDX-License-Identifier: Apache-2.0
// One connection to a PostgreSQL server: waits that can be cancelled, and what a broken connection
// leaves open.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/catalog/postgres_library_internal.h"
#include "iceframe/catalog/postgres_uri_internal.h"
#include "iceframe/catalog/sql_database_internal.h"

namespace iceframe {

/// PostgreSQL's SqlConnection. Where the server goes away, what may be asked twice (a query outside
/// of a transaction, the begin of one) is asked again over a new connection, for the setting
/// catalog.reconnect_timeout; a transaction's end never is: the server is asked what became of it.
///
/// Used by one thread at a time, and between BeginUse and EndUse only.
class PostgresConnection final : public SqlConnection {
 public:
  explicit PostgresConnection(std::shared_ptr<const PostgresAddress> address);
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;
  ~PostgresConnection() override;

  /// Waits end with this operation: when cancelled, at its deadline, or at the setting
  /// catalog.lock_timeout. The context must outlive the use.
  void BeginUse(const OperationContext& context);
  void EndUse() { context_ = nullptr; }
  /// Errors: Unavailable, Unauthorized, NotFound (no such database), InvalidArgument (a parameter
  /// that libpq doesn't know), Timeout, Cancelled. Within a use.
  Status Open();
  bool is_open() const { return handle_ != nullptr; }
  bool is_in_transaction() const { return is_in_transaction_; }
  /// Asks for a sign of life, once. Within a use.
  Status Ping();

  Result<std::vector<SqlRow>> Query(std::string_view sql,
                                    const SqlParameters& parameters = {}) override;
  Result<int64_t> Execute(std::string_view sql, const SqlParameters& parameters = {}) override;
  Status Begin() override;
  TransactionEnd Commit() override;
  void Rollback() override;

 private:
  struct Answer {
    std::vector<SqlRow> rows;
    int64_t num_changed = 0;
    /// What was done: "COMMIT", "UPDATE 1".
    std::string command;
  };
  using Time = std::chrono::steady_clock::time_point;

  // Several statements in one text have no parameters; the last one's answer counts.
  Result<Answer> Ask(std::string_view sql, const SqlParameters* parameters);
  // As Ask, again over new connections while the server is away.
  Result<Answer> AskAgain(std::string_view sql, const SqlParameters* parameters);
  Status Reopen(const Status& lost, Time give_up_at);
  Status Connect(Time until);
  Status ErrorOfConnect();
  Status Send(std::string_view sql, const SqlParameters* parameters, Time until);
  Result<Answer> Receive(Time until);
  Status ErrorOf(const pg_result* result);
  // Waits for one of poll's events; what it gives up waiting for ends the connection.
  Status Wait(int events, Time until);
  Status Lost();
  TransactionEnd FindEnd(const std::string& transaction, const Status& lost);
  void Close();

  const std::shared_ptr<const PostgresAddress> address_;
  const internal::PostgresLibrary* pq_ = nullptr;
  pg_conn* handle_ = nullptr;
  // In a forked child the connection is the parent's.
  const uint64_t process_;
  bool is_in_transaction_ = false;
  // By which the server knows the transaction.
  std::string transaction_;
  const OperationContext* context_ = nullptr;
  std::chrono::milliseconds lock_timeout_{0};
  std::chrono::milliseconds reconnect_timeout_{0};
};

}  // namespace iceframe
