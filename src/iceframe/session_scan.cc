// SPDX-License-Identifier: Apache-2.0
// Reads of a session: plan, then stream.
#include <algorithm>
#include <set>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "iceframe/execution/table_scan.h"
#include "iceframe/planning/column_selection.h"
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
  TableScanOptions scan;
  scan.version = options.version;
  scan.projection = std::move(projection);
  scan.filter = options.filter;
  scan.case_sensitive = options.case_sensitive;
  scan.limit = options.limit;
  scan.ordered = options.ordered;
  scan.batch_rows = options.batch_rows;
  scan.with_file = options.with_file;
  scan.with_pos = options.with_pos;
  ICEFRAME_ASSIGN_OR_RETURN(auto stream, OpenTableScan(context, *table, scan));
  return ScanReader::Make(table, std::move(stream), std::move(selection.order));
}

}  // namespace iceframe::internal
