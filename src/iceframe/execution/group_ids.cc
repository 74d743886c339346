// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <arrow/array.h>

#include "iceframe/execution/group_ids_internal.h"

namespace iceframe {

Result<arrow::compute::ExecBatch> GroupIds::Prepare(const arrow::ArrayVector& keys,
                                                    int64_t num_rows) {
  std::vector<arrow::Datum> values;
  for (const ArrayPtr& key : keys) {
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr plain, GroupableForm(key, exec_.memory_pool()));
    values.emplace_back(std::move(plain));
  }
  arrow::compute::ExecBatch batch(std::move(values), num_rows);
  if (grouper_ == nullptr) {
    ICEFRAME_ASSIGN_OR_RETURN(grouper_, arrow::compute::Grouper::Make(batch.GetTypes(), &exec_));
  }
  return batch;
}

Result<std::shared_ptr<arrow::UInt32Array>> GroupIds::Consume(const arrow::ArrayVector& keys,
                                                              int64_t num_rows) {
  ICEFRAME_ASSIGN_OR_RETURN(auto batch, Prepare(keys, num_rows));
  ICEFRAME_ASSIGN_OR_RETURN(arrow::Datum ids, grouper_->Consume(arrow::compute::ExecSpan(batch)));
  return std::static_pointer_cast<arrow::UInt32Array>(ids.make_array());
}

Result<std::shared_ptr<arrow::UInt32Array>> GroupIds::Lookup(const arrow::ArrayVector& keys,
                                                             int64_t num_rows) {
  ICEFRAME_ASSIGN_OR_RETURN(auto batch, Prepare(keys, num_rows));
  ICEFRAME_ASSIGN_OR_RETURN(arrow::Datum ids, grouper_->Lookup(arrow::compute::ExecSpan(batch)));
  return std::static_pointer_cast<arrow::UInt32Array>(ids.make_array());
}

Result<arrow::ArrayVector> GroupIds::Keys() {
  arrow::ArrayVector keys;
  if (grouper_ == nullptr) return keys;
  ICEFRAME_ASSIGN_OR_RETURN(arrow::compute::ExecBatch uniques, grouper_->GetUniques());
  for (const arrow::Datum& column : uniques.values) keys.push_back(column.make_array());
  return keys;
}

}  // namespace iceframe
