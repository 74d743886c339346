// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/table_relation.h"

#include <charconv>
#include <utility>

#include <arrow/array.h>

#include "iceframe/execution/table_source_internal.h"

namespace iceframe {

namespace {

class TableSource final : public RelationSource {
 public:
  explicit TableSource(TableSide side) : side_(std::move(side)) {}

  Result<std::unique_ptr<BatchStream>> Open(const OperationContext& context,
                                            const RelationRead& read) const override {
    return OpenTableScan(context, *side_.table, side_.ScanOf(read));
  }
  Result<arrow::ArrayVector> Aggregate(const OperationContext& context, const RelationRead& read,
                                       const std::vector<Expression>& calls) const override {
    return AggregateTable(context, side_, read, calls);
  }
  Status ExplainRead(const OperationContext& context, const RelationRead& read,
                     ExplanationNotes* notes) const override {
    return ExplainTableRead(context, side_, read, notes);
  }
  Status ExplainDone(const OperationContext& context, const RelationRead& read,
                     const OperationCounters& counters, ExplanationNotes* notes) const override {
    return ExplainTableDone(context, side_, read, counters, notes);
  }

 private:
  TableSide side_;
};

// As the snapshot's writer counted them.
std::optional<int64_t> TotalRecords(const Snapshot* snapshot) {
  if (snapshot == nullptr) return 0;
  const auto total = snapshot->summary.find("total-records");
  if (total == snapshot->summary.end()) return std::nullopt;
  const std::string& text = total->second;
  int64_t rows = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), rows).ec != std::errc()) {
    return std::nullopt;
  }
  return rows;
}

}  // namespace

TableScanOptions TableSide::ScanOf(const RelationRead& read) const {
  TableScanOptions options;
  options.version = version;
  options.projection = read.columns;
  options.filter = read.filter;
  options.limit = read.limit;
  return options;
}

Result<std::shared_ptr<const Relation>> MakeTableRelation(std::shared_ptr<const Table> table,
                                                          const RelationName& name) {
  Relation relation;
  relation.name = name.name;
  ICEFRAME_ASSIGN_OR_RETURN(relation.schema, table->SchemaOf(name.version));
  ICEFRAME_ASSIGN_OR_RETURN(const Snapshot* snapshot, table->SnapshotOf(name.version));
  relation.canonical_name =
      table->metadata()->table_uuid + "@" + std::to_string(relation.schema->schema_id().value());
  if (snapshot != nullptr) {
    relation.canonical_name += ":" + std::to_string(snapshot->snapshot_id.value());
  }
  relation.estimated_rows = TotalRecords(snapshot);
  relation.has_statistics = true;
  relation.source =
      std::make_shared<TableSource>(TableSide{name.name, std::move(table), name.version});
  return std::make_shared<const Relation>(std::move(relation));
}

}  // namespace iceframe
