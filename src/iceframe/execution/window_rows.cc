// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <utility>

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>

#include "iceframe/execution/window_rows_internal.h"
#include "iceframe/types/arrow_form.h"
#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/wide_array.h"

namespace iceframe {

Status WindowRows::ReadAll(Operator* input) {
  while (true) {
    ICEFRAME_ASSIGN_OR_RETURN(auto batch, input->Next());
    if (batch == nullptr) return Status::OK();
    num_rows_ += batch->num_rows();
    if (num_rows_ >= std::numeric_limits<uint32_t>::max()) {
      return Error(ErrorKind::kResourceExhausted,
                   "a window holds too many rows in memory: more than ", num_rows_,
                   "; filter them first");
    }
    batches_.push_back(std::move(batch));
  }
}

Status WindowRows::ForEachPart(const std::vector<Expression>& expressions,
                               const std::function<Status(const EvaluatedPart&)>& take) const {
  EvaluatedParts parts(expressions, max_bytes_, pool());
  for (const auto& batch : batches_) {
    parts.Start(batch);
    while (!parts.is_at_end()) {
      ICEFRAME_RETURN_NOT_OK(context_.Check());
      ICEFRAME_ASSIGN_OR_RETURN(const EvaluatedPart part, parts.Next());
      ICEFRAME_RETURN_NOT_OK(take(part));
    }
  }
  return Status::OK();
}

Result<ArrayPtr> WindowRows::Column(const Expression& expression) const {
  arrow::ArrayVector chunks;
  ICEFRAME_RETURN_NOT_OK(ForEachPart({expression}, [&](const EvaluatedPart& part) {
    chunks.push_back(StorageForm(part.values[0]));
    return Status::OK();
  }));
  if (!chunks.empty()) return ConcatenateWithin(chunks, max_bytes_, pool());
  ICEFRAME_ASSIGN_OR_RETURN(auto type, ToArrowType(expression.type()));
  ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr none, EmptyArray(type, pool()));
  return StorageForm(none);
}

}  // namespace iceframe
