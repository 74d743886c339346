// SPDX-License-Identifier: Apache-2.0
// The one place where what a read is asked for comes from Python: a mapping of options by name.
#include "read_request.h"

#include <optional>
#include <string>
#include <vector>

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include "iceframe/expression/parse_expression.h"

namespace nb = nanobind;

namespace iceframe::python {

Result<Expression> ToFilter(FilterArgument filter) {
  if (!filter) return True();
  if (auto* expression = std::get_if<Expression>(&*filter)) return std::move(*expression);
  return ParseExpression(std::get<std::string>(*filter));
}

TableVersion ToVersion(std::optional<int64_t> snapshot_id, std::optional<int64_t> as_of_timestamp,
                       std::optional<std::string> ref) {
  TableVersion version;
  if (snapshot_id) version.snapshot_id = SnapshotId(*snapshot_id);
  version.as_of_timestamp_ms = as_of_timestamp;
  version.ref = std::move(ref);
  return version;
}

Result<ScanOptions> ToScanOptions(const ReadRequest& request) {
  ScanOptions options;
  FilterArgument filter;
  std::optional<int64_t> snapshot_id;
  bool is_appended = false;
  std::optional<int64_t> since_snapshot_id;
  AppendedRows appended;
  std::string on_removed = "difference";
  OptionReader reader(request);
  reader.Take("snapshot_id", snapshot_id);
  reader.Take("as_of_timestamp", options.version.as_of_timestamp_ms);
  reader.Take("ref", options.version.ref);
  reader.Take("columns", options.columns);
  reader.Take("filter", filter);
  reader.Take("case_sensitive", options.rows.case_sensitive);
  reader.Take("limit", options.rows.limit);
  reader.Take("appended", is_appended);
  reader.Take("since_snapshot_id", since_snapshot_id);
  reader.Take("since_timestamp", appended.since_timestamp_ms);
  reader.Take("on_removed", on_removed);
  VisitOptions(options.delivery,
               [&](const char* name, auto& member) { reader.Take(name, member); });
  ICEFRAME_RETURN_NOT_OK(reader.Finish());
  if (is_appended) {
    if (since_snapshot_id) appended.since = SnapshotId(*since_snapshot_id);
    ICEFRAME_ASSIGN_OR_RETURN(appended.on_removed, RemovedRowsFromName(on_removed));
    options.appended = appended;
  }
  if (snapshot_id) options.version.snapshot_id = SnapshotId(*snapshot_id);
  ICEFRAME_ASSIGN_OR_RETURN(options.rows.filter, ToFilter(std::move(filter)));
  return options;
}

}  // namespace iceframe::python
