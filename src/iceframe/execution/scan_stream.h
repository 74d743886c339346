// SPDX-License-Identifier: Apache-2.0
// Scan tasks in, batches out: many files in flight, rows in order.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include <arrow/type_fwd.h>

#include "iceframe/base/read_delivery.h"
#include "iceframe/base/result.h"
#include "iceframe/datafile/data_file_reader.h"
#include "iceframe/execution/batch_stream.h"
#include "iceframe/io/file_io.h"
#include "iceframe/planning/scan_task.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// Gives the next task of a scan, nullopt at the end. Called by one thread at a time.
using TaskSource = std::function<Result<std::optional<ScanTask>>(const OperationContext& context)>;

/// Makes the reader's options for one task (projection, residual filter, constants). Called by
/// many threads at once.
using ReadOptionsSource = std::function<Result<ReadOptions>(const ScanTask& task)>;

struct ScanStreamOptions {
  /// Stops the scan after so many rows.
  std::optional<int64_t> limit;
  ReadDelivery delivery;
};

/// Reads tasks ahead of its consumer: files are opened and fetched on the io threads and decoded
/// on the cpu threads, as far as the limits above and the memory budget allow. When memory runs
/// short it falls back to one file at a time before it gives up.
///
/// One consumer at a time. Destroying it cancels what is under way and waits for it.
class ScanStream : public BatchStream {
 public:
  static Result<std::unique_ptr<ScanStream>> Make(const OperationContext& context,
                                                  std::shared_ptr<FileIO> io, TaskSource tasks,
                                                  ReadOptionsSource read_options,
                                                  const ScanStreamOptions& options);
  /// Errors: those of planning and of DataFileReader; Cancelled; Timeout.
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override = 0;
  /// Which task the last batch is of, counted from 0 as the source gave them; without one: -1.
  virtual int64_t task_number() const = 0;
};

}  // namespace iceframe
