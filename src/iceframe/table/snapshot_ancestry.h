// SPDX-License-Identifier: Apache-2.0
// The line of snapshots that one was made on.
#pragma once

#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/format/table_metadata.h"

namespace iceframe {

/// Returns the snapshot and its ancestors, newest first, as far back as the table still has them.
/// Errors: NotFound; InvalidMetadata for a damaged one or a circle.
Result<std::vector<const Snapshot*>> LineOf(const TableMetadata& metadata, SnapshotId snapshot_id);

/// Returns whether `ancestor` is `snapshot_id` or one of its ancestors. Errors: as LineOf, for
/// either.
Result<bool> IsInLineOf(const TableMetadata& metadata, SnapshotId ancestor, SnapshotId snapshot_id);

/// Returns the snapshot. Errors: as LineOf.
Result<const Snapshot*> FindKeptSnapshot(const TableMetadata& metadata, SnapshotId snapshot_id);

}  // namespace iceframe
