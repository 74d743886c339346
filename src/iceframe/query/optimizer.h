// SPDX-License-Identifier: Apache-2.0
// Rules that make a plan cheaper and keep what it means.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/query/logical_plan.h"
#include "iceframe/query/scan_statistics.h"

namespace iceframe {

/// What a rule may use beside the plan.
struct RuleInput {
  /// nullptr: plans are chosen by what relations say of themselves.
  const ScanStatistics* statistics = nullptr;
  /// If set, gets why the rule chose what it did.
  std::vector<std::string>* reasons = nullptr;
};

/// One rewriting of whole plans, in a file of its own.
struct Rule {
  std::string_view name;
  Result<PlanPtr> (*apply)(const PlanPtr& plan, const RuleInput& input);
};

/// All rules in the order in which they run; one may run twice.
std::span<const Rule> AllRules();

/// What a rule did to a plan: operations that were there before it alone, and after it alone.
struct RuleEffect {
  std::string_view rule;
  std::vector<std::string> before;
  std::vector<std::string> after;
  /// Of rules that choose: by what.
  std::vector<std::string> reasons;
};

/// Applies the rules but those that are named. The result has the same columns, ids and rows (in
/// the same order where the plan orders them). `effects`: gets what each rule changed, if anything.
/// `statistics`: asked about scans below inner joins alone; may be nullptr.
/// Errors: InvalidArgument for an unknown name.
Result<PlanPtr> Optimize(PlanPtr plan, const std::set<std::string>& disabled_rules = {},
                         std::vector<RuleEffect>* effects = nullptr,
                         const ScanStatistics* statistics = nullptr);

// The rules.

/// Constants folded, predicates in their smallest form; filters that keep all rows dropped.
Result<PlanPtr> SimplifyPredicates(const PlanPtr& plan);
/// Filter over filter: one filter.
Result<PlanPtr> MergeFilters(const PlanPtr& plan);
/// Filters go down: through projections and orderings, to the sides of joins that can't lose rows
/// by it, to all inputs of unions, below groupings and windows by their keys, into scans.
Result<PlanPtr> PushFilters(const PlanPtr& plan);
/// Filters on a side that an outer join fills with nulls make that join an inner one.
Result<PlanPtr> TightenJoins(const PlanPtr& plan);
/// Limits go down through projections and unions, into scans, and make orderings keep the first
/// rows only.
Result<PlanPtr> PushLimits(const PlanPtr& plan);
/// The side with fewer rows is the one that is built of.
Result<PlanPtr> ChooseBuildSide(const PlanPtr& plan);
/// The same by statistics, where there are some.
Result<PlanPtr> ChooseBuildSide(const PlanPtr& plan, const RuleInput& input);
/// Counts and extremes of a union come from those of its inputs.
Result<PlanPtr> SplitAggregates(const PlanPtr& plan);
/// Columns that nobody asks for are not read.
Result<PlanPtr> PruneColumns(const PlanPtr& plan);
/// count(*), min and max over a whole scan come from metadata, and of files that it leaves open.
Result<PlanPtr> AnswerFromMetadata(const PlanPtr& plan);

namespace internal {

/// Applies `rewrite` to every node, inputs first.
template <typename Rewrite>
Result<PlanPtr> RewriteBottomUp(const PlanPtr& plan, const Rewrite& rewrite) {
  std::vector<PlanPtr> inputs;
  bool is_same = true;
  for (const PlanPtr& input : plan->inputs) {
    ICEFRAME_ASSIGN_OR_RETURN(PlanPtr rewritten, RewriteBottomUp(input, rewrite));
    is_same = is_same && rewritten == input;
    inputs.push_back(std::move(rewritten));
  }
  if (is_same) return rewrite(plan);
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr changed, WithInputs(*plan, std::move(inputs)));
  return rewrite(changed);
}

/// Filter over `input`, or `input` itself if there is nothing to filter.
Result<PlanPtr> FilterOver(PlanPtr input, std::vector<Expression> predicates);
/// Whether evaluating can raise an error for some row (casts, arithmetic), so that it must not see
/// rows that it would not see where it stands.
bool CanRaise(const Expression& expression);
/// The sum, or the greatest number if that is smaller; neither is negative.
int64_t SaturatedSum(int64_t left, int64_t right);
/// Whether all columns of the expression are columns of the schema, at any depth.
bool IsOver(const Expression& expression, const Schema& schema);

}  // namespace internal

}  // namespace iceframe
