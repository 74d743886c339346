// SPDX-License-Identifier: Apache-2.0
// What queries took and gave: of all that run, whether or not somebody announced them.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "iceframe/runtime/clock.h"
#include "iceframe/runtime/fork.h"
#include "iceframe/runtime/operation_observer.h"

namespace iceframe {

/// What a query read and gave.
struct QueryFigures {
  int64_t rows_scanned = 0;
  int64_t rows_returned = 0;
  /// Of data files.
  int64_t bytes_scanned = 0;
  int64_t files_scanned = 0;
  int64_t files_skipped = 0;
};

/// One query.
struct QueryMetrics {
  /// "default.users#1" of one that was announced, "scan-17" of another.
  std::string query_id;
  /// As it was announced; else its tables' full names, with ", " between.
  std::string table_name;
  /// The operation it is, such as "scan"; empty for one that was announced and never run.
  std::string operation;
  /// Milliseconds since 1970.
  int64_t start_time_ms = 0;
  /// By a clock that never goes back; of one that runs, so far.
  std::chrono::nanoseconds duration{0};
  bool has_ended = false;
  QueryFigures figures;
  bool cache_hit = false;
  std::optional<std::string> error;
};

/// Of all queries that have ended.
struct QueryTotals {
  int64_t num_queries = 0;
  int64_t num_cache_hits = 0;
  int64_t num_errors = 0;
  std::chrono::nanoseconds duration{0};
  QueryFigures figures;
};

struct QueryStats {
  QueryTotals totals;
  /// Announced and not ended.
  int64_t num_running = 0;
  /// Of the queries that are still known, shortest first.
  std::vector<std::chrono::nanoseconds> durations;

  /// The duration that a share of the queries known do not exceed (nearest rank); 0 of none.
  std::chrono::nanoseconds Percentile(double share) const;
};

/// What whoever announced a query says of it at its end, beside what the engine saw.
struct AnnouncedEnd {
  /// Goes before what the engine counted; 0: nothing is said.
  int64_t rows_returned = 0;
  bool cache_hit = false;
  std::optional<std::string> error;
};

struct QueryCollectorOptions {
  /// The most queries that are known one by one; of older ones the totals tell.
  int64_t max_queries = 10'000;
  /// Not owned.
  const Clock* clock = &Clock::System();
};

/// Collects the queries (OperationKind::is_query) of the session, or the process, that it is added
/// to as an observer. Thread-safe.
///
/// What a thread asks for on a table while it has announced a query of that table is that query,
/// the last one announced where there are several; anything else is a query of its own.
class QueryCollector final : public OperationObserver {
 public:
  explicit QueryCollector(const QueryCollectorOptions& options = {});

  /// Announces a query by this thread and returns its id. `table`: the full name; `shown`: what to
  /// call it.
  std::string Start(std::string table, std::string shown);
  /// Errors: NotFound for an id that was not given out, or whose query has ended.
  Status End(const std::string& query_id, const AnnouncedEnd& end);

  QueryStats stats() const;
  /// Queries with those that run, newest first.
  std::vector<QueryMetrics> Recent(int64_t limit) const;

  Status OnBegin(const OperationStart& start) override;
  Status OnEnd(const OperationEnd& end) override;

 private:
  using Time = Clock::SteadyTime;
  struct Announced {
    std::string table;
    int64_t thread = 0;
    Time begin;
    QueryMetrics query;
    bool rows_were_told = false;
  };
  struct Known {
    QueryMetrics query;
    // Of one that was announced; else 0 and empty.
    int64_t announcement = 0;
    std::string table;
    bool rows_were_told = false;
  };

  std::vector<int64_t> TakeAnnouncements(int64_t operation_id);
  /// Adds an operation to the query that it is part of; returns whether it is part of one.
  bool AddToAnnounced(const std::vector<int64_t>& announcements, const OperationEnd& end,
                      const QueryMetrics& query);
  void Keep(Known known);

  const QueryCollectorOptions options_;
  mutable internal::ForkSafeMutex mutex_;
  // By number, as they were announced; open ones.
  std::map<int64_t, Announced> announced_;
  // The announcements that were open on a running operation's thread as it began, newest first.
  std::unordered_map<int64_t, std::vector<int64_t>> running_;
  // Oldest first.
  std::deque<Known> known_;
  QueryTotals totals_;
};

}  // namespace iceframe
