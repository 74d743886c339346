// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "iceframe/execution/evaluated_parts_internal.h"
#include "iceframe/expression/evaluate.h"
#include "iceframe/types/offset_reach.h"

namespace iceframe {

namespace {

// nullopt: the values are too long for one array.
Result<std::optional<arrow::ArrayVector>> EvaluateAll(const std::vector<Expression>& expressions,
                                                      const arrow::RecordBatch& rows,
                                                      int64_t max_bytes, arrow::MemoryPool* pool) {
  arrow::ArrayVector values;
  for (const Expression& expression : expressions) {
    auto evaluated = EvaluateColumn(expression, rows, pool);
    const bool is_too_long = evaluated.ok() ? OffsetReach(*(*evaluated)->data()) > max_bytes
                                            : IsTooLongForBatch(evaluated.status());
    if (is_too_long && rows.num_rows() > 1) return std::nullopt;
    ICEFRAME_RETURN_NOT_OK(evaluated.status());
    values.push_back(*std::move(evaluated));
  }
  return values;
}

}  // namespace

void EvaluatedParts::Start(std::shared_ptr<arrow::RecordBatch> batch) {
  batch_ = std::move(batch);
  next_row_ = 0;
  part_rows_ = batch_->num_rows();
}

Result<EvaluatedPart> EvaluatedParts::Next() {
  while (true) {
    const int64_t num_rows = std::min(part_rows_, batch_->num_rows() - next_row_);
    EvaluatedPart part;
    part.rows = num_rows == batch_->num_rows() ? batch_ : batch_->Slice(next_row_, num_rows);
    ICEFRAME_ASSIGN_OR_RETURN(auto values,
                              EvaluateAll(expressions_, *part.rows, max_bytes_, pool_));
    if (!values) {
      part_rows_ = std::max<int64_t>(1, num_rows / 2);
      continue;
    }
    part.values = *std::move(values);
    next_row_ += num_rows;
    if (next_row_ >= batch_->num_rows()) batch_.reset();
    return part;
  }
}

Status ForEachPart(Operator* input, std::vector<Expression> expressions, int64_t max_bytes,
                   arrow::MemoryPool* pool, const std::function<Status(EvaluatedPart)>& take) {
  EvaluatedParts parts(std::move(expressions), max_bytes, pool);
  while (true) {
    ICEFRAME_ASSIGN_OR_RETURN(auto batch, input->Next());
    if (batch == nullptr) return Status::OK();
    parts.Start(std::move(batch));
    while (!parts.is_at_end()) {
      ICEFRAME_ASSIGN_OR_RETURN(EvaluatedPart part, parts.Next());
      ICEFRAME_RETURN_NOT_OK(take(std::move(part)));
    }
  }
}

}  // namespace iceframe
