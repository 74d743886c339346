// SPDX-License-Identifier: Apache-2.0
#include <iterator>
#include <variant>

#include "iceframe/table/action_sequence_internal.h"

namespace iceframe::internal {

namespace {

// A requirement of an action's, as the table that the whole sequence starts from meets it: what
// actions before have changed is not in the catalog yet.
struct RequirementOf {
  const TableMetadata& base;

  TableRequirement operator()(const AssertCreate& requirement) const { return requirement; }
  TableRequirement operator()(const AssertTableUuid&) const {
    return AssertTableUuid{base.table_uuid};
  }
  TableRequirement operator()(const AssertRefSnapshotId& requirement) const {
    const auto ref = base.refs.find(requirement.ref);
    if (ref == base.refs.end()) return AssertRefSnapshotId{requirement.ref, std::nullopt};
    return AssertRefSnapshotId{requirement.ref, ref->second.snapshot_id};
  }
  TableRequirement operator()(const AssertLastAssignedFieldId&) const {
    return AssertLastAssignedFieldId{base.last_column_id};
  }
  TableRequirement operator()(const AssertCurrentSchemaId&) const {
    return AssertCurrentSchemaId{base.current_schema_id};
  }
  TableRequirement operator()(const AssertLastAssignedPartitionId&) const {
    return AssertLastAssignedPartitionId{base.last_partition_id};
  }
  TableRequirement operator()(const AssertDefaultSpecId&) const {
    return AssertDefaultSpecId{base.default_spec_id};
  }
  TableRequirement operator()(const AssertDefaultSortOrderId&) const {
    return AssertDefaultSortOrderId{base.default_sort_order_id};
  }
};

}  // namespace

ActionSequence::ActionSequence(const LoadedTable& base) {
  StartOn(base);
  earlier_.last_column_id = base.metadata->last_column_id;
}

void ActionSequence::StartOn(const LoadedTable& base) {
  base_ = base;
  now_ = base;
  earlier_.snapshot_ids.clear();
  required_.clear();
  request_ = {base.identifier, {}, {}};
}

void ActionSequence::Require(const TableRequirement& requirement) {
  const auto* ref = std::get_if<AssertRefSnapshotId>(&requirement);
  if (!required_.emplace(requirement.index(), ref == nullptr ? "" : ref->ref).second) return;
  request_.requirements.push_back(std::visit(RequirementOf{*base_.metadata}, requirement));
}

Status ActionSequence::Step(const CommitAttempt& attempt, TableAction& action) {
  ICEFRAME_ASSIGN_OR_RETURN(
      CommitRequest request,
      action.Prepare({attempt.context, attempt.io, now_, attempt.number, &earlier_}));
  ApplyOptions options;
  options.timestamp_ms = attempt.context.clock->SystemNowMs();
  ICEFRAME_ASSIGN_OR_RETURN(now_.metadata, ApplyUpdates(*now_.metadata, request.updates, options));
  for (const TableRequirement& requirement : request.requirements) Require(requirement);
  std::move(request.updates.begin(), request.updates.end(), std::back_inserter(request_.updates));
  if (const auto id = action.snapshot_id()) earlier_.snapshot_ids.push_back(*id);
  return Status::OK();
}

Status ActionSequence::Add(const OperationContext& context, FileIO& io,
                           std::unique_ptr<TableAction>* action) {
  ICEFRAME_RETURN_NOT_OK(Step({context, io, base_}, **action));
  actions_.push_back(std::move(*action));
  return Status::OK();
}

Result<CommitRequest> ActionSequence::Prepare(const CommitAttempt& attempt) {
  if (attempt.base.metadata != base_.metadata) {
    StartOn(attempt.base);
    for (const auto& action : actions_) ICEFRAME_RETURN_NOT_OK(Step(attempt, *action));
  }
  return request_;
}

std::optional<SnapshotId> ActionSequence::snapshot_id() const {
  if (earlier_.snapshot_ids.empty()) return std::nullopt;
  return earlier_.snapshot_ids.back();
}

std::vector<std::string> ActionSequence::UnusedFiles(const TableMetadata* saved) const {
  std::vector<std::string> unused;
  for (const auto& action : actions_) {
    std::vector<std::string> files = action->UnusedFiles(saved);
    std::move(files.begin(), files.end(), std::back_inserter(unused));
  }
  return unused;
}

}  // namespace iceframe::internal
