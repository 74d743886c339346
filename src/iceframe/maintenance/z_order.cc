// SPDX-License-Identifier: Apache-2.0
#include "iceframe/maintenance/z_order.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/compute/initialize.h>

#include "iceframe/types/row_order.h"

namespace iceframe {

namespace {

constexpr size_t kMaxColumns = 16;
constexpr int kKeyBits = 64;

// The rank of each value, from 0 on; equal values have the same.
Result<std::shared_ptr<arrow::Array>> Ranks(const OperationContext& context,
                                            const std::shared_ptr<arrow::Array>& column) {
  std::shared_ptr<arrow::Array> values = column;
  if (values->type_id() == arrow::Type::EXTENSION) {
    values = static_cast<const arrow::ExtensionArray&>(*values).storage();
  }
  if (arrow::is_nested(values->type_id())) {
    return Error(ErrorKind::kUnsupported,
                 "a Z order takes no nested columns: ", values->type()->ToString());
  }
  arrow::compute::ExecContext exec(context.pool());
  exec.set_use_threads(false);
  const arrow::compute::RankOptions options(arrow::compute::SortOrder::Ascending,
                                            arrow::compute::NullPlacement::AtStart,
                                            arrow::compute::RankOptions::Min);
  ICEFRAME_ASSIGN_OR_RETURN(const arrow::Datum ranks,
                            arrow::compute::CallFunction("rank", {values}, &options, &exec));
  return ranks.make_array();
}

// Puts the highest `num_bits` bits of ranks below `num_rows` at every `stride`-th place of the
// keys.
void Interleave(const uint64_t* ranks, int64_t num_rows, int num_bits, int place, int stride,
                uint64_t* keys) {
  const uint64_t last = static_cast<uint64_t>(std::max<int64_t>(num_rows - 1, 1));
  const uint64_t most = num_bits >= 32 ? 0xffffffffULL : (uint64_t{1} << num_bits) - 1;
  for (int64_t row = 0; row < num_rows; ++row) {
    const auto scaled =
        static_cast<uint64_t>(static_cast<unsigned __int128>(ranks[row] - 1) * most / last);
    for (int bit = 0; bit < num_bits && bit < 32; ++bit) {
      keys[row] |= ((scaled >> bit) & 1) << (bit * stride + place);
    }
  }
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> ZOrder(
    const OperationContext& context, const std::vector<std::shared_ptr<arrow::Array>>& columns) {
  if (columns.empty() || columns.size() > kMaxColumns) {
    return Error(ErrorKind::kInvalidArgument, "a Z order takes one to ", kMaxColumns,
                 " columns, got ", columns.size());
  }
  ICEFRAME_RETURN_NOT_OK(arrow::compute::Initialize());
  const int64_t num_rows = columns.front()->length();
  const int stride = static_cast<int>(columns.size());
  ICEFRAME_ASSIGN_OR_RETURN(
      std::shared_ptr<arrow::Buffer> keys,
      arrow::AllocateBuffer(num_rows * static_cast<int64_t>(sizeof(uint64_t)), context.pool()));
  auto* bits = reinterpret_cast<uint64_t*>(keys->mutable_data());
  std::fill(bits, bits + num_rows, 0);
  for (int i = 0; i < stride; ++i) {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_ASSIGN_OR_RETURN(const auto ranks, Ranks(context, columns[static_cast<size_t>(i)]));
    // The first column has the highest place.
    Interleave(ranks->data()->GetValues<uint64_t>(1), num_rows, kKeyBits / stride, stride - 1 - i,
               stride, bits);
  }
  auto column = arrow::MakeArray(
      arrow::ArrayData::Make(arrow::uint64(), num_rows, {nullptr, std::move(keys)}, 0));
  return OrderRows({{std::move(column), false, false}}, context.pool(),
                   [&] { return context.Check(); });
}

}  // namespace iceframe
