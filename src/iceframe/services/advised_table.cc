// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "iceframe/execution/explanation.h"
#include "iceframe/expression/binder.h"
#include "iceframe/services/advised_table_internal.h"

namespace iceframe::internal {

namespace {

// Of the filters that the log remembers, those that were asked most often.
constexpr size_t kMaxFilters = 32;

int64_t Rounded(double number) { return std::llround(std::max(number, 0.0)); }

// Whether a column, or one inside of it, is among them.
bool HoldsAny(const NestedField& field, const std::set<FieldId>& ids) {
  return ids.contains(field.id) ||
         std::ranges::any_of(field.type.fields(),
                             [&](const NestedField& child) { return HoldsAny(child, ids); });
}

struct KnownFilter {
  Expression filter;
  int64_t count = 0;
};

std::vector<KnownFilter> FiltersOf(const std::vector<LoggedRead>& logged) {
  std::map<std::string, KnownFilter> by_form;
  for (const LoggedRead& read : logged) {
    if (read.filter.is_true()) continue;
    KnownFilter& known = by_form[CanonicalForm(read.filter)];
    known.filter = read.filter;
    ++known.count;
  }
  std::vector<KnownFilter> filters;
  for (auto& [form, known] : by_form) filters.push_back(std::move(known));
  std::ranges::stable_sort(filters, [](const KnownFilter& left, const KnownFilter& right) {
    return left.count > right.count;
  });
  if (filters.size() > kMaxFilters) filters.resize(kMaxFilters);
  return filters;
}

Status AddReads(AdvisedTable* table) {
  table->read.filter = table->use.filter;
  ICEFRAME_ASSIGN_OR_RETURN(table->read.kept, table->layout.Kept(table->use.filter));
  const std::string own = CanonicalForm(table->use.filter);
  if (!table->use.filter.is_true()) table->reads.push_back(table->read);
  for (KnownFilter& known : FiltersOf(table->logged)) {
    if (CanonicalForm(known.filter) == own && !table->reads.empty()) {
      table->reads[0].weight += known.count;
      continue;
    }
    LayoutRead read;
    read.filter = known.filter;
    read.weight = known.count;
    ICEFRAME_ASSIGN_OR_RETURN(read.kept, table->layout.Kept(read.filter));
    table->reads.push_back(std::move(read));
  }
  return Status::OK();
}

}  // namespace

std::vector<FieldId> AdvisedTable::ColumnsWith(const Expression& filter) const {
  const std::set<FieldId> filtered = ReferencedFieldIds(filter);
  std::vector<FieldId> ids;
  for (const NestedField& field : schema().fields()) {
    if (!use.columns || use.columns->contains(field.id) || HoldsAny(field, filtered)) {
      ids.push_back(field.id);
    }
  }
  return ids;
}

double AdvisedTable::ShareWith(const Expression& filter) const {
  return use.columns ? layout.ShareOf(ColumnsWith(filter)) : 1.0;
}

ReadEstimate AdvisedTable::Estimate(const LayoutCost& now, const LayoutCost& after) const {
  return {Rounded(now.files), Rounded(after.files), Rounded(now.bytes * column_share),
          Rounded(after.bytes * column_share)};
}

Result<AdvisedTable> AdviseTable(const OperationContext& context, TableUse use) {
  ICEFRAME_ASSIGN_OR_RETURN(TableLayout layout, TableLayout::Read(context, use.state));
  AdvisedTable table{.use = std::move(use), .layout = std::move(layout)};
  ICEFRAME_ASSIGN_OR_RETURN(table.properties, WriteProperties::Parse(table.metadata().properties));
  table.column_share = table.ShareWith(table.use.filter);
  table.logged = ReadLog::Process().ReadsOf(table.metadata().table_uuid);
  ICEFRAME_RETURN_NOT_OK(AddReads(&table));
  return table;
}

std::string EstimateText(const ReadEstimate& estimate) {
  const auto files = [](int64_t count) {
    return std::to_string(count) + (count == 1 ? " file" : " files");
  };
  return files(estimate.files_after) + ", " + ByteText(estimate.bytes_after) + ", instead of " +
         files(estimate.files) + ", " + ByteText(estimate.bytes);
}

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\r') {
      quoted += "\\r";
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string QueryCall(const AdvisedTable& table, const Expression& filter,
                      const std::vector<std::string>& columns) {
  std::string call = "ice.query(" + Quoted(table.name()) + ")";
  if (!filter.is_true()) call += ".filter(" + Quoted(filter.ToString()) + ")";
  if (!columns.empty()) {
    call += ".select(";
    for (size_t i = 0; i < columns.size(); ++i) call += (i == 0 ? "" : ", ") + Quoted(columns[i]);
    call += ")";
  }
  return call + ".execute()";
}

}  // namespace iceframe::internal
