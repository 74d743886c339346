// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/manage_refs_action.h"

#include <string_view>
#include <vector>

#include "iceframe/base/nearest_name.h"
#include "iceframe/table/snapshot_ancestry.h"

namespace iceframe {

namespace {

Status CheckIsNotMain(const std::string& name, std::string_view what) {
  if (name != kMainBranch) return Status::OK();
  return Error(ErrorKind::kInvalidArgument, "branch main can't be ", what);
}

// Turns a change into updates of the base's refs, and asserts each ref that it looked at.
class RefChanger {
 public:
  explicit RefChanger(const LoadedTable& base) : base_(*base.metadata) {
    request_.identifier = base.identifier;
    request_.requirements = {AssertTableUuid{base_.table_uuid}};
  }

  CommitRequest Finish() && { return std::move(request_); }

  Status operator()(const CreateRef& change) {
    if (Look(change.name) != nullptr) return ExistsAlready(change.name);
    return Set(change.name, change.ref);
  }

  Status operator()(const ReplaceRef& change) {
    ICEFRAME_ASSIGN_OR_RETURN(const SnapshotRef* existing, Find(change.name));
    if (existing->kind != change.ref.kind) {
      return Error(ErrorKind::kInvalidArgument,
                   "a branch can't become a tag, or a tag a branch: ", change.name);
    }
    return Set(change.name, change.ref);
  }

  Status operator()(const RemoveRef& change) {
    ICEFRAME_RETURN_NOT_OK(CheckIsNotMain(change.name, "removed"));
    ICEFRAME_ASSIGN_OR_RETURN(const SnapshotRef* existing, Find(change.name));
    if (change.kind && *change.kind != existing->kind) {
      return Error(
          ErrorKind::kInvalidArgument,
          existing->kind == SnapshotRefKind::kTag ? "a tag is no branch: " : "a branch is no tag: ",
          change.name);
    }
    request_.updates.emplace_back(RemoveSnapshotRef{change.name});
    return Status::OK();
  }

  Status operator()(const RenameRef& change) {
    ICEFRAME_RETURN_NOT_OK(CheckIsNotMain(change.name, "renamed"));
    ICEFRAME_ASSIGN_OR_RETURN(const SnapshotRef* existing, Find(change.name));
    if (Look(change.new_name) != nullptr) return ExistsAlready(change.new_name);
    ICEFRAME_RETURN_NOT_OK(Set(change.new_name, *existing));
    request_.updates.emplace_back(RemoveSnapshotRef{change.name});
    return Status::OK();
  }

  Status operator()(const SetRefSnapshot& change) {
    SnapshotRef ref;
    const SnapshotRef* existing = Look(change.name);
    if (existing != nullptr) {
      ref = *existing;
    } else if (change.name != kMainBranch) {
      return NotThere(change.name);
    }
    ref.snapshot_id = change.snapshot_id;
    return Set(change.name, ref);
  }

  Status operator()(const FastForwardBranch& change) {
    ICEFRAME_ASSIGN_OR_RETURN(const SnapshotRef* branch, FindBranch(change.branch));
    ICEFRAME_ASSIGN_OR_RETURN(const SnapshotRef* to, Find(change.to));
    ICEFRAME_ASSIGN_OR_RETURN(const bool is_forward,
                              IsInLineOf(base_, branch->snapshot_id, to->snapshot_id));
    if (!is_forward) {
      return Error(ErrorKind::kCommitRejected, "branch can't be moved forward, since its snapshot ",
                   branch->snapshot_id, " is no ancestor of ", to->snapshot_id, ": ", change.branch,
                   " to ", change.to);
    }
    return Move(change.branch, *branch, to->snapshot_id);
  }

  Status operator()(const RollBackBranch& change) {
    ICEFRAME_ASSIGN_OR_RETURN(const SnapshotRef* branch, FindBranch(change.branch));
    ICEFRAME_ASSIGN_OR_RETURN(const bool is_back,
                              IsInLineOf(base_, change.snapshot_id, branch->snapshot_id));
    if (!is_back) {
      return Error(ErrorKind::kCommitRejected,
                   "branch can't be rolled back to a snapshot that is no ancestor of its current ",
                   "one; set it as the current snapshot instead: ", change.branch, " to ",
                   change.snapshot_id);
    }
    return Move(change.branch, *branch, change.snapshot_id);
  }

  Status operator()(const RollBackBranchToTime& change) {
    ICEFRAME_ASSIGN_OR_RETURN(const SnapshotRef* branch, FindBranch(change.branch));
    ICEFRAME_ASSIGN_OR_RETURN(const auto line, LineOf(base_, branch->snapshot_id));
    for (const Snapshot* snapshot : line) {
      if (snapshot->timestamp_ms >= change.timestamp_ms) continue;
      return Move(change.branch, *branch, snapshot->snapshot_id);
    }
    return Error(ErrorKind::kNotFound,
                 "branch has no snapshot before the time in ms: ", change.branch, " before ",
                 change.timestamp_ms, "; its oldest is of ", line.back()->timestamp_ms);
  }

  Status operator()(const SetRefRetention& change) {
    ICEFRAME_ASSIGN_OR_RETURN(const SnapshotRef* existing, Find(change.name));
    SnapshotRef ref = *existing;
    if (change.min_snapshots_to_keep) ref.min_snapshots_to_keep = change.min_snapshots_to_keep;
    if (change.max_snapshot_age_ms) ref.max_snapshot_age_ms = change.max_snapshot_age_ms;
    if (change.max_ref_age_ms) ref.max_ref_age_ms = change.max_ref_age_ms;
    return Set(change.name, ref);
  }

 private:
  // The ref as the base has it, which has to stay so; nullptr: none.
  const SnapshotRef* Look(const std::string& name) {
    const auto found = base_.refs.find(name);
    const bool exists = found != base_.refs.end();
    request_.requirements.emplace_back(AssertRefSnapshotId{
        name, exists ? std::optional<SnapshotId>(found->second.snapshot_id) : std::nullopt});
    return exists ? &found->second : nullptr;
  }

  Result<const SnapshotRef*> Find(const std::string& name) {
    const SnapshotRef* ref = Look(name);
    if (ref == nullptr) return NotThere(name);
    return ref;
  }

  Result<const SnapshotRef*> FindBranch(const std::string& name) {
    ICEFRAME_ASSIGN_OR_RETURN(const SnapshotRef* ref, Find(name));
    if (ref->kind == SnapshotRefKind::kBranch) return ref;
    return Error(ErrorKind::kInvalidArgument, "a tag is no branch and stays where it is: ", name);
  }

  Status NotThere(const std::string& name) const {
    std::vector<std::string_view> known;
    for (const auto& [other, ref] : base_.refs) known.push_back(other);
    const std::string_view near = NearName(name, known);
    if (near.empty()) {
      return Error(ErrorKind::kNotFound, "branch or tag does not exist: ", name);
    }
    return Error(ErrorKind::kNotFound, "branch or tag does not exist: ", name, "; did you mean ",
                 near, "?");
  }

  Status ExistsAlready(const std::string& name) const {
    const bool is_tag = base_.refs.at(name).kind == SnapshotRefKind::kTag;
    return Error(ErrorKind::kAlreadyExists, "branch or tag exists already: ", name, ", a ",
                 is_tag ? "tag" : "branch");
  }

  Status Move(const std::string& name, SnapshotRef ref, SnapshotId snapshot_id) {
    if (ref.snapshot_id == snapshot_id) return Status::OK();
    ref.snapshot_id = snapshot_id;
    return Set(name, ref);
  }

  Status Set(const std::string& name, const SnapshotRef& ref) {
    ICEFRAME_RETURN_NOT_OK(FindKeptSnapshot(base_, ref.snapshot_id).status());
    request_.updates.emplace_back(SetSnapshotRef{name, ref});
    return Status::OK();
  }

  const TableMetadata& base_;
  CommitRequest request_;
};

}  // namespace

Result<std::unique_ptr<ManageRefsAction>> ManageRefsAction::Remove(std::string name) {
  ICEFRAME_RETURN_NOT_OK(CheckIsNotMain(name, "removed"));
  return std::make_unique<ManageRefsAction>(RemoveRef{std::move(name)});
}

Result<CommitRequest> ManageRefsAction::Prepare(const CommitAttempt& attempt) {
  RefChanger changer(attempt.base);
  ICEFRAME_RETURN_NOT_OK(std::visit(changer, change_));
  return std::move(changer).Finish();
}

}  // namespace iceframe
