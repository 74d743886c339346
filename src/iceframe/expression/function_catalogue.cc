// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/function_catalogue.h"

#include <algorithm>
#include <limits>

#include "iceframe/expression/literal_conversion.h"
#include "iceframe/expression/nested_type.h"

namespace iceframe {

namespace {

constexpr std::string_view kDateTruncUnits[] = {"year",        "quarter",    "month",  "week",
                                                "day",         "hour",       "minute", "second",
                                                "millisecond", "microsecond"};

constexpr size_t kAnyNumber = std::numeric_limits<size_t>::max();

/// Sorted by name; aliases share an id.
constexpr FunctionEntry kFunctions[] = {
    {"abs", FunctionId::kAbs, 1, 1},
    {"ceil", FunctionId::kCeil, 1, 1},
    {"ceiling", FunctionId::kCeil, 1, 1, true},
    {"char_length", FunctionId::kLength, 1, 1, true},
    {"coalesce", FunctionId::kCoalesce, 1, kAnyNumber},
    {"concat", FunctionId::kConcat, 1, kAnyNumber},
    {"contains", FunctionId::kContains, 2, 2},
    {"date_trunc", FunctionId::kDateTrunc, 2, 2},
    {"day", FunctionId::kDay, 1, 1},
    {"ends_with", FunctionId::kEndsWith, 2, 2},
    {"floor", FunctionId::kFloor, 1, 1},
    {"greatest", FunctionId::kGreatest, 1, kAnyNumber},
    {"hour", FunctionId::kHour, 1, 1},
    {"least", FunctionId::kLeast, 1, kAnyNumber},
    {"length", FunctionId::kLength, 1, 1},
    {"lower", FunctionId::kLower, 1, 1},
    {"ltrim", FunctionId::kLeftTrim, 1, 1},
    {"minute", FunctionId::kMinute, 1, 1},
    {"month", FunctionId::kMonth, 1, 1},
    {"negate", FunctionId::kNegate, 1, 1},
    {"octet_length", FunctionId::kOctetLength, 1, 1},
    {"round", FunctionId::kRound, 1, 2},
    {"rtrim", FunctionId::kRightTrim, 1, 1},
    {"second", FunctionId::kSecond, 1, 1},
    {"starts_with", FunctionId::kStartsWith, 2, 2},
    {"substr", FunctionId::kSubstring, 2, 3, true},
    {"substring", FunctionId::kSubstring, 2, 3},
    {"trim", FunctionId::kTrim, 1, 1},
    {"upper", FunctionId::kUpper, 1, 1},
    {"year", FunctionId::kYear, 1, 1},
    {"||", FunctionId::kConcatOperator, 2, 2},
};

bool IsTimestamp(TypeId id) { return id >= TypeId::kTimestamp && id <= TypeId::kTimestamptzNs; }

Status NoSuchCall(const FunctionEntry& function, const std::vector<Expression>& arguments) {
  std::string types;
  for (const Expression& argument : arguments) {
    if (!types.empty()) types += ", ";
    types += argument.type().ToString();
  }
  return Error(ErrorKind::kInvalidArgument, "function does not take these types: ", function.name,
               "(", types, ")");
}

/// The canonical name: the first entry with that id.
std::string_view CanonicalName(FunctionId id) {
  for (const FunctionEntry& entry : kFunctions) {
    if (entry.id == id && !entry.is_alias) return entry.name;
  }
  return "";
}

Expression BoundCall(const FunctionEntry& function, std::vector<Expression> arguments, Type type) {
  return Expression(FunctionNode{std::string(CanonicalName(function.id)), std::move(arguments)},
                    std::move(type), true);
}

/// A null that no column gave a type is of the type the function wants.
Status GiveNullsType(std::vector<Expression>* arguments, const Type& type) {
  for (Expression& argument : *arguments) {
    if (argument.type().id() != TypeId::kUnknown) continue;
    ICEFRAME_ASSIGN_OR_RETURN(argument, CastTo(argument, type));
  }
  return Status::OK();
}

Result<Expression> BindNumeric(const FunctionEntry& function, std::vector<Expression> arguments) {
  ICEFRAME_RETURN_NOT_OK(GiveNullsType(&arguments, Type::Double()));
  const Type type = arguments[0].type();
  if (!IsNumeric(type)) return NoSuchCall(function, arguments);
  if (function.id == FunctionId::kCeil || function.id == FunctionId::kFloor) {
    if (type.id() == TypeId::kInt || type.id() == TypeId::kLong) {
      ICEFRAME_ASSIGN_OR_RETURN(arguments[0], CastTo(arguments[0], Type::Double()));
      return BoundCall(function, std::move(arguments), Type::Double());
    }
    if (type.id() == TypeId::kDecimal) {
      ICEFRAME_ASSIGN_OR_RETURN(Type whole, Type::Decimal(type.precision(), 0));
      return BoundCall(function, std::move(arguments), whole);
    }
  }
  return BoundCall(function, std::move(arguments), type);
}

Result<Expression> BindRound(const FunctionEntry& function, std::vector<Expression> arguments) {
  int32_t digits = 0;
  if (arguments.size() == 2) {
    const auto* literal = arguments[1].as<LiteralNode>();
    if (literal == nullptr || !literal->value.holds<int32_t>()) {
      return Error(ErrorKind::kInvalidArgument,
                   "the second argument of round must be a whole number, not a column");
    }
    digits = std::clamp(literal->value.get<int32_t>(), -38, 38);
    arguments[1] = Lit(digits);
  } else {
    arguments.push_back(Lit(0));
  }
  std::vector<Expression> number = {arguments[0]};
  ICEFRAME_RETURN_NOT_OK(GiveNullsType(&number, Type::Double()));
  arguments[0] = number[0];
  Type type = arguments[0].type();
  if (!IsNumeric(type)) return NoSuchCall(function, arguments);
  if (type.id() == TypeId::kDecimal) {
    const int32_t scale = std::clamp(digits, 0, type.scale());
    ICEFRAME_ASSIGN_OR_RETURN(type, Type::Decimal(type.precision(), scale));
  }
  return BoundCall(function, std::move(arguments), type);
}

Result<Expression> BindStrings(const FunctionEntry& function, std::vector<Expression> arguments,
                               const Type& result) {
  ICEFRAME_RETURN_NOT_OK(GiveNullsType(&arguments, Type::String()));
  for (const Expression& argument : arguments) {
    if (argument.type().id() != TypeId::kString) return NoSuchCall(function, arguments);
  }
  return BoundCall(function, std::move(arguments), result);
}

Result<Expression> BindConcat(const FunctionEntry& function, std::vector<Expression> arguments) {
  for (Expression& argument : arguments) {
    ICEFRAME_ASSIGN_OR_RETURN(argument, CastTo(argument, Type::String()));
  }
  return BoundCall(function, std::move(arguments), Type::String());
}

Result<Expression> BindSubstring(const FunctionEntry& function, std::vector<Expression> arguments) {
  std::vector<Expression> text = {arguments[0]};
  ICEFRAME_RETURN_NOT_OK(GiveNullsType(&text, Type::String()));
  arguments[0] = text[0];
  for (size_t i = 1; i < arguments.size(); ++i) {
    const TypeId id = arguments[i].type().id();
    if (id != TypeId::kInt && id != TypeId::kLong && id != TypeId::kUnknown) {
      return NoSuchCall(function, arguments);
    }
    ICEFRAME_ASSIGN_OR_RETURN(arguments[i], CastTo(arguments[i], Type::Long()));
  }
  if (arguments[0].type().id() != TypeId::kString) return NoSuchCall(function, arguments);
  return BoundCall(function, std::move(arguments), Type::String());
}

/// coalesce over nested values, as the CASE that it stands for.
Result<Expression> FirstNested(std::vector<Expression> arguments, const Type& common) {
  std::vector<Expression> operands;
  for (Expression& argument : arguments) {
    if (argument.type().is_primitive()) {
      ICEFRAME_ASSIGN_OR_RETURN(argument, CastTo(argument, common));
    }
    operands.push_back(Expression(IsNullNode{{argument}, true}, Type::Boolean(), true));
    operands.push_back(std::move(argument));
  }
  // The last is taken whether it is null or not.
  operands.erase(operands.end() - 2);
  if (operands.size() == 1) return operands[0];
  return Expression(CaseNode{std::move(operands)}, common, true);
}

Result<Expression> BindCoalesce(const FunctionEntry& function, std::vector<Expression> arguments) {
  const auto common = CommonType(arguments);
  if (!common.ok()) return NoSuchCall(function, arguments);
  if (common->is_nested()) return FirstNested(std::move(arguments), *common);
  for (Expression& argument : arguments) {
    ICEFRAME_ASSIGN_OR_RETURN(argument, CastTo(argument, *common));
  }
  return BoundCall(function, std::move(arguments), *common);
}

Result<Expression> BindDatePart(const FunctionEntry& function, std::vector<Expression> arguments) {
  const bool of_day = function.id == FunctionId::kHour || function.id == FunctionId::kMinute ||
                      function.id == FunctionId::kSecond;
  ICEFRAME_RETURN_NOT_OK(GiveNullsType(&arguments, Type::Timestamp()));
  switch (arguments[0].type().id()) {
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      break;
    case TypeId::kDate:
      if (of_day) return NoSuchCall(function, arguments);
      break;
    case TypeId::kTime:
      if (!of_day) return NoSuchCall(function, arguments);
      break;
    default:
      return NoSuchCall(function, arguments);
  }
  return BoundCall(function, std::move(arguments), Type::Long());
}

/// greatest and least compare, coalesce does not.
Result<Expression> BindExtreme(const FunctionEntry& function, std::vector<Expression> arguments) {
  ICEFRAME_ASSIGN_OR_RETURN(Expression call, BindCoalesce(function, std::move(arguments)));
  const TypeId id = call.type().id();
  if (id == TypeId::kUnknown) return NullLit();
  if (id > TypeId::kUnknown) return NoSuchCall(function, call.operands());
  return call;
}

Result<Expression> BindDateTrunc(const FunctionEntry& function, std::vector<Expression> arguments) {
  const auto* unit = arguments[0].as<LiteralNode>();
  if (unit == nullptr || !unit->value.holds<std::string>()) {
    return Error(
        ErrorKind::kInvalidArgument,
        "the first argument of date_trunc must be a unit's name: ", arguments[0].ToString());
  }
  std::string name = unit->value.get<std::string>();
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const auto& units = kDateTruncUnits;
  if (std::find(std::begin(units), std::end(units), name) == std::end(units)) {
    return Error(ErrorKind::kInvalidArgument, "date_trunc does not know this unit: ", name);
  }
  arguments[0] = Lit(std::move(name));
  Expression& moment = arguments[1];
  const TypeId id = moment.type().id();
  if (id == TypeId::kUnknown || id == TypeId::kDate) {
    ICEFRAME_ASSIGN_OR_RETURN(moment, CastTo(moment, Type::Timestamp()));
  }
  const Type type = moment.type();
  if (!IsTimestamp(type.id())) return NoSuchCall(function, arguments);
  return BoundCall(function, std::move(arguments), type);
}

Result<Expression> BindOctetLength(const FunctionEntry& function,
                                   std::vector<Expression> arguments) {
  ICEFRAME_RETURN_NOT_OK(GiveNullsType(&arguments, Type::Binary()));
  const TypeId id = arguments[0].type().id();
  if (id != TypeId::kString && id != TypeId::kBinary) return NoSuchCall(function, arguments);
  return BoundCall(function, std::move(arguments), Type::Long());
}

}  // namespace

const FunctionEntry* FindFunction(std::string_view name) {
  const auto* end = std::end(kFunctions);
  const auto* found = std::lower_bound(
      std::begin(kFunctions), end, name,
      [](const FunctionEntry& entry, std::string_view wanted) { return entry.name < wanted; });
  return found != end && found->name == name ? found : nullptr;
}

bool IsDeterministic(FunctionId id) {
  // Without a default: a new function says what it is.
  switch (id) {
    case FunctionId::kAbs:
    case FunctionId::kCeil:
    case FunctionId::kCoalesce:
    case FunctionId::kConcat:
    case FunctionId::kConcatOperator:
    case FunctionId::kContains:
    case FunctionId::kDateTrunc:
    case FunctionId::kDay:
    case FunctionId::kEndsWith:
    case FunctionId::kFloor:
    case FunctionId::kGreatest:
    case FunctionId::kHour:
    case FunctionId::kLeast:
    case FunctionId::kLeftTrim:
    case FunctionId::kLength:
    case FunctionId::kLower:
    case FunctionId::kMinute:
    case FunctionId::kMonth:
    case FunctionId::kNegate:
    case FunctionId::kOctetLength:
    case FunctionId::kRightTrim:
    case FunctionId::kRound:
    case FunctionId::kSecond:
    case FunctionId::kStartsWith:
    case FunctionId::kSubstring:
    case FunctionId::kTrim:
    case FunctionId::kUpper:
    case FunctionId::kYear:
      return true;
  }
  return false;
}

std::vector<std::string_view> FunctionNames() {
  std::vector<std::string_view> names;
  for (const FunctionEntry& entry : kFunctions) names.push_back(entry.name);
  return names;
}

Result<Expression> BindFunction(const FunctionEntry& function, std::vector<Expression> arguments) {
  if (arguments.size() < function.min_arguments || arguments.size() > function.max_arguments) {
    return Error(ErrorKind::kInvalidArgument,
                 "function has a wrong number of arguments: ", function.name, " with ",
                 arguments.size());
  }
  switch (function.id) {
    case FunctionId::kAbs:
    case FunctionId::kCeil:
    case FunctionId::kFloor:
    case FunctionId::kNegate:
      return BindNumeric(function, std::move(arguments));
    case FunctionId::kRound:
      return BindRound(function, std::move(arguments));
    case FunctionId::kLength:
      return BindStrings(function, std::move(arguments), Type::Long());
    case FunctionId::kLower:
    case FunctionId::kUpper:
    case FunctionId::kTrim:
    case FunctionId::kLeftTrim:
    case FunctionId::kRightTrim:
      return BindStrings(function, std::move(arguments), Type::String());
    case FunctionId::kContains:
    case FunctionId::kStartsWith:
    case FunctionId::kEndsWith:
      return BindStrings(function, std::move(arguments), Type::Boolean());
    case FunctionId::kConcat:
    case FunctionId::kConcatOperator:
      return BindConcat(function, std::move(arguments));
    case FunctionId::kSubstring:
      return BindSubstring(function, std::move(arguments));
    case FunctionId::kCoalesce:
      return BindCoalesce(function, std::move(arguments));
    case FunctionId::kGreatest:
    case FunctionId::kLeast:
      return BindExtreme(function, std::move(arguments));
    case FunctionId::kDateTrunc:
      return BindDateTrunc(function, std::move(arguments));
    case FunctionId::kYear:
    case FunctionId::kMonth:
    case FunctionId::kDay:
    case FunctionId::kHour:
    case FunctionId::kMinute:
    case FunctionId::kSecond:
      return BindDatePart(function, std::move(arguments));
    case FunctionId::kOctetLength:
      return BindOctetLength(function, std::move(arguments));
  }
  return NoSuchCall(function, arguments);
}

Result<Type> CommonType(const std::vector<Expression>& values) {
  Type common;
  for (const Expression& value : values) {
    if (value.type().id() == TypeId::kUnknown) continue;
    if (common.id() == TypeId::kUnknown) {
      common = value.type();
    } else if (auto nested = CommonNestedType(common, value.type())) {
      common = *std::move(nested);
    } else {
      ICEFRAME_ASSIGN_OR_RETURN(common, ComparisonType(common, value.type()));
    }
  }
  return common;
}

bool IsCastAllowed(const Type& from, const Type& to) {
  if (from.is_nested() || to.is_nested()) return false;
  const TypeId a = from.id();
  const TypeId b = to.id();
  for (const TypeId opaque :
       {TypeId::kVariant, TypeId::kGeometry, TypeId::kGeography, TypeId::kUnknown}) {
    if (b == opaque) return false;
    if (a == opaque) return a == TypeId::kUnknown;
  }
  if (from == to) return true;
  if (IsNumeric(from)) return IsNumeric(to) || b == TypeId::kBoolean || b == TypeId::kString;
  switch (a) {
    case TypeId::kBoolean:
      return IsNumeric(to) || b == TypeId::kString;
    case TypeId::kString:
      return true;
    case TypeId::kDate:
      return b == TypeId::kString || (IsTimestamp(b) && !IsZoned(to));
    case TypeId::kTime:
    case TypeId::kUuid:
      return b == TypeId::kString;
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return IsTimestamp(b) || b == TypeId::kDate || b == TypeId::kString || b == TypeId::kTime;
    case TypeId::kFixed:
      return b == TypeId::kBinary;
    default:
      return false;
  }
}

Result<Expression> CastTo(Expression operand, const Type& target) {
  if (operand.type() == target) return operand;
  if (const auto* literal = operand.as<LiteralNode>()) {
    if (literal->value.is_null()) {
      return Expression(LiteralNode{Value::Null()}, target, true);
    }
    if (IsNumeric(operand.type()) && IsNumeric(target)) {
      auto placed = PlaceLiteral(target, {operand.type(), literal->value});
      if (placed.ok() && placed->place == LiteralPlace::kExact) return Lit(target, placed->value);
    }
  }
  if (!IsCastAllowed(operand.type(), target)) {
    return Error(ErrorKind::kInvalidArgument,
                 "no cast between these types: ", operand.type().ToString(), " to ",
                 target.ToString());
  }
  return Expression(CastNode{{std::move(operand)}, target}, target, true);
}

}  // namespace iceframe
