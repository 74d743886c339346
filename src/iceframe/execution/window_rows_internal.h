// SPDX-License-Identifier: Apache-2.0
// The rows that windows are computed over, held in the batches they came in.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "iceframe/execution/evaluated_parts_internal.h"

namespace iceframe {

/// All rows of an input. `context` outlives it.
class WindowRows {
 public:
  WindowRows(const OperationContext& context, int64_t max_bytes)
      : context_(context), max_bytes_(max_bytes) {}

  /// Reads an operator that is open to its end.
  Status ReadAll(Operator* input);

  int64_t num_rows() const { return num_rows_; }
  const arrow::RecordBatchVector& batches() const { return batches_; }
  const OperationContext& context() const { return context_; }
  arrow::MemoryPool* pool() const { return context_.pool(); }
  int64_t max_bytes() const { return max_bytes_; }

  /// Calls `take` with the values of expressions, some rows after the other.
  Status ForEachPart(const std::vector<Expression>& expressions,
                     const std::function<Status(const EvaluatedPart&)>& take) const;
  /// A value per row in storage form; wide (types/wide_array.h) where they reach too far.
  Result<ArrayPtr> Column(const Expression& expression) const;

 private:
  const OperationContext& context_;
  int64_t max_bytes_;
  int64_t num_rows_ = 0;
  arrow::RecordBatchVector batches_;
};

}  // namespace iceframe
