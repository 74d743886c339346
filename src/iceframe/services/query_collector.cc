// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/query_collector.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <iterator>
#include <mutex>
#include <utility>

#include "iceframe/datafile/datafile_counters.h"
#include "iceframe/execution/execution_counters.h"
#include "iceframe/planning/planning_counters.h"
#include "iceframe/runtime/runtime_counters.h"
#include "iceframe/runtime/thread_number.h"

namespace iceframe {

namespace {

int64_t NextAnnouncement() {
  static std::atomic<int64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

std::string TableNames(const std::vector<std::string>& names) {
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : ", ") + name;
  return joined;
}

QueryFigures FiguresOf(const CounterValues& counters) {
  return {.rows_scanned = counters.Get(DataFileCount::kRowsScanned),
          .rows_returned = counters.Get(RuntimeCount::kRowsReturned),
          .bytes_scanned = counters.Get(DataFileCount::kDataBytesRead),
          .files_scanned = counters.Get(DataFileCount::kFilesScanned),
          .files_skipped = counters.Get(PlanningCount::kFilesSkippedByPartition) +
                           counters.Get(PlanningCount::kFilesSkippedByBounds) +
                           counters.Get(PlanningCount::kFilesSkippedByFirstRows) +
                           counters.Get(DataFileCount::kFilesSkippedByRowGroups)};
}

std::optional<std::string> ErrorOf(const OperationEnd& end) {
  if (end.status.ok()) return std::nullopt;
  return end.status.message();
}

QueryMetrics QueryOf(const OperationEnd& end) {
  const std::string kind(end.start.kind.name);
  return {.query_id = kind + "-" + std::to_string(end.start.id),
          .table_name = TableNames(end.start.tables),
          .operation = kind,
          .start_time_ms = end.start.time_ms,
          .duration = end.duration,
          .has_ended = true,
          .figures = FiguresOf(end.counters),
          .cache_hit = end.counters.Get(ExecutionCount::kAnswersFromCache) > 0,
          .error = ErrorOf(end)};
}

void AddFigures(const QueryFigures& more, QueryFigures* figures) {
  figures->rows_scanned += more.rows_scanned;
  figures->rows_returned += more.rows_returned;
  figures->bytes_scanned += more.bytes_scanned;
  figures->files_scanned += more.files_scanned;
  figures->files_skipped += more.files_skipped;
}

void AddPart(const QueryMetrics& part, bool rows_were_told, QueryMetrics* whole) {
  const int64_t rows_told = whole->figures.rows_returned;
  AddFigures(part.figures, &whole->figures);
  if (rows_were_told) whole->figures.rows_returned = rows_told;
  whole->operation = part.operation;
  whole->cache_hit = whole->cache_hit || part.cache_hit;
  if (!whole->error) whole->error = part.error;
}

void AddTo(const QueryMetrics& query, int64_t sign, QueryTotals* totals) {
  totals->num_queries += sign;
  totals->num_cache_hits += query.cache_hit ? sign : 0;
  totals->num_errors += query.error ? sign : 0;
  totals->duration += sign * query.duration;
  const QueryFigures& figures = query.figures;
  AddFigures({.rows_scanned = sign * figures.rows_scanned,
              .rows_returned = sign * figures.rows_returned,
              .bytes_scanned = sign * figures.bytes_scanned,
              .files_scanned = sign * figures.files_scanned,
              .files_skipped = sign * figures.files_skipped},
             &totals->figures);
}

bool Holds(const std::vector<std::string>& tables, const std::string& table) {
  return std::find(tables.begin(), tables.end(), table) != tables.end();
}

}  // namespace

std::chrono::nanoseconds QueryStats::Percentile(double share) const {
  if (durations.empty()) return std::chrono::nanoseconds(0);
  const double rank = std::ceil(share * static_cast<double>(durations.size()));
  const auto index = static_cast<size_t>(std::max(rank, 1.0)) - 1;
  return durations[std::min(index, durations.size() - 1)];
}

QueryCollector::QueryCollector(const QueryCollectorOptions& options) : options_(options) {}

std::string QueryCollector::Start(std::string table, std::string shown) {
  Announced announced;
  const int64_t number = NextAnnouncement();
  announced.query.query_id = shown + "#" + std::to_string(number);
  announced.query.table_name = std::move(shown);
  announced.query.start_time_ms = options_.clock->SystemNowMs();
  announced.table = std::move(table);
  announced.thread = ThisThreadNumber();
  announced.begin = options_.clock->SteadyNow();
  std::string id = announced.query.query_id;
  const std::lock_guard lock(mutex_);
  // Announced, and never ended by whoever did it.
  if (std::ssize(announced_) >= options_.max_queries) announced_.erase(announced_.begin());
  announced_.emplace(number, std::move(announced));
  return id;
}

Status QueryCollector::End(const std::string& query_id, const AnnouncedEnd& end) {
  const Time now = options_.clock->SteadyNow();
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(announced_.begin(), announced_.end(), [&](const auto& entry) {
    return entry.second.query.query_id == query_id;
  });
  if (found == announced_.end()) {
    return Error(ErrorKind::kNotFound, "no query of that id is running: ", query_id,
                 "; start_query gives the id, end_query takes it once");
  }
  Known ended{std::move(found->second.query), found->first, std::move(found->second.table),
              end.rows_returned > 0};
  ended.query.duration = now - found->second.begin;
  ended.query.has_ended = true;
  if (ended.rows_were_told) ended.query.figures.rows_returned = end.rows_returned;
  ended.query.cache_hit = ended.query.cache_hit || end.cache_hit;
  if (end.error) ended.query.error = end.error;
  announced_.erase(found);
  Keep(std::move(ended));
  return Status::OK();
}

void QueryCollector::Keep(Known known) {
  AddTo(known.query, 1, &totals_);
  known_.push_back(std::move(known));
  while (std::ssize(known_) > options_.max_queries) known_.pop_front();
}

Status QueryCollector::OnBegin(const OperationStart& start) {
  if (!start.kind.is_query) return Status::OK();
  const std::lock_guard lock(mutex_);
  std::vector<int64_t> open;
  for (auto entry = announced_.rbegin(); entry != announced_.rend(); ++entry) {
    if (entry->second.thread == start.calling_thread) open.push_back(entry->first);
  }
  if (!open.empty()) running_.emplace(start.id, std::move(open));
  return Status::OK();
}

Status QueryCollector::OnEnd(const OperationEnd& end) {
  if (!end.start.kind.is_query) return Status::OK();
  QueryMetrics query = QueryOf(end);
  const std::lock_guard lock(mutex_);
  const std::vector<int64_t> announcements = TakeAnnouncements(end.start.id);
  if (!AddToAnnounced(announcements, end, query)) Keep({std::move(query), 0, {}, false});
  return Status::OK();
}

std::vector<int64_t> QueryCollector::TakeAnnouncements(int64_t operation_id) {
  auto taken = running_.extract(operation_id);
  return taken.empty() ? std::vector<int64_t>() : std::move(taken.mapped());
}

bool QueryCollector::AddToAnnounced(const std::vector<int64_t>& announcements,
                                    const OperationEnd& end, const QueryMetrics& query) {
  for (const int64_t number : announcements) {
    if (const auto open = announced_.find(number); open != announced_.end()) {
      if (!Holds(end.start.tables, open->second.table)) continue;
      AddPart(query, false, &open->second.query);
      return true;
    }
  }
  // One whose rows were read only after its end was told.
  for (const int64_t number : announcements) {
    const auto ended = std::find_if(known_.rbegin(), known_.rend(), [&](const Known& known) {
      return known.announcement == number;
    });
    if (ended == known_.rend() || !Holds(end.start.tables, ended->table)) continue;
    AddTo(ended->query, -1, &totals_);
    AddPart(query, ended->rows_were_told, &ended->query);
    AddTo(ended->query, 1, &totals_);
    return true;
  }
  return false;
}

QueryStats QueryCollector::stats() const {
  QueryStats stats;
  {
    const std::lock_guard lock(mutex_);
    stats.totals = totals_;
    stats.num_running = std::ssize(announced_);
    stats.durations.reserve(known_.size());
    for (const Known& known : known_) stats.durations.push_back(known.query.duration);
  }
  std::sort(stats.durations.begin(), stats.durations.end());
  return stats;
}

std::vector<QueryMetrics> QueryCollector::Recent(int64_t limit) const {
  const Time now = options_.clock->SteadyNow();
  std::vector<QueryMetrics> recent;
  const std::lock_guard lock(mutex_);
  for (auto entry = announced_.rbegin(); entry != announced_.rend(); ++entry) {
    if (std::ssize(recent) >= limit) return recent;
    recent.push_back(entry->second.query);
    recent.back().duration = now - entry->second.begin;
  }
  for (auto known = known_.rbegin(); known != known_.rend(); ++known) {
    if (std::ssize(recent) >= limit) break;
    recent.push_back(known->query);
  }
  return recent;
}

}  // namespace iceframe
