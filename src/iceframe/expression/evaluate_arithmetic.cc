// SPDX-License-Identifier: Apache-2.0
// Arithmetic as SQL has it: whole numbers and decimals never wrap (overflow is an error), dividing
// gives floats, a remainder by zero is null.
#include <cmath>

#include "iceframe/expression/evaluate_internal.h"
#include "iceframe/types/decimal_limits.h"
#include "iceframe/types/value_text.h"

namespace iceframe {

namespace {

/// "a number is out of the range of int: 2147483647 + 1"; the expression is named further up.
Status OutOfRange(const Type& type, const std::string& computed) {
  return Error(ErrorKind::kInvalidArgument, "a number is out of the range of ", type.ToString(),
               ": ", computed);
}

const char* SymbolOf(ArithmeticOp op) {
  switch (op) {
    case ArithmeticOp::kAdd:
      return " + ";
    case ArithmeticOp::kSubtract:
      return " - ";
    case ArithmeticOp::kMultiply:
      return " * ";
    case ArithmeticOp::kDivide:
      return " / ";
    case ArithmeticOp::kModulo:
      return " % ";
  }
  return "";
}

const char* NameOf(FunctionId id) {
  switch (id) {
    case FunctionId::kAbs:
      return "abs";
    case FunctionId::kNegate:
      return "negate";
    case FunctionId::kCeil:
      return "ceil";
    case FunctionId::kFloor:
      return "floor";
    default:
      return "round";
  }
}

std::string CallText(FunctionId id, const std::string& value) {
  return std::string(NameOf(id)) + "(" + value + ")";
}

template <typename T>
bool WholeNumber(ArithmeticOp op, T a, T b, T* result) {
  switch (op) {
    case ArithmeticOp::kAdd:
      return !__builtin_add_overflow(a, b, result);
    case ArithmeticOp::kSubtract:
      return !__builtin_sub_overflow(a, b, result);
    default:
      return !__builtin_mul_overflow(a, b, result);
  }
}

template <typename ArrayType, typename Builder>
Result<EvaluatedColumn> WholeNumbers(EvaluationContext* context, ArithmeticOp op, const Type& type,
                                     const EvaluatedColumn& left, const EvaluatedColumn& right) {
  using T = typename ArrayType::value_type;
  const RowReader<ArrayType> a(left);
  const RowReader<ArrayType> b(right);
  return MapRows(context, {left, right}, NewBuilder<Builder>(context, left.values->type()),
                 [&](int64_t i, Builder* builder) -> Status {
                   const T x = a[i];
                   const T y = b[i];
                   if (op == ArithmeticOp::kModulo) {
                     if (y == 0) return builder->AppendNull();
                     return builder->Append(y == -1 ? T{0} : static_cast<T>(x % y));
                   }
                   T result = 0;
                   if (!WholeNumber(op, x, y, &result)) {
                     return OutOfRange(type, std::to_string(x) + SymbolOf(op) + std::to_string(y));
                   }
                   return builder->Append(result);
                 });
}

template <typename ArrayType, typename Builder>
Result<EvaluatedColumn> Floats(EvaluationContext* context, ArithmeticOp op,
                               const EvaluatedColumn& left, const EvaluatedColumn& right) {
  switch (op) {
    case ArithmeticOp::kAdd:
      return context->Call("add", {left, right});
    case ArithmeticOp::kSubtract:
      return context->Call("subtract", {left, right});
    case ArithmeticOp::kMultiply:
      return context->Call("multiply", {left, right});
    case ArithmeticOp::kDivide:
    case ArithmeticOp::kModulo:
      break;
  }
  const RowReader<ArrayType> a(left);
  const RowReader<ArrayType> b(right);
  return MapRows(
      context, {left, right}, NewBuilder<Builder>(context, left.values->type()),
      [&](int64_t i, Builder* builder) {
        return builder->Append(op == ArithmeticOp::kDivide ? a[i] / b[i] : std::fmod(a[i], b[i]));
      });
}

/// `value` with `digits` more digits after the point; false on overflow.
bool Rescale(__int128 value, int32_t digits, __int128* result) {
  return !__builtin_mul_overflow(value, PowerOfTen128(digits), result);
}

Result<EvaluatedColumn> Decimals(EvaluationContext* context, const Expression& node,
                                 const EvaluatedColumn& left, const EvaluatedColumn& right) {
  const ArithmeticOp op = node.as<ArithmeticNode>()->op;
  const Type& left_type = node.operands()[0].type();
  const Type& right_type = node.operands()[1].type();
  const Type& result_type = node.type();
  const DecimalReader a(left);
  const DecimalReader b(right);
  const bool multiply = op == ArithmeticOp::kMultiply;
  const int32_t grow_left = multiply ? 0 : result_type.scale() - left_type.scale();
  const int32_t grow_right = multiply ? 0 : result_type.scale() - right_type.scale();
  ICEFRAME_ASSIGN_OR_RETURN(auto type, StorageType(result_type));
  const auto out_of_range = [&](int64_t i) {
    return OutOfRange(result_type, DecimalToPlainText(FromInt128(a[i]), left_type.scale()) +
                                       SymbolOf(op) +
                                       DecimalToPlainText(FromInt128(b[i]), right_type.scale()));
  };
  return MapRows(context, {left, right}, NewBuilder<arrow::Decimal128Builder>(context, type),
                 [&](int64_t i, arrow::Decimal128Builder* builder) -> Status {
                   __int128 x = 0;
                   __int128 y = 0;
                   if (op == ArithmeticOp::kModulo && b[i] == 0) return builder->AppendNull();
                   if (!Rescale(a[i], grow_left, &x) || !Rescale(b[i], grow_right, &y)) {
                     return out_of_range(i);
                   }
                   __int128 result = 0;
                   if (op == ArithmeticOp::kModulo) {
                     result = x % y;
                   } else if (!WholeNumber(op, x, y, &result)) {
                     return out_of_range(i);
                   }
                   if (!FitsPrecision(result, result_type.precision())) return out_of_range(i);
                   return builder->Append(FromInt128(result));
                 });
}

template <typename Map>
Result<EvaluatedColumn> MapDecimals(EvaluationContext* context, FunctionId id, const Type& from,
                                    const Type& result_type, const EvaluatedColumn& operand,
                                    const Map& map) {
  const DecimalReader values(operand);
  ICEFRAME_ASSIGN_OR_RETURN(auto type, StorageType(result_type));
  return MapRows(context, {operand}, NewBuilder<arrow::Decimal128Builder>(context, type),
                 [&](int64_t i, arrow::Decimal128Builder* builder) -> Status {
                   const __int128 result = map(values[i]);
                   if (!FitsPrecision(result, result_type.precision())) {
                     const auto value = FromInt128(values[i]);
                     return OutOfRange(result_type,
                                       CallText(id, DecimalToPlainText(value, from.scale())));
                   }
                   return builder->Append(FromInt128(result));
                 });
}

/// Towards minus infinity, or plus infinity.
__int128 FloorOrCeil(__int128 value, int32_t scale, bool ceil) {
  const __int128 unit = PowerOfTen128(scale);
  const __int128 quotient = value / unit;
  const __int128 remainder = value % unit;
  if (ceil) return quotient + (remainder > 0 ? 1 : 0);
  return quotient - (remainder < 0 ? 1 : 0);
}

Result<EvaluatedColumn> DecimalFunction(EvaluationContext* context, FunctionId id, const Type& from,
                                        const Type& to, int32_t digits,
                                        const EvaluatedColumn& operand) {
  const int32_t scale = from.scale();
  return MapDecimals(context, id, from, to, operand, [&](__int128 value) -> __int128 {
    switch (id) {
      case FunctionId::kAbs:
        return value < 0 ? -value : value;
      case FunctionId::kNegate:
        return -value;
      case FunctionId::kCeil:
      case FunctionId::kFloor:
        return FloorOrCeil(value, scale, id == FunctionId::kCeil);
      default:
        break;
    }
    // round: to `digits` after the point, which is negative left of it.
    if (digits >= scale) return value;
    if (scale - digits > kMaxPrecision) return 0;
    const __int128 rounded = DivideRounded(value, scale - digits);
    return digits < 0 ? rounded * PowerOfTen128(-digits) : rounded;
  });
}

template <typename ArrayType, typename Builder>
Result<EvaluatedColumn> WholeNumberFunction(EvaluationContext* context, FunctionId id,
                                            const Type& type, int32_t digits,
                                            const EvaluatedColumn& operand) {
  using T = typename ArrayType::value_type;
  const RowReader<ArrayType> values(operand);
  return MapRows(context, {operand}, NewBuilder<Builder>(context, operand.values->type()),
                 [&](int64_t i, Builder* builder) -> Status {
                   const T value = values[i];
                   T result = value;
                   if (id == FunctionId::kRound) {
                     if (digits >= 0) return builder->Append(value);
                     if (digits < -18) return builder->Append(T{0});
                     const __int128 rounded =
                         DivideRounded(value, -digits) * PowerOfTen128(-digits);
                     result = static_cast<T>(rounded);
                     if (result != rounded) {
                       return OutOfRange(type, CallText(id, std::to_string(value)));
                     }
                   } else if (id == FunctionId::kNegate || value < 0) {
                     if (__builtin_sub_overflow(T{0}, value, &result)) {
                       return OutOfRange(type, CallText(id, std::to_string(value)));
                     }
                   }
                   return builder->Append(result);
                 });
}

template <typename ArrayType, typename Builder>
Result<EvaluatedColumn> RoundFloats(EvaluationContext* context, int32_t digits,
                                    const EvaluatedColumn& operand) {
  const RowReader<ArrayType> values(operand);
  const double factor = std::pow(10.0, std::abs(digits));
  return MapRows(context, {operand}, NewBuilder<Builder>(context, operand.values->type()),
                 [&](int64_t i, Builder* builder) {
                   const double value = values[i];
                   double result = digits >= 0 ? std::round(value * factor) / factor
                                               : std::round(value / factor) * factor;
                   if (!std::isfinite(result) && digits >= 0) result = value;
                   return builder->Append(static_cast<typename ArrayType::value_type>(result));
                 });
}

Result<EvaluatedColumn> FloatFunction(EvaluationContext* context, FunctionId id, int32_t digits,
                                      const EvaluatedColumn& operand) {
  switch (id) {
    case FunctionId::kAbs:
      return context->Call("abs", {operand});
    case FunctionId::kNegate:
      return context->Call("negate", {operand});
    case FunctionId::kCeil:
      return context->Call("ceil", {operand});
    case FunctionId::kFloor:
      return context->Call("floor", {operand});
    default:
      break;
  }
  if (operand.values->type_id() == arrow::Type::FLOAT) {
    return RoundFloats<arrow::FloatArray, arrow::FloatBuilder>(context, digits, operand);
  }
  return RoundFloats<arrow::DoubleArray, arrow::DoubleBuilder>(context, digits, operand);
}

}  // namespace

__int128 PowerOfTen128(int32_t exponent) {
  __int128 power = 1;
  for (int32_t i = 0; i < exponent; ++i) power *= 10;
  return power;
}

__int128 DivideRounded(__int128 value, int32_t digits) {
  const __int128 unit = PowerOfTen128(digits);
  const __int128 quotient = value / unit;
  const __int128 remainder = value % unit;
  const __int128 distance = remainder < 0 ? -remainder : remainder;
  if (distance < unit - distance) return quotient;
  return quotient + (value < 0 ? -1 : 1);
}

bool FitsPrecision(__int128 value, int32_t precision) {
  const __int128 limit = PowerOfTen128(precision);
  return value < limit && value > -limit;
}

Result<EvaluatedColumn> EvaluateArithmetic(EvaluationContext* context, const Expression& node,
                                           const EvaluatedColumn& left,
                                           const EvaluatedColumn& right) {
  const ArithmeticOp op = node.as<ArithmeticNode>()->op;
  const Type& result_type = node.type();
  switch (result_type.id()) {
    case TypeId::kInt:
      return WholeNumbers<arrow::Int32Array, arrow::Int32Builder>(context, op, result_type, left,
                                                                  right);
    case TypeId::kLong:
      return WholeNumbers<arrow::Int64Array, arrow::Int64Builder>(context, op, result_type, left,
                                                                  right);
    case TypeId::kFloat:
      return Floats<arrow::FloatArray, arrow::FloatBuilder>(context, op, left, right);
    case TypeId::kDouble:
      return Floats<arrow::DoubleArray, arrow::DoubleBuilder>(context, op, left, right);
    default:
      return Decimals(context, node, left, right);
  }
}

Result<EvaluatedColumn> EvaluateNumberFunction(EvaluationContext* context, FunctionId id,
                                               const Expression& call,
                                               const EvaluatedColumn& operand) {
  const Type& from = call.operands()[0].type();
  int32_t digits = 0;
  if (call.operands().size() == 2) {
    const auto* literal = call.operands()[1].as<LiteralNode>();
    if (literal != nullptr && literal->value.holds<int32_t>()) {
      digits = literal->value.get<int32_t>();
    }
  }
  switch (from.id()) {
    case TypeId::kInt:
      return WholeNumberFunction<arrow::Int32Array, arrow::Int32Builder>(context, id, from, digits,
                                                                         operand);
    case TypeId::kLong:
      return WholeNumberFunction<arrow::Int64Array, arrow::Int64Builder>(context, id, from, digits,
                                                                         operand);
    case TypeId::kDecimal:
      return DecimalFunction(context, id, from, call.type(), digits, operand);
    default:
      return FloatFunction(context, id, digits, operand);
  }
}

}  // namespace iceframe
