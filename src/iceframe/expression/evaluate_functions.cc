// SPDX-License-Identifier: Apache-2.0
// Calls: parts of dates, coalesce, and the way to the functions of numbers and strings.
#include "iceframe/expression/evaluate_internal.h"
#include "iceframe/types/civil_time.h"

namespace iceframe {

namespace {

constexpr int64_t kSecondsPerDay = 86'400;

int64_t UnitsPerSecond(const Type& type) {
  const bool nanos = type.id() == TypeId::kTimestampNs || type.id() == TypeId::kTimestamptzNs;
  return kMicrosPerSecond * (nanos ? kNanosPerMicro : 1);
}

int64_t PartOf(FunctionId id, int64_t days, int64_t second_of_day) {
  switch (id) {
    case FunctionId::kYear:
      return CivilFromDays(days).year;
    case FunctionId::kMonth:
      return CivilFromDays(days).month;
    case FunctionId::kDay:
      return CivilFromDays(days).day;
    case FunctionId::kHour:
      return second_of_day / 3600;
    case FunctionId::kMinute:
      return second_of_day / 60 % 60;
    default:
      return second_of_day % 60;
  }
}

Result<EvaluatedColumn> EvaluateDatePart(EvaluationContext* context, FunctionId id,
                                         const Type& type, const EvaluatedColumn& operand) {
  auto builder = NewBuilder<arrow::Int64Builder>(context, arrow::int64());
  if (type.id() == TypeId::kDate) {
    const RowReader<arrow::Date32Array> days(operand);
    return MapRows(
        context, {operand}, std::move(builder),
        [&](int64_t i, arrow::Int64Builder* out) { return out->Append(PartOf(id, days[i], 0)); });
  }
  // Times and timestamps are int64 underneath, and read as that.
  ICEFRAME_ASSIGN_OR_RETURN(auto integers, operand.values->View(arrow::int64()));
  const EvaluatedColumn plain{integers, operand.is_scalar};
  const RowReader<arrow::Int64Array> values(plain);
  const int64_t units = UnitsPerSecond(type);
  return MapRows(context, {plain}, std::move(builder), [&](int64_t i, arrow::Int64Builder* out) {
    const int64_t seconds = FloorDivide(values[i], units);
    return out->Append(
        PartOf(id, FloorDivide(seconds, kSecondsPerDay), FloorModulo(seconds, kSecondsPerDay)));
  });
}

}  // namespace

Result<EvaluatedColumn> EvaluateFunction(EvaluationContext* context, FunctionId id,
                                         const Expression& call,
                                         const std::vector<EvaluatedColumn>& arguments) {
  switch (id) {
    case FunctionId::kAbs:
    case FunctionId::kCeil:
    case FunctionId::kFloor:
    case FunctionId::kNegate:
    case FunctionId::kRound:
      return EvaluateNumberFunction(context, id, call, arguments[0]);
    case FunctionId::kCoalesce:
      return context->Call("coalesce", arguments);
    case FunctionId::kYear:
    case FunctionId::kMonth:
    case FunctionId::kDay:
    case FunctionId::kHour:
    case FunctionId::kMinute:
    case FunctionId::kSecond:
      return EvaluateDatePart(context, id, call.operands()[0].type(), arguments[0]);
    case FunctionId::kConcat:
    case FunctionId::kConcatOperator:
    case FunctionId::kContains:
    case FunctionId::kEndsWith:
    case FunctionId::kLeftTrim:
    case FunctionId::kLength:
    case FunctionId::kLower:
    case FunctionId::kOctetLength:
    case FunctionId::kRightTrim:
    case FunctionId::kStartsWith:
    case FunctionId::kSubstring:
    case FunctionId::kTrim:
    case FunctionId::kUpper:
      return EvaluateTextFunction(context, id, arguments);
  }
  return Error(ErrorKind::kUnsupported, "function is not known");
}

}  // namespace iceframe
