// SPDX-License-Identifier: Apache-2.0
// One connection: statements, transactions, errors by kind, waiting for locks.
#include <sys/stat.h>

#include <algorithm>
#include <random>
#include <utility>

#include <sqlite3.h>

#include "iceframe/catalog/catalog_settings.h"
#include "iceframe/catalog/sqlite_database_internal.h"
#include "iceframe/catalog/sqlite_locks_internal.h"

namespace iceframe {

namespace {

constexpr int kLongestWaitMs = 10;
// Who has waited for long looks more often than newcomers, and so gets its turn before them.
constexpr int kFirstWaits = 4;
constexpr int kPatientWaits = 50;
constexpr int kLateWaitMs = 3;

int LongestWaitMs(int count) {
  if (count < kFirstWaits) return count + 1;
  return count < kPatientWaits ? kLongestWaitMs : kLateWaitMs;
}

ErrorKind KindOfCode(int code) {
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return ErrorKind::kUnavailable;
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return ErrorKind::kUnauthorized;
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return ErrorKind::kResourceExhausted;
    case SQLITE_CONSTRAINT:
      return ErrorKind::kAlreadyExists;
    case SQLITE_INTERRUPT:
      return ErrorKind::kCancelled;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorKind::kInvalidData;
    default:
      return ErrorKind::kIo;
  }
}

// An answer that was not read to its end would hold the database.
struct ResetStatement {
  void operator()(sqlite3_stmt* statement) const {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
  }
};

SqlRow RowOf(sqlite3_stmt* statement) {
  SqlRow row(static_cast<size_t>(sqlite3_column_count(statement)));
  for (size_t i = 0; i < row.size(); ++i) {
    const auto column = static_cast<int>(i);
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
    const auto size = static_cast<size_t>(sqlite3_column_bytes(statement, column));
    if (text != nullptr) row[i].emplace(text, size);
  }
  return row;
}

// Nothing for what is not there.
std::pair<uint64_t, uint64_t> FileAt(const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return {0, 0};
  return {info.st_dev, info.st_ino};
}

// Different for each thread and process: waiting writers must not stay in step.
int RandomWaitMs(int longest) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_int_distribution<int>(1, std::max(1, longest))(random);
}

}  // namespace

SqliteConnection::~SqliteConnection() { Close(); }

Status SqliteConnection::OpenIfClosed() {
  if (database_ != nullptr) return Status::OK();
  const Status status = Open();
  if (!status.ok()) Close();
  return status;
}

Status SqliteConnection::Open() {
  internal::UseOwnedSqliteLocks();
  const int code = sqlite3_open_v2(
      path_.c_str(), &database_,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
      nullptr);
  if (code != SQLITE_OK) return ErrorOf(code, "catalog database can't be opened");
  sqlite3_extended_result_codes(database_, 1);
  sqlite3_busy_handler(database_, &SqliteConnection::OnBusy, this);
  // A database file may come from anyone: no functions with side effects from its schema.
  ICEFRAME_RETURN_NOT_OK(Execute("PRAGMA trusted_schema = OFF").status());
  if (write_ahead_log_) UseWriteAheadLog();
  // A commit that was acknowledged survives a power cut.
  ICEFRAME_RETURN_NOT_OK(Execute("PRAGMA synchronous = FULL").status());
  file_ = FileAt(path_);
  return Status::OK();
}

bool SqliteConnection::IsCurrent() const { return file_ == FileAt(path_); }

void SqliteConnection::Close() {
  queries_.clear();
  other_.reset();
  sqlite3_close_v2(std::exchange(database_, nullptr));
  is_in_transaction_ = false;
}

void SqliteConnection::Abandon() {
  for (auto& [sql, statement] : queries_) (void)statement.release();
  queries_.clear();
  (void)other_.release();
  database_ = nullptr;
  is_in_transaction_ = false;
  context_ = nullptr;
}

void SqliteConnection::FinalizeStatement::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

sqlite3_stmt* SqliteConnection::Prepare(std::string_view sql, int* code) {
  *code = SQLITE_OK;
  if (const auto found = queries_.find(sql); found != queries_.end()) return found->second.get();
  sqlite3_stmt* raw = nullptr;
  *code = sqlite3_prepare_v2(database_, sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
  if (*code != SQLITE_OK) return nullptr;
  if (sql.starts_with("SELECT")) {
    queries_.emplace(sql, raw);
  } else {
    other_.reset(raw);
  }
  return raw;
}

// Fails while others use the file in its old mode, or where it can't be written: then it stays as
// it is, which is slower and as safe.
void SqliteConnection::UseWriteAheadLog() {
  constexpr int kTries = 20;
  for (int i = 0; i < kTries; ++i) {
    const Status status = Query("PRAGMA journal_mode = WAL").status();
    if (status.ok() || KindOf(status) != ErrorKind::kUnavailable) return;
    if (context_->cancel.WaitFor(std::chrono::milliseconds(RandomWaitMs(kLongestWaitMs)))) return;
  }
}

void SqliteConnection::BeginUse(const OperationContext& context) {
  context_ = &context;
  const auto timeout =
      SettingsReader(kCatalogSettings, context.settings.get()).Duration("catalog.lock_timeout");
  lock_timeout_ = timeout.ok() ? *timeout : std::chrono::seconds(60);
  wait_until_ = std::chrono::steady_clock::now() + lock_timeout_;
  if (context.deadline) wait_until_ = std::min(wait_until_, *context.deadline);
}

void SqliteConnection::EndUse() { context_ = nullptr; }

int SqliteConnection::OnBusy(void* self, int count) {
  const auto* connection = static_cast<const SqliteConnection*>(self);
  if (connection->context_ == nullptr) return 0;
  if (std::chrono::steady_clock::now() >= connection->wait_until_) return 0;
  const std::chrono::milliseconds wait(RandomWaitMs(LongestWaitMs(count)));
  return connection->context_->cancel.WaitFor(wait) ? 0 : 1;
}

Status SqliteConnection::ErrorOf(int code, std::string_view what) const {
  const ErrorKind kind = KindOfCode(code);
  if (kind == ErrorKind::kUnavailable && context_ != nullptr) {
    ICEFRAME_RETURN_NOT_OK(context_->Check());
    if (std::chrono::steady_clock::now() >= wait_until_) {
      return Error(ErrorKind::kTimeout, "catalog database stayed locked by other writers for ",
                   lock_timeout_.count(), " ms: ", path_);
    }
  }
  return Error(kind, what, ": ", path_, ": ", sqlite3_errmsg(database_), " (code ", code, ")");
}

Result<std::vector<SqlRow>> SqliteConnection::Query(std::string_view sql,
                                                    const SqlParameters& parameters) {
  int code = SQLITE_OK;
  sqlite3_stmt* raw = Prepare(sql, &code);
  const std::unique_ptr<sqlite3_stmt, ResetStatement> in_use(raw);
  if (raw == nullptr) return ErrorOf(code, "catalog database statement is refused");
  for (size_t i = 0; i < parameters.size(); ++i) {
    const auto index = static_cast<int>(i + 1);
    const auto& text = parameters[i];
    code = text ? sqlite3_bind_text64(raw, index, text->data(), text->size(), SQLITE_TRANSIENT,
                                      SQLITE_UTF8)
                : sqlite3_bind_null(raw, index);
    if (code != SQLITE_OK) return ErrorOf(code, "catalog database parameter is refused");
  }
  std::vector<SqlRow> rows;
  while ((code = sqlite3_step(raw)) == SQLITE_ROW) rows.push_back(RowOf(raw));
  if (code != SQLITE_DONE) return ErrorOf(code, "catalog database statement failed");
  return rows;
}

Result<int64_t> SqliteConnection::Execute(std::string_view sql, const SqlParameters& parameters) {
  ICEFRAME_RETURN_NOT_OK(Query(sql, parameters).status());
  return sqlite3_changes64(database_);
}

Status SqliteConnection::Begin() {
  while (true) {
    const Status status = Execute("BEGIN IMMEDIATE").status();
    // Some conflicts come back without a wait (another process is recovering the log).
    is_in_transaction_ = status.ok();
    if (KindOf(status) != ErrorKind::kUnavailable) return status;
    if (context_ == nullptr) return status;
    if (context_->cancel.WaitFor(std::chrono::milliseconds(RandomWaitMs(kLongestWaitMs)))) {
      return context_->Check();
    }
  }
}

TransactionEnd SqliteConnection::Commit() {
  auto result = Execute("COMMIT");
  is_in_transaction_ = !result.ok();
  if (result.ok()) return {Status::OK(), true};
  const ErrorKind kind = KindOf(result.status());
  // Locked out by readers: the transaction is still open, nothing was written.
  const bool is_open = sqlite3_get_autocommit(database_) == 0;
  const bool was_locked = kind == ErrorKind::kUnavailable || kind == ErrorKind::kTimeout ||
                          kind == ErrorKind::kCancelled;
  Rollback();
  return {result.status(), !(is_open && was_locked)};
}

void SqliteConnection::Rollback() {
  if (sqlite3_get_autocommit(database_) == 0) (void)Execute("ROLLBACK");
  is_in_transaction_ = sqlite3_get_autocommit(database_) == 0;
}

}  // namespace iceframe
