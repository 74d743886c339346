// SPDX-License-Identifier: Apache-2.0
#include "iceframe/maintenance/expire_snapshots.h"

#include <algorithm>
#include <utility>

#include "iceframe/format/table_metadata_builder.h"
#include "iceframe/maintenance/file_places.h"
#include "iceframe/maintenance/maintenance_operations.h"
#include "iceframe/runtime/running_operation.h"
#include "iceframe/table/commit.h"

namespace iceframe {

namespace {

// The metadata as it would be without what expires.
Result<std::shared_ptr<const TableMetadata>> Without(const TableMetadata& metadata,
                                                     const Expiration& expired) {
  std::vector<TableUpdate> updates;
  for (const std::string& name : expired.refs) updates.emplace_back(RemoveSnapshotRef{name});
  updates.emplace_back(RemoveSnapshots{expired.snapshot_ids});
  return ApplyUpdates(metadata, updates, {});
}

// Takes out the files that lie where other tables' may.
std::vector<std::string> TakeForeign(const TableMetadata& metadata,
                                     std::vector<std::string>* locations) {
  const std::vector<std::string> folders = FoldersOf(metadata);
  const auto own =
      std::stable_partition(locations->begin(), locations->end(), [&](const std::string& location) {
        const std::string place = PlaceOf(location);
        return std::ranges::any_of(
            folders, [&](const std::string& folder) { return IsBelow(place, folder); });
      });
  std::vector<std::string> foreign(own, locations->end());
  locations->erase(own, locations->end());
  return foreign;
}

void Delete(const OperationContext& context, FileIO& io, const TableMetadata& metadata,
            const ExpireOptions& options, ExpireReport* report) {
  std::vector<std::string> locations = report->files.All();
  report->left_behind = TakeForeign(metadata, &locations);
  if (options.dry_run) return;
  const auto failed = DeleteFiles(context, io, locations, options.max_parallel_deletes);
  report->left_behind.insert(report->left_behind.end(), failed.begin(), failed.end());
}

Result<ExpireReport> Expire(const OperationContext& context,
                            const std::shared_ptr<const Table>& table,
                            const ExpireOptions& options) {
  ExpireReport report;
  report.table = table;
  std::shared_ptr<const TableMetadata> before = table->metadata();
  ICEFRAME_ASSIGN_OR_RETURN(report.expired,
                            ChooseExpired(*before, options, context.clock->SystemNowMs()));
  if (report.expired.snapshot_ids.empty() && report.expired.refs.empty()) return report;
  std::shared_ptr<const TableMetadata> after;
  if (options.dry_run) {
    ICEFRAME_ASSIGN_OR_RETURN(after, Without(*before, report.expired));
  } else {
    ExpireSnapshotsAction action(options);
    ICEFRAME_ASSIGN_OR_RETURN(const CommitReport commit, CommitAction(context, table, action));
    report.table = commit.table;
    report.expired = action.expired();
    before = action.base();
    after = commit.table->metadata();
  }
  if (!options.delete_files) return report;
  auto files = FindUnneededFiles(context, *table->io(), *before, *after);
  if (!files.ok()) {
    if (options.dry_run) return files.status();
    return Error(KindOf(files.status()), "the snapshots have expired, but no file was deleted, as ",
                 "it could not be told which ones are still needed: ", files.status().message());
  }
  report.files = *std::move(files);
  Delete(context, *table->io(), *before, options, &report);
  return report;
}

}  // namespace

Result<ExpireReport> ExpireSnapshots(const OperationContext& context,
                                     const std::shared_ptr<const Table>& table,
                                     const ExpireOptions& options) {
  return RunOperation(context, kExpireSnapshotsOperation, {table->identifier().ToString()},
                      [&](const OperationContext& own) { return Expire(own, table, options); });
}

}  // namespace iceframe
