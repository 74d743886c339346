// SPDX-License-Identifier: Apache-2.0
// Rows kept in files.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>

#include "iceframe/services/disk_cache.h"
#include "iceframe/session.h"

#include "bindings.h"
#include "casters/arrow_capsule.h"
#include "casters/result.h"
#include "engine_call.h"
#include "rows.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

using ArrowTablePtr = std::shared_ptr<arrow::Table>;

Result<std::shared_ptr<DiskCache>> Open(std::string folder, int64_t max_bytes) {
  const Operation operation = MakeOperation(OperationContext());
  return RunCall<std::shared_ptr<DiskCache>>(operation, [&](CallerThread&) {
    return DiskCache::Open({.folder = std::move(folder), .max_bytes = max_bytes});
  });
}

Status Put(DiskCache& self, DiskCacheKey key, nb::handle data, std::optional<int64_t> ttl_ns) {
  const Operation operation = MakeOperation(OperationContext());
  ICEFRAME_ASSIGN_OR_RETURN(auto reader, ImportBatches(data));
  std::optional<std::chrono::nanoseconds> ttl;
  if (ttl_ns) ttl = std::chrono::nanoseconds(*ttl_ns);
  return RunCall(operation, [&](CallerThread& caller) -> Status {
    ICEFRAME_ASSIGN_OR_RETURN(const ArrowTablePtr rows, ReadOnCaller(reader, caller)->ToTable());
    return self.Put(operation.context, key, *rows, ttl);
  });
}

Result<std::optional<Rows>> Get(DiskCache& self, DiskCacheKey key) {
  const Operation operation = MakeOperation(OperationContext());
  ICEFRAME_ASSIGN_OR_RETURN(const ArrowTablePtr table,
                            RunCall<ArrowTablePtr>(operation, [&](CallerThread&) {
                              return self.Get(operation.context, key);
                            }));
  if (table == nullptr) return std::nullopt;
  Rows rows{table->schema(), {}};
  ICEFRAME_ASSIGN_OR_RETURN(rows.batches, arrow::TableBatchReader(*table).ToRecordBatches());
  return std::optional<Rows>(std::move(rows));
}

nb::dict StatsOfDiskCache(const DiskCache& self) {
  const DiskCacheStats stats = self.stats();
  nb::dict described;
  described["size"] = stats.num_entries;
  described["bytes"] = stats.num_bytes;
  described["hits"] = stats.hits;
  described["misses"] = stats.misses;
  described["damaged"] = stats.damaged;
  described["expired"] = stats.expired;
  described["evictions"] = stats.evictions;
  described["refused"] = stats.refused;
  return described;
}

}  // namespace

void BindDiskCache(nb::module_& module) {
  nb::class_<DiskCache>(module, "DiskCache", "Rows in files; `iceframe.cache` wraps it.")
      .def_static("open", &Open, nb::arg("folder"), nb::arg("max_bytes"))
      .def_prop_ro("folder", &DiskCache::folder)
      .def_prop_ro("max_bytes", &DiskCache::max_bytes)
      .def(
          "put",
          [](DiskCache& self, const std::string& table, std::string parameters, nb::handle data,
             std::optional<int64_t> ttl_ns) {
            return Put(self, {Session::FullTableName(table), std::move(parameters)}, data, ttl_ns);
          },
          nb::arg("table"), nb::arg("parameters"), nb::arg("data"), nb::arg("ttl_ns").none())
      .def(
          "get",
          [](DiskCache& self, const std::string& table, std::string parameters) {
            return Get(self, {Session::FullTableName(table), std::move(parameters)});
          },
          nb::arg("table"), nb::arg("parameters"))
      .def(
          "invalidate",
          [](DiskCache& self, const std::string& table) {
            return self.EraseGroup(Session::FullTableName(table));
          },
          nb::arg("table"))
      .def("clear", &DiskCache::Clear)
      .def("stats", &StatsOfDiskCache, nb::sig("def stats(self) -> dict[str, int]"));
}

}  // namespace iceframe::python
