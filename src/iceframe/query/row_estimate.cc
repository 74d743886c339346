// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <utility>

#include "iceframe/base/overloaded.h"
#include "iceframe/query/optimizer.h"
#include "iceframe/query/row_estimate_internal.h"

namespace iceframe::internal {

namespace {

// A predicate of which nothing is known is taken to keep a fifth.
constexpr int64_t kFilterFactor = 5;

RowEstimator::Rows Limited(RowEstimator::Rows rows, std::optional<int64_t> limit) {
  if (!limit) return rows;
  return std::min(rows.value_or(*limit), *limit);
}

int64_t ToRows(double rows) {
  // What is beyond has no use, and no place in 64 bits.
  constexpr double kMost = 9e18;
  return static_cast<int64_t>(std::clamp(std::round(rows), 0.0, kMost));
}

// The scan that a column comes from, by its id: ids are handed on as they are.
const ScanNode* ScanOf(const PlanNode& plan, FieldId id) {
  if (const auto* scan = plan.as<ScanNode>()) {
    return scan->columns->FindField(id) != nullptr ? scan : nullptr;
  }
  for (const PlanPtr& input : plan.inputs) {
    if (const ScanNode* scan = ScanOf(*input, id)) return scan;
  }
  return nullptr;
}

// The column that is compared with a constant; nullptr: it is something else.
const Expression* ComparedColumn(const ComparisonNode& comparison) {
  const Expression& left = comparison.operands[0];
  const Expression& right = comparison.operands[1];
  if (left.as<ColumnNode>() != nullptr && right.as<LiteralNode>() != nullptr) return &left;
  if (right.as<ColumnNode>() != nullptr && left.as<LiteralNode>() != nullptr) return &right;
  return nullptr;
}

}  // namespace

RowEstimator::Rows RowEstimator::Estimate(const PlanPtr& plan) {
  const auto known = known_.find(plan);
  if (known != known_.end()) return known->second;
  const auto of_input = [&] { return Estimate(plan->inputs[0]); };
  const Rows rows =
      std::visit(Overloaded{
                     [&](const ScanNode& scan) { return OfScan(plan, scan); },
                     [&](const FilterNode& filter) {
                       return Filtered(plan, filter.predicate, plan->inputs[0], of_input());
                     },
                     [&](const ProjectNode&) { return of_input(); },
                     [&](const JoinNode& join) { return OfJoin(plan, join); },
                     [&](const UnionNode&) { return OfUnion(plan); },
                     [&](const AggregateNode& aggregate) { return OfGroups(plan, aggregate); },
                     [&](const WindowPlanNode&) { return of_input(); },
                     [&](const SortNode& sort) { return Limited(of_input(), sort.fetch); },
                     [&](const LimitNode& limit) { return Limited(of_input(), limit.limit); },
                 },
                 plan->operation);
  known_[plan] = rows;
  return rows;
}

std::vector<std::string> RowEstimator::EvidenceFor(const PlanPtr& plan) const {
  std::vector<std::string> all;
  for (const PlanPtr& input : plan->inputs) {
    for (std::string& one : EvidenceFor(input)) all.push_back(std::move(one));
  }
  const auto found = evidence_.find(plan);
  if (found != evidence_.end()) all.insert(all.end(), found->second.begin(), found->second.end());
  return all;
}

RowEstimator::Rows RowEstimator::OfScan(const PlanPtr& plan, const ScanNode& scan) {
  Rows rows = scan.relation->estimated_rows;
  if (!scan.filter.is_true()) {
    rows = Filtered(plan, scan.filter, plan, rows);
    const Rows in_files = statistics_ != nullptr ? statistics_->RowsInFiles(scan) : std::nullopt;
    // Files that are skipped and rows that are filtered out of others are not two guesses of
    // independent things: the better one counts.
    if (in_files && *in_files < rows.value_or(*in_files + 1)) {
      rows = in_files;
      evidence_[plan] = {scan.relation->name + ": " + std::to_string(*in_files) +
                         " rows in the files that its filter leaves"};
    }
  }
  return Limited(rows, scan.limit);
}

RowEstimator::Rows RowEstimator::OfJoin(const PlanPtr& plan, const JoinNode& join) {
  const Rows left = Estimate(plan->inputs[0]);
  const Rows right = Estimate(plan->inputs[1]);
  if (!left || !right) return std::nullopt;
  const int64_t most = std::max(*left, *right);
  if (join.kind != JoinKind::kInner) return most;
  // Each value of one side meets those rows of the other that have it.
  double num_keys = 1;
  bool is_known = false;
  for (size_t i = 0; i < join.left_keys.size(); ++i) {
    const auto of_left = NumDistinct(plan, join.left_keys[i], plan->inputs[0]);
    const auto of_right = NumDistinct(plan, join.right_keys[i], plan->inputs[1]);
    is_known = is_known || of_left || of_right;
    num_keys *= std::max(of_left.value_or(1), of_right.value_or(1));
  }
  if (!is_known) return most;
  num_keys = std::min(num_keys, static_cast<double>(std::max<int64_t>(most, 1)));
  return ToRows(static_cast<double>(*left) * static_cast<double>(*right) / num_keys);
}

RowEstimator::Rows RowEstimator::OfUnion(const PlanPtr& plan) {
  int64_t sum = 0;
  for (const PlanPtr& input : plan->inputs) {
    const Rows rows = Estimate(input);
    if (!rows) return std::nullopt;
    sum = SaturatedSum(sum, *rows);
  }
  return sum;
}

RowEstimator::Rows RowEstimator::OfGroups(const PlanPtr& plan, const AggregateNode& aggregate) {
  const Rows rows = Estimate(plan->inputs[0]);
  if (!rows || aggregate.keys.empty()) return rows;
  double num_groups = 1;
  for (const NamedExpression& key : aggregate.keys) {
    const auto num_values = NumDistinct(plan, key.expression, plan->inputs[0]);
    if (!num_values) return rows;
    num_groups *= *num_values;
  }
  return std::min(*rows, ToRows(num_groups));
}

RowEstimator::Rows RowEstimator::Filtered(const PlanPtr& plan, const Expression& predicate,
                                          const PlanPtr& over, Rows rows) {
  if (!rows) return rows;
  const auto share = KnownShare(plan, predicate, over);
  if (!share) return *rows / kFilterFactor;
  return ToRows(static_cast<double>(*rows) * *share);
}

std::optional<double> RowEstimator::KnownShare(const PlanPtr& plan, const Expression& predicate,
                                               const PlanPtr& over) {
  if (statistics_ == nullptr) return std::nullopt;
  if (const auto* conjunction = predicate.as<AndNode>()) {
    return ShareOfAll(plan, *conjunction, over);
  }
  if (const auto* disjunction = predicate.as<OrNode>()) {
    double share = 0;
    for (const Expression& operand : disjunction->operands) {
      const auto known = KnownShare(plan, operand, over);
      if (!known) return std::nullopt;
      share += *known;
    }
    return std::min(share, 1.0);
  }
  const Expression* column = nullptr;
  size_t num_values = 1;
  if (const auto* comparison = predicate.as<ComparisonNode>()) {
    if (comparison->op != ComparisonOp::kEqual) return std::nullopt;
    column = ComparedColumn(*comparison);
  } else if (const auto* in = predicate.as<InNode>()) {
    if (in->negated) return std::nullopt;
    column = in->operands.data();
    num_values = in->values.size();
  }
  if (column == nullptr) return std::nullopt;
  const auto distinct = NumDistinct(plan, *column, over);
  if (!distinct) return std::nullopt;
  return std::min(1.0, static_cast<double>(num_values) / *distinct);
}

std::optional<double> RowEstimator::ShareOfAll(const PlanPtr& plan, const AndNode& conjunction,
                                               const PlanPtr& over) {
  double share = 1;
  size_t num_known = 0;
  for (const Expression& operand : conjunction.operands) {
    const auto known = KnownShare(plan, operand, over);
    if (known) ++num_known;
    share *= known.value_or(1);
  }
  if (num_known == 0) return std::nullopt;
  return num_known == conjunction.operands.size() ? share : share / kFilterFactor;
}

std::optional<double> RowEstimator::NumDistinct(const PlanPtr& plan, const Expression& column,
                                                const PlanPtr& over) {
  const auto* reference = column.as<ColumnNode>();
  if (statistics_ == nullptr || reference == nullptr) return std::nullopt;
  const ScanNode* scan = ScanOf(*over, reference->field_id);
  if (scan == nullptr) return std::nullopt;
  const auto distinct = statistics_->NumDistinct(*scan, reference->field_id);
  if (!distinct || !(*distinct >= 1)) return std::nullopt;
  std::string evidence = scan->relation->name + "." + reference->name + ": about " +
                         std::to_string(ToRows(*distinct)) + " different values";
  std::vector<std::string>& all = evidence_[plan];
  if (std::ranges::find(all, evidence) == all.end()) all.push_back(std::move(evidence));
  return distinct;
}

}  // namespace iceframe::internal
