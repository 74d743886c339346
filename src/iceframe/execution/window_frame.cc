// SPDX-License-Identifier: Apache-2.0
#include <numeric>
#include <utility>

#include <arrow/array.h>
#include <arrow/buffer_builder.h>
#include <arrow/record_batch.h>

#include "iceframe/execution/group_ids_internal.h"
#include "iceframe/execution/sort_rows_internal.h"
#include "iceframe/execution/window_frame_internal.h"
#include "iceframe/expression/window.h"

namespace iceframe {

namespace {

using Ids = std::shared_ptr<arrow::UInt32Array>;

// A number per row, equal where the keys are; nullptr for no keys.
Result<Ids> NumberRows(const std::vector<Expression>& keys, const WindowRows& rows) {
  if (keys.empty()) return nullptr;
  GroupIds groups(rows.pool());
  arrow::TypedBufferBuilder<uint32_t> ids(rows.pool());
  ICEFRAME_RETURN_NOT_OK(ids.Reserve(rows.num_rows()));
  ICEFRAME_RETURN_NOT_OK(rows.ForEachPart(keys, [&](const EvaluatedPart& part) -> Status {
    ICEFRAME_ASSIGN_OR_RETURN(auto found, groups.Consume(part.values, part.rows->num_rows()));
    return ids.Append(found->raw_values(), found->length());
  }));
  ICEFRAME_ASSIGN_OR_RETURN(auto buffer, ids.Finish());
  return std::make_shared<arrow::UInt32Array>(rows.num_rows(), std::move(buffer));
}

bool Differ(const Ids& ids, uint32_t left, uint32_t right) {
  return ids != nullptr && ids->Value(left) != ids->Value(right);
}

}  // namespace

Result<WindowFrame> WindowFrame::Make(const WindowNode& window, const WindowRows& rows) {
  WindowFrame frame;
  const int64_t num_rows = rows.num_rows();
  ICEFRAME_ASSIGN_OR_RETURN(
      frame.reservation_,
      MemoryReservation::Make(rows.context().memory,
                              num_rows * static_cast<int64_t>(sizeof(uint32_t) + sizeof(Start))));
  std::vector<Expression> partition_keys;
  for (const Expression& key : PartitionKeys(window)) partition_keys.push_back(key);
  ICEFRAME_ASSIGN_OR_RETURN(const Ids partitions, NumberRows(partition_keys, rows));
  std::vector<Expression> order_keys;
  arrow::ArrayVector sort_columns;
  std::vector<KeyDirection> directions;
  if (partitions != nullptr) {
    sort_columns.push_back(partitions);
    directions.emplace_back();
  }
  for (const SortKey& key : OrderKeys(window)) {
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr values, rows.Column(key.expression));
    order_keys.push_back(key.expression);
    sort_columns.push_back(std::move(values));
    directions.push_back({key.descending, key.nulls_last});
  }
  frame.is_ordered_ = !order_keys.empty();
  ICEFRAME_ASSIGN_OR_RETURN(const Ids peers, NumberRows(order_keys, rows));
  frame.rows_.resize(static_cast<size_t>(num_rows));
  std::iota(frame.rows_.begin(), frame.rows_.end(), uint32_t{0});
  if (!sort_columns.empty() && num_rows > 0) {
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr sorted,
                              SortedRows(sort_columns, directions, rows.context()));
    const uint32_t* order = static_cast<const arrow::UInt32Array&>(*sorted).raw_values();
    frame.rows_.assign(order, order + num_rows);
  }
  ICEFRAME_RETURN_NOT_OK(frame.FindStarts(partitions, peers, rows.context()));
  return frame;
}

Status WindowFrame::FindStarts(const Ids& partitions, const Ids& peers,
                               const OperationContext& context) {
  starts_.resize(rows_.size(), Start::kNone);
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (i % kRowsPerCheck == 0) ICEFRAME_RETURN_NOT_OK(context.Check());
    const bool is_first = i == 0 || Differ(partitions, rows_[i - 1], rows_[i]);
    if (is_first) {
      starts_[i] = Start::kPartition;
    } else if (Differ(peers, rows_[i - 1], rows_[i])) {
      starts_[i] = Start::kPeers;
    }
  }
  return Status::OK();
}

}  // namespace iceframe
