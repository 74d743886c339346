// SPDX-License-Identifier: Apache-2.0
// Rows in chunks of one size, whatever batches they come in.
#pragma once

#include <cstdint>
#include <memory>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"

namespace iceframe {

/// Cuts what a reader gives into chunks of exactly so many rows, over the borders of batches and
/// files; the last one may be shorter. No row is copied: a chunk's columns are slices of batches.
///
/// One consumer at a time. What is behind a chunk is not read before the next one is asked for,
/// but for the rest of a batch and what the reader reads ahead. Destroying it drops the reader.
class RowChunks {
 public:
  /// Errors: InvalidArgument for a size below 1.
  static Result<RowChunks> Make(std::shared_ptr<arrow::RecordBatchReader> reader,
                                int64_t chunk_rows);
  /// The next chunk, or nullptr at the end; never an empty one. Errors: the reader's.
  Result<std::shared_ptr<arrow::Table>> Next();

 private:
  RowChunks(std::shared_ptr<arrow::RecordBatchReader> reader, int64_t chunk_rows)
      : reader_(std::move(reader)), chunk_rows_(chunk_rows) {}

  std::shared_ptr<arrow::RecordBatchReader> reader_;
  int64_t chunk_rows_;
  /// What is left of the batch that the chunk before ended in.
  std::shared_ptr<arrow::RecordBatch> rest_;
};

/// The most rows of a batch, at most `batch_rows`, at which chunks end with batches where they can:
/// a chunk then is one piece and keeps nothing alive but itself.
int64_t BatchRowsForChunks(int64_t chunk_rows, int64_t batch_rows);

}  // namespace iceframe
