// SPDX-License-Identifier: Apache-2.0
// The functions that make one value of many rows: which there are, what they take and give.
//
// An aggregate in a tree is a FunctionNode of one of these names. It has no value per row: Bind and
// Evaluate refuse it; the query layer computes it and puts a column in its place (rewrite.h).
#pragma once

#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// Closed: operators switch over it.
enum class AggregateId : uint8_t { kCount, kCountDistinct, kSum, kAvg, kMin, kMax };

struct AggregateSignature {
  std::string_view name;
  AggregateId id;
  size_t min_arguments;
  size_t max_arguments;
  bool is_alias = false;
};

/// Returns the entry of an aggregate by its lower-case name or alias (mean is avg), or nullptr.
const AggregateSignature* FindAggregate(std::string_view name);
bool IsAggregateName(std::string_view name);
/// The names of all aggregates, sorted.
std::vector<std::string_view> AggregateNames();

/// Returns the type of the result: count long (without operand: of rows; with one: of values that
/// are not null; count_distinct likewise), sum long of int and long (more is an error when it is
/// computed), double of float and double, decimal(38, s) of decimal(p, s); avg double of any
/// number; min and max the operand's own, of whatever has an order.
/// Errors: InvalidArgument naming the function and the number or types of its operands.
Result<Type> AggregateResultType(std::string_view name, const std::vector<Type>& operands);

/// The entry if this node (not one below) is a call of an aggregate; nullptr otherwise.
const AggregateSignature* AsAggregate(const Expression& expression);
/// Whether an aggregate is called anywhere, other than as the call of a window.
bool ContainsAggregate(const Expression& expression);
/// The distinct aggregate calls of a tree, left to right; those of windows are not among them,
/// those in a window's operands and keys are.
std::vector<Expression> CollectAggregates(const Expression& expression);

/// Returns the call with its canonical name, bound operands and type. A null literal as operand is
/// of type int. Errors: as Bind and AggregateResultType; InvalidArgument for an aggregate in
/// another.
Result<Expression> BindAggregate(const Expression& call, const Schema& schema,
                                 bool case_sensitive = true);

}  // namespace iceframe
