// SPDX-License-Identifier: Apache-2.0
// The evaluator's inside: one column type, one class for a batch, a function per family of nodes.
#pragma once

#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/util/decimal.h>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/expression/function_catalogue.h"

namespace iceframe {

/// A value per row, or one for all of them.
struct EvaluatedColumn {
  /// In the storage form of its Arrow type (uuid: fixed_size_binary); one value if `is_scalar`.
  std::shared_ptr<arrow::Array> values;
  bool is_scalar = false;

  arrow::Result<arrow::Datum> AsDatum() const;
};

/// Where the columns of a batch come from and what kernels run on.
class EvaluationContext {
 public:
  EvaluationContext(int64_t num_rows, arrow::MemoryPool* pool);

  int64_t num_rows() const { return num_rows_; }
  arrow::MemoryPool* pool() const { return exec_.memory_pool(); }
  arrow::compute::ExecContext* exec() { return &exec_; }

  /// Calls an Arrow kernel; the result is a scalar if every argument is.
  Result<EvaluatedColumn> Call(const char* function, const std::vector<EvaluatedColumn>& arguments,
                               const arrow::compute::FunctionOptions* options = nullptr);

 private:
  int64_t num_rows_;
  arrow::compute::ExecContext exec_;
};

/// The Arrow type of `type` below any extension.
Result<std::shared_ptr<arrow::DataType>> StorageType(const Type& type);
/// The values, in order, as an array in the storage form.
Result<std::shared_ptr<arrow::Array>> ArrayOfValues(const Type& type,
                                                    const std::vector<Value>& values,
                                                    arrow::MemoryPool* pool);

// Each takes evaluated operands of the types that the bound node's operands have.
Result<EvaluatedColumn> EvaluateComparison(EvaluationContext* context, ComparisonOp op,
                                           const EvaluatedColumn& left,
                                           const EvaluatedColumn& right);
Result<EvaluatedColumn> EvaluateIn(EvaluationContext* context, const InNode& node,
                                   const EvaluatedColumn& operand);
Result<EvaluatedColumn> EvaluateLike(EvaluationContext* context, const LikeNode& node,
                                     const EvaluatedColumn& operand);
Result<EvaluatedColumn> EvaluateStartsWith(EvaluationContext* context, const StartsWithNode& node,
                                           const EvaluatedColumn& operand);
/// `node`: the operation, bound.
Result<EvaluatedColumn> EvaluateArithmetic(EvaluationContext* context, const Expression& node,
                                           const EvaluatedColumn& left,
                                           const EvaluatedColumn& right);
Result<EvaluatedColumn> EvaluateCast(EvaluationContext* context, const Type& from, const Type& to,
                                     const EvaluatedColumn& operand);
Result<EvaluatedColumn> EvaluateFunction(EvaluationContext* context, FunctionId id,
                                         const Expression& call,
                                         const std::vector<EvaluatedColumn>& arguments);
Result<EvaluatedColumn> EvaluateNumberFunction(EvaluationContext* context, FunctionId id,
                                               const Expression& call,
                                               const EvaluatedColumn& operand);
Result<EvaluatedColumn> EvaluateTextFunction(EvaluationContext* context, FunctionId id,
                                             const std::vector<EvaluatedColumn>& arguments);

/// A decimal from 128 bits, and back.
inline __int128 ToInt128(const arrow::Decimal128& value) {
  return static_cast<__int128>(
      (static_cast<unsigned __int128>(static_cast<uint64_t>(value.high_bits())) << 64) |
      value.low_bits());
}
inline arrow::Decimal128 FromInt128(__int128 value) {
  return arrow::Decimal128(static_cast<int64_t>(value >> 64), static_cast<uint64_t>(value));
}
/// 10^exponent, 0 ≤ exponent ≤ 38.
__int128 PowerOfTen128(int32_t exponent);
/// Divides by 10^digits rounding half away from zero.
__int128 DivideRounded(__int128 value, int32_t digits);
/// Whether `value` has at most `precision` digits.
bool FitsPrecision(__int128 value, int32_t precision);

/// Calls `append(i, builder)` for each row where none of the inputs is null; nulls elsewhere.
template <typename Builder, typename Append>
Result<EvaluatedColumn> MapRows(EvaluationContext* context,
                                const std::vector<EvaluatedColumn>& inputs,
                                std::unique_ptr<Builder> builder, const Append& append) {
  EvaluatedColumn result;
  result.is_scalar = true;
  bool has_nulls = false;
  for (const EvaluatedColumn& input : inputs) {
    result.is_scalar = result.is_scalar && input.is_scalar;
    has_nulls = has_nulls || input.values->null_count() > 0;
  }
  const int64_t length = result.is_scalar ? 1 : context->num_rows();
  ICEFRAME_RETURN_NOT_OK(builder->Reserve(length));
  for (int64_t i = 0; i < length; ++i) {
    bool is_null = false;
    if (has_nulls) {
      for (const EvaluatedColumn& input : inputs) {
        is_null = is_null || input.values->IsNull(input.is_scalar ? 0 : i);
      }
    }
    if (is_null) {
      ICEFRAME_RETURN_NOT_OK(builder->AppendNull());
    } else {
      ICEFRAME_RETURN_NOT_OK(append(i, builder.get()));
    }
  }
  ICEFRAME_ASSIGN_OR_RETURN(result.values, builder->Finish());
  return result;
}

/// The values of a column of a known array class by row.
template <typename ArrayType>
class RowReader {
 public:
  explicit RowReader(const EvaluatedColumn& column)
      : array_(static_cast<const ArrayType&>(*column.values)), is_scalar_(column.is_scalar) {}
  auto operator[](int64_t i) const { return array_.GetView(is_scalar_ ? 0 : i); }

 private:
  const ArrayType& array_;
  bool is_scalar_;
};

/// As RowReader, for decimals.
class DecimalReader {
 public:
  explicit DecimalReader(const EvaluatedColumn& column)
      : array_(static_cast<const arrow::Decimal128Array&>(*column.values)),
        is_scalar_(column.is_scalar) {}
  __int128 operator[](int64_t i) const {
    return ToInt128(arrow::Decimal128(array_.GetValue(is_scalar_ ? 0 : i)));
  }

 private:
  const arrow::Decimal128Array& array_;
  bool is_scalar_;
};

template <typename Builder>
std::unique_ptr<Builder> NewBuilder(EvaluationContext* context,
                                    const std::shared_ptr<arrow::DataType>& type) {
  return std::make_unique<Builder>(type, context->pool());
}
inline std::unique_ptr<arrow::BooleanBuilder> NewBooleanBuilder(EvaluationContext* context) {
  return std::make_unique<arrow::BooleanBuilder>(context->pool());
}
inline std::unique_ptr<arrow::StringBuilder> NewStringBuilder(EvaluationContext* context) {
  return std::make_unique<arrow::StringBuilder>(context->pool());
}

}  // namespace iceframe
