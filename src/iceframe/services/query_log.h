// SPDX-License-Identifier: Apache-2.0
// A log of the operations that have ended: the newest ones in memory, and all of them in a file
// where one is named. It holds no literal of any query.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "iceframe/base/json.h"
#include "iceframe/base/result.h"
#include "iceframe/runtime/fork.h"
#include "iceframe/runtime/operation_observer.h"

namespace iceframe {

/// An operation as the log has it.
struct QueryRecord {
  OperationStart start;
  OperationOutcome outcome = OperationOutcome::kSucceeded;
  /// What kind of error it ended with. Messages name values, so none is here.
  std::optional<ErrorKind> error;
  std::chrono::nanoseconds duration{0};
  int64_t peak_memory_bytes = 0;
  /// What was counted, by name; only what is not 0.
  std::vector<std::pair<std::string_view, int64_t>> counters;
  /// The plan with "?" for literals; empty for operations without one.
  std::string plan;
  /// Equal for plans that differ in literals alone, in all processes.
  std::string plan_hash;
  /// Iceberg's reports of its scans and commits (iceberg_report.h).
  std::vector<Json> reports;

  Json ToJson() const;
};

/// What an operation that runs is known by, as QueryRecord::ToJson has those that have ended.
Json ActivityJson(std::span<const OperationCount> counters);

struct QueryLogOptions {
  /// What is told of each operation; AllCounters() knows all there are.
  std::span<const OperationCount> counters = {};
  /// The most records in memory.
  int64_t max_records = 10'000;
  /// Where each record is appended as a line of JSON; empty: nowhere.
  std::string path = {};
  /// A file that would get larger becomes path.1, that one path.2, and so on …
  int64_t max_file_bytes = int64_t{64} << 20;
  /// … and so many files there are at most; older ones go.
  int64_t max_files = 5;
};

/// Hears of operations and keeps records of them. Thread-safe.
///
/// A file may be shared by several processes: lines are appended whole. It is readable by its owner
/// alone. Where it can't be written to, operations go on, and the session's log is warned.
class QueryLog final : public OperationObserver {
 public:
  /// Opens the file, if one is named. Errors: InvalidArgument; Io.
  static Result<std::shared_ptr<QueryLog>> Open(QueryLogOptions options);
  ~QueryLog() override;

  /// The newest records first.
  std::vector<QueryRecord> Newest(int64_t limit) const;

  Status OnEnd(const OperationEnd& end) override;

 private:
  class File;
  explicit QueryLog(QueryLogOptions options);

  const QueryLogOptions options_;
  mutable internal::ForkSafeMutex mutex_;
  // Oldest first.
  std::deque<QueryRecord> records_;
  std::unique_ptr<File> file_;
};

}  // namespace iceframe
