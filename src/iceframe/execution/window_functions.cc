// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>

#include "iceframe/execution/aggregate_state_internal.h"
#include "iceframe/execution/window_functions_internal.h"
#include "iceframe/expression/window.h"
#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/wide_array.h"

namespace iceframe {

namespace {

// An array of fixed-width values that is filled row by row.
template <typename Value>
class RowValues {
 public:
  static Result<RowValues> Make(int64_t num_rows, arrow::MemoryPool* pool) {
    RowValues values;
    const int64_t num_bytes = num_rows * static_cast<int64_t>(sizeof(Value));
    ICEFRAME_ASSIGN_OR_RETURN(values.buffer_, arrow::AllocateBuffer(num_bytes, pool));
    values.num_rows_ = num_rows;
    return values;
  }
  Value& operator[](uint64_t row) { return reinterpret_cast<Value*>(buffer_->mutable_data())[row]; }
  ArrayPtr Finish(std::shared_ptr<arrow::DataType> type) {
    return arrow::MakeArray(
        arrow::ArrayData::Make(std::move(type), num_rows_, {nullptr, buffer_}, 0));
  }

 private:
  std::shared_ptr<arrow::Buffer> buffer_;
  int64_t num_rows_ = 0;
};

Status CheckAt(int64_t i, const WindowRows& rows) {
  return i % kRowsPerCheck == 0 ? rows.context().Check() : Status::OK();
}

Result<WindowColumn> Number(WindowFunctionId function, const WindowFrame& frame,
                            const WindowRows& rows) {
  ICEFRAME_ASSIGN_OR_RETURN(auto numbers, RowValues<int64_t>::Make(frame.num_rows(), rows.pool()));
  int64_t row_number = 0;
  int64_t rank = 0;
  int64_t dense_rank = 0;
  for (int64_t i = 0; i < frame.num_rows(); ++i) {
    ICEFRAME_RETURN_NOT_OK(CheckAt(i, rows));
    if (frame.IsPartitionStart(i)) row_number = rank = dense_rank = 0;
    ++row_number;
    if (frame.IsPeerStart(i)) {
      rank = row_number;
      ++dense_rank;
    }
    int64_t& number = numbers[frame.RowAt(i)];
    number = row_number;
    if (function == WindowFunctionId::kRank) number = rank;
    if (function == WindowFunctionId::kDenseRank) number = dense_rank;
  }
  return WindowColumn{numbers.Finish(arrow::int64()), nullptr};
}

// The position of each partition's end, by position.
std::vector<int64_t> PartitionEnds(const WindowFrame& frame) {
  std::vector<int64_t> ends(static_cast<size_t>(frame.num_rows()));
  int64_t end = frame.num_rows();
  for (int64_t i = frame.num_rows() - 1; i >= 0; --i) {
    ends[static_cast<size_t>(i)] = end;
    if (frame.IsPartitionStart(i)) end = i;
  }
  return ends;
}

int64_t LongLiteral(const Expression& literal) {
  return literal.as<LiteralNode>()->value.get<int64_t>();
}

// lead and lag: the value so many rows on, the default where that is outside of the partition.
Result<WindowColumn> Shift(const Expression& call, bool is_lead, const WindowFrame& frame,
                           const WindowRows& rows) {
  arrow::MemoryPool* pool = rows.pool();
  const std::vector<Expression>& operands = call.operands();
  ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr values, rows.Column(operands[0]));
  const int64_t offset = LongLiteral(operands[1]);
  const int64_t num_rows = frame.num_rows();
  const std::vector<int64_t> ends = PartitionEnds(frame);
  // The default stands behind the values.
  ICEFRAME_ASSIGN_OR_RETURN(
      ArrayPtr fallback,
      ArrayFromValue(call.type(), operands[2].as<LiteralNode>()->value, 1, pool));
  WindowColumn column;
  ICEFRAME_ASSIGN_OR_RETURN(
      column.values, ConcatenateWithin({values, StorageForm(fallback)}, rows.max_bytes(), pool));
  ICEFRAME_ASSIGN_OR_RETURN(auto sources, RowValues<uint32_t>::Make(num_rows, pool));
  int64_t start = 0;
  for (int64_t i = 0; i < num_rows; ++i) {
    ICEFRAME_RETURN_NOT_OK(CheckAt(i, rows));
    if (frame.IsPartitionStart(i)) start = i;
    const bool inside = is_lead ? offset < ends[static_cast<size_t>(i)] - i : offset <= i - start;
    const int64_t source = is_lead ? i + offset : i - offset;
    sources[frame.RowAt(i)] = inside ? frame.RowAt(source) : static_cast<uint32_t>(num_rows);
  }
  column.positions = sources.Finish(arrow::uint32());
  return column;
}

// A group per partition, or per set of peers where the window is ordered: then each takes in the
// one before it, so that it runs.
Result<WindowColumn> Aggregate(const Expression& call, const WindowFrame& frame,
                               const WindowRows& rows) {
  ICEFRAME_ASSIGN_OR_RETURN(auto state,
                            MakeAggregateState(call, rows.context().memory, rows.max_bytes()));
  ICEFRAME_ASSIGN_OR_RETURN(auto groups, RowValues<uint32_t>::Make(frame.num_rows(), rows.pool()));
  std::vector<bool> continues;
  for (int64_t i = 0; i < frame.num_rows(); ++i) {
    ICEFRAME_RETURN_NOT_OK(CheckAt(i, rows));
    const bool is_start = frame.is_ordered() ? frame.IsPeerStart(i) : frame.IsPartitionStart(i);
    if (is_start) continues.push_back(!frame.IsPartitionStart(i));
    groups[frame.RowAt(i)] = static_cast<uint32_t>(continues.size() - 1);
  }
  ICEFRAME_RETURN_NOT_OK(state->Resize(static_cast<int64_t>(continues.size())));
  WindowColumn column;
  column.positions = groups.Finish(arrow::uint32());
  const uint32_t* group = static_cast<const arrow::UInt32Array&>(*column.positions).raw_values();
  ICEFRAME_RETURN_NOT_OK(rows.ForEachPart(call.operands(), [&](const EvaluatedPart& part) {
    const ArrayPtr values = part.values.empty() ? nullptr : StorageForm(part.values[0]);
    const auto num_rows = static_cast<size_t>(part.rows->num_rows());
    return state->Consume({std::exchange(group, group + num_rows), num_rows}, values);
  }));
  for (uint32_t next = 1; next < continues.size(); ++next) {
    ICEFRAME_RETURN_NOT_OK(CheckAt(next, rows));
    if (continues[next]) ICEFRAME_RETURN_NOT_OK(state->Merge(next - 1, next));
  }
  ICEFRAME_ASSIGN_OR_RETURN(column.values, state->Finish());
  return column;
}

}  // namespace

Result<WindowColumn> ComputeWindow(const Expression& window, const WindowFrame& frame,
                                   const WindowRows& rows) {
  const Expression& call = WindowCall(*window.as<WindowNode>());
  const auto function = FindWindowFunction(call.as<FunctionNode>()->name);
  if (!function) {
    return Error(ErrorKind::kInvalidArgument, "not a window function: ", call.ToString());
  }
  switch (*function) {
    case WindowFunctionId::kRowNumber:
    case WindowFunctionId::kRank:
    case WindowFunctionId::kDenseRank:
      return Number(*function, frame, rows);
    case WindowFunctionId::kLead:
      return Shift(call, true, frame, rows);
    case WindowFunctionId::kLag:
      return Shift(call, false, frame, rows);
    case WindowFunctionId::kAggregate:
      return Aggregate(call, frame, rows);
  }
  return Error(ErrorKind::kUnsupported, "window function is not built: ", call.ToString());
}

}  // namespace iceframe
