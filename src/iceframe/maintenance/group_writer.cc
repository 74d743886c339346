// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/util/byte_size.h>

#include "iceframe/execution/distinct_rows.h"
#include "iceframe/execution/table_scan.h"
#include "iceframe/execution/table_writer.h"
#include "iceframe/maintenance/group_writer_internal.h"
#include "iceframe/maintenance/row_lineage_internal.h"
#include "iceframe/maintenance/z_order.h"
#include "iceframe/table/sort_by.h"

namespace iceframe::internal {

namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

constexpr int64_t kRowsPerWrite = 64 * 1024;
constexpr int64_t kMaxGatheredBytes = int64_t{256} << 20;

// Rows of tables from format version 3 on have ids.
bool KeepsRowIds(const TableMetadata& metadata) { return metadata.format_version >= 3; }

// Passes rows on as they come, or gathers as many as memory allows and passes them on in Z order.
class GroupSink {
 public:
  GroupSink(const OperationContext& context, const GroupLayout& layout, TableWriter* writer)
      : context_(context), layout_(layout), writer_(writer) {
    const auto limit = context.memory->limit_bytes();
    max_bytes_ = limit ? std::min(kMaxGatheredBytes, *limit / 8) : kMaxGatheredBytes;
  }

  Status Write(BatchPtr batch) {
    if (layout_.z_order_columns.empty()) return writer_->Write(*batch);
    const int64_t bytes = arrow::util::TotalBufferSize(*batch);
    if (gathered_bytes_ + bytes > max_bytes_) ICEFRAME_RETURN_NOT_OK(Flush());
    gathered_.push_back(std::move(batch));
    gathered_bytes_ += bytes;
    return Status::OK();
  }

  Status Flush() {
    if (gathered_.empty()) return Status::OK();
    gathered_bytes_ = 0;
    std::vector<BatchPtr> batches = std::exchange(gathered_, {});
    ICEFRAME_ASSIGN_OR_RETURN(const BatchPtr rows,
                              arrow::ConcatenateRecordBatches(batches, context_.pool()));
    batches.clear();
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (const std::string& name : layout_.z_order_columns) {
      columns.push_back(rows->GetColumnByName(name));
    }
    ICEFRAME_ASSIGN_OR_RETURN(const auto order, ZOrder(context_, columns));
    arrow::compute::ExecContext exec(context_.pool());
    exec.set_use_threads(false);
    for (int64_t begin = 0; begin < order->length(); begin += kRowsPerWrite) {
      ICEFRAME_ASSIGN_OR_RETURN(
          const arrow::Datum next,
          arrow::compute::Take(rows, order->Slice(begin, kRowsPerWrite),
                               arrow::compute::TakeOptions::NoBoundsCheck(), &exec));
      ICEFRAME_RETURN_NOT_OK(writer_->Write(*next.record_batch()));
    }
    return Status::OK();
  }

 private:
  const OperationContext& context_;
  const GroupLayout& layout_;
  TableWriter* const writer_;
  int64_t max_bytes_ = 0;
  std::vector<BatchPtr> gathered_;
  int64_t gathered_bytes_ = 0;
};

// A source of the group's tasks, which are read whole whatever chose them.
TaskSource TasksOf(const FileGroup& group) {
  auto next = std::make_shared<size_t>(0);
  return [&group, next](const OperationContext&) -> Result<std::optional<ScanTask>> {
    if (*next >= group.tasks.size()) return std::optional<ScanTask>();
    ScanTask task = group.tasks[(*next)++];
    task.residual = True();
    return std::optional<ScanTask>(std::move(task));
  };
}

Result<std::unique_ptr<ScanStream>> OpenGroup(const OperationContext& context,
                                              const TableState& state, const FileGroup& group) {
  TableScanOptions scan;
  scan.read.columns = state.schema;
  if (KeepsRowIds(*state.table->metadata())) {
    ICEFRAME_ASSIGN_OR_RETURN(scan.read.columns, WithLineage(*state.schema, true));
  }
  scan.tasks = TasksOf(group);
  return OpenTableScan(context, state, scan);
}

// Returns how many rows were left out.
Result<int64_t> CopyRows(const OperationContext& context, const TableState& state,
                         const FileGroup& group, const GroupLayout& layout, TableWriter* writer) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto stream, OpenGroup(context, state, group));
  GroupSink sink(context, layout, writer);
  DistinctRows distinct(context.pool(), static_cast<int>(state.schema->fields().size()));
  const bool keeps_row_ids = KeepsRowIds(layout.metadata);
  int64_t num_rows = 0;
  int64_t num_removed = 0;
  for (;;) {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_ASSIGN_OR_RETURN(BatchPtr batch, stream->Next());
    if (batch == nullptr) break;
    const int64_t num_read = batch->num_rows();
    num_rows += num_read;
    if (keeps_row_ids) {
      const auto task = static_cast<size_t>(stream->task_number());
      ICEFRAME_ASSIGN_OR_RETURN(batch, FillLineage(context, batch, group.tasks[task]));
    }
    if (layout.deduplicates) {
      ICEFRAME_ASSIGN_OR_RETURN(batch, distinct.Keep(batch));
      num_removed += num_read - batch->num_rows();
      if (batch->num_rows() == 0) continue;
    }
    ICEFRAME_RETURN_NOT_OK(sink.Write(std::move(batch)));
  }
  ICEFRAME_RETURN_NOT_OK(sink.Flush());
  if (num_rows == group.num_rows) return num_removed;
  return Error(ErrorKind::kInvalidData, "files to rewrite have another number of rows than their ",
               "manifests say: ", num_rows, " for ", group.num_rows, ", the first one is ",
               group.tasks.front().data_file.file_path);
}

// Makes the columns of rows' ids a part of what is written.
Status AddLineageColumns(TableMetadata* metadata) {
  ICEFRAME_ASSIGN_OR_RETURN(auto schema, WithLineage(*metadata->current_schema(), false));
  metadata->schemas = {std::move(schema)};
  return Status::OK();
}

// An order under an id that is no other's.
Status UseSortOrder(const RewriteDataFilesOptions& options, GroupLayout* layout) {
  TableMetadata& metadata = layout->metadata;
  ICEFRAME_ASSIGN_OR_RETURN(SortOrder order,
                            MakeSortOrder(*metadata.current_schema(), options.sort_by));
  int32_t greatest = 0;
  for (const SortOrder& known : metadata.sort_orders) {
    greatest = std::max(greatest, known.order_id.value());
    if (known.fields != order.fields) continue;
    metadata.default_sort_order_id = known.order_id;
    return Status::OK();
  }
  order.order_id = SortOrderId(greatest + 1);
  metadata.default_sort_order_id = order.order_id;
  metadata.sort_orders.push_back(std::move(order));
  layout->keeps_sort_order_id = false;
  return Status::OK();
}

Status UseZOrder(const RewriteDataFilesOptions& options, GroupLayout* layout) {
  if (options.z_order_columns.empty()) {
    return Error(ErrorKind::kInvalidArgument, "a Z order needs at least one column");
  }
  for (const std::string& name : options.z_order_columns) {
    const auto& fields = layout->metadata.current_schema()->fields();
    const auto field = std::ranges::find(fields, name, &NestedField::name);
    if (field == fields.end()) {
      return Error(ErrorKind::kInvalidArgument, "column of a Z order is not in the table: ", name);
    }
    if (field->type.is_nested()) {
      return Error(ErrorKind::kInvalidArgument, "a Z order takes no nested columns: ", name);
    }
  }
  layout->z_order_columns = options.z_order_columns;
  layout->metadata.sort_orders = {SortOrder()};
  layout->metadata.default_sort_order_id = SortOrderId(0);
  return Status::OK();
}

}  // namespace

Result<GroupLayout> MakeGroupLayout(const TableMetadata& metadata,
                                    const RewriteDataFilesOptions& options) {
  GroupLayout layout;
  layout.metadata = metadata;
  layout.deduplicates = options.deduplicate;
  if (options.compression) {
    layout.metadata.properties.insert_or_assign("write.parquet.compression-codec",
                                                *options.compression);
    layout.metadata.properties.erase("write.parquet.compression-level");
  }
  if (options.strategy == RewriteStrategy::kZOrder) {
    ICEFRAME_RETURN_NOT_OK(UseZOrder(options, &layout));
  } else if (!options.sort_by.empty()) {
    ICEFRAME_RETURN_NOT_OK(UseSortOrder(options, &layout));
  }
  return layout;
}

Result<WrittenFiles> WriteGroup(const OperationContext& context, const TableState& state,
                                const FileGroup& group, const GroupLayout& layout) {
  TableMetadata metadata = layout.metadata;
  metadata.properties.insert_or_assign("write.target-file-size-bytes",
                                       std::to_string(group.file_size_bytes));
  if (KeepsRowIds(metadata)) ICEFRAME_RETURN_NOT_OK(AddLineageColumns(&metadata));
  // Destroyed before Finish, the writer deletes what it wrote.
  ICEFRAME_ASSIGN_OR_RETURN(const auto writer,
                            TableWriter::Make(context, state.table->io(), metadata));
  WrittenFiles written;
  ICEFRAME_ASSIGN_OR_RETURN(written.num_removed_rows,
                            CopyRows(context, state, group, layout, writer.get()));
  ICEFRAME_ASSIGN_OR_RETURN(written.files, writer->Finish());
  for (DataFile& file : written.files) {
    DropLineageStatistics(&file);
    if (!layout.keeps_sort_order_id) file.sort_order_id.reset();
  }
  return written;
}

}  // namespace iceframe::internal
