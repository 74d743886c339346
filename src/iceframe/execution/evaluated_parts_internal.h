// SPDX-License-Identifier: Apache-2.0
// Expressions over a batch, in parts where the results would be too long for one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "iceframe/execution/columns_internal.h"

namespace iceframe {

/// Some rows of a batch and the values of expressions over them.
struct EvaluatedPart {
  std::shared_ptr<arrow::RecordBatch> rows;
  arrow::ArrayVector values;
};

/// Goes through a batch part by part: as a whole, unless a value reaches farther than the limit
/// (types/offset_reach.h). A single row may reach farther.
class EvaluatedParts {
 public:
  EvaluatedParts(std::vector<Expression> expressions, int64_t max_bytes, arrow::MemoryPool* pool)
      : expressions_(std::move(expressions)), max_bytes_(max_bytes), pool_(pool) {}

  /// Begins with the batch's first row.
  void Start(std::shared_ptr<arrow::RecordBatch> batch);
  bool is_at_end() const { return batch_ == nullptr; }
  /// The next rows. To be called unless at the end. Errors: those of the expressions.
  Result<EvaluatedPart> Next();

 private:
  std::vector<Expression> expressions_;
  int64_t max_bytes_;
  arrow::MemoryPool* pool_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  int64_t next_row_ = 0;
  int64_t part_rows_ = 0;
};

/// Reads an operator that is open to its end and calls `take` with each part.
Status ForEachPart(Operator* input, std::vector<Expression> expressions, int64_t max_bytes,
                   arrow::MemoryPool* pool, const std::function<Status(EvaluatedPart)>& take);

}  // namespace iceframe
