// SPDX-License-Identifier: Apache-2.0
// How many rows a plan may give: a guess that only chooses between plans of one meaning.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "iceframe/query/logical_plan.h"
#include "iceframe/query/scan_statistics.h"

namespace iceframe::internal {

/// Guesses by what the relations say of themselves, and by statistics where there are some. For
/// one plan, which must live as long.
class RowEstimator {
 public:
  using Rows = std::optional<int64_t>;

  /// `statistics`: may be nullptr.
  explicit RowEstimator(const ScanStatistics* statistics) : statistics_(statistics) {}

  Rows Estimate(const PlanPtr& plan);
  /// Returns the statistics that the estimate of a plan is based on: "orders: 100 rows in the files
  /// that its filter leaves". Of plans that were estimated.
  std::vector<std::string> EvidenceFor(const PlanPtr& plan) const;

 private:
  Rows OfScan(const PlanPtr& plan, const ScanNode& scan);
  Rows OfJoin(const PlanPtr& plan, const JoinNode& join);
  Rows OfUnion(const PlanPtr& plan);
  Rows OfGroups(const PlanPtr& plan, const AggregateNode& aggregate);
  Rows Filtered(const PlanPtr& plan, const Expression& predicate, const PlanPtr& over, Rows rows);
  std::optional<double> KnownShare(const PlanPtr& plan, const Expression& predicate,
                                   const PlanPtr& over);
  std::optional<double> ShareOfAll(const PlanPtr& plan, const AndNode& conjunction,
                                   const PlanPtr& over);
  std::optional<double> NumDistinct(const PlanPtr& plan, const Expression& column,
                                    const PlanPtr& over);

  const ScanStatistics* statistics_;
  std::map<PlanPtr, Rows> known_;
  std::map<PlanPtr, std::vector<std::string>> evidence_;
};

}  // namespace iceframe::internal
