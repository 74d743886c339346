// SPDX-License-Identifier: Apache-2.0
// Several tables, or queries, read at once.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// One read among several.
struct ParallelRead {
  /// What it is called in its error, e.g. {"table", "default.users"}.
  ErrorContext name;
  /// Begins it, as Session::Scan or Session::Execute do.
  std::function<Result<std::shared_ptr<arrow::RecordBatchReader>>(const OperationContext& context)>
      open;
};

struct ParallelReadOptions {
  /// The most reads under way at once; at least 1.
  int max_parallel = 4;
};

/// All rows of one read, or its error.
using ReadOutcome = Result<std::shared_ptr<arrow::Table>>;

/// Runs the reads, begun in their order, and returns their outcomes in that order. One that fails
/// stops no other.
///
/// Reads wait on threads that do nothing else, the calling one among them; files are opened and
/// decoded on the process's io and cpu threads, as many as those are. Safe from any number of
/// threads, and within a read of another call; not from a cpu or io thread. Each read runs under a
/// child of `context`'s memory, which its rows stay charged to. Progress: "read", the reads that
/// have ended. Errors: InvalidArgument; Cancelled or Timeout, for all reads together, once
/// `context` says so and what was under way has ended.
Result<std::vector<ReadOutcome>> ReadInParallel(const OperationContext& context,
                                                const std::vector<ParallelRead>& reads,
                                                const ParallelReadOptions& options = {});

}  // namespace iceframe
