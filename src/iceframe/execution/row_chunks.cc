// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/row_chunks.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <arrow/record_batch.h>
#include <arrow/table.h>

namespace iceframe {

Result<RowChunks> RowChunks::Make(std::shared_ptr<arrow::RecordBatchReader> reader,
                                  int64_t chunk_rows) {
  if (chunk_rows < 1) {
    return Error(ErrorKind::kInvalidArgument, "chunk_size must be at least 1, got ", chunk_rows);
  }
  return RowChunks(std::move(reader), chunk_rows);
}

Result<std::shared_ptr<arrow::Table>> RowChunks::Next() {
  std::vector<std::shared_ptr<arrow::RecordBatch>> parts;
  int64_t num_rows = 0;
  while (num_rows < chunk_rows_) {
    std::shared_ptr<arrow::RecordBatch> batch = std::move(rest_);
    if (batch == nullptr) ICEFRAME_RETURN_NOT_OK(reader_->ReadNext(&batch));
    if (batch == nullptr) break;
    const int64_t taken = std::min(batch->num_rows(), chunk_rows_ - num_rows);
    if (taken < batch->num_rows()) {
      rest_ = batch->Slice(taken);
      batch = batch->Slice(0, taken);
    }
    if (taken > 0) parts.push_back(std::move(batch));
    num_rows += taken;
  }
  if (parts.empty()) return nullptr;
  return arrow::Table::FromRecordBatches(reader_->schema(), parts);
}

int64_t BatchRowsForChunks(int64_t chunk_rows, int64_t batch_rows) {
  return chunk_rows < batch_rows ? batch_rows - batch_rows % chunk_rows : batch_rows;
}

}  // namespace iceframe
