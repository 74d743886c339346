// SPDX-License-Identifier: Apache-2.0
// Changing the order that a table's new files are to be written in. Spec: "Sorting".
#pragma once

#include <string>
#include <vector>

#include "iceframe/format/sort_order.h"
#include "iceframe/table/commit.h"

namespace iceframe {

struct SortBy {
  /// The source column, by its full name.
  std::string column;
  Transform transform = Transform::Identity();
  SortDirection direction = SortDirection::kAscending;
  NullOrder null_order = NullOrder::kNullsFirst;
};

/// Replaces the table's default sort order; without columns the table is unsorted. An order that
/// the table had before is used again. Errors of the commit: InvalidArgument naming the column.
class UpdateSortOrderAction final : public TableAction {
 public:
  explicit UpdateSortOrderAction(std::vector<SortBy> columns) : columns_(std::move(columns)) {}

  Result<CommitRequest> Prepare(const CommitAttempt& attempt) override;

 private:
  std::vector<SortBy> columns_;
};

}  // namespace iceframe
