// SPDX-License-Identifier: Apache-2.0
// Statements and transactions over one connection; how it is opened: postgres_open.cc.
#include <poll.h>

#include <algorithm>
#include <charconv>
#include <random>
#include <utility>

#include "iceframe/catalog/catalog_settings.h"
#include "iceframe/catalog/postgres_connection_internal.h"
#include "iceframe/catalog/postgres_errors_internal.h"
#include "iceframe/runtime/fork.h"

namespace iceframe {

namespace {

using internal::PostgresLibrary;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// OID of the type text, which casts to whatever a column is.
constexpr unsigned kText = 25;
// A client that vanishes must not hold a table's row for ever.
constexpr milliseconds kIdleInTransaction = std::chrono::minutes(10);
constexpr milliseconds kFirstPause{20};
constexpr milliseconds kLongestPause{500};

milliseconds Setting(const OperationContext& context, std::string_view name,
                     milliseconds otherwise) {
  return SettingsReader(kCatalogSettings, context.settings.get()).Duration(name).ValueOr(otherwise);
}

// Many clients of a server that comes back must not all come at once.
milliseconds Pause(int try_number) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const auto longest = std::min(kLongestPause, kFirstPause * (1 << std::min(try_number, 10)));
  return milliseconds(std::uniform_int_distribution<int64_t>(1, longest.count())(random));
}

struct ClearResult {
  const PostgresLibrary* pq;
  void operator()(pg_result* result) const { pq->clear(result); }
};
using OwnedResult = std::unique_ptr<pg_result, ClearResult>;

SqlRow RowOf(const PostgresLibrary& pq, const pg_result* result, int row) {
  SqlRow values(static_cast<size_t>(pq.num_columns(result)));
  for (size_t i = 0; i < values.size(); ++i) {
    const auto column = static_cast<int>(i);
    if (pq.get_is_null(result, row, column) != 0) continue;
    values[i].emplace(pq.get_value(result, row, column),
                      static_cast<size_t>(pq.get_length(result, row, column)));
  }
  return values;
}

}  // namespace

PostgresConnection::PostgresConnection(std::shared_ptr<const PostgresAddress> address)
    : address_(std::move(address)), process_(ForkGeneration()) {}

PostgresConnection::~PostgresConnection() { Close(); }

void PostgresConnection::BeginUse(const OperationContext& context) {
  context_ = &context;
  lock_timeout_ = Setting(context, "catalog.lock_timeout", std::chrono::seconds(60));
  reconnect_timeout_ = Setting(context, "catalog.reconnect_timeout", std::chrono::seconds(30));
}

// -- one question --------------------------------------------------------------------------------

Status PostgresConnection::Lost() {
  std::string message = ShownConnectError(pq_->error_message(handle_));
  Close();
  return Error(ErrorKind::kUnavailable,
               "connection to the catalog database was lost: ", address_->shown, ": ", message);
}

Status PostgresConnection::Send(std::string_view sql, const SqlParameters* parameters, Time until) {
  const std::string text(sql);
  int sent = 0;
  if (parameters == nullptr) {
    sent = pq_->send_query(handle_, text.c_str());
  } else {
    std::vector<const char*> values;
    for (const auto& parameter : *parameters) {
      values.push_back(parameter ? parameter->c_str() : nullptr);
      if (parameter && parameter->find('\0') != std::string::npos) {
        return Error(ErrorKind::kInvalidArgument, "catalog database can't hold a NUL character");
      }
    }
    const std::vector<unsigned> types(values.size(), kText);
    sent = pq_->send_query_params(handle_, text.c_str(), static_cast<int>(values.size()),
                                  types.data(), values.data(), nullptr, nullptr, 0);
  }
  if (sent == 0) return Lost();
  for (int left = pq_->flush(handle_); left != 0; left = pq_->flush(handle_)) {
    if (left < 0) return Lost();
    ICEFRAME_RETURN_NOT_OK(Wait(POLLIN | POLLOUT, until));
    if (pq_->consume_input(handle_) == 0) return Lost();
  }
  return Status::OK();
}

Status PostgresConnection::ErrorOf(const pg_result* result) {
  const auto field = [&](int name) -> std::string {
    const char* text = pq_->result_error_field(result, name);
    return text == nullptr ? "" : text;
  };
  const std::string state = field(PostgresLibrary::kSqlState);
  if (EndsConnection(field(PostgresLibrary::kSeverity), state)) return Lost();
  const ErrorKind kind = KindOfSqlState(state);
  if (state == "55P03") {
    return Error(kind, "catalog database stayed locked by other writers for ",
                 lock_timeout_.count(), " ms: ", address_->shown);
  }
  if (state == "42P01") {
    return Error(kind, "catalog database has lost its catalog tables: ", address_->shown);
  }
  return Error(kind, "catalog database refused a statement: ", address_->shown, ": ",
               field(PostgresLibrary::kPrimaryMessage), " (SQLSTATE ", state, ")");
}

Result<PostgresConnection::Answer> PostgresConnection::Receive(Time until) {
  Answer answer;
  Status status;
  while (true) {
    while (pq_->is_busy(handle_) != 0) {
      ICEFRAME_RETURN_NOT_OK(Wait(POLLIN, until));
      if (pq_->consume_input(handle_) == 0) return Lost();
    }
    const OwnedResult result(pq_->get_result(handle_), ClearResult{pq_});
    if (result == nullptr) break;
    const int code = pq_->result_status(result.get());
    if (code != PostgresLibrary::kCommandOk && code != PostgresLibrary::kTuplesOk) {
      // The first error is what happened; what comes after it is its consequence.
      if (status.ok()) status = ErrorOf(result.get());
      if (handle_ == nullptr) return status;
      continue;
    }
    answer.rows.clear();
    for (int row = 0; row < pq_->num_rows(result.get()); ++row) {
      answer.rows.push_back(RowOf(*pq_, result.get(), row));
    }
    answer.command = pq_->command_status(result.get());
    const std::string_view changed = pq_->command_rows(result.get());
    answer.num_changed = 0;
    std::from_chars(changed.data(), changed.data() + changed.size(), answer.num_changed);
  }
  if (!status.ok()) return status;
  return answer;
}

Result<PostgresConnection::Answer> PostgresConnection::Ask(std::string_view sql,
                                                           const SqlParameters* parameters) {
  ICEFRAME_RETURN_NOT_OK(context_->Check());
  // The server gives up waiting for a lock first, and says so.
  constexpr milliseconds kMore = std::chrono::seconds(5);
  const Time until = steady_clock::now() + lock_timeout_ + kMore;
  ICEFRAME_RETURN_NOT_OK(Send(sql, parameters, until));
  return Receive(until);
}

Status PostgresConnection::Reopen(const Status& lost, Time give_up_at) {
  Status status = lost;
  for (int i = 0;; ++i) {
    const ErrorKind kind = KindOf(status);
    if (kind != ErrorKind::kUnavailable && kind != ErrorKind::kTimeout) return status;
    if (steady_clock::now() >= give_up_at) return status;
    if (i > 0) ICEFRAME_RETURN_NOT_OK(context_->Sleep(Pause(i)));
    ICEFRAME_RETURN_NOT_OK(context_->Check());
    status = Open();
    if (status.ok()) return status;
  }
}

Result<PostgresConnection::Answer> PostgresConnection::AskAgain(std::string_view sql,
                                                                const SqlParameters* parameters) {
  const Time give_up_at = steady_clock::now() + reconnect_timeout_;
  Status lost = Error(ErrorKind::kUnavailable,
                      "connection to the catalog database is closed: ", address_->shown);
  for (int i = 0;; ++i) {
    if (!is_open()) ICEFRAME_RETURN_NOT_OK(Reopen(lost, give_up_at));
    auto answer = Ask(sql, parameters);
    if (answer.ok() || is_open() || KindOf(answer.status()) != ErrorKind::kUnavailable) {
      return answer;
    }
    lost = answer.status();
    // A server that lets everyone in and then falls over is given time too.
    ICEFRAME_RETURN_NOT_OK(context_->Sleep(Pause(i)));
    if (steady_clock::now() >= give_up_at) return lost;
  }
}

// -- what the catalog asks -----------------------------------------------------------------------

Status PostgresConnection::Ping() {
  if (!is_open()) return Error(ErrorKind::kUnavailable, "connection is closed");
  return Ask("SELECT 1", nullptr).status();
}

Result<std::vector<SqlRow>> PostgresConnection::Query(std::string_view sql,
                                                      const SqlParameters& parameters) {
  if (!is_in_transaction_) {
    ICEFRAME_ASSIGN_OR_RETURN(Answer answer, AskAgain(sql, &parameters));
    return std::move(answer.rows);
  }
  if (!is_open()) return Error(ErrorKind::kUnavailable, "the transaction's connection was lost");
  ICEFRAME_ASSIGN_OR_RETURN(Answer answer, Ask(sql, &parameters));
  return std::move(answer.rows);
}

Result<int64_t> PostgresConnection::Execute(std::string_view sql, const SqlParameters& parameters) {
  if (!is_open()) return Error(ErrorKind::kUnavailable, "the transaction's connection was lost");
  ICEFRAME_ASSIGN_OR_RETURN(const Answer answer, Ask(sql, &parameters));
  return answer.num_changed;
}

// Rows are compared and swapped one by one, for which READ COMMITTED is enough whatever the
// server's default is. The transaction's number is asked for now: when its end is lost, it says
// what became of it.
Status PostgresConnection::Begin() {
  const std::string sql = internal::Concatenate(
      "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = ",
      lock_timeout_.count(),
      "; SET LOCAL idle_in_transaction_session_timeout = ", kIdleInTransaction.count(),
      "; SELECT txid_current()");
  ICEFRAME_ASSIGN_OR_RETURN(const Answer answer, AskAgain(sql, nullptr));
  is_in_transaction_ = true;
  if (answer.rows.size() == 1 && !answer.rows[0].empty()) {
    transaction_ = answer.rows[0][0].value_or("");
  }
  return Status::OK();
}

void PostgresConnection::Rollback() {
  is_in_transaction_ = false;
  if (!is_open()) return;
  const OperationContext cleanup = context_->ForCleanup();
  const OperationContext* const before = std::exchange(context_, &cleanup);
  // A connection that is gone has rolled back.
  if (!Ask("ROLLBACK", nullptr).ok()) Close();
  context_ = before;
}

TransactionEnd PostgresConnection::Commit() {
  is_in_transaction_ = false;
  const std::string transaction = std::exchange(transaction_, {});
  if (!is_open()) {
    return {Error(ErrorKind::kUnavailable, "the transaction's connection was lost"), false};
  }
  if (const Status status = context_->Check(); !status.ok()) {
    Rollback();
    return {status, false};
  }
  // Sent, it is waited for: who gives up now can't say whether it landed.
  const OperationContext patient = context_->ForCleanup();
  const OperationContext* const before = std::exchange(context_, &patient);
  const auto answer = Ask("COMMIT", nullptr);
  TransactionEnd end;
  if (answer.ok() && answer->command != "COMMIT") {
    end = {Error(ErrorKind::kUnavailable, "catalog database rolled the transaction back"), false};
  } else if (!answer.ok()) {
    // An error that the server told has rolled it back.
    end =
        is_open() ? TransactionEnd{answer.status(), false} : FindEnd(transaction, answer.status());
  }
  context_ = before;
  return end;
}

// What became of a transaction whose end was sent and not answered. While its server process still
// lives, it may land yet.
TransactionEnd PostgresConnection::FindEnd(const std::string& transaction, const Status& lost) {
  const TransactionEnd unknown{lost, true};
  const Time give_up_at = steady_clock::now() + reconnect_timeout_;
  for (int i = 0; !transaction.empty(); ++i) {
    const SqlParameters parameters = {transaction};
    const auto answer = AskAgain("SELECT txid_status($1::bigint)", &parameters);
    if (!answer.ok() || answer->rows.size() != 1) return unknown;
    const std::string state = answer->rows[0][0].value_or("");
    if (state == "committed") return {};
    if (state == "aborted") return {lost, false};
    if (steady_clock::now() >= give_up_at) return unknown;
    if (!context_->Sleep(Pause(i)).ok()) return unknown;
  }
  return unknown;
}

}  // namespace iceframe
