// SPDX-License-Identifier: Apache-2.0
// Calls over the rows of a partition: row_number, rank, dense_rank, lead, lag and the aggregates.
//
// Like aggregates they have no value that follows from one row alone: Bind and Evaluate refuse
// them; the query layer computes them.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/expression/sort_key.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// Closed: operators switch over it.
enum class WindowFunctionId : uint8_t { kRowNumber, kRank, kDenseRank, kLead, kLag, kAggregate };

/// Returns the tree `call OVER (PARTITION BY … ORDER BY …)`; an alias goes around it.
Expression Over(Expression call, std::vector<Expression> partition_by = {},
                std::vector<SortKey> order_by = {});

/// The parts of a window.
const Expression& WindowCall(const WindowNode& window);
std::vector<Expression> PartitionKeys(const WindowNode& window);
std::vector<SortKey> OrderKeys(const WindowNode& window);
/// The function by its name; nullopt for what is no window function.
std::optional<WindowFunctionId> FindWindowFunction(std::string_view name);

bool ContainsWindow(const Expression& expression);
/// The distinct windows of a tree, left to right.
std::vector<Expression> CollectWindows(const Expression& expression);

/// Returns the window with its call and keys bound and its type known.
///
/// row_number, rank and dense_rank are long; lead and lag have the operand's type and three
/// operands: the value, the offset (a long literal, 1 if not given, not negative), the default (a
/// literal of the value's type, null if not given). Aggregates are those of aggregate_catalogue.h;
/// over an order they run, as in SQL: from the partition's first row to the last row that sorts
/// equal to the present one.
/// Errors: as Bind; InvalidArgument for a call that is no window function, rank and dense_rank
/// without an order, a window or aggregate inside a window.
Result<Expression> BindWindow(const Expression& window, const Schema& schema,
                              bool case_sensitive = true);

/// Refuses aggregates and windows where each row must give its own value. Errors: InvalidArgument
/// naming the call and where it may stand.
Status CheckRowWise(const Expression& expression);

}  // namespace iceframe
