// SPDX-License-Identifier: Apache-2.0
// What a scan gives to Python: batches, read once.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include <arrow/record_batch.h>

#include "engine_call.h"
#include "rows.h"

namespace iceframe::python {

/// The batches of one scan: by `Next`, or all at once through the Arrow stream protocol.
class BatchStream {
 public:
  BatchStream(std::shared_ptr<arrow::RecordBatchReader> reader, Operation operation)
      : schema_(reader->schema()), reader_(std::move(reader)), operation_(std::move(operation)) {}
  ~BatchStream() { Close(); }
  BatchStream(const BatchStream&) = delete;
  BatchStream& operator=(const BatchStream&) = delete;

  const Operation& operation() const { return operation_; }
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  /// nullopt at the end. Errors: those of the scan; InvalidArgument once the stream was exported.
  Result<std::optional<Batch>> Next();
  /// All batches that are left, in one call; `as_views`: with text as Polars has it.
  Result<Rows> ReadAll(bool as_views);
  /// Errors: InvalidArgument once it was read or closed.
  Result<nanobind::object> Export();
  /// Stops the scan; the batches handed out stay.
  void Close();

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  // Changed with the GIL only.
  std::shared_ptr<arrow::RecordBatchReader> reader_;
  bool is_at_end_ = false;
  // Readers have one consumer at a time.
  std::mutex reading_;
  Operation operation_;
};

}  // namespace iceframe::python
