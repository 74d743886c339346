// SPDX-License-Identifier: Apache-2.0
// Changing the order that a table's new files are to be written in. Spec: "Sorting".
#pragma once

#include <vector>

#include "iceframe/format/sort_order.h"
#include "iceframe/table/commit.h"
#include "iceframe/table/sort_by.h"

namespace iceframe {

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
