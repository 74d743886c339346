// SPDX-License-Identifier: Apache-2.0
// Calls: parts of dates, date_trunc, greatest and least, coalesce, and the way to the functions of
// numbers and strings.
#include "iceframe/expression/evaluate_internal.h"
#include "iceframe/types/civil_time.h"

namespace iceframe {

namespace {

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

/// The first day of the year, quarter, month or week, or the day itself.
int64_t FirstDay(std::string_view unit, int64_t days) {
  // 1970-01-01 was a Thursday; weeks begin on Monday.
  if (unit == "week") return days - FloorModulo(days + 3, 7);
  CivilDate date = CivilFromDays(days);
  if (unit == "year") date.month = 1;
  if (unit == "quarter") date.month = (date.month - 1) / 3 * 3 + 1;
  if (unit == "year" || unit == "quarter" || unit == "month") {
    date.day = 1;
    return DaysFromCivil(date);
  }
  return days;
}

/// Units of the timestamp in a step of `unit`; 0 for those that the calendar makes uneven, and
/// days.
int64_t StepOf(std::string_view unit, int64_t units_per_second) {
  if (unit == "hour") return units_per_second * 3600;
  if (unit == "minute") return units_per_second * 60;
  if (unit == "second") return units_per_second;
  if (unit == "millisecond") return units_per_second / 1'000;
  if (unit == "microsecond") return units_per_second / kMicrosPerSecond;
  return 0;
}

Result<EvaluatedColumn> EvaluateDateTrunc(EvaluationContext* context, const Expression& call,
                                          const EvaluatedColumn& operand) {
  const std::string unit = call.operands()[0].as<LiteralNode>()->value.get<std::string>();
  ICEFRAME_ASSIGN_OR_RETURN(auto integers, operand.values->View(arrow::int64()));
  const EvaluatedColumn plain{integers, operand.is_scalar};
  const RowReader<arrow::Int64Array> values(plain);
  const int64_t units_per_second = UnitsPerSecond(call.type());
  const int64_t units_per_day = units_per_second * kSecondsPerDay;
  const int64_t step = StepOf(unit, units_per_second);
  const auto append = [&](int64_t i, arrow::TimestampBuilder* out) -> Status {
    const int64_t value = values[i];
    int64_t result = 0;
    const bool overflows =
        step > 0 ? __builtin_sub_overflow(value, FloorModulo(value, step), &result)
                 : __builtin_mul_overflow(FirstDay(unit, FloorDivide(value, units_per_day)),
                                          units_per_day, &result);
    if (overflows) {
      return Error(ErrorKind::kInvalidArgument, "date_trunc leaves the range of ",
                   call.type().ToString(), ": ", ToString(call.type(), Value(value)));
    }
    return out->Append(result);
  };
  return MapRows(context, {plain},
                 NewBuilder<arrow::TimestampBuilder>(context, operand.values->type()), append);
}

/// The greatest, or least, that is not null; in the order of comparisons, so NaN is the greatest.
Result<EvaluatedColumn> EvaluateExtreme(EvaluationContext* context, FunctionId id,
                                        const std::vector<EvaluatedColumn>& arguments) {
  const ComparisonOp op =
      id == FunctionId::kGreatest ? ComparisonOp::kGreater : ComparisonOp::kLess;
  EvaluatedColumn best = arguments[0];
  for (size_t i = 1; i < arguments.size(); ++i) {
    // Null where one side is: then the other is taken, whichever it is.
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn better,
                              EvaluateComparison(context, op, arguments[i], best));
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn lacks, context->Call("is_null", {best}));
    ICEFRAME_ASSIGN_OR_RETURN(better, context->Call("coalesce", {better, lacks}));
    ICEFRAME_ASSIGN_OR_RETURN(best, context->Call("if_else", {better, arguments[i], best}));
  }
  return best;
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
    case FunctionId::kDateTrunc:
      return EvaluateDateTrunc(context, call, arguments[1]);
    case FunctionId::kGreatest:
    case FunctionId::kLeast:
      return EvaluateExtreme(context, id, arguments);
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
