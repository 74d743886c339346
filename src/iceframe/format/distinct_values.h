// SPDX-License-Identifier: Apache-2.0
// How many different values columns have, as a table's statistics files tell.
#pragma once

#include <optional>

#include "iceframe/format/table_metadata.h"

namespace iceframe {

/// Returns the `ndv` of a column's theta sketch, as the metadata repeats it: no file is opened. The
/// statistics of that snapshot if there are some, else those that were listed last; nullopt: none.
/// Spec: Puffin, "apache-datasketches-theta-v1 blob type".
std::optional<double> FindDistinctValues(const TableMetadata& metadata, FieldId field_id,
                                         std::optional<SnapshotId> snapshot_id);

}  // namespace iceframe
