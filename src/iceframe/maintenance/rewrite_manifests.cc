// SPDX-License-Identifier: Apache-2.0
#include "iceframe/maintenance/rewrite_manifests.h"

#include "iceframe/maintenance/maintenance_operations.h"
#include "iceframe/runtime/running_operation.h"
#include "iceframe/runtime/settings.h"
#include "iceframe/table/rewrite_manifests_action.h"

namespace iceframe {

namespace {

int64_t CountIn(const Snapshot& snapshot, const char* key) {
  const auto count = snapshot.summary.find(key);
  return count == snapshot.summary.end() ? 0 : ParseInteger(count->second).ValueOr(0);
}

Result<RewriteManifestsReport> Rewrite(const OperationContext& context,
                                       const std::shared_ptr<const Table>& table,
                                       const RewriteManifestsOptions& options, bool dry_run,
                                       CommitWatch* watch) {
  RewriteManifestsReport report;
  report.table = table;
  ICEFRAME_ASSIGN_OR_RETURN(const auto action, RewriteManifestsAction::Make(*table, options));
  const TableMetadata& metadata = *table->metadata();
  const Snapshot* snapshot = metadata.current_snapshot();
  if (options.target_ref != kMainBranch) {
    ICEFRAME_ASSIGN_OR_RETURN(snapshot,
                              table->SnapshotOf({std::nullopt, std::nullopt, options.target_ref}));
  }
  if (snapshot == nullptr) return report;
  ICEFRAME_ASSIGN_OR_RETURN(const auto manifests,
                            ReadManifestList(context, *table->io(), metadata, *snapshot));
  ICEFRAME_ASSIGN_OR_RETURN(
      const auto chosen,
      RewriteManifestsAction::ToRewrite(metadata, *manifests, options.target_size_bytes));
  report.num_manifests = static_cast<int64_t>(manifests->size());
  report.num_rewritten = static_cast<int64_t>(chosen.size());
  if (chosen.empty() || dry_run) return report;
  ICEFRAME_ASSIGN_OR_RETURN(const CommitReport commit,
                            CommitAction(context, table, *action, watch));
  report.table = commit.table;
  report.snapshot_id = commit.snapshot_id;
  if (!commit.snapshot_id) {
    // Another writer has merged them meanwhile.
    report.num_rewritten = 0;
    return report;
  }
  ICEFRAME_ASSIGN_OR_RETURN(const Snapshot* made,
                            commit.table->metadata()->FindSnapshot(*commit.snapshot_id));
  if (made == nullptr) return report;  // Another writer has expired it since.
  report.num_rewritten = CountIn(*made, "manifests-replaced");
  report.num_added = CountIn(*made, "manifests-created");
  return report;
}

}  // namespace

Result<RewriteManifestsReport> RewriteManifests(const OperationContext& context,
                                                const std::shared_ptr<const Table>& table,
                                                std::optional<int64_t> target_size_bytes,
                                                bool dry_run, const CommitOptions& options) {
  return RunOperation(context, kRewriteManifestsOperation, {table->identifier().ToString()},
                      [&](const OperationContext& own) -> Result<RewriteManifestsReport> {
                        ICEFRAME_RETURN_NOT_OK(options.Check());
                        RewriteManifestsOptions rewrite;
                        static_cast<SnapshotActionOptions&>(rewrite) = options.ForAction();
                        rewrite.target_size_bytes = target_size_bytes;
                        return Rewrite(own, table, rewrite, dry_run, options.watch.get());
                      });
}

}  // namespace iceframe
