// SPDX-License-Identifier: Apache-2.0
// Reads of a session: plan, then stream.
#include <algorithm>
#include <set>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "iceframe/execution/scan_stream.h"
#include "iceframe/planning/column_selection.h"
#include "iceframe/planning/scan_planner.h"
#include "iceframe/session_impl_internal.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe::internal {

namespace {

// The reader that a scan hands out: keeps table and planner alive, stops the scan when dropped.
class ScanReader final : public arrow::RecordBatchReader {
 public:
  // `order`: the stream's columns in the order wanted; empty: as they are.
  static Result<std::shared_ptr<arrow::RecordBatchReader>> Make(std::shared_ptr<const Table> table,
                                                                std::unique_ptr<ScanStream> stream,
                                                                std::vector<int> order) {
    std::shared_ptr<arrow::Schema> schema = stream->schema();
    if (!order.empty()) {
      arrow::FieldVector fields;
      for (const int column : order) fields.push_back(schema->field(column));
      schema = arrow::schema(std::move(fields), schema->metadata());
    }
    return std::make_shared<ScanReader>(std::move(table), std::move(stream), std::move(schema),
                                        std::move(order));
  }

  ScanReader(std::shared_ptr<const Table> table, std::unique_ptr<ScanStream> stream,
             std::shared_ptr<arrow::Schema> schema, std::vector<int> order)
      : table_(std::move(table)),
        stream_(std::move(stream)),
        schema_(std::move(schema)),
        order_(std::move(order)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    if (stream_ == nullptr) return Status::OK();
    ICEFRAME_ASSIGN_OR_RETURN(*batch, stream_->Next());
    if (*batch != nullptr && !order_.empty()) {
      ICEFRAME_ASSIGN_OR_RETURN(*batch, (*batch)->SelectColumns(order_));
    }
    return Status::OK();
  }

  Status Close() override {
    stream_.reset();
    return Status::OK();
  }

 private:
  std::shared_ptr<const Table> table_;
  std::unique_ptr<ScanStream> stream_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<int> order_;
};

// What `columns` asks for: columns of the table, and of the rows' places.
struct Selection {
  ScanOptions options;
  // The place of each name in a result whose file and position columns come last.
  std::vector<int> order;
};

FieldId TopLevelOf(const Schema& schema, FieldId id) {
  while (schema.ParentOf(id) != 0) id = schema.ParentOf(id);
  return id;
}

// Takes `_file` and `_pos` out of the names, unless the table has columns of those names.
Selection SelectPlaces(const Schema& schema, const ScanOptions& options) {
  constexpr int kFile = -1;
  constexpr int kPos = -2;
  Selection selection{options, {}};
  if (!options.columns) return selection;
  selection.options.columns->clear();
  std::set<FieldId> columns;
  std::vector<int>& order = selection.order;
  for (const std::string& name : *options.columns) {
    const NestedField* field = schema.FindField(name, options.case_sensitive);
    const int place = name == kFileColumnName ? kFile : name == kPosColumnName ? kPos : 0;
    const bool is_first = std::find(order.begin(), order.end(), place) == order.end();
    if (field == nullptr && place != 0 && is_first) {
      (place == kFile ? selection.options.with_file : selection.options.with_pos) = true;
      order.push_back(place);
      continue;
    }
    selection.options.columns->push_back(name);
    const int next = static_cast<int>(columns.size());
    if (field != nullptr && columns.insert(TopLevelOf(schema, field->id)).second) {
      order.push_back(next);
    }
  }
  if (order.size() == columns.size()) order.clear();
  const int num_columns = static_cast<int>(columns.size());
  for (int& column : order) {
    if (column == kFile) column = num_columns;
    if (column == kPos) column = num_columns + (selection.options.with_file ? 1 : 0);
  }
  return selection;
}

// Identity partition values of columns: files that other tools added may lack such columns.
void AddConstants(const TableMetadata& metadata, const DataFile& file, ReadOptions* options) {
  const PartitionSpec* spec = metadata.FindPartitionSpec(file.spec_id);
  if (spec == nullptr) return;
  for (size_t i = 0; i < spec->fields.size() && i < file.partition.size(); ++i) {
    const PartitionField& field = spec->fields[i];
    if (field.transform.kind() == TransformKind::kIdentity) {
      options->constants.emplace(field.source_id(), file.partition[i]);
    }
  }
}

Result<ReadOptions> OptionsForTask(const ReadOptions& base, const TableMetadata& metadata,
                                   const ScanTask& task) {
  if (!task.delete_files.empty()) {
    const DataFile& first = task.delete_files.front().file;
    return Error(ErrorKind::kUnsupported,
                 "reading tables with delete files is not built yet: ", ToString(first.content),
                 " in ", first.file_path);
  }
  ReadOptions options = base;
  options.filter = task.residual;
  AddConstants(metadata, task.data_file, &options);
  return options;
}

Result<ReadOptions> MakeReadOptions(const Table& table, std::shared_ptr<const Schema> schema,
                                    std::shared_ptr<const Schema> projection,
                                    const ScanOptions& options) {
  ReadOptions read;
  read.projection = std::move(projection);
  read.table_schema = std::move(schema);
  read.with_file = options.with_file;
  read.with_pos = options.with_pos;
  read.batch_rows = options.batch_rows;
  const Properties& properties = table.metadata()->properties;
  auto mapping = properties.find(kNameMappingProperty);
  if (mapping != properties.end()) {
    ICEFRAME_ASSIGN_OR_RETURN(read.name_mapping, NameMappingFromJson(mapping->second));
  }
  return read;
}

Result<std::shared_ptr<arrow::Schema>> ResultSchema(const Schema& projection,
                                                    const ScanOptions& options) {
  ICEFRAME_ASSIGN_OR_RETURN(auto schema, ToArrowSchema(projection));
  if (options.with_file) {
    ICEFRAME_ASSIGN_OR_RETURN(
        schema, schema->AddField(schema->num_fields(),
                                 arrow::field(kFileColumnName, arrow::utf8(), false)));
  }
  if (options.with_pos) {
    ICEFRAME_ASSIGN_OR_RETURN(
        schema, schema->AddField(schema->num_fields(),
                                 arrow::field(kPosColumnName, arrow::int64(), false)));
  }
  return schema;
}

// The tasks of a scan; a table that never had a snapshot has none.
Result<TaskSource> PlanTasks(const OperationContext& context, const Table& table,
                             std::shared_ptr<const Schema> schema, const ScanOptions& options) {
  ICEFRAME_ASSIGN_OR_RETURN(const Snapshot* snapshot, table.SnapshotOf(options.version));
  ScanPlanOptions plan;
  plan.metadata = table.metadata();
  plan.schema = std::move(schema);
  plan.filter = options.filter;
  plan.case_sensitive = options.case_sensitive;
  plan.limit = options.limit;
  if (snapshot != nullptr) plan.snapshot_id = snapshot->snapshot_id;
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<ScanPlanner> planner,
                            ScanPlanner::Make(context, table.io(), std::move(plan)));
  return TaskSource([planner](const OperationContext&) { return planner->Next(); });
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatchReader>> SessionImpl::Scan(const OperationContext& context,
                                                                    std::string_view name,
                                                                    const ScanOptions& options) {
  ICEFRAME_ASSIGN_OR_RETURN(auto table, LoadTable(context, name));
  return Scan(context, table, options);
}

Result<std::shared_ptr<arrow::RecordBatchReader>> SessionImpl::Scan(
    const OperationContext& context, const std::shared_ptr<const Table>& table,
    const ScanOptions& asked) {
  ICEFRAME_ASSIGN_OR_RETURN(auto schema, table->SchemaOf(asked.version));
  Selection selection = SelectPlaces(*schema, asked);
  const ScanOptions& options = selection.options;
  if (options.batch_rows < 1) {
    return Error(ErrorKind::kInvalidArgument,
                 "batch size must be at least 1: ", options.batch_rows);
  }
  if (options.limit && *options.limit < 0) {
    return Error(ErrorKind::kInvalidArgument, "limit must not be negative: ", *options.limit);
  }
  std::shared_ptr<const Schema> projection = schema;
  if (options.columns) {
    ICEFRAME_ASSIGN_OR_RETURN(projection,
                              SelectColumns(*schema, *options.columns, options.case_sensitive));
  }
  ICEFRAME_ASSIGN_OR_RETURN(TaskSource tasks, PlanTasks(context, *table, schema, options));
  ICEFRAME_ASSIGN_OR_RETURN(ReadOptions read, MakeReadOptions(*table, schema, projection, options));
  ScanStreamOptions stream_options;
  ICEFRAME_ASSIGN_OR_RETURN(stream_options.result_schema, ResultSchema(*projection, options));
  stream_options.ordered = options.ordered;
  stream_options.limit = options.limit;
  ICEFRAME_ASSIGN_OR_RETURN(
      auto stream, ScanStream::Make(
                       context, table->io(), std::move(tasks),
                       [read = std::move(read), metadata = table->metadata()](
                           const ScanTask& task) { return OptionsForTask(read, *metadata, task); },
                       stream_options));
  return ScanReader::Make(table, std::move(stream), std::move(selection.order));
}

}  // namespace iceframe::internal
