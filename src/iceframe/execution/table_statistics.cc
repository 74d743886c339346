// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/table_statistics.h"

#include <memory>

#include "iceframe/execution/relation_source.h"
#include "iceframe/execution/scan_operator.h"
#include "iceframe/format/distinct_values.h"
#include "iceframe/planning/rows_in_files.h"
#include "iceframe/table/table_counters.h"

namespace iceframe {

namespace {

const TableState* TableOf(const ScanNode& scan) {
  return scan.relation->source != nullptr ? scan.relation->source->table() : nullptr;
}

}  // namespace

std::optional<int64_t> TableStatistics::RowsInFiles(const ScanNode& scan) const {
  const TableState* state = TableOf(scan);
  if (state == nullptr) return std::nullopt;
  RowsInFilesOptions options;
  options.metadata = state->table->metadata();
  options.snapshot = state->snapshot;
  options.schema = state->schema;
  options.filter = OverRelation(scan, scan.filter);
  OperationContext own = context_;
  own.counters = std::make_shared<OperationCounters>();
  const auto rows = CountRowsInFiles(own, *state->table->io(), options);
  // A scan's manifests are counted when the scan reads them, which is once.
  for (const OperationCount count : {TableCount::kManifestsRead, TableCount::kManifestsFromCache}) {
    own.counters->Add(count, -own.counters->Get(count));
  }
  context_.counters->Add(own.counters->Values());
  return rows.ValueOr(std::nullopt);
}

std::optional<double> TableStatistics::NumDistinct(const ScanNode& scan, FieldId id) const {
  const TableState* state = TableOf(scan);
  if (state == nullptr || state->snapshot == nullptr) return std::nullopt;
  return FindDistinctValues(*state->table->metadata(), scan.RelationId(id),
                            state->snapshot->snapshot_id);
}

}  // namespace iceframe
