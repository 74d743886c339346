// SPDX-License-Identifier: Apache-2.0
// What is collected of queries.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include "iceframe/all_counters.h"
#include "iceframe/services/query_collector.h"
#include "iceframe/services/query_log.h"
#include "iceframe/services/trace_recorder.h"
#include "iceframe/session.h"

#include "bindings.h"
#include "call_listener.h"
#include "casters/result.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

double Seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

double Milliseconds(std::chrono::nanoseconds duration) { return Seconds(duration) * 1000; }

/// An observer of a session, or of the process, that hears of operations while this is there.
template <typename Observer>
class Listener {
 public:
  /// `session`: nullptr for the process.
  Listener(std::shared_ptr<Session> session, std::shared_ptr<Observer> observer)
      : session_(std::move(session)), observer_(std::move(observer)) {
    observers().Add(observer_);
  }
  ~Listener() { Stop(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void Stop() { observers().Remove(observer_.get()); }
  Observer* operator->() const { return observer_.get(); }

 private:
  OperationObservers& observers() const {
    return session_ != nullptr ? session_->observers() : OperationObservers::Process();
  }

  const std::shared_ptr<Session> session_;
  const std::shared_ptr<Observer> observer_;
};
using ListeningCollector = Listener<QueryCollector>;
using ListeningLog = Listener<QueryLog>;
using SessionPtr = std::shared_ptr<Session>;

nb::dict Describe(const QueryMetrics& query) {
  const double start = static_cast<double>(query.start_time_ms) / 1000;
  nb::dict described;
  described["query_id"] = query.query_id;
  described["table_name"] = query.table_name;
  described["start_time"] = start;
  described["end_time"] = query.has_ended ? nb::cast(start + Seconds(query.duration)) : nb::none();
  described["rows_scanned"] = query.figures.rows_scanned;
  described["rows_returned"] = query.figures.rows_returned;
  described["bytes_scanned"] = query.figures.bytes_scanned;
  described["cache_hit"] = query.cache_hit;
  described["error"] = nb::cast(query.error);
  described["files_scanned"] = query.figures.files_scanned;
  described["files_skipped"] = query.figures.files_skipped;
  described["operation"] = query.operation;
  return described;
}

nb::list RecentQueries(ListeningCollector& self, int64_t limit) {
  nb::list recent;
  for (const QueryMetrics& query : self->Recent(limit)) recent.append(Describe(query));
  return recent;
}

double Share(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

nb::dict StatsOfCollector(ListeningCollector& self) {
  const QueryStats stats = self->stats();
  const QueryTotals& totals = stats.totals;
  const auto num_queries = static_cast<double>(std::max<int64_t>(totals.num_queries, 1));
  nb::dict described;
  described["total_queries"] = totals.num_queries;
  described["avg_duration_ms"] = Milliseconds(totals.duration) / num_queries;
  described["cache_hit_rate"] = Share(totals.num_cache_hits, totals.num_queries);
  described["error_rate"] = Share(totals.num_errors, totals.num_queries);
  described["total_rows_returned"] = totals.figures.rows_returned;
  described["total_rows_scanned"] = totals.figures.rows_scanned;
  described["total_bytes_scanned"] = totals.figures.bytes_scanned;
  described["total_files_scanned"] = totals.figures.files_scanned;
  described["total_files_skipped"] = totals.figures.files_skipped;
  described["running_queries"] = stats.num_running;
  described["p50_duration_ms"] = Milliseconds(stats.Percentile(0.5));
  described["p90_duration_ms"] = Milliseconds(stats.Percentile(0.9));
  described["p95_duration_ms"] = Milliseconds(stats.Percentile(0.95));
  described["p99_duration_ms"] = Milliseconds(stats.Percentile(0.99));
  described["max_duration_ms"] = Milliseconds(stats.Percentile(1));
  return described;
}

Result<std::unique_ptr<ListeningLog>> OpenLog(SessionPtr session, std::string path,
                                              int64_t max_entries, int64_t max_file_bytes,
                                              int64_t max_files) {
  ICEFRAME_ASSIGN_OR_RETURN(auto log, QueryLog::Open({.counters = AllCounters(),
                                                      .max_records = max_entries,
                                                      .path = std::move(path),
                                                      .max_file_bytes = max_file_bytes,
                                                      .max_files = max_files}));
  return std::make_unique<ListeningLog>(std::move(session), std::move(log));
}

std::string Entries(ListeningLog& self, int64_t limit) {
  Json entries = Json::Array();
  for (const QueryRecord& record : self->Newest(limit)) entries.Append(record.ToJson());
  return entries.Dump();
}

nb::dict Describe(const Trace& trace) {
  nb::list spans;
  for (const SpanRecord& span : trace.spans) {
    spans.append(nb::make_tuple(std::string(span.name), span.subject, span.begin.count(),
                                span.duration.count()));
  }
  nb::dict described;
  described["operation"] = std::string(trace.start.kind.name);
  described["tables"] = nb::cast(trace.start.tables);
  described["begin_ms"] = trace.start.time_ms;
  described["duration_ns"] = trace.duration.count();
  described["status"] = std::string(ToString(trace.outcome));
  described["error"] = trace.error ? nb::cast(std::string(ToString(*trace.error))) : nb::none();
  described["rows_returned"] = trace.rows_returned;
  described["plan"] = trace.plan;
  described["parent"] = trace.parent;
  described["own"] = trace.own;
  described["spans"] = spans;
  return described;
}

nb::list TakeTraces(Listener<TraceRecorder>& self, int64_t timeout_ms) {
  std::vector<Trace> traces;
  {
    const nb::gil_scoped_release released;
    traces = self->Take(std::chrono::milliseconds(timeout_ms));
  }
  nb::list taken;
  for (const Trace& trace : traces) taken.append(Describe(trace));
  return taken;
}

void BindTraces(nb::module_& module) {
  using Recorder = Listener<TraceRecorder>;
  nb::class_<Recorder>(module, "TraceRecorder", "Records traces; `iceframe.monitoring` wraps it.")
      .def(
          "__init__",
          [](Recorder* self, SessionPtr session) {
            new (self) Recorder(std::move(session), std::make_shared<TraceRecorder>());
          },
          nb::arg("session").none())
      .def(
          "set_parent",
          [](Recorder& self, std::string parent) { self->SetParent(std::move(parent)); },
          nb::arg("parent"), "What this thread's calls are part of from now on.")
      .def(
          "give_ids", [](Recorder& self, uint8_t flags) { self->GiveIds(flags); }, nb::arg("flags"),
          "From now on operations have ids from their begin on.")
      .def("take", &TakeTraces, nb::arg("timeout_ms"),
           nb::sig("def take(self, timeout_ms: int) -> list[dict[str, Any]]"),
           "Waits for traces, and returns them.")
      .def("close", [](Recorder& self) {
        self.Stop();
        self->Close();
      });
  module.def("set_call_listener", &SetCallListener, nb::arg("listener").none(),
             "Who is told, on the thread that calls, before each engine call.");
}

void BindLog(nb::module_& module) {
  nb::class_<ListeningLog>(module, "QueryLog", "Keeps records; `iceframe.monitoring` wraps it.")
      .def_static("open", &OpenLog, nb::arg("session").none(), nb::arg("path"), nb::kw_only(),
                  nb::arg("max_entries"), nb::arg("max_file_bytes"), nb::arg("max_files"))
      .def("entries", &Entries, nb::arg("limit"), "The newest records first, as JSON.")
      .def("close", &ListeningLog::Stop);
  module.def(
      "running_operations", [] { return ActivityJson(AllCounters()).Dump(); },
      "The operations of the process that run now, newest first, as JSON.");
}

}  // namespace

void BindMonitoring(nb::module_& module) {
  nb::class_<ListeningCollector>(module, "QueryCollector",
                                 "Collects queries; `iceframe.monitoring` wraps it.")
      .def(
          "__init__",
          [](ListeningCollector* self, SessionPtr session, int64_t max_queries) {
            new (self) ListeningCollector(std::move(session),
                                          std::make_shared<QueryCollector>(
                                              QueryCollectorOptions{.max_queries = max_queries}));
          },
          nb::arg("session").none(), nb::arg("max_queries"))
      .def(
          "start",
          [](ListeningCollector& self, const std::string& table) {
            return self->Start(Session::FullTableName(table), table);
          },
          nb::arg("table"), "Announces a query of this thread; returns its id.")
      .def(
          "end",
          [](ListeningCollector& self, const std::string& query_id, int64_t rows_returned,
             bool cache_hit, std::optional<std::string> error) {
            return self->End(query_id, {rows_returned, cache_hit, std::move(error)});
          },
          nb::arg("query_id"), nb::arg("rows_returned"), nb::arg("cache_hit"),
          nb::arg("error").none())
      .def("recent", &RecentQueries, nb::arg("limit"),
           nb::sig("def recent(self, limit: int) -> list[dict[str, Any]]"),
           "Queries, newest first.")
      .def("stats", &StatsOfCollector, nb::sig("def stats(self) -> dict[str, Any]"));
  BindLog(module);
  BindTraces(module);
}

}  // namespace iceframe::python
