// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/table_scan.h"

#include <utility>

#include "iceframe/execution/file_read_options_internal.h"
#include "iceframe/execution/planning_time_internal.h"
#include "iceframe/format/metadata_columns.h"
#include "iceframe/planning/scan_planner.h"

namespace iceframe {

namespace {

Result<ReadOptions> OptionsForTask(const ReadOptions& base, const TableMetadata& metadata,
                                   const ScanTask& task) {
  if (!task.delete_files.empty()) {
    const DataFile& first = task.delete_files.front().file;
    const std::string_view kind =
        first.content_offset.has_value() ? "deletion-vector" : ToString(first.content);
    return Error(ErrorKind::kUnsupported,
                 "reading tables with delete files is not built yet: ", kind, " in ",
                 first.file_path, " (compact the table with the engine that wrote it)");
  }
  ReadOptions options = base;
  options.filter = task.residual;
  AddFileConstants(metadata, task.data_file, &options);
  return options;
}

// The state's schema, and the metadata columns that the filter names.
Result<std::shared_ptr<const Schema>> ColumnsOfFilter(const TableState& state,
                                                      const Expression& filter) {
  return WithMetadataColumnsById(*state.table->metadata(), state.schema,
                                 ReferencedFieldIds(filter));
}

}  // namespace

Result<ReadOptions> FileReadOptions(const TableMetadata& metadata,
                                    std::shared_ptr<const Schema> projection) {
  ReadOptions read;
  read.projection = std::move(projection);
  auto mapping = metadata.properties.find(kNameMappingProperty);
  if (mapping != metadata.properties.end()) {
    ICEFRAME_ASSIGN_OR_RETURN(read.name_mapping, NameMappingFromJson(mapping->second));
  }
  return read;
}

void AddFileConstants(const TableMetadata& metadata, const DataFile& file, ReadOptions* options) {
  options->constants = MetadataValuesOf(metadata, file, *options->projection);
  if (options->table_schema != nullptr) {
    options->constants.merge(MetadataValuesOf(metadata, file, *options->table_schema));
  }
  const PartitionSpec* spec = metadata.FindPartitionSpec(file.spec_id);
  if (spec == nullptr) return;
  for (size_t i = 0; i < spec->fields.size() && i < file.partition.size(); ++i) {
    const PartitionField& field = spec->fields[i];
    if (field.transform.kind() == TransformKind::kIdentity) {
      options->constants.emplace(field.source_id(), file.partition[i]);
    }
  }
}

Result<TaskSource> PlanTableScan(const OperationContext& context, const TableState& state,
                                 const TableScanOptions& options) {
  ScanPlanOptions plan;
  plan.metadata = state.table->metadata();
  ICEFRAME_ASSIGN_OR_RETURN(plan.schema, ColumnsOfFilter(state, options.read.rows.filter));
  plan.rows = options.read.rows;
  plan.with_statistics = options.with_statistics;
  if (state.snapshot != nullptr) plan.snapshot_id = state.snapshot->snapshot_id;
  auto report = std::make_shared<ScanReport>();
  report->table = state.table->identifier().ToString();
  report->snapshot_id = plan.snapshot_id;
  report->schema = plan.schema;
  report->columns = options.read.columns;
  report->filter = plan.rows.filter;
  const auto time = std::make_shared<internal::PlanningTime>(context, std::move(report));
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<ScanPlanner> planner, time->Measure([&] {
    return ScanPlanner::Make(context, state.table->io(), std::move(plan));
  }));
  return TaskSource([planner, time](const OperationContext&) {
    return time->Measure([&] { return planner->Next(); });
  });
}

Result<ReadOptions> TableReadOptions(const TableState& state, const TableScanOptions& options) {
  const RelationRead& read = options.read;
  ICEFRAME_ASSIGN_OR_RETURN(ReadOptions files,
                            FileReadOptions(*state.table->metadata(), read.columns));
  ICEFRAME_ASSIGN_OR_RETURN(files.table_schema, ColumnsOfFilter(state, read.rows.filter));
  files.filter = read.rows.filter;
  files.with_field_ids = options.with_field_ids;
  files.delivery = read.delivery;
  return files;
}

Result<std::unique_ptr<ScanStream>> OpenTableScan(const OperationContext& context,
                                                  const TableState& state,
                                                  const TableScanOptions& options) {
  const RelationRead& read = options.read;
  TaskSource tasks = options.tasks;
  if (!tasks) {
    TableScanOptions plan = options;
    plan.with_statistics |= read.first.has_value();
    ICEFRAME_ASSIGN_OR_RETURN(tasks, PlanTableScan(context, state, plan));
    if (read.first) tasks = TasksOfFirstRows(std::move(tasks), *read.first);
  }
  ICEFRAME_ASSIGN_OR_RETURN(ReadOptions files, TableReadOptions(state, options));
  return ScanStream::Make(
      context, state.table->io(), std::move(tasks),
      [files = std::move(files), metadata = state.table->metadata()](const ScanTask& task) {
        return OptionsForTask(files, *metadata, task);
      },
      {read.rows.limit, read.delivery});
}

}  // namespace iceframe
