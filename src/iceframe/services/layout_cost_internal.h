// SPDX-License-Identifier: Apache-2.0
// What reads of a table cost as it is laid out, and as it could be.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/services/column_spread.h"
#include "iceframe/services/table_layout.h"
#include "iceframe/types/transform.h"

namespace iceframe::internal {

/// Files that are opened, and their bytes.
struct LayoutCost {
  double files = 0;
  double bytes = 0;
};

/// A filter on the table, and which files it keeps as they are.
struct LayoutRead {
  Expression filter;
  std::vector<uint8_t> kept;
  /// How often it is asked.
  int64_t weight = 1;
};

/// What is read now.
LayoutCost CostNow(const TableLayout& layout, const LayoutRead& read);

/// How many files rows of so many bytes are written into.
int64_t NumFilesOf(double bytes, int64_t target_file_bytes);

/// What is read once the files of each partition are sorted by a column.
LayoutCost CostSorted(const TableLayout& layout, const ColumnSpread& spread, const LayoutRead& read,
                      int64_t target_file_bytes);

/// What is read once the table is partitioned by a column through a transform; nullopt if that
/// can't be estimated, or makes partitions that are too small.
std::optional<LayoutCost> CostPartitioned(const TableLayout& layout, const ColumnSpread& spread,
                                          const Transform& transform, const LayoutRead& read,
                                          int64_t target_file_bytes);

/// How many values of a column the filter asks for; nullopt if it asks otherwise.
std::optional<int64_t> NumValuesAsked(const Expression& filter, FieldId column);

/// The transforms that a column may be partitioned by, the finest one first.
std::vector<Transform> PartitionTransforms(const Type& type);

}  // namespace iceframe::internal
