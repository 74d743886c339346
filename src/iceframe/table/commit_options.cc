// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/commit_options.h"

#include "iceframe/table/snapshot_action.h"

namespace iceframe {

SnapshotActionOptions CommitOptions::ForAction() const { return {branch, summary, validator}; }

}  // namespace iceframe
