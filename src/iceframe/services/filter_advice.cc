// SPDX-License-Identifier: Apache-2.0
// Advice on predicates that neither partitions nor statistics can answer as they are written.
#include <utility>

#include "iceframe/expression/binder.h"
#include "iceframe/services/advised_table_internal.h"

namespace iceframe::internal {

namespace {

// The query's filter with one of its predicates put in another form.
Result<Expression> Replaced(const AdvisedTable& table, size_t replaced, const Expression& rewrite) {
  std::vector<Expression> predicates = table.use.predicates;
  predicates[replaced] = rewrite;
  ICEFRAME_ASSIGN_OR_RETURN(const Expression bound,
                            BindPredicate(And(std::move(predicates)), table.schema()));
  return SimplifyFilter(bound);
}

Suggestion Describe(const PredicatePushdown& pushdown) {
  Suggestion suggestion;
  suggestion.kind = SuggestionKind::kRewriteFilter;
  suggestion.columns = ReferencedColumns(pushdown.predicate);
  const std::string predicate = pushdown.predicate.ToString();
  suggestion.text = "nothing is skipped by " + predicate + ", since " + pushdown.reason;
  suggestion.evidence.Add("predicate", Json::String(predicate));
  suggestion.evidence.Add("reason", Json::String(pushdown.reason));
  return suggestion;
}

}  // namespace

Status AdviseFilters(const AdvisedTable& table, std::vector<Suggestion>* suggestions) {
  const LayoutCost now = CostNow(table.layout, table.read);
  for (size_t i = 0; i < table.use.predicates.size(); ++i) {
    for (const PredicatePushdown& pushdown : DescribePushdown(table.use.predicates[i])) {
      if (pushdown.is_pushed) continue;
      Suggestion suggestion = Describe(pushdown);
      if (pushdown.rewrite) {
        const auto filter = Replaced(table, i, *pushdown.rewrite);
        // It may not fit the column's type.
        if (!filter.ok()) continue;
        LayoutRead read{.filter = *filter, .kept = {}};
        ICEFRAME_ASSIGN_OR_RETURN(read.kept, table.layout.Kept(*filter));
        suggestion.estimate = table.Estimate(now, CostNow(table.layout, read));
        const std::string rewrite = pushdown.rewrite->ToString();
        suggestion.evidence.Add("rewrite", Json::String(rewrite));
        suggestion.text += "; write " + rewrite +
                           ", which keeps the same rows: " + EstimateText(*suggestion.estimate);
        suggestion.call = QueryCall(table, *filter, {});
      }
      suggestions->push_back(std::move(suggestion));
    }
  }
  return Status::OK();
}

}  // namespace iceframe::internal
