// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/table_scan.h"

#include <utility>

#include <arrow/type.h>

#include "iceframe/execution/file_read_options_internal.h"
#include "iceframe/format/metadata_columns.h"
#include "iceframe/planning/scan_planner.h"
#include "iceframe/types/arrow_schema.h"

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

Result<ReadOptions> MakeReadOptions(const Table& table, std::shared_ptr<const Schema> schema,
                                    std::shared_ptr<const Schema> projection,
                                    const TableScanOptions& options) {
  ICEFRAME_ASSIGN_OR_RETURN(ReadOptions read,
                            FileReadOptions(*table.metadata(), std::move(projection)));
  read.table_schema = std::move(schema);
  read.with_field_ids = options.with_field_ids;
  read.batch_rows = options.batch_rows;
  return read;
}

// The version's schema, and the metadata columns that the filter names.
Result<std::shared_ptr<const Schema>> SchemaToRead(const Table& table,
                                                   const TableScanOptions& options) {
  ICEFRAME_ASSIGN_OR_RETURN(auto schema, table.SchemaOf(options.version));
  const TableMetadata& metadata = *table.metadata();
  if (options.filter.is_bound()) {
    return WithMetadataColumnsById(metadata, schema, ReferencedFieldIds(options.filter));
  }
  return WithMetadataColumns(metadata, schema, ReferencedColumns(options.filter),
                             options.case_sensitive);
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

Result<TaskSource> PlanTableScan(const OperationContext& context, const Table& table,
                                 const TableScanOptions& options) {
  ICEFRAME_ASSIGN_OR_RETURN(const Snapshot* snapshot, table.SnapshotOf(options.version));
  ScanPlanOptions plan;
  plan.metadata = table.metadata();
  ICEFRAME_ASSIGN_OR_RETURN(plan.schema, SchemaToRead(table, options));
  plan.filter = options.filter;
  plan.case_sensitive = options.case_sensitive;
  plan.limit = options.limit;
  plan.with_statistics = options.with_statistics;
  if (snapshot != nullptr) plan.snapshot_id = snapshot->snapshot_id;
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<ScanPlanner> planner,
                            ScanPlanner::Make(context, table.io(), std::move(plan)));
  return TaskSource([planner](const OperationContext&) { return planner->Next(); });
}

Result<std::unique_ptr<ScanStream>> OpenTableScan(const OperationContext& context,
                                                  const Table& table,
                                                  const TableScanOptions& options) {
  ICEFRAME_ASSIGN_OR_RETURN(auto schema, SchemaToRead(table, options));
  auto projection = options.projection;
  if (projection == nullptr) {
    ICEFRAME_ASSIGN_OR_RETURN(projection, table.SchemaOf(options.version));
  }
  TaskSource tasks = options.tasks;
  if (!tasks) {
    ICEFRAME_ASSIGN_OR_RETURN(tasks, PlanTableScan(context, table, options));
  }
  ICEFRAME_ASSIGN_OR_RETURN(ReadOptions read, MakeReadOptions(table, schema, projection, options));
  ScanStreamOptions stream;
  ICEFRAME_ASSIGN_OR_RETURN(stream.result_schema,
                            ToArrowSchema(*projection, options.with_field_ids));
  stream.ordered = options.ordered;
  stream.limit = options.limit;
  return ScanStream::Make(
      context, table.io(), std::move(tasks),
      [read = std::move(read), metadata = table.metadata()](const ScanTask& task) {
        return OptionsForTask(read, *metadata, task);
      },
      stream);
}

}  // namespace iceframe
