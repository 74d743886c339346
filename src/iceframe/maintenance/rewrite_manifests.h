// SPDX-License-Identifier: Apache-2.0
// Merging and sorting a table's manifests, where that is worth it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/table/commit_options.h"
#include "iceframe/table/table.h"

namespace iceframe {

struct RewriteManifestsReport {
  std::shared_ptr<const Table> table;
  /// nullopt: the manifests were as they should be, or it was a dry run.
  std::optional<SnapshotId> snapshot_id;
  /// Of the snapshot before.
  int64_t num_manifests = 0;
  /// Those that were (in a dry run: would be) written anew, and what took their place.
  int64_t num_rewritten = 0;
  int64_t num_added = 0;
};

/// Commits a RewriteManifestsAction, unless there is nothing to rewrite. `target_size_bytes`:
/// default: the table's commit.manifest.target-size-bytes. Errors: those of the action and of
/// CommitAction.
Result<RewriteManifestsReport> RewriteManifests(const OperationContext& context,
                                                const std::shared_ptr<const Table>& table,
                                                std::optional<int64_t> target_size_bytes = {},
                                                bool dry_run = false,
                                                const CommitOptions& options = {});

}  // namespace iceframe
