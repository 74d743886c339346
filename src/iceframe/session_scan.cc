// SPDX-License-Identifier: Apache-2.0
// Reads of a session: plan, then stream.
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "iceframe/execution/table_scan.h"
#include "iceframe/format/metadata_columns.h"
#include "iceframe/planning/column_selection.h"
#include "iceframe/session_impl_internal.h"

namespace iceframe::internal {

namespace {

// The reader that a scan hands out: keeps table and planner alive, stops the scan when dropped.
class ScanReader final : public arrow::RecordBatchReader {
 public:
  ScanReader(std::shared_ptr<const Table> table, std::unique_ptr<ScanStream> stream)
      : table_(std::move(table)), stream_(std::move(stream)), schema_(stream_->schema()) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    return stream_ == nullptr ? Status::OK() : stream_->Next().Value(batch);
  }

  Status Close() override {
    stream_.reset();
    return Status::OK();
  }

 private:
  std::shared_ptr<const Table> table_;
  std::unique_ptr<ScanStream> stream_;
  std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace

Result<std::shared_ptr<arrow::RecordBatchReader>> SessionImpl::DoScan(
    const OperationContext& context, std::string_view name, const ScanOptions& options) {
  ICEFRAME_ASSIGN_OR_RETURN(auto table, LoadTable(context, name));
  return Scan(context, table, options);
}

Result<std::shared_ptr<arrow::RecordBatchReader>> SessionImpl::DoScan(
    const OperationContext& context, const std::shared_ptr<const Table>& table,
    const ScanOptions& options) {
  ICEFRAME_ASSIGN_OR_RETURN(auto schema, table->SchemaOf(options.version));
  if (options.batch_rows < 1) {
    return Error(ErrorKind::kInvalidArgument,
                 "batch size must be at least 1: ", options.batch_rows);
  }
  if (options.limit && *options.limit < 0) {
    return Error(ErrorKind::kInvalidArgument, "limit must not be negative: ", *options.limit);
  }
  std::shared_ptr<const Schema> projection = schema;
  if (options.columns) {
    ICEFRAME_ASSIGN_OR_RETURN(
        schema,
        WithMetadataColumns(*table->metadata(), schema, *options.columns, options.case_sensitive));
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
  ICEFRAME_ASSIGN_OR_RETURN(auto stream, OpenTableScan(context, *table, scan));
  return std::make_shared<ScanReader>(table, std::move(stream));
}

}  // namespace iceframe::internal
