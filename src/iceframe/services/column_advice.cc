// SPDX-License-Identifier: Apache-2.0
// Advice on columns that are read and need not be.
#include <algorithm>
#include <utility>

#include "iceframe/execution/explanation.h"
#include "iceframe/expression/rewrite.h"
#include "iceframe/services/advised_table_internal.h"

namespace iceframe::internal {

namespace {

// Tables of fewer columns are not called wide.
constexpr size_t kWideColumns = 10;

std::vector<std::string> NamesOf(const AdvisedTable& table, const std::set<FieldId>& ids) {
  std::vector<std::string> names;
  for (const NestedField& field : table.schema().fields()) {
    if (ids.contains(field.id)) names.push_back(field.name);
  }
  return names;
}

std::set<FieldId> TopLevel(const AdvisedTable& table, const std::set<FieldId>& ids) {
  std::set<FieldId> top_level;
  for (const NestedField& field : table.schema().fields()) {
    if (ids.contains(field.id)) top_level.insert(field.id);
  }
  return top_level;
}

// What other queries take of the table, and the filter's columns; all but the widest columns, which
// hold half of the bytes, if they take all too.
std::set<FieldId> WantedColumns(const AdvisedTable& table) {
  std::set<FieldId> wanted = TopLevel(table, ReferencedFieldIds(table.use.filter));
  const auto& fields = table.schema().fields();
  bool is_known = false;
  for (const LoggedRead& read : table.logged) {
    if (read.columns.size() >= fields.size()) continue;
    is_known = is_known || !read.columns.empty();
    wanted.insert(read.columns.begin(), read.columns.end());
  }
  if (is_known && wanted.size() < fields.size()) return TopLevel(table, wanted);
  std::vector<FieldId> by_size;
  for (const NestedField& field : fields) by_size.push_back(field.id);
  std::ranges::stable_sort(by_size, [&](FieldId left, FieldId right) {
    return table.layout.BytesOf(left) < table.layout.BytesOf(right);
  });
  int64_t bytes = 0;
  for (const FieldId id : by_size) {
    bytes += table.layout.BytesOf(id);
    if (bytes * 2 > table.layout.num_bytes()) break;
    wanted.insert(id);
  }
  return wanted;
}

void AdviseSelectAll(const AdvisedTable& table, std::vector<Suggestion>* suggestions) {
  const auto& fields = table.schema().fields();
  if (table.use.columns || fields.size() < kWideColumns || table.layout.files().empty()) return;
  const std::set<FieldId> wanted = WantedColumns(table);
  if (wanted.empty() || wanted.size() >= fields.size()) return;
  const auto widest =
      std::ranges::max_element(fields, [&](const NestedField& left, const NestedField& right) {
        return table.layout.BytesOf(left.id) < table.layout.BytesOf(right.id);
      });
  const LayoutCost now = CostNow(table.layout, table.read);
  LayoutCost after = now;
  after.bytes *= table.layout.ShareOf({wanted.begin(), wanted.end()});
  Suggestion suggestion;
  suggestion.kind = SuggestionKind::kSelectAll;
  suggestion.columns = NamesOf(table, wanted);
  suggestion.estimate = table.Estimate(now, after);
  suggestion.evidence.Add("columns", Json::Int(static_cast<int64_t>(fields.size())));
  suggestion.evidence.Add("widest_column", Json::String(widest->name));
  suggestion.evidence.Add("widest_column_bytes", Json::Int(table.layout.BytesOf(widest->id)));
  suggestion.text =
      "all " + std::to_string(fields.size()) + " columns of " + table.name() + " are read, " +
      widest->name + " alone has " + ByteText(table.layout.BytesOf(widest->id)) +
      "; select those that are needed: without the others (" +
      std::to_string(fields.size() - wanted.size()) + "), " + EstimateText(*suggestion.estimate);
  suggestion.call = QueryCall(table, table.use.filter, suggestion.columns);
  suggestions->push_back(std::move(suggestion));
}

bool IsNeverNull(const AdvisedTable& table, const NestedField& field) {
  if (field.required) return true;
  bool is_known = !table.layout.files().empty();
  size_t num_seen = 0;
  table.layout.VisitColumn(field.id, field.type,
                           [&](const ColumnStatistics& statistics, size_t entry, size_t) {
                             ++num_seen;
                             is_known = is_known && statistics.null_value_counts[entry] == 0;
                           });
  return is_known && num_seen == table.layout.files().size();
}

// What is saved by reading other columns of the same files.
ReadEstimate EstimateWith(const AdvisedTable& table, double share_after) {
  const LayoutCost now = CostNow(table.layout, table.read);
  LayoutCost after = now;
  if (table.column_share > 0) after.bytes *= share_after / table.column_share;
  return table.Estimate(now, after);
}

Suggestion UnusedColumns(const ReadEstimate& estimate) {
  Suggestion suggestion;
  suggestion.kind = SuggestionKind::kUnusedColumns;
  suggestion.estimate = estimate;
  return suggestion;
}

// count(column) of a column without nulls is count(*).
void AdviseCounts(const AdvisedTable& table, std::vector<Suggestion>* suggestions) {
  std::set<FieldId> unused;
  for (const FieldId id : table.use.counted_columns) {
    const auto* field = table.schema().FindField(id);
    if (field != nullptr && IsNeverNull(table, *field)) unused.insert(id);
  }
  if (unused.empty() || !table.use.columns) return;
  std::vector<FieldId> left;
  for (const FieldId id : table.ColumnsWith(table.use.filter)) {
    if (!unused.contains(id)) left.push_back(id);
  }
  const ReadEstimate estimate = EstimateWith(table, table.layout.ShareOf(left));
  Suggestion suggestion = UnusedColumns(estimate);
  suggestion.columns = NamesOf(table, unused);
  suggestion.text = Joined(suggestion.columns) +
                    " is read to be counted, and is never null; count(*) counts the same: " +
                    EstimateText(estimate);
  suggestion.evidence.Add("null_count", Json::Int(0));
  suggestions->push_back(std::move(suggestion));
}

// A predicate that all rows meet only costs its columns.
void AdviseTruths(const AdvisedTable& table, std::vector<Suggestion>* suggestions) {
  const std::vector<Expression> predicates = Conjuncts(table.use.filter);
  for (size_t i = 0; i < predicates.size(); ++i) {
    if (!table.layout.AllRowsMeet(predicates[i])) continue;
    std::vector<Expression> others = predicates;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    const Expression filter(AndNode{std::move(others)}, Type::Boolean(), true);
    const ReadEstimate estimate = EstimateWith(table, table.ShareWith(filter));
    if (estimate.bytes == estimate.bytes_after) continue;
    Suggestion suggestion = UnusedColumns(estimate);
    suggestion.columns = ReferencedColumns(predicates[i]);
    const std::string predicate = predicates[i].ToString();
    suggestion.evidence.Add("predicate", Json::String(predicate));
    suggestion.text = "all rows meet " + predicate +
                      ", as the files' bounds say; leave it out: " + EstimateText(estimate);
    suggestion.call =
        QueryCall(table, filter, NamesOf(table, table.use.columns.value_or(std::set<FieldId>())));
    suggestions->push_back(std::move(suggestion));
  }
}

}  // namespace

void AdviseColumns(const AdvisedTable& table, std::vector<Suggestion>* suggestions) {
  AdviseSelectAll(table, suggestions);
  AdviseCounts(table, suggestions);
  AdviseTruths(table, suggestions);
}

}  // namespace iceframe::internal
