// SPDX-License-Identifier: Apache-2.0
// Whether a commit whose answer was lost is in a table.
#pragma once

#include <vector>

#include "iceframe/format/table_metadata.h"
#include "iceframe/format/table_update.h"

namespace iceframe::internal {

/// Returns whether `now` has what `updates` were to bring about; `wanted` is the base of their
/// attempt with them applied.
///
/// Snapshots tell for sure, by their ids. Without any, what the updates set is compared: that
/// another writer has set the same meanwhile can't be told apart, and makes no difference.
bool HaveLanded(const std::vector<TableUpdate>& updates, const TableMetadata& wanted,
                const TableMetadata& now);

}  // namespace iceframe::internal
