// SPDX-License-Identifier: Apache-2.0
// Maintenance of tables: files and manifests rewritten, snapshots expired, orphans removed.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include "iceframe/maintenance/expire_snapshots.h"
#include "iceframe/maintenance/remove_orphan_files.h"
#include "iceframe/maintenance/rewrite_data_files.h"
#include "iceframe/maintenance/rewrite_manifests.h"

#include "bindings.h"
#include "casters/result.h"
#include "engine_call.h"
#include "option_reader.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

using TablePtr = std::shared_ptr<const Table>;
using SortColumns = std::vector<std::tuple<std::string, std::string, bool, std::optional<bool>>>;

nb::object IdOf(const std::optional<SnapshotId>& id) {
  return id ? nb::object(nb::int_(id->value())) : nb::object(nb::none());
}

Result<RewriteStrategy> StrategyOf(const std::string& name) {
  if (name == "bin_pack") return RewriteStrategy::kBinPack;
  if (name == "sort") return RewriteStrategy::kSort;
  if (name == "z_order") return RewriteStrategy::kZOrder;
  return Error(ErrorKind::kInvalidArgument, "strategy is not bin_pack, sort or z_order: ", name);
}

Result<RewriteDataFilesOptions> RewriteOptions(const OptionMap& request) {
  RewriteDataFilesOptions options;
  std::string strategy = "bin_pack";
  SortColumns sort_by;
  FilterArgument filter;
  OptionReader reader(request);
  reader.Take("strategy", strategy);
  reader.Take("sort_by", sort_by);
  reader.Take("z_order_columns", options.z_order_columns);
  reader.Take("filter", filter);
  reader.Take("target_file_size_bytes", options.target_file_size_bytes);
  reader.Take("min_input_files", options.min_input_files);
  reader.Take("all_files", options.all_files);
  reader.Take("deduplicate", options.deduplicate);
  reader.Take("compression", options.compression);
  reader.Take("max_parallel_groups", options.max_parallel_groups);
  reader.Take("max_commits", options.max_commits);
  reader.Take("num_retries", options.num_retries);
  reader.Take("dry_run", options.dry_run);
  reader.Take("branch", options.branch);
  reader.Take("summary", options.summary);
  ICEFRAME_RETURN_NOT_OK(reader.Finish());
  ICEFRAME_ASSIGN_OR_RETURN(options.strategy, StrategyOf(strategy));
  ICEFRAME_ASSIGN_OR_RETURN(options.filter, ToFilter(std::move(filter)));
  for (const auto& [column, transform, descending, nulls_first] : sort_by) {
    options.sort_by.push_back({column, transform, descending, nulls_first});
  }
  return options;
}

Result<OptionMap> RewriteDataFilesOf(Session& session, const TablePtr& table,
                                     const OptionMap& request, nb::object progress) {
  ICEFRAME_ASSIGN_OR_RETURN(const RewriteDataFilesOptions options, RewriteOptions(request));
  const Operation operation = MakeOperation(session.NewOperation(), std::move(progress));
  ICEFRAME_ASSIGN_OR_RETURN(const auto report,
                            RunCall<RewriteDataFilesReport>(operation, [&](CallerThread&) {
                              return RewriteDataFiles(operation.context, table, options);
                            }));
  nb::dict answer;
  answer["snapshot_id"] = IdOf(report.snapshot_id);
  answer["num_files"] = report.num_files;
  answer["num_bytes"] = report.num_bytes;
  answer["num_partitions"] = report.num_partitions;
  answer["num_rewritten_files"] = report.num_rewritten_files;
  answer["num_rewritten_bytes"] = report.num_rewritten_bytes;
  answer["num_rewritten_rows"] = report.num_rewritten_rows;
  answer["num_rewritten_partitions"] = report.num_rewritten_partitions;
  answer["num_removed_rows"] = report.num_removed_rows;
  answer["num_added_files"] = report.num_added_files;
  answer["num_added_bytes"] = report.num_added_bytes;
  answer["num_commits"] = report.num_commits;
  answer["num_groups_given_up"] = report.num_groups_given_up;
  return OptionMap(answer);
}

Result<OptionMap> RewriteManifestsOf(Session& session, const TablePtr& table,
                                     int64_t target_size_bytes, bool dry_run) {
  const Operation operation = MakeOperation(session.NewOperation());
  ICEFRAME_ASSIGN_OR_RETURN(
      const auto report, RunCall<RewriteManifestsReport>(operation, [&](CallerThread&) {
        return RewriteManifests(operation.context, table, target_size_bytes, dry_run);
      }));
  nb::dict answer;
  answer["snapshot_id"] = IdOf(report.snapshot_id);
  answer["num_manifests"] = report.num_manifests;
  answer["num_rewritten"] = report.num_rewritten;
  answer["num_added"] = report.num_added;
  return OptionMap(answer);
}

// `request`: older_than_ms, retain_last, max_parallel_deletes, dry_run, delete_files.
Result<OptionMap> ExpireSnapshotsOf(Session& session, const TablePtr& table,
                                    const OptionMap& request) {
  ExpireOptions options;
  OptionReader reader(request);
  reader.Take("older_than_ms", options.older_than_ms);
  reader.Take("retain_last", options.retain_last);
  reader.Take("max_parallel_deletes", options.max_parallel_deletes);
  reader.Take("dry_run", options.dry_run);
  reader.Take("delete_files", options.delete_files);
  ICEFRAME_RETURN_NOT_OK(reader.Finish());
  const Operation operation = MakeOperation(session.NewOperation());
  ICEFRAME_ASSIGN_OR_RETURN(const auto report, RunCall<ExpireReport>(operation, [&](CallerThread&) {
                              return ExpireSnapshots(operation.context, table, options);
                            }));
  std::vector<int64_t> ids;
  for (const SnapshotId id : report.expired.snapshot_ids) ids.push_back(id.value());
  nb::dict answer;
  answer["snapshot_ids"] = ids;
  answer["refs"] = report.expired.refs;
  answer["files"] = report.files.All();
  answer["left_behind"] = report.left_behind;
  return OptionMap(answer);
}

// `request`: older_than_ms, max_parallel_deletes, dry_run, allow_recent.
Result<OptionMap> RemoveOrphanFilesOf(Session& session, const TablePtr& table,
                                      const OptionMap& request) {
  RemoveOrphanFilesOptions options;
  OptionReader reader(request);
  reader.Take("older_than_ms", options.older_than_ms);
  reader.Take("max_parallel_deletes", options.max_parallel_deletes);
  reader.Take("dry_run", options.dry_run);
  reader.Take("allow_recent", options.allow_recent);
  ICEFRAME_RETURN_NOT_OK(reader.Finish());
  const Operation operation = MakeOperation(session.NewOperation());
  ICEFRAME_ASSIGN_OR_RETURN(const auto report,
                            RunCall<RemoveOrphanFilesReport>(operation, [&](CallerThread&) {
                              return RemoveOrphanFiles(operation.context, table, options);
                            }));
  nb::dict answer;
  answer["files"] = report.files;
  answer["num_bytes"] = report.num_bytes;
  answer["left_behind"] = report.left_behind;
  return OptionMap(answer);
}

}  // namespace

void BindMaintenance(nb::module_& module) {
  module.def("rewrite_data_files", &RewriteDataFilesOf, nb::arg("session"), nb::arg("table"),
             nb::arg("request"), nb::kw_only(), nb::arg("progress").none());
  module.def("rewrite_manifests", &RewriteManifestsOf, nb::arg("session"), nb::arg("table"),
             nb::arg("target_size_bytes"), nb::arg("dry_run"));
  module.def("expire_snapshots", &ExpireSnapshotsOf, nb::arg("session"), nb::arg("table"),
             nb::arg("request"));
  module.def("remove_orphan_files", &RemoveOrphanFilesOf, nb::arg("session"), nb::arg("table"),
             nb::arg("request"));
}

}  // namespace iceframe::python
