// SPDX-License-Identifier: Apache-2.0
// What the bind_<concept>.cc files give each other: one function each for module.cc, and scans.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <nanobind/nanobind.h>

#include "iceframe/base/result.h"
#include "iceframe/session.h"

#include "read_request.h"
#include "rows.h"

namespace iceframe::python {

void BindCache(nanobind::module_& module);
void BindChanges(nanobind::module_& module);
void BindChunks(nanobind::module_& module);
void BindDiskCache(nanobind::module_& module);
void BindExecutor(nanobind::module_& module);
void BindExpression(nanobind::module_& module);
void BindFederation(nanobind::module_& module);
void BindFiles(nanobind::module_& module);
void BindIncremental(nanobind::module_& module);
void BindInput(nanobind::module_& module);
void BindMaintenance(nanobind::module_& module);
void BindMemory(nanobind::module_& module);
void BindMetrics(nanobind::module_& module);
void BindOptimizer(nanobind::module_& module);
void BindMonitoring(nanobind::module_& module);
void BindParallel(nanobind::module_& module);
void BindKafka(nanobind::module_& module);
void BindPool(nanobind::module_& module);
void BindQuery(nanobind::module_& module);
void BindRows(nanobind::module_& module);
void BindScan(nanobind::module_& module);
void BindSession(nanobind::module_& module);
void BindSharedCaches(nanobind::module_& module);
void BindSkipping(nanobind::module_& module);
void BindStreaming(nanobind::module_& module);
void BindTable(nanobind::module_& module);
void BindTransaction(nanobind::module_& module);

/// A schema as the specification's JSON, or as Arrow's. In JSON, fields without ids get fresh ones.
Result<std::shared_ptr<const Schema>> ToTableSchema(nanobind::handle schema, int format_version);

class BatchStream;
/// A table by its name, as it is now, or as it was loaded.
using TableArgument = std::variant<std::string, std::shared_ptr<const Table>>;
/// Plans a scan; its batches come as they are asked for.
Result<std::shared_ptr<BatchStream>> Scan(Session& session, const TableArgument& table,
                                          const ReadRequest& request, nanobind::object progress);

/// Returns how many rows match.
Result<int64_t> CountRows(Session& session, const TableArgument& table, const ReadRequest& request);

/// Starts a query; its batches come as they are asked for.
Result<std::shared_ptr<BatchStream>> Execute(Session& session, const Query& query,
                                             std::vector<std::string> disabled_rules,
                                             nanobind::object progress);
/// The same for a query that may take part in a cache.
Result<std::shared_ptr<BatchStream>> ExecutePrepared(Session& session, const PreparedQuery& query,
                                                     nanobind::object progress);
/// What the cache has for it; nullopt: ExecutePrepared finds out.
std::optional<Rows> FindKept(Session& session, const PreparedQuery& query);
/// The explanation as text and as JSON; `prepared`: how the query takes part in a cache, or None.
Result<std::pair<std::string, std::string>> Explain(Session& session, const Query& query,
                                                    bool analyze,
                                                    std::vector<std::string> disabled_rules,
                                                    const PreparedQuery* prepared);

}  // namespace iceframe::python
