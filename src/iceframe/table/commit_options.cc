// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/commit_options.h"

#include "iceframe/table/snapshot_action.h"
#include "iceframe/table/snapshot_summary.h"
#include "iceframe/table/update_properties_action.h"

namespace iceframe {

namespace {

// Sets the summary keys of a position.
void AddKeys(const PositionUpdate& update, Properties* summary) {
  for (const auto& [name, value] : update.values) {
    summary->insert_or_assign(update.key.prefix() + name, value);
  }
}

}  // namespace

Status CommitOptions::Check() const {
  ICEFRAME_RETURN_NOT_OK(CheckCallerSummary(summary));
  ICEFRAME_RETURN_NOT_OK(CheckPropertyChanges(set_properties, removed_properties));
  for (const PositionUpdate& update : positions) {
    ICEFRAME_RETURN_NOT_OK(CheckPositionUpdate(update));
  }
  return Status::OK();
}

SnapshotActionOptions CommitOptions::ForAction() const {
  SnapshotActionOptions options{branch, summary, validator, set_properties, removed_properties, {}};
  for (const PositionUpdate& update : positions) AddKeys(update, &options.summary);
  if (position_on) {
    options.summary_on = [make = position_on](const TableMetadata& base) -> Result<Properties> {
      ICEFRAME_ASSIGN_OR_RETURN(const PositionUpdate update, make(base));
      ICEFRAME_RETURN_NOT_OK(CheckPositionUpdate(update));
      Properties keys;
      AddKeys(update, &keys);
      return keys;
    };
  }
  return options;
}

}  // namespace iceframe
