// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include <arrow/api.h>

#include "iceframe/datafile/array_form_internal.h"
#include "iceframe/datafile/row_sorter_internal.h"
#include "iceframe/types/row_order.h"

namespace iceframe::internal {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

/// Integers in the order of floating point numbers: −0 before 0, one NaN after all.
template <typename Number, typename Bits>
Bits TotalOrder(Number number) {
  constexpr Bits kMax = std::numeric_limits<Bits>::max();
  if (std::isnan(number)) return kMax;
  const Bits bits = std::bit_cast<Bits>(number);
  return bits < 0 ? bits ^ kMax : bits;
}

template <typename Number, typename Bits>
Result<ArrayPtr> TotalOrderColumn(const arrow::Array& column,
                                  const std::shared_ptr<arrow::DataType>& type,
                                  arrow::MemoryPool* pool) {
  const auto& data = *column.data();
  ICEFRAME_ASSIGN_OR_RETURN(
      std::shared_ptr<arrow::Buffer> ordered,
      arrow::AllocateBuffer((data.offset + data.length) * static_cast<int64_t>(sizeof(Bits)),
                            pool));
  const auto* numbers = data.GetValues<Number>(1, 0);
  auto* bits = reinterpret_cast<Bits*>(ordered->mutable_data());
  for (int64_t i = 0; i < data.offset + data.length; ++i) {
    bits[i] = TotalOrder<Number, Bits>(numbers[i]);
  }
  return arrow::MakeArray(arrow::ArrayData::Make(
      type, data.length, {data.buffers[0], std::move(ordered)}, data.null_count, data.offset));
}

bool IsInOrder(const arrow::Array& positions) {
  const uint32_t* rows = positions.data()->GetValues<uint32_t>(1);
  for (int64_t i = 0; i < positions.length(); ++i) {
    if (rows[i] != static_cast<uint32_t>(i)) return false;
  }
  return true;
}

}  // namespace

std::optional<RowSorter> RowSorter::Make(const Schema& schema, const SortOrder& order) {
  if (order.is_unsorted() || !ValidateSortOrder(order, schema).ok()) return std::nullopt;
  RowSorter sorter;
  for (const SortField& field : order.fields) {
    if (field.source_ids.size() != 1) return std::nullopt;
    const NestedField* source = schema.FindField(field.source_id());
    Key key{schema.FullName(source->id), schema.StructPath(source->id), source->type, field};
    if (key.path.empty() || source->type.is_nested()) return std::nullopt;
    // Columns without values, and transforms that leave none, order nothing.
    if (source->type.id() == TypeId::kUnknown) continue;
    if (field.transform.kind() == TransformKind::kVoid) continue;
    sorter.keys_.push_back(std::move(key));
  }
  return sorter;
}

Result<ArrayPtr> RowSorter::KeyColumn(const Key& key, const arrow::RecordBatch& rows,
                                      arrow::MemoryPool* pool) const {
  ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr column, ColumnAt(rows, key.path, pool));
  if (key.field.transform.kind() != TransformKind::kIdentity) {
    ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(
        column, key.field.transform.Apply(key.source_type, *column, pool), "column", key.name);
  }
  if (column->type_id() == arrow::Type::EXTENSION) {
    column = static_cast<const arrow::ExtensionArray&>(*column).storage();
  }
  if (column->type_id() == arrow::Type::FLOAT) {
    return TotalOrderColumn<float, int32_t>(*column, arrow::int32(), pool);
  }
  if (column->type_id() == arrow::Type::DOUBLE) {
    return TotalOrderColumn<double, int64_t>(*column, arrow::int64(), pool);
  }
  return column;
}

Result<ArrayPtr> RowSorter::Order(const OperationContext& context,
                                  const arrow::RecordBatch& rows) const {
  if (keys_.empty() || rows.num_rows() < 2) return nullptr;
  std::vector<OrderKey> keys;
  for (const Key& key : keys_) {
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr column, KeyColumn(key, rows, context.pool()));
    keys.push_back({std::move(column), key.field.direction == SortDirection::kDescending,
                    key.field.null_order == NullOrder::kNullsLast});
  }
  ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr positions,
                            OrderRows(keys, context.pool(), [&] { return context.Check(); }));
  if (IsInOrder(*positions)) return nullptr;
  return positions;
}

}  // namespace iceframe::internal
