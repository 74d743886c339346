// SPDX-License-Identifier: Apache-2.0
// What the bind_<concept>.cc files give each other: one function each for module.cc, and scans.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <nanobind/nanobind.h>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/session.h"

namespace iceframe::python {

void BindExecutor(nanobind::module_& module);
void BindExpression(nanobind::module_& module);
void BindFiles(nanobind::module_& module);
void BindInput(nanobind::module_& module);
void BindMetrics(nanobind::module_& module);
void BindQuery(nanobind::module_& module);
void BindRows(nanobind::module_& module);
void BindScan(nanobind::module_& module);
void BindSession(nanobind::module_& module);
void BindTable(nanobind::module_& module);

/// A filter as users give it: none (true), SQL text, or a tree.
using FilterArgument = std::optional<std::variant<std::string, Expression>>;
Result<Expression> ToFilter(FilterArgument filter);

/// A schema as the specification's JSON, or as Arrow's. In JSON, fields without ids get fresh ones.
Result<std::shared_ptr<const Schema>> ToTableSchema(nanobind::handle schema, int format_version);

/// At most one of them is given.
TableVersion ToVersion(std::optional<int64_t> snapshot_id, std::optional<int64_t> as_of_timestamp,
                       std::optional<std::string> ref);

class BatchStream;
/// A table by its name, as it is now, or as it was loaded.
using TableArgument = std::variant<std::string, std::shared_ptr<const Table>>;
/// Plans a scan; its batches come as they are asked for.
Result<std::shared_ptr<BatchStream>> Scan(
    Session& session, const TableArgument& table, std::optional<std::vector<std::string>> columns,
    FilterArgument filter, std::optional<int64_t> limit, std::optional<int64_t> snapshot_id,
    std::optional<int64_t> as_of_timestamp, std::optional<std::string> ref, bool ordered,
    bool case_sensitive, int64_t batch_rows, nanobind::object progress);

/// Returns how many rows match.
Result<int64_t> CountRows(Session& session, const TableArgument& table, FilterArgument filter,
                          std::optional<int64_t> limit, std::optional<int64_t> snapshot_id,
                          std::optional<int64_t> as_of_timestamp, std::optional<std::string> ref,
                          bool case_sensitive);

/// Starts a query; its batches come as they are asked for.
Result<std::shared_ptr<BatchStream>> Execute(Session& session, const Query& query,
                                             std::vector<std::string> disabled_rules,
                                             nanobind::object progress);
/// The explanation as text and as JSON.
Result<std::pair<std::string, std::string>> Explain(Session& session, const Query& query,
                                                    bool analyze,
                                                    std::vector<std::string> disabled_rules);

}  // namespace iceframe::python
