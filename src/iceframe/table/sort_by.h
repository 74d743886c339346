// SPDX-License-Identifier: Apache-2.0
// A table's sort order, from what its maker names. Spec: "Sorting".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/format/sort_order.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// One column of an order by names: {"ts", "day", /*descending=*/true}.
struct SortBy {
  /// The source column, by its full name.
  std::string column;
  /// In the metadata's spelling.
  std::string transform = "identity";
  bool descending = false;
  /// nullopt: first when ascending, last when descending.
  std::optional<bool> nulls_first = {};
};

/// Returns the order of these columns, the first one leading; none: unsorted. Its id is 0 where it
/// is unsorted and else 1; a table that has orders already gives it another.
/// Errors: InvalidArgument naming the column or transform.
Result<SortOrder> MakeSortOrder(const Schema& schema, const std::vector<SortBy>& columns);

}  // namespace iceframe
