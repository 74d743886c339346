// SPDX-License-Identifier: Apache-2.0
// Making, moving and removing branches and tags.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "iceframe/format/snapshot.h"
#include "iceframe/table/commit.h"

namespace iceframe {

/// Makes a branch or tag (by `ref.kind`). Errors: AlreadyExists; NotFound for the snapshot.
struct CreateRef {
  std::string name;
  SnapshotRef ref;
};
/// Moves a branch or tag to any snapshot, with the retention of `ref`. Errors: NotFound.
struct ReplaceRef {
  std::string name;
  SnapshotRef ref;
};
/// Errors: NotFound; InvalidArgument for main, or if it is not of the kind that is given.
struct RemoveRef {
  std::string name;
  std::optional<SnapshotRefKind> kind = {};
};
/// Gives a branch another name. Errors: NotFound; AlreadyExists; InvalidArgument for main.
struct RenameRef {
  std::string name;
  std::string new_name;
};
/// Moves a branch or tag to a snapshot; its retention stays. main is made where it is missing.
struct SetRefSnapshot {
  std::string name;
  SnapshotId snapshot_id;
};
/// Moves a branch forward to where another branch or tag is. Errors: CommitRejected unless the
/// branch's snapshot is an ancestor of that; NotFound.
struct FastForwardBranch {
  std::string branch;
  std::string to;
};
/// Moves a branch back to an ancestor of its snapshot. Errors: CommitRejected if it is none;
/// NotFound.
struct RollBackBranch {
  std::string branch = kMainBranch;
  SnapshotId snapshot_id;
};
/// Moves a branch back to its newest ancestor from before a time. Errors: NotFound.
struct RollBackBranchToTime {
  std::string branch = kMainBranch;
  int64_t timestamp_ms = 0;
};
/// Sets what is given, and keeps what is not. Errors: NotFound; InvalidArgument for a tag that
/// would keep snapshots.
struct SetRefRetention {
  std::string name;
  std::optional<int32_t> min_snapshots_to_keep = {};
  std::optional<int64_t> max_snapshot_age_ms = {};
  std::optional<int64_t> max_ref_age_ms = {};
};
using RefChange =
    std::variant<CreateRef, ReplaceRef, RemoveRef, RenameRef, SetRefSnapshot, FastForwardBranch,
                 RollBackBranch, RollBackBranchToTime, SetRefRetention>;

/// One change to one ref, made on each attempt's refs; what another writer did to the same ref
/// meanwhile is taken into account, and ends it where the change does not fit any more.
class ManageRefsAction final : public TableAction {
 public:
  explicit ManageRefsAction(RefChange change) : change_(std::move(change)) {}
  static std::unique_ptr<ManageRefsAction> Create(std::string name, SnapshotRef ref) {
    return std::make_unique<ManageRefsAction>(CreateRef{std::move(name), ref});
  }
  static std::unique_ptr<ManageRefsAction> Replace(std::string name, SnapshotRef ref) {
    return std::make_unique<ManageRefsAction>(ReplaceRef{std::move(name), ref});
  }
  /// Errors: InvalidArgument for main.
  static Result<std::unique_ptr<ManageRefsAction>> Remove(std::string name);

  Result<CommitRequest> Prepare(const CommitAttempt& attempt) override;

 private:
  RefChange change_;
};

}  // namespace iceframe
