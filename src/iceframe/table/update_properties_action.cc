// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/update_properties_action.h"

namespace iceframe {

Status CheckPropertyChanges(const Properties& updates, const std::vector<std::string>& removals) {
  if (updates.count("format-version") != 0) {
    return Error(ErrorKind::kInvalidArgument,
                 "format-version is not a property of an existing table");
  }
  for (const std::string& key : removals) {
    if (updates.count(key) != 0) {
      return Error(ErrorKind::kInvalidArgument, "property is both set and removed: ", key);
    }
  }
  return Status::OK();
}

Result<std::unique_ptr<UpdatePropertiesAction>> UpdatePropertiesAction::Make(
    Properties updates, std::vector<std::string> removals) {
  ICEFRAME_RETURN_NOT_OK(CheckPropertyChanges(updates, removals));
  return std::unique_ptr<UpdatePropertiesAction>(
      new UpdatePropertiesAction(std::move(updates), std::move(removals)));
}

Result<CommitRequest> UpdatePropertiesAction::Prepare(const CommitAttempt& attempt) {
  CommitRequest request;
  request.identifier = attempt.base.identifier;
  request.requirements = {AssertTableUuid{attempt.base.metadata->table_uuid}};
  if (!updates_.empty()) request.updates.emplace_back(SetProperties{updates_});
  if (!removals_.empty()) request.updates.emplace_back(RemoveProperties{removals_});
  return request;
}

}  // namespace iceframe
