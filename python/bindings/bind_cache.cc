// SPDX-License-Identifier: Apache-2.0
// The cache of results, and queries that take part in it.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>

#include "iceframe/services/query_cache.h"
#include "iceframe/session.h"
#include "iceframe/types/view_array.h"

#include "batch_stream.h"
#include "bindings.h"
#include "call_listener.h"
#include "casters/arrow_capsule.h"
#include "casters/result.h"
#include "engine_call.h"
#include "rows.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

using CachePtr = std::shared_ptr<QueryCache>;
using Nanoseconds = std::optional<int64_t>;

// An answer that is found takes less; the catalog is not waited for.
constexpr std::chrono::milliseconds kFindTimeout{20};

std::optional<std::chrono::nanoseconds> ToAge(Nanoseconds ttl) {
  if (!ttl) return std::nullopt;
  return std::chrono::nanoseconds(*ttl);
}

Rows RowsOf(const KeptRows& kept) { return {ViewSchemaOf(*kept.schema), kept.batches}; }

Result<TableIdentifier> ToTable(const std::string& name) {
  return TableIdentifier::Parse(Session::FullTableName(name));
}

Status Put(QueryCache& self, const std::string& table, const std::string& parameters,
           nb::handle data, Nanoseconds ttl) {
  ICEFRAME_ASSIGN_OR_RETURN(const TableIdentifier identifier, ToTable(table));
  const Operation operation = MakeOperation(OperationContext());
  ICEFRAME_ASSIGN_OR_RETURN(auto reader, ImportBatches(data));
  return RunCall(operation, [&](CallerThread& caller) -> Status {
    arrow::RecordBatchVector batches;
    ICEFRAME_RETURN_NOT_OK(ReadOnCaller(reader, caller)->ToRecordBatches().Value(&batches));
    return self.Put(operation.context, identifier, parameters, reader->schema(), batches,
                    ToAge(ttl));
  });
}

Result<std::optional<Rows>> Get(QueryCache& self, const std::string& table,
                                const std::string& parameters) {
  ICEFRAME_ASSIGN_OR_RETURN(const TableIdentifier identifier, ToTable(table));
  const Operation operation = MakeOperation(OperationContext());
  std::shared_ptr<const KeptRows> kept;
  ICEFRAME_RETURN_NOT_OK(RunCall(operation, [&](CallerThread&) {
    kept = self.Get(operation.context, identifier, parameters);
    return Status::OK();
  }));
  if (kept == nullptr) return std::nullopt;
  return std::optional<Rows>(RowsOf(*kept));
}

Status Invalidate(QueryCache& self, const std::string& table) {
  ICEFRAME_ASSIGN_OR_RETURN(const TableIdentifier identifier, ToTable(table));
  self.Invalidate(identifier);
  return Status::OK();
}

nb::dict EvictionsOf(const SharedCacheStats& stats) {
  nb::dict evictions;
  evictions["size"] = stats.evictions.size;
  evictions["entries"] = stats.evictions.entries;
  evictions["expired"] = stats.evictions.expired;
  evictions["pressure"] = stats.evictions.pressure;
  evictions["invalidated"] = stats.evictions.invalidated;
  evictions["replaced"] = stats.evictions.replaced;
  return evictions;
}

nb::dict DescribeEntry(const QueryCacheEntry& entry) {
  nb::dict described;
  nb::list tables;
  for (const EntryTable& table : entry.tables) tables.append(table.name);
  described["tables"] = tables;
  described["is_callers"] = entry.is_callers;
  described["rows"] = entry.num_rows;
  described["bytes"] = entry.num_bytes;
  described["created_at_ms"] = entry.created_at_ms;
  described["expires_at_ms"] = nb::cast(entry.expires_at_ms);
  return described;
}

nb::dict StatsOfCache(const QueryCache& self) {
  const QueryCacheStats stats = self.stats();
  nb::dict refused;
  for (int i = 0; i < kNumResultRefusals; ++i) {
    const auto refusal = static_cast<ResultRefusal>(i);
    const std::string_view name = ToString(refusal);
    refused[nb::str(name.data(), name.size())] = stats.of(refusal);
  }
  nb::list entries;
  for (const QueryCacheEntry& entry : stats.entries) entries.append(DescribeEntry(entry));
  nb::dict files;
  files["hits"] = stats.files.hits;
  files["misses"] = stats.files.misses;
  files["entries"] = stats.files.num_entries;
  files["bytes"] = stats.files.num_bytes;
  nb::dict described;
  described["entries"] = entries;
  described["hits"] = stats.results.hits;
  described["misses"] = stats.results.misses;
  described["coalesced"] = stats.results.coalesced;
  described["evictions"] = EvictionsOf(stats.results);
  described["refused"] = refused;
  described["bytes"] = stats.results.num_bytes;
  described["files"] = files;
  return described;
}

std::shared_ptr<PreparedQuery> Prepare(Query query, Nanoseconds ttl, std::string scope,
                                       bool as_views) {
  QueryOptions options;
  options.cache = ResultCaching{ToAge(ttl), std::move(scope), as_views};
  return std::make_shared<PreparedQuery>(std::move(query), std::move(options));
}

}  // namespace

Result<std::shared_ptr<BatchStream>> ExecutePrepared(Session& session, const PreparedQuery& query,
                                                     nb::object progress) {
  Operation operation = MakeOperation(session.NewOperation(), std::move(progress));
  using Reader = std::shared_ptr<arrow::RecordBatchReader>;
  ICEFRAME_ASSIGN_OR_RETURN(auto reader, RunCall<Reader>(operation, [&](CallerThread&) {
                              return session.Execute(operation.context, query);
                            }));
  return std::make_shared<BatchStream>(std::move(reader), std::move(operation));
}

std::optional<Rows> FindKept(Session& session, const PreparedQuery& query) {
  std::shared_ptr<const KeptRows> kept;
  TellCallListener();
  // Whatever is the matter, ExecutePrepared finds out, and can be interrupted.
  (void)RunBriefCall([&]() -> Status {
    OperationContext context = session.NewOperation();
    context.deadline = std::chrono::steady_clock::now() + kFindTimeout;
    return session.FindKept(context, query).Value(&kept);
  });
  if (kept == nullptr) return std::nullopt;
  return RowsOf(*kept);
}

void BindCache(nb::module_& module) {
  nb::class_<QueryCache>(module, "QueryCache", "Kept results; `iceframe.cache` wraps it.")
      .def_static(
          "make",
          [](int64_t max_entries, int64_t max_bytes) {
            return QueryCache::Make({.max_entries = max_entries, .max_bytes = max_bytes});
          },
          nb::arg("max_entries"), nb::arg("max_bytes"))
      .def_static("process", &QueryCache::Process, "The one of sessions that were given none.")
      .def_static("set_process", [](CachePtr cache) { QueryCache::SetProcess(std::move(cache)); })
      .def_prop_ro("max_entries", &QueryCache::max_entries)
      .def_prop_ro("max_bytes", &QueryCache::max_bytes)
      .def("put", &Put, nb::arg("table"), nb::arg("parameters"), nb::arg("data"),
           nb::arg("ttl_ns").none(), "Keeps rows of the caller's.")
      .def("get", &Get, nb::arg("table"), nb::arg("parameters"))
      .def("invalidate", &Invalidate, nb::arg("table"))
      .def("clear", &QueryCache::Clear)
      .def("stats", &StatsOfCache, nb::sig("def stats(self) -> dict[str, Any]"));
  nb::class_<PreparedQuery>(module, "PreparedQuery", "A query that takes part in a cache.")
      .def_static("of", &Prepare, nb::arg("query"), nb::arg("ttl_ns").none(), nb::arg("scope"),
                  nb::arg("as_views"));
}

}  // namespace iceframe::python
