// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/table_relation.h"

#include <charconv>
#include <utility>

#include <arrow/array.h>

#include "iceframe/execution/execution_counters.h"
#include "iceframe/execution/table_source_internal.h"
#include "iceframe/format/metadata_columns.h"
#include "iceframe/format/name_mapping.h"
#include "iceframe/runtime/table_counters.h"

namespace iceframe {

namespace {

class TableSource final : public RelationSource {
 public:
  explicit TableSource(TableSide side) : side_(std::move(side)) {}

  Result<std::unique_ptr<BatchStream>> Open(const OperationContext& context,
                                            const RelationRead& read) const override {
    Count(context);
    return OpenTableScan(context, side_.state, {read});
  }
  Result<std::unique_ptr<FileStream>> OpenFiles(const OperationContext& context,
                                                const RelationRead& read,
                                                const WantedAnswers& answers) const override {
    Count(context);
    return OpenTableFiles(context, side_.state, {read}, answers);
  }
  Result<arrow::ArrayVector> Aggregate(const OperationContext& context, const RelationRead& read,
                                       const std::vector<Expression>& calls,
                                       const WantedAnswers& answers) const override {
    Count(context);
    return AggregateTable(context, side_, read, calls, answers);
  }
  Status ExplainRead(const OperationContext& context, const RelationRead& read,
                     ExplanationNotes* notes) const override {
    return ExplainTableRead(context, side_, read, notes);
  }
  Status ExplainDone(const OperationContext& context, const RelationRead& read,
                     const OperationCounters& counters, ExplanationNotes* notes) const override {
    return ExplainTableDone(context, side_, read, counters, notes);
  }

  const TableState* table() const override { return &side_.state; }

 private:
  void Count(const OperationContext& context) const {
    context.counters->Add(ExecutionCount::kTableScans);
    NoteTableCounters(context, side_.state.table->identifier().ToString());
  }

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

void AppendNamePart(std::string_view text, std::string* name) {
  *name += std::to_string(text.size()) + ":";
  *name += text;
}

// All that the rows depend on: nothing else of the metadata changes what is read.
std::string CanonicalName(const TableState& state) {
  const TableMetadata& metadata = *state.table->metadata();
  std::string name = "table";
  AppendNamePart(state.table->catalog()->identity(), &name);
  AppendNamePart(metadata.table_uuid, &name);
  name += "v" + std::to_string(metadata.format_version) + " schema " +
          std::to_string(state.schema->schema_id().value());
  if (state.snapshot != nullptr) {
    name += " snapshot " + std::to_string(state.snapshot->snapshot_id.value()) + " ";
    AppendNamePart(state.snapshot->manifest_list, &name);
  }
  const auto mapping = metadata.properties.find(kNameMappingProperty);
  if (mapping != metadata.properties.end()) AppendNamePart(mapping->second, &name);
  return name;
}

}  // namespace

std::shared_ptr<const Relation> MakeTableRelation(TableState state, std::string name) {
  const std::shared_ptr<const TableMetadata> metadata = state.table->metadata();
  Relation relation;
  relation.name = name;
  relation.schema = state.schema;
  relation.canonical_name = CanonicalName(state);
  relation.estimated_rows = TotalRecords(state.snapshot);
  relation.has_statistics = true;
  relation.find_metadata_column = [metadata](const std::string& column) {
    return FindMetadataColumn(*metadata, column);
  };
  relation.source = std::make_shared<TableSource>(TableSide{std::move(name), std::move(state)});
  return std::make_shared<const Relation>(std::move(relation));
}

}  // namespace iceframe
