// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "iceframe/catalog/sqlite_locks_internal.h"
#include "iceframe/catalog/sqlite_uses_internal.h"
#include "iceframe/runtime/fork.h"

namespace iceframe {

namespace {
constexpr std::chrono::seconds kForkWait{5};
}  // namespace

// Every mutex is held over the fork, so that the child finds each state whole.
struct SqliteUses::ForkHandlers {
  std::mutex mutex;
  std::set<SqliteUses*> databases;
  std::set<std::string> lost_paths;

  static ForkHandlers& Get() {
    // Never destroyed: threads may end after static destruction began.
    static ForkHandlers* handlers = [] {
      // Registered after the runtime's handlers, so that BeforeFork runs before them: while they
      // hold every lock, the uses that it waits for could not end.
      (void)ForkGeneration();
      pthread_atfork(&BeforeFork, &AfterForkInParent, &AfterForkInChild);
      return new ForkHandlers;
    }();
    return *handlers;
  }

  static void BeforeFork() {
    ForkHandlers& handlers = Get();
    handlers.mutex.lock();
    const auto until = std::chrono::steady_clock::now() + kForkWait;
    for (SqliteUses* database : handlers.databases) {
      database->mutex_.lock();
      while (database->num_in_use_ > 0 && std::chrono::steady_clock::now() < until) {
        database->mutex_.unlock();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        database->mutex_.lock();
      }
      database->CloseForFork();
    }
    internal::HoldSqliteLocksForFork();
  }

  static void AfterForkInParent() {
    internal::ReleaseSqliteLocksAfterFork(false);
    ForkHandlers& handlers = Get();
    for (SqliteUses* database : handlers.databases) database->mutex_.unlock();
    handlers.mutex.unlock();
  }

  static void AfterForkInChild() {
    internal::ReleaseSqliteLocksAfterFork(true);
    ForkHandlers& handlers = Get();
    for (SqliteUses* database : handlers.databases) {
      database->LeaveParent();
      if (database->is_lost_ && !database->in_memory()) {
        handlers.lost_paths.insert(database->path_);
      }
      database->mutex_.unlock();
    }
    handlers.mutex.unlock();
  }
};

SqliteUses::SqliteUses(std::string path, bool write_ahead_log)
    : path_(std::move(path)), write_ahead_log_(write_ahead_log) {
  ForkHandlers& handlers = ForkHandlers::Get();
  const std::lock_guard lock(handlers.mutex);
  is_lost_ = handlers.lost_paths.contains(path_);
  handlers.databases.insert(this);
}

SqliteUses::~SqliteUses() {
  ForkHandlers& handlers = ForkHandlers::Get();
  const std::lock_guard lock(handlers.mutex);
  handlers.databases.erase(this);
}

bool SqliteUses::in_memory() const { return path_ == kInMemoryPath; }

void SqliteUses::CloseForFork() {
  if (in_memory()) return;
  for (SqliteConnection* connection : connections_) {
    if (!connection->is_in_use()) connection->Close();
  }
}

void SqliteUses::LeaveParent() {
  ++generation_;
  is_lost_ = is_lost_ || num_in_use_ > 0;
  num_in_use_ = 0;
  for (SqliteConnection* connection : connections_) {
    if (connection->is_in_use()) connection->Abandon();
  }
}

Status SqliteUses::Begin(const OperationContext& context, SqliteConnection* connection) {
  ICEFRAME_RETURN_NOT_OK(Count(context, connection));
  const Status status = connection->OpenIfClosed();
  if (!status.ok()) End(connection);
  return status;
}

Status SqliteUses::Count(const OperationContext& context, SqliteConnection* connection) {
  // While a fork waits for running uses, no more begin.
  {
    const std::lock_guard no_fork(ForkHandlers::Get().mutex);
  }
  const std::lock_guard lock(mutex_);
  if (is_lost_) {
    return Error(ErrorKind::kUnavailable,
                 "catalog database can't be used in this process, which was forked while another "
                 "thread was using it: ",
                 path_);
  }
  ++num_in_use_;
  connection->BeginUse(context);
  return Status::OK();
}

std::unique_ptr<SqliteConnection> SqliteUses::MakeConnection() {
  auto connection = std::make_unique<SqliteConnection>(path_, write_ahead_log_);
  const std::lock_guard lock(mutex_);
  connections_.insert(connection.get());
  return connection;
}

void SqliteUses::Drop(std::unique_ptr<SqliteConnection> connection) {
  uint64_t generation = 0;
  {
    const std::lock_guard lock(mutex_);
    generation = generation_;
    connections_.erase(connection.get());
    ++num_in_use_;
  }
  // Closed before it stops counting as in use: a fork must find no open connection.
  connection.reset();
  const std::lock_guard lock(mutex_);
  if (generation == generation_) --num_in_use_;
}

void SqliteUses::End(SqliteConnection* connection) {
  const std::lock_guard lock(mutex_);
  // Abandoned: the use was the parent's.
  if (!connection->is_in_use()) return;
  connection->EndUse();
  --num_in_use_;
}

}  // namespace iceframe
