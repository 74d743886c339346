// SPDX-License-Identifier: Apache-2.0
// Forgetting snapshots that are old. Spec: "Snapshot Retention Policy".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "iceframe/format/snapshot.h"
#include "iceframe/table/commit.h"

namespace iceframe {

struct ExpireSnapshotsOptions {
  /// Snapshots from before this time go; default: history.expire.max-snapshot-age-ms (5 days) ago.
  std::optional<int64_t> older_than_ms;
  /// How many of each branch stay whatever their age; default: history.expire.min-snapshots-to-keep
  /// (1). What a branch itself says of both goes before.
  std::optional<int32_t> retain_last;
  /// These go too, whatever their age.
  std::vector<SnapshotId> snapshot_ids;
};

/// What expires of a table at one time.
struct Expiration {
  /// Oldest first.
  std::vector<SnapshotId> snapshot_ids;
  /// Branches and tags past their max-ref-age-ms.
  std::vector<std::string> refs;
};

/// Chooses as Iceberg Java does: of each branch, from its head back, min-snapshots-to-keep stay,
/// and beyond those all up to the first one that is too old; so do snapshots with a tag; of those
/// that no ref leads to, the ones that are not too old. main never goes.
///
/// Errors: InvalidArgument naming the option, the property, or a snapshot that is asked for but not
/// there or named by a ref; those of CheckMayDeleteFiles.
Result<Expiration> ChooseExpired(const TableMetadata& metadata,
                                 const ExpireSnapshotsOptions& options, int64_t now_ms);

/// Errors: Unsupported if the table's property gc.enabled is false: its files may be another
/// table's too. InvalidArgument if it is no truth value.
Status CheckMayDeleteFiles(const TableMetadata& metadata);

/// Removes from each attempt's base what expires of it at that time. Every ref of the base is
/// required to be as it was, so that what another writer begins to need is kept. Files stay: see
/// maintenance/expire_snapshots.h.
class ExpireSnapshotsAction final : public TableAction {
 public:
  explicit ExpireSnapshotsAction(ExpireSnapshotsOptions options) : options_(std::move(options)) {}

  Result<CommitRequest> Prepare(const CommitAttempt& attempt) override;

  /// The base of the last attempt, and what was asked to go of it.
  const std::shared_ptr<const TableMetadata>& base() const { return base_; }
  const Expiration& expired() const { return expired_; }

 private:
  const ExpireSnapshotsOptions options_;
  std::shared_ptr<const TableMetadata> base_;
  Expiration expired_;
};

}  // namespace iceframe
