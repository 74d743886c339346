// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/manage_refs_action.h"

namespace iceframe {

std::unique_ptr<ManageRefsAction> ManageRefsAction::Create(std::string name, SnapshotRef ref) {
  return std::unique_ptr<ManageRefsAction>(
      new ManageRefsAction(RefChange::kCreate, std::move(name), ref));
}

std::unique_ptr<ManageRefsAction> ManageRefsAction::Replace(std::string name, SnapshotRef ref) {
  return std::unique_ptr<ManageRefsAction>(
      new ManageRefsAction(RefChange::kReplace, std::move(name), ref));
}

Result<std::unique_ptr<ManageRefsAction>> ManageRefsAction::Remove(std::string name) {
  if (name == kMainBranch) {
    return Error(ErrorKind::kInvalidArgument, "branch main can't be removed");
  }
  return std::unique_ptr<ManageRefsAction>(
      new ManageRefsAction(RefChange::kRemove, std::move(name), {}));
}

Result<CommitRequest> ManageRefsAction::Prepare(const CommitAttempt& attempt) {
  const TableMetadata& base = *attempt.base.metadata;
  auto existing = base.refs.find(name_);
  const bool exists = existing != base.refs.end();
  if (change_ == RefChange::kCreate && exists) {
    return Error(ErrorKind::kAlreadyExists, "branch or tag exists already: ", name_);
  }
  if (change_ != RefChange::kCreate && !exists) {
    return Error(ErrorKind::kNotFound, "branch or tag does not exist: ", name_);
  }
  std::optional<SnapshotId> before;
  if (exists) before = existing->second.snapshot_id;
  CommitRequest request;
  request.identifier = attempt.base.identifier;
  request.requirements = {AssertTableUuid{base.table_uuid}, AssertRefSnapshotId{name_, before}};
  if (change_ == RefChange::kRemove) {
    request.updates = {RemoveSnapshotRef{name_}};
    return request;
  }
  if (!base.HasSnapshot(ref_.snapshot_id)) {
    return Error(ErrorKind::kNotFound, "snapshot does not exist: ", ref_.snapshot_id);
  }
  if (exists && existing->second.kind != ref_.kind) {
    return Error(ErrorKind::kInvalidArgument,
                 "a branch can't become a tag, or a tag a branch: ", name_);
  }
  request.updates = {SetSnapshotRef{name_, ref_}};
  return request;
}

bool ManageRefsAction::IsAppliedIn(const TableMetadata& now) const {
  auto found = now.refs.find(name_);
  if (change_ == RefChange::kRemove) return found == now.refs.end();
  return found != now.refs.end() && found->second == ref_;
}

}  // namespace iceframe
