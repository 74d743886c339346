// SPDX-License-Identifier: Apache-2.0
// The connections of one SQLite database, and their way through fork().
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "iceframe/base/result.h"
#include "iceframe/catalog/sqlite_database_internal.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// The path that stands for a database in memory.
inline constexpr std::string_view kInMemoryPath = ":memory:";

/// Knows which connections there are and which of them are in use. Thread-safe.
///
/// SQLite keeps its locks per process, so before a fork running uses are waited for (at most 5 s)
/// and all files are closed; in parent and child the next use opens its connection's again. If a
/// use did not end in time, the child refuses that database (Unavailable). A database in memory
/// stays open: the child goes on with a copy.
class SqliteUses {
 public:
  SqliteUses(std::string path, bool write_ahead_log);
  SqliteUses(const SqliteUses&) = delete;
  SqliteUses& operator=(const SqliteUses&) = delete;
  ~SqliteUses();

  std::unique_ptr<SqliteConnection> MakeConnection();
  void Drop(std::unique_ptr<SqliteConnection> connection);

  /// Errors: Unavailable, and those of opening the file.
  Status Begin(const OperationContext& context, SqliteConnection* connection);
  void End(SqliteConnection* connection);

 private:
  struct ForkHandlers;
  bool in_memory() const;
  Status Count(const OperationContext& context, SqliteConnection* connection);
  void CloseForFork();
  void LeaveParent();

  const std::string path_;
  const bool write_ahead_log_;
  std::mutex mutex_;
  std::set<SqliteConnection*> connections_;
  int num_in_use_ = 0;
  // A connection of the parent process was in use when this process was forked.
  bool is_lost_ = false;
  // Uses that began in an older generation are the parent's.
  uint64_t generation_ = 0;
};

}  // namespace iceframe
