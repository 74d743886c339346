// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include <arrow/array.h>
#include <arrow/compute/api.h>
#include <arrow/extension_type.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/util/bitmap_ops.h>

#include "iceframe/execution/columns_internal.h"
#include "iceframe/execution/nested_key_internal.h"
#include "iceframe/expression/evaluate.h"
#include "iceframe/types/arrow_form.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe {

namespace {

// The array with each value run through `map`, nulls kept.
template <typename From, typename To, typename Map>
Result<ArrayPtr> MapValues(const arrow::Array& column, std::shared_ptr<arrow::DataType> type,
                           arrow::MemoryPool* pool, Map map) {
  const int64_t length = column.length();
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> values,
                            arrow::AllocateBuffer(length * static_cast<int64_t>(sizeof(To)), pool));
  const From* in = column.data()->GetValues<From>(1);
  To* out = reinterpret_cast<To*>(values->mutable_data());
  for (int64_t i = 0; i < length; ++i) out[i] = map(in[i]);
  std::shared_ptr<arrow::Buffer> validity;
  if (column.null_count() > 0) {
    ICEFRAME_ASSIGN_OR_RETURN(validity, arrow::internal::CopyBitmap(pool, column.null_bitmap_data(),
                                                                    column.offset(), length));
  }
  return arrow::MakeArray(arrow::ArrayData::Make(
      std::move(type), length, {std::move(validity), std::move(values)}, column.null_count()));
}

template <typename Float>
Float Canonical(Float value) {
  if (std::isnan(value)) return std::numeric_limits<Float>::quiet_NaN();
  return value == 0 ? Float{0} : value;
}

// Bits whose order as integers is that of the values.
template <typename Float, typename Int>
Int Ordered(Float value) {
  const Int bits = std::bit_cast<Int>(Canonical(value));
  return bits >= 0 ? bits : static_cast<Int>(bits ^ std::numeric_limits<Int>::max());
}

}  // namespace

std::vector<OperatorPtr> Inputs(OperatorPtr first, OperatorPtr second) {
  std::vector<OperatorPtr> inputs;
  inputs.push_back(std::move(first));
  if (second != nullptr) inputs.push_back(std::move(second));
  return inputs;
}

ArrayPtr StorageForm(const ArrayPtr& column) {
  if (column->type_id() != arrow::Type::EXTENSION) return column;
  return static_cast<const arrow::ExtensionArray&>(*column).storage();
}

Result<std::shared_ptr<arrow::RecordBatch>> EmptyBatch(const Schema& schema,
                                                       arrow::MemoryPool* pool) {
  ICEFRAME_ASSIGN_OR_RETURN(auto arrow_schema, ToArrowSchema(schema, /*with_field_ids=*/true));
  return EmptyRecordBatch(std::move(arrow_schema), pool);
}

Result<ArrayPtr> EvaluateColumn(const Expression& bound, const arrow::RecordBatch& batch,
                                arrow::MemoryPool* pool) {
  ICEFRAME_ASSIGN_OR_RETURN(arrow::Datum value, Evaluate(bound, batch, pool));
  if (value.is_array()) return value.make_array();
  return arrow::MakeArrayFromScalar(*value.scalar(), batch.num_rows(), pool);
}

Result<ArrayPtr> GroupableForm(const ArrayPtr& column, arrow::MemoryPool* pool) {
  const ArrayPtr plain = StorageForm(column);
  if (plain->type_id() == arrow::Type::FLOAT) {
    return MapValues<float, float>(*plain, plain->type(), pool, Canonical<float>);
  }
  if (plain->type_id() == arrow::Type::DOUBLE) {
    return MapValues<double, double>(*plain, plain->type(), pool, Canonical<double>);
  }
  if (arrow::is_nested(plain->type_id())) return NestedKey(plain, pool);
  return plain;
}

Result<ArrayPtr> SortableForm(const ArrayPtr& column, arrow::MemoryPool* pool) {
  const ArrayPtr plain = StorageForm(column);
  if (plain->type_id() == arrow::Type::FLOAT) {
    return MapValues<float, int32_t>(*plain, arrow::int32(), pool, Ordered<float, int32_t>);
  }
  if (plain->type_id() == arrow::Type::DOUBLE) {
    return MapValues<double, int64_t>(*plain, arrow::int64(), pool, Ordered<double, int64_t>);
  }
  return plain;
}

Result<ArrayPtr> TakeRows(const ArrayPtr& column, const arrow::Array& indices,
                          arrow::MemoryPool* pool) {
  arrow::compute::ExecContext exec(pool);
  // Extension types lack kernels, their storage has them.
  ICEFRAME_ASSIGN_OR_RETURN(
      arrow::Datum values,
      arrow::compute::Take(StorageForm(column), arrow::Datum(indices.data()),
                           arrow::compute::TakeOptions::NoBoundsCheck(), &exec));
  return values.make_array();
}

Result<arrow::ArrayVector> TakeColumns(const arrow::ArrayVector& columns,
                                       const arrow::Array& indices, arrow::MemoryPool* pool) {
  arrow::ArrayVector taken;
  for (const ArrayPtr& column : columns) {
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr values, TakeRows(column, indices, pool));
    taken.push_back(std::move(values));
  }
  return taken;
}

}  // namespace iceframe
