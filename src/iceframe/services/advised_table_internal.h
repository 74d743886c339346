// SPDX-License-Identifier: Apache-2.0
// One table as a query uses it, and what advice on it is made from. One file per kind of advice.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/datafile/write_properties.h"
#include "iceframe/expression/expression.h"
#include "iceframe/services/layout_cost_internal.h"
#include "iceframe/services/query_advisor.h"
#include "iceframe/services/read_log.h"
#include "iceframe/services/suggestion.h"
#include "iceframe/services/table_layout.h"

namespace iceframe::internal {

inline constexpr int64_t kMebibyte = int64_t{1} << 20;

/// What advice on a table is made from.
struct AdvisedTable {
  TableUse use;
  TableLayout layout;
  WriteProperties properties = {};
  /// The query's own read.
  LayoutRead read = {};
  /// The share of files' bytes that its columns have.
  double column_share = 1;
  /// Reads by different filters: the query's own, and those of the log.
  std::vector<LayoutRead> reads = {};
  /// All reads of the table that are remembered.
  std::vector<LoggedRead> logged = {};

  const TableMetadata& metadata() const { return *use.state.table->metadata(); }
  const Schema& schema() const { return *use.state.schema; }
  std::string name() const { return use.state.table->identifier().ToString(); }
  /// Top-level columns that the query would read with that filter in place of its own.
  std::vector<FieldId> ColumnsWith(const Expression& filter) const;
  /// The share of files' bytes that those have.
  double ShareWith(const Expression& filter) const;
  /// Of a read as it is, and as it would be, of the query's columns.
  ReadEstimate Estimate(const LayoutCost& now, const LayoutCost& after) const;
};

Result<AdvisedTable> AdviseTable(const OperationContext& context, TableUse use);

/// "16 files, 4.0 MiB, instead of 64, 16.0 MiB".
std::string EstimateText(const ReadEstimate& estimate);
std::string Joined(const std::vector<std::string>& names);
/// A text as Python writes it.
std::string Quoted(const std::string& text);
/// The Python of a query of the table with that filter and those columns (empty: all).
std::string QueryCall(const AdvisedTable& table, const Expression& filter,
                      const std::vector<std::string>& columns);

// Each adds what it finds.

/// Predicates that are computed row by row.
Status AdviseFilters(const AdvisedTable& table, std::vector<Suggestion>* suggestions);
/// Columns that need not be read.
void AdviseColumns(const AdvisedTable& table, std::vector<Suggestion>* suggestions);
/// Small files, delete files.
void AdviseFiles(const AdvisedTable& table, std::vector<Suggestion>* suggestions);
/// Partitions, sorting, Bloom filters.
void AdviseLayout(const AdvisedTable& table, std::vector<Suggestion>* suggestions);
/// A query that comes again and again.
void AdviseCaching(const AdvisedTable& table, std::vector<Suggestion>* suggestions);

}  // namespace iceframe::internal
