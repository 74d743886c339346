// SPDX-License-Identifier: Apache-2.0
#include <numeric>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "iceframe/execution/group_ids_internal.h"
#include "iceframe/execution/sort_rows_internal.h"
#include "iceframe/execution/window_frame_internal.h"
#include "iceframe/expression/window.h"

namespace iceframe {

namespace {

using Ids = std::shared_ptr<arrow::UInt32Array>;

// A number per row, equal where the keys are; nullptr for no keys.
Result<Ids> NumberRows(const arrow::ArrayVector& keys, int64_t num_rows, arrow::MemoryPool* pool) {
  if (keys.empty()) return nullptr;
  GroupIds groups(pool);
  return groups.Consume(keys, num_rows);
}

bool Differ(const Ids& ids, uint64_t left, uint64_t right) {
  return ids != nullptr &&
         ids->Value(static_cast<int64_t>(left)) != ids->Value(static_cast<int64_t>(right));
}

}  // namespace

Result<WindowFrame> WindowFrame::Make(const WindowNode& window, const arrow::RecordBatch& rows,
                                      std::shared_ptr<MemoryBudget> memory) {
  WindowFrame frame;
  arrow::MemoryPool* pool = memory->pool();
  const int64_t num_rows = rows.num_rows();
  ICEFRAME_ASSIGN_OR_RETURN(
      frame.reservation_,
      MemoryReservation::Make(memory, num_rows * static_cast<int64_t>(sizeof(uint64_t) + 1)));
  arrow::ArrayVector partition_keys;
  for (const Expression& key : PartitionKeys(window)) {
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr values, EvaluateColumn(key, rows, pool));
    partition_keys.push_back(std::move(values));
  }
  ICEFRAME_ASSIGN_OR_RETURN(Ids partitions, NumberRows(partition_keys, num_rows, pool));
  arrow::ArrayVector order_keys;
  arrow::ArrayVector sort_columns;
  std::vector<KeyDirection> directions;
  if (partitions != nullptr) {
    sort_columns.push_back(partitions);
    directions.emplace_back();
  }
  for (const SortKey& key : OrderKeys(window)) {
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr values, EvaluateColumn(key.expression, rows, pool));
    order_keys.push_back(values);
    sort_columns.push_back(std::move(values));
    directions.push_back({key.descending, key.nulls_last});
  }
  frame.is_ordered_ = !order_keys.empty();
  ICEFRAME_ASSIGN_OR_RETURN(Ids peers, NumberRows(order_keys, num_rows, pool));
  frame.rows_.resize(static_cast<size_t>(num_rows));
  std::iota(frame.rows_.begin(), frame.rows_.end(), uint64_t{0});
  if (!sort_columns.empty() && num_rows > 0) {
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr sorted, SortedRows(sort_columns, directions, pool));
    const uint64_t* order = static_cast<const arrow::UInt64Array&>(*sorted).raw_values();
    frame.rows_.assign(order, order + num_rows);
  }
  frame.starts_.resize(static_cast<size_t>(num_rows), Start::kNone);
  for (size_t i = 0; i < frame.rows_.size(); ++i) {
    const bool is_first = i == 0 || Differ(partitions, frame.rows_[i - 1], frame.rows_[i]);
    if (is_first) {
      frame.starts_[i] = Start::kPartition;
    } else if (Differ(peers, frame.rows_[i - 1], frame.rows_[i])) {
      frame.starts_[i] = Start::kPeers;
    }
  }
  return frame;
}

}  // namespace iceframe
