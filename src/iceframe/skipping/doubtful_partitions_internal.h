// SPDX-License-Identifier: Apache-2.0
// PartitionEvidence over all entries of a decoded manifest.
#pragma once

#include "iceframe/skipping/partition_evidence.h"
#include "iceframe/skipping/statistics_kernels_internal.h"

namespace iceframe::internal {

/// One byte per entry: 1 where the field's value can't be what its transform made of the file's
/// rows. `partition` is the field's statistics, complete; `source` its source column's, complete,
/// or nullptr for unknown ones.
Selection DoubtfulEntries(const PartitionEvidence::Field& field, const ColumnStatistics& partition,
                          const Type& partition_type, const ColumnStatistics* source);

/// A copy that says nothing of the doubtful entries.
ColumnStatistics WithoutDoubtful(ColumnStatistics statistics, const Selection& doubtful);

}  // namespace iceframe::internal
