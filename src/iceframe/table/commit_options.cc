// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/commit_options.h"

#include "iceframe/table/snapshot_action.h"
#include "iceframe/table/snapshot_summary.h"
#include "iceframe/table/update_properties_action.h"

namespace iceframe {

Status CommitOptions::Check() const {
  ICEFRAME_RETURN_NOT_OK(CheckCallerSummary(summary));
  ICEFRAME_RETURN_NOT_OK(CheckPropertyChanges(set_properties, removed_properties));
  for (const PositionUpdate& update : positions) {
    ICEFRAME_RETURN_NOT_OK(CheckPositionUpdate(update));
  }
  return Status::OK();
}

SnapshotActionOptions CommitOptions::ForAction() const {
  SnapshotActionOptions options{branch, summary, validator, set_properties, removed_properties};
  for (const PositionUpdate& update : positions) {
    for (const auto& [name, value] : update.values) {
      options.summary.insert_or_assign(update.key.prefix() + name, value);
    }
  }
  return options;
}

}  // namespace iceframe
