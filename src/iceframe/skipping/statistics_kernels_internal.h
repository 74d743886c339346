// SPDX-License-Identifier: Apache-2.0
// One predicate over the statistics of a whole manifest: tight loops per layout.
#pragma once

#include <cstdint>
#include <vector>

#include "iceframe/format/columnar_manifest.h"
#include "iceframe/skipping/column_predicate_internal.h"
#include "iceframe/skipping/value_range_internal.h"

namespace iceframe::internal {

/// One byte per entry: 1 where a row may match.
using Selection = std::vector<uint8_t>;

/// Sets `may_match[i]` for every entry of `statistics`, exactly as EvaluateOnRange would.
/// Returns false, leaving it alone, for predicates that have no loop of their own.
bool EvaluateOnStatistics(const ColumnPredicate& predicate, const ColumnStatistics& statistics,
                          Selection* may_match);

/// Whether every vector that the layout asks for has `count` items.
bool IsComplete(const ColumnStatistics& statistics, size_t count);

/// One entry's statistics as values, unchecked; all absent where they are not complete.
ColumnBounds BoundsOfEntry(const Type& type, const ColumnStatistics& statistics, size_t entry);

/// The same as a range.
ValueRange RangeOfEntry(const Type& type, const ColumnStatistics& statistics, size_t entry);

}  // namespace iceframe::internal
