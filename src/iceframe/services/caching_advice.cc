// SPDX-License-Identifier: Apache-2.0
// Advice on a query that was answered before.
#include <algorithm>
#include <utility>

#include "iceframe/expression/binder.h"
#include "iceframe/services/advised_table_internal.h"

namespace iceframe::internal {

void AdviseCaching(const AdvisedTable& table, std::vector<Suggestion>* suggestions) {
  constexpr int64_t kMinRepeats = 3;
  std::optional<SnapshotId> snapshot;
  if (table.use.state.snapshot != nullptr) snapshot = table.use.state.snapshot->snapshot_id;
  const std::string filter = CanonicalForm(table.use.filter);
  const auto is_same = [&](const LoggedRead& read) {
    if (read.is_cached || read.snapshot_id != snapshot) return false;
    if (table.use.query) return read.query == *table.use.query;
    return table.use.columns == read.columns && CanonicalForm(read.filter) == filter;
  };
  const int64_t num_repeats = std::ranges::count_if(table.logged, is_same);
  if (num_repeats < kMinRepeats || table.layout.files().empty()) return;
  Suggestion suggestion;
  suggestion.kind = SuggestionKind::kCacheQuery;
  suggestion.estimate = table.Estimate(CostNow(table.layout, table.read), {});
  suggestion.evidence.Add("executions", Json::Int(num_repeats));
  suggestion.text = "the query was executed " + std::to_string(num_repeats) +
                    " times on the same rows of " + table.name() +
                    "; with .cache() it is answered from memory until they change: " +
                    EstimateText(*suggestion.estimate);
  suggestion.call = "query.cache().execute()";
  suggestions->push_back(std::move(suggestion));
}

}  // namespace iceframe::internal
