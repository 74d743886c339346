// SPDX-License-Identifier: Apache-2.0
// How a table answers what a query asks of its relation.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "iceframe/execution/relation_source.h"
#include "iceframe/execution/table_scan.h"
#include "iceframe/table/table.h"

namespace iceframe {

/// What a query calls a table's state.
struct TableSide {
  std::string name;
  TableState state;
};

/// count(*), min and max over a table's rows.
///
/// Rows of files that count wholly are counted from metadata. Bounds are limits, not values: by the
/// spec they may be loose. One that leaves no choice (both are equal) is an answer; else the files
/// whose bounds could beat what was seen so far are read, the most promising first, and the others
/// never. Files without usable bounds are read; floats' need a NaN count of zero.
Result<arrow::ArrayVector> AggregateTable(const OperationContext& context, const TableSide& side,
                                          const RelationRead& read,
                                          const std::vector<Expression>& calls,
                                          const WantedAnswers& answers);

/// What a scan would read: manifests and files exactly, row groups as far as manifests tell; which
/// predicate alone would skip how many files.
Status ExplainTableRead(const OperationContext& context, const TableSide& side,
                        const RelationRead& read, ExplanationNotes* notes);
/// What a scan read, by its counters; which predicate alone skips how many files.
Status ExplainTableDone(const OperationContext& context, const TableSide& side,
                        const RelationRead& read, const OperationCounters& counters,
                        ExplanationNotes* notes);

}  // namespace iceframe
