// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>

#include "iceframe/execution/held_rows_internal.h"
#include "iceframe/types/arrow_form.h"
#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/wide_array.h"

namespace iceframe {

Result<ArrayPtr> RowHolder::JoinColumn(const Type& type, arrow::ArrayVector chunks) const {
  ICEFRAME_RETURN_NOT_OK(context_.Check());
  if (chunks.empty()) {
    ICEFRAME_ASSIGN_OR_RETURN(auto arrow_type, ToArrowType(type));
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr none, EmptyArray(arrow_type, context_.pool()));
    return StorageForm(none);
  }
  for (ArrayPtr& chunk : chunks) chunk = StorageForm(chunk);
  return ConcatenateWithin(chunks, max_bytes_, context_.pool());
}

Result<HeldRows> RowHolder::Join(HeldRows held, std::vector<EvaluatedPart> parts) const {
  HeldRows joined;
  joined.num_rows = held.num_rows;
  for (const EvaluatedPart& part : parts) joined.num_rows += part.rows->num_rows();
  for (size_t i = 0; i < schema_.fields().size(); ++i) {
    arrow::ArrayVector chunks;
    if (held.num_rows > 0) chunks.push_back(std::exchange(held.columns[i], nullptr));
    for (const EvaluatedPart& part : parts)
      chunks.push_back(part.rows->column(static_cast<int>(i)));
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr column,
                              JoinColumn(schema_.fields()[i].type, std::move(chunks)));
    joined.columns.push_back(std::move(column));
  }
  for (size_t i = 0; i < expressions_.size(); ++i) {
    arrow::ArrayVector chunks;
    if (held.num_rows > 0) chunks.push_back(std::exchange(held.values[i], nullptr));
    for (EvaluatedPart& part : parts) chunks.push_back(std::move(part.values[i]));
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr values,
                              JoinColumn(expressions_[i].type(), std::move(chunks)));
    joined.values.push_back(std::move(values));
  }
  return joined;
}

Result<HeldRows> RowHolder::ReadAll(Operator* input) const {
  std::vector<EvaluatedPart> parts;
  ICEFRAME_RETURN_NOT_OK(
      ForEachPart(input, expressions_, max_bytes_, context_.pool(), [&](EvaluatedPart part) {
        parts.push_back(std::move(part));
        return Status::OK();
      }));
  return Join({}, std::move(parts));
}

}  // namespace iceframe
