// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

#include "iceframe/expression/literal_conversion.h"
#include "iceframe/expression/parse_expression.h"
#include "iceframe/expression/rewrite.h"
#include "iceframe/query/rewrite_predicate_internal.h"
#include "iceframe/types/civil_time.h"

namespace iceframe::internal {

namespace {

// What is computed of a column, compared with a literal.
struct Comparison {
  ComparisonOp op;
  const Expression& computed;
  const Expression& literal;
};

using Rewritten = std::optional<Expression>;

bool IsEquality(ComparisonOp op) { return op == ComparisonOp::kEqual; }

const ColumnNode* ColumnOf(const Expression& expression) {
  return WithoutAlias(expression).as<ColumnNode>();
}

std::optional<int64_t> IntegerOf(const Expression& expression) {
  const auto* literal = expression.as<LiteralNode>();
  if (literal == nullptr) return std::nullopt;
  if (literal->value.holds<int32_t>() && expression.type().id() == TypeId::kInt) {
    return literal->value.get<int32_t>();
  }
  if (literal->value.holds<int64_t>() && expression.type().id() == TypeId::kLong) {
    return literal->value.get<int64_t>();
  }
  return std::nullopt;
}

const std::string* TextOf(const Expression& expression) {
  const auto* literal = expression.as<LiteralNode>();
  const bool is_text = literal != nullptr && expression.type().id() == TypeId::kString;
  return is_text ? &literal->value.get<std::string>() : nullptr;
}

// Days of a date literal, or of text that is a date.
std::optional<int64_t> DaysOf(const Expression& expression) {
  if (const std::string* text = TextOf(expression)) return ParseDate(*text);
  const auto* literal = expression.as<LiteralNode>();
  if (literal == nullptr || !literal->value.holds<int32_t>()) return std::nullopt;
  if (expression.type().id() != TypeId::kDate) return std::nullopt;
  return literal->value.get<int32_t>();
}

Expression Integer(int64_t value) {
  const bool is_int =
      value >= std::numeric_limits<int32_t>::min() && value <= std::numeric_limits<int32_t>::max();
  return is_int ? Lit(static_cast<int32_t>(value)) : Lit(value);
}

Rewritten DateLiteral(int64_t days) {
  if (days < std::numeric_limits<int32_t>::min() || days > std::numeric_limits<int32_t>::max()) {
    return std::nullopt;
  }
  auto literal = Lit(Type::Date(), Value(static_cast<int32_t>(days)));
  return literal.ok() ? Rewritten(*literal) : std::nullopt;
}

// The column's days in [first, next) stand for one value of what is computed.
Rewritten OverDays(ComparisonOp op, const Expression& column, int64_t first, int64_t next) {
  const Rewritten low = DateLiteral(first);
  const Rewritten high = DateLiteral(next);
  if (!low || !high) return std::nullopt;
  switch (op) {
    case ComparisonOp::kEqual:
      return And(GreaterEqual(column, *low), Less(column, *high));
    case ComparisonOp::kNotEqual:
      return Or(Less(column, *low), GreaterEqual(column, *high));
    case ComparisonOp::kLess:
      return Less(column, *low);
    case ComparisonOp::kLessEqual:
      return Less(column, *high);
    case ComparisonOp::kGreater:
      return GreaterEqual(column, *high);
    case ComparisonOp::kGreaterEqual:
      return GreaterEqual(column, *low);
  }
  return std::nullopt;
}

// year(column) = 2024.
Rewritten OfYear(const Comparison& comparison) {
  const auto* call = comparison.computed.as<FunctionNode>();
  if (call == nullptr || call->name != "year" || call->operands.size() != 1) return std::nullopt;
  const auto year = IntegerOf(comparison.literal);
  constexpr int64_t kLastYear = 9998;
  if (ColumnOf(call->operands[0]) == nullptr || !year || *year < 1 || *year > kLastYear) {
    return std::nullopt;
  }
  return OverDays(comparison.op, call->operands[0], DaysFromCivil({*year, 1, 1}),
                  DaysFromCivil({*year + 1, 1, 1}));
}

// date_trunc('month', column) = DATE '2024-03-01'.
Rewritten OfTruncation(const Comparison& comparison) {
  const auto* call = comparison.computed.as<FunctionNode>();
  if (call == nullptr || call->name != "date_trunc" || call->operands.size() != 2) {
    return std::nullopt;
  }
  const std::string* unit = TextOf(call->operands[0]);
  const auto days = DaysOf(comparison.literal);
  if (unit == nullptr || ColumnOf(call->operands[1]) == nullptr || !days) return std::nullopt;
  const CivilDate date = CivilFromDays(*days);
  const Expression& column = call->operands[1];
  if (*unit == "day") return OverDays(comparison.op, column, *days, *days + 1);
  if (*unit == "month" && date.day == 1) {
    const CivilDate next =
        date.month == 12 ? CivilDate{date.year + 1, 1, 1} : CivilDate{date.year, date.month + 1, 1};
    return OverDays(comparison.op, column, *days, DaysFromCivil(next));
  }
  if (*unit == "year" && date.day == 1 && date.month == 1) {
    return OverDays(comparison.op, column, *days, DaysFromCivil({date.year + 1, 1, 1}));
  }
  return std::nullopt;
}

// CAST(column AS DATE) = DATE '2024-03-01'; CAST(column AS STRING) = '5'.
Rewritten OfCast(const Comparison& comparison) {
  const auto* cast = comparison.computed.as<CastNode>();
  if (cast == nullptr || ColumnOf(cast->operands[0]) == nullptr) return std::nullopt;
  const Expression& column = cast->operands[0];
  if (cast->target.id() == TypeId::kDate) {
    const auto days = DaysOf(comparison.literal);
    return days ? OverDays(comparison.op, column, *days, *days + 1) : std::nullopt;
  }
  const std::string* text = TextOf(comparison.literal);
  if (cast->target.id() != TypeId::kString || !IsEquality(comparison.op) || text == nullptr) {
    return std::nullopt;
  }
  // Only digits that a whole number is written with, so that no other text means the same number.
  const auto parsed = ParseExpression(*text);
  if (!parsed.ok() || parsed->ToString() != *text) return std::nullopt;
  return IntegerOf(*parsed) ? Rewritten(Equal(column, *parsed)) : std::nullopt;
}

// column + 3 > 10.
Rewritten OfSum(const Comparison& comparison) {
  const auto* sum = comparison.computed.as<ArithmeticNode>();
  if (sum == nullptr) return std::nullopt;
  const auto limit = IntegerOf(comparison.literal);
  const bool is_sum = sum->op == ArithmeticOp::kAdd || sum->op == ArithmeticOp::kSubtract;
  if (!limit || !is_sum) return std::nullopt;
  const Expression& left = sum->operands[0];
  const Expression& right = sum->operands[1];
  int64_t moved = 0;
  if (const auto offset = IntegerOf(right); offset && ColumnOf(left) != nullptr) {
    const bool overflows = sum->op == ArithmeticOp::kAdd
                               ? __builtin_sub_overflow(*limit, *offset, &moved)
                               : __builtin_add_overflow(*limit, *offset, &moved);
    if (overflows) return std::nullopt;
    return Compare(comparison.op, left, Integer(moved));
  }
  const auto offset = IntegerOf(left);
  if (!offset || ColumnOf(right) == nullptr) return std::nullopt;
  if (sum->op == ArithmeticOp::kAdd) {
    if (__builtin_sub_overflow(*limit, *offset, &moved)) return std::nullopt;
    return Compare(comparison.op, right, Integer(moved));
  }
  // 10 - column > limit: column < 10 - limit.
  if (__builtin_sub_overflow(*offset, *limit, &moved)) return std::nullopt;
  return Compare(Mirrored(comparison.op), right, Integer(moved));
}

// abs(column) < 3.
Rewritten OfAbsolute(const Comparison& comparison) {
  const auto* call = comparison.computed.as<FunctionNode>();
  if (call == nullptr || call->name != "abs" || ColumnOf(call->operands[0]) == nullptr) {
    return std::nullopt;
  }
  const auto limit = IntegerOf(comparison.literal);
  if (!limit || *limit < 0) return std::nullopt;
  const Expression& column = call->operands[0];
  const Expression high = Integer(*limit);
  const Expression low = Integer(-*limit);
  switch (comparison.op) {
    case ComparisonOp::kEqual:
      return InList(column, {low, high});
    case ComparisonOp::kLess:
      return And(Greater(column, low), Less(column, high));
    case ComparisonOp::kLessEqual:
      return And(GreaterEqual(column, low), LessEqual(column, high));
    case ComparisonOp::kGreater:
      return Or(Less(column, low), Greater(column, high));
    case ComparisonOp::kGreaterEqual:
      return Or(LessEqual(column, low), GreaterEqual(column, high));
    case ComparisonOp::kNotEqual:
      return std::nullopt;
  }
  return std::nullopt;
}

// substring(column, 1, 3) = 'abc'.
Rewritten OfPrefix(const Comparison& comparison) {
  const auto* call = comparison.computed.as<FunctionNode>();
  const bool is_substring =
      call != nullptr && (call->name == "substring" || call->name == "substr");
  if (!is_substring || call->operands.size() != 3 || !IsEquality(comparison.op)) {
    return std::nullopt;
  }
  const std::string* prefix = TextOf(comparison.literal);
  if (prefix == nullptr || ColumnOf(call->operands[0]) == nullptr) return std::nullopt;
  const auto num_characters = std::ranges::count_if(
      *prefix, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  if (IntegerOf(call->operands[1]) != 1 || IntegerOf(call->operands[2]) != num_characters) {
    return std::nullopt;
  }
  return StartsWith(call->operands[0], *prefix);
}

}  // namespace

bool IsConstant(const Expression& expression) {
  return expression.as<ColumnNode>() == nullptr && expression.as<WindowNode>() == nullptr &&
         std::ranges::all_of(expression.operands(), IsConstant);
}

std::optional<Expression> RewriteComparison(const ComparisonNode& comparison) {
  const Expression* computed = &WithoutAlias(comparison.operands[0]);
  const Expression* literal = &WithoutAlias(comparison.operands[1]);
  ComparisonOp op = comparison.op;
  if (IsConstant(*computed)) {
    std::swap(computed, literal);
    op = Mirrored(op);
  }
  if (literal->as<LiteralNode>() == nullptr) return std::nullopt;
  const Comparison given{op, *computed, *literal};
  for (const auto rewrite : {OfYear, OfTruncation, OfCast, OfSum, OfAbsolute, OfPrefix}) {
    if (Rewritten rewritten = rewrite(given)) return rewritten;
  }
  return std::nullopt;
}

}  // namespace iceframe::internal
