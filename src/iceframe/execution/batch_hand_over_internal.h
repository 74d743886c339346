// SPDX-License-Identifier: Apache-2.0
// Batches written on the process's threads while the caller gets the next one ready.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/datafile/data_file_writer.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe::internal {

/// Gives a writer one batch at a time, in order. For one caller at a time, on any thread; `context`
/// and `writer` outlive it.
class BatchHandOver {
 public:
  BatchHandOver(const OperationContext& context, DataFileWriter* writer);
  /// Waits for what is under way.
  ~BatchHandOver();

  /// Waits for the batch before, then has this one written: at once where it is small or this is a
  /// thread that the writing would need, else on a thread of the process's.
  /// Errors: those of the batch before or, written at once, of this one.
  Status Write(std::shared_ptr<arrow::RecordBatch> batch);
  /// Waits until all batches are written. Errors: those of the last one.
  Status Wait();
  /// Rows that were handed over.
  int64_t num_rows() const { return num_rows_; }
  /// The writer's bytes when it was last waited for.
  int64_t num_bytes() const { return num_bytes_; }

 private:
  class Pending;

  Status WriteNow(const arrow::RecordBatch& batch);

  const OperationContext& context_;
  DataFileWriter* writer_;
  std::shared_ptr<Pending> pending_;
  int64_t num_rows_ = 0;
  int64_t num_bytes_ = 0;
};

}  // namespace iceframe::internal
