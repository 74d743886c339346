// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "iceframe/base/uuid.h"
#include "iceframe/execution/execution_counters.h"
#include "iceframe/execution/files_relation_internal.h"
#include "iceframe/execution/relation_source.h"
#include "iceframe/execution/table_scan.h"
#include "iceframe/planning/planning_counters.h"
#include "iceframe/runtime/table_counters.h"

namespace iceframe::internal {

namespace {

class FilesSource final : public RelationSource {
 public:
  FilesSource(TableState state, std::vector<ManifestEntry> files)
      : state_(std::move(state)), files_(std::move(files)) {}

  Result<std::unique_ptr<BatchStream>> Open(const OperationContext& context,
                                            const RelationRead& read) const override {
    context.counters->Add(ExecutionCount::kTableScans);
    NoteTableCounters(context, state_.table->identifier().ToString());
    TableScanOptions scan{read};
    scan.tasks = [this, filter = read.rows.filter, next = size_t{0}](
                     const OperationContext& own) mutable -> Result<std::optional<ScanTask>> {
      if (next == files_.size()) return std::nullopt;
      return TaskOf(own, files_[next++], filter);
    };
    return OpenTableScan(context, state_, scan);
  }

 private:
  const TableState state_;
  const std::vector<ManifestEntry> files_;
};

}  // namespace

ScanTask TaskOf(const OperationContext& context, const ManifestEntry& file,
                const Expression& filter) {
  context.counters->Add(PlanningCount::kFilesTotal);
  context.counters->Add(PlanningCount::kFilesPlanned);
  return {file.data_file, file.data_sequence_number.value_or(SequenceNumber()), {}, filter};
}

std::string UniqueRelationName(std::string_view kind) {
  return std::string(kind) + " " + NewUuid();
}

std::shared_ptr<const Relation> MakeFilesRelation(TableState state,
                                                  std::vector<ManifestEntry> files) {
  Relation relation;
  relation.name = "files of " + state.table->identifier().ToString();
  relation.canonical_name = UniqueRelationName("files");
  relation.schema = state.schema;
  relation.source = std::make_shared<FilesSource>(std::move(state), std::move(files));
  return std::make_shared<const Relation>(std::move(relation));
}

}  // namespace iceframe::internal
