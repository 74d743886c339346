// SPDX-License-Identifier: Apache-2.0
// The pool of connections of one database, and how it gets through fork().
#include <pthread.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "iceframe/catalog/sqlite_database_internal.h"
#include "iceframe/catalog/sqlite_locks_internal.h"
#include "iceframe/runtime/fork.h"

namespace iceframe {

namespace {

constexpr size_t kMaxIdleConnections = 8;
constexpr std::chrono::seconds kForkWait{5};
constexpr std::string_view kInMemory = ":memory:";

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

}  // namespace

struct SqliteDatabase::State {
  std::mutex mutex;
  std::vector<std::unique_ptr<SqliteConnection>> idle;
  int num_in_use = 0;
  // A connection of the parent process was in use when this process was forked.
  bool is_lost = false;
  // Counts the forks that made this process: connections of an older one are its parent's.
  int64_t generation = 0;
};

// Every mutex is held over the fork, so that the child finds each state whole.
struct SqliteDatabase::ForkHandlers {
  std::mutex mutex;
  std::set<SqliteDatabase*> databases;
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
    for (SqliteDatabase* database : handlers.databases) {
      State& state = *database->state_;
      state.mutex.lock();
      while (state.num_in_use > 0 && std::chrono::steady_clock::now() < until) {
        state.mutex.unlock();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        state.mutex.lock();
      }
      if (!database->in_memory()) state.idle.clear();
    }
    internal::HoldSqliteLocksForFork();
  }

  static void AfterForkInParent() {
    internal::ReleaseSqliteLocksAfterFork(false);
    ForkHandlers& handlers = Get();
    for (SqliteDatabase* database : handlers.databases) database->state_->mutex.unlock();
    handlers.mutex.unlock();
  }

  static void AfterForkInChild() {
    internal::ReleaseSqliteLocksAfterFork(true);
    ForkHandlers& handlers = Get();
    for (SqliteDatabase* database : handlers.databases) {
      State& state = *database->state_;
      ++state.generation;
      if (state.num_in_use > 0) {
        state.is_lost = true;
        if (!database->in_memory()) handlers.lost_paths.insert(database->path_);
      }
      state.mutex.unlock();
    }
    handlers.mutex.unlock();
  }
};

SqliteDatabase::SqliteDatabase(std::string path)
    : path_(std::move(path)), state_(std::make_unique<State>()) {
  ForkHandlers& handlers = ForkHandlers::Get();
  const std::lock_guard lock(handlers.mutex);
  handlers.databases.insert(this);
}

SqliteDatabase::~SqliteDatabase() {
  ForkHandlers& handlers = ForkHandlers::Get();
  const std::lock_guard lock(handlers.mutex);
  handlers.databases.erase(this);
}

bool SqliteDatabase::in_memory() const { return path_ == kInMemory; }

Result<std::shared_ptr<SqliteDatabase>> SqliteDatabase::Make(const std::string& path) {
  std::string absolute = path;
  if (path != kInMemory) {
    std::error_code code;
    absolute = std::filesystem::absolute(path, code).lexically_normal().string();
    if (code) return Error(ErrorKind::kIo, "catalog database's path can't be resolved: ", path);
  }
  std::shared_ptr<SqliteDatabase> database(new SqliteDatabase(std::move(absolute)));
  database->write_ahead_log_ = !database->in_memory() && !IsOnNetworkFileSystem(database->path_);
  return database;
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
  if (!in_memory()) {
    ForkHandlers& handlers = ForkHandlers::Get();
    const std::lock_guard lock(handlers.mutex);
    if (handlers.lost_paths.contains(path_)) state_->is_lost = true;
  }
  int64_t generation = 0;
  ICEFRAME_ASSIGN_OR_RETURN(auto connection, TakeOrOpen(context, &generation));
  connection->BeginUse(context);
  const auto give_back = [self = shared_from_this(), generation](SqliteConnection* used) {
    self->GiveBack(std::unique_ptr<SqliteConnection>(used), generation);
  };
  return std::shared_ptr<SqliteConnection>(connection.release(), give_back);
}

// `generation`: at the time the connection was taken.
Result<std::unique_ptr<SqliteConnection>> SqliteDatabase::TakeOrOpen(
    const OperationContext& context, int64_t* generation) {
  while (true) {
    {
      const std::lock_guard lock(state_->mutex);
      if (state_->is_lost) {
        return Error(ErrorKind::kUnavailable,
                     "catalog database can't be used in this process, which was forked while "
                     "another thread was using it: ",
                     path_);
      }
      const bool must_wait = in_memory() && state_->idle.empty() && state_->num_in_use > 0;
      if (!must_wait) {
        ++state_->num_in_use;
        *generation = state_->generation;
        if (state_->idle.empty()) break;
        auto connection = std::move(state_->idle.back());
        state_->idle.pop_back();
        return connection;
      }
    }
    ICEFRAME_RETURN_NOT_OK(context.Check());
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  auto opened = SqliteConnection::Open(context, path_, write_ahead_log_);
  if (!opened.ok()) {
    const std::lock_guard lock(state_->mutex);
    --state_->num_in_use;
  }
  return opened;
}

void SqliteDatabase::GiveBack(std::unique_ptr<SqliteConnection> connection, int64_t generation) {
  connection->EndUse();
  std::unique_ptr<SqliteConnection> surplus;
  {
    const std::lock_guard lock(state_->mutex);
    if (generation != state_->generation) {
      // The parent's: closing it here would touch the parent's locks and log.
      (void)connection.release();
      return;
    }
    if (state_->idle.size() < kMaxIdleConnections) {
      state_->idle.push_back(std::move(connection));
    } else {
      surplus = std::move(connection);
    }
    if (surplus == nullptr) --state_->num_in_use;
  }
  if (surplus == nullptr) return;
  // Closed before it stops counting as in use: a fork must find no open connection.
  surplus.reset();
  const std::lock_guard lock(state_->mutex);
  --state_->num_in_use;
}

}  // namespace iceframe
