// SPDX-License-Identifier: Apache-2.0
// Which type a spelled literal has, alone and among others of a list.
#include <algorithm>
#include <cmath>

#include "iceframe/expression/expression.h"
#include "iceframe/expression/parse_expression_internal.h"
#include "iceframe/types/decimal_limits.h"
#include "iceframe/types/exact_quotient.h"
#include "iceframe/types/value_text.h"

namespace iceframe {

namespace {

constexpr std::string_view kReservedWords[] = {
    "and", "as",   "between", "case", "cast", "else",   "end",  "false", "from", "ilike", "in",
    "is",  "like", "not",     "null", "or",   "select", "then", "true",  "when", "where",
};

bool IsExactNumber(const Type& type) {
  return type.id() == TypeId::kInt || type.id() == TypeId::kLong || type.id() == TypeId::kDecimal;
}

bool IsNumber(const Type& type) { return IsExactNumber(type) || type.id() == TypeId::kDouble; }

int32_t IntegerDigits(const Type& type) {
  if (type.id() == TypeId::kDecimal) return type.precision() - type.scale();
  return type.id() == TypeId::kInt ? 10 : 19;
}

std::optional<Type> CommonOf(const Type& a, const Type& b) {
  if (a == b) return a;
  if (!IsNumber(a) || !IsNumber(b)) return std::nullopt;
  if (a.id() == TypeId::kDouble || b.id() == TypeId::kDouble) return Type::Double();
  if (a.id() != TypeId::kDecimal && b.id() != TypeId::kDecimal) return Type::Long();
  const int32_t scale = std::max(a.scale(), b.scale());
  const int32_t precision = std::max(IntegerDigits(a), IntegerDigits(b)) + scale;
  if (precision > kMaxPrecision) return std::nullopt;
  auto type = Type::Decimal(precision, scale);
  if (!type.ok()) return std::nullopt;
  return *type;
}

arrow::Decimal128 DecimalOf(const TypedValue& item, int32_t scale) {
  if (item.type.id() == TypeId::kDecimal) {
    const auto& value = item.value.get<arrow::Decimal128>();
    return arrow::Decimal128(value.IncreaseScaleBy(scale - item.type.scale()));
  }
  const int64_t number =
      item.type.id() == TypeId::kInt ? item.value.get<int32_t>() : item.value.get<int64_t>();
  return arrow::Decimal128(arrow::Decimal128(number).IncreaseScaleBy(scale));
}

double DoubleOf(const TypedValue& item) {
  switch (item.type.id()) {
    case TypeId::kInt:
      return item.value.get<int32_t>();
    case TypeId::kLong:
      return static_cast<double>(item.value.get<int64_t>());
    case TypeId::kDecimal:
      return NearestDouble(item.value.get<arrow::Decimal128>(), item.type.scale());
    default:
      return item.value.get<double>();
  }
}

}  // namespace

bool IsReservedWord(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return std::find(std::begin(kReservedWords), std::end(kReservedWords), lower) !=
         std::end(kReservedWords);
}

bool IsPlainIdentifier(std::string_view text) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (text.empty() || !is_letter(text[0]) || IsReservedWord(text)) return false;
  // DISTINCT is a keyword where a call's first argument stands.
  constexpr std::string_view kDistinct = "distinct";
  if (std::equal(text.begin(), text.end(), kDistinct.begin(), kDistinct.end(),
                 [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; })) {
    return false;
  }
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

TypedValue DecimalLiteralOf(std::string_view text) {
  const size_t point = text.find('.');
  const auto scale =
      static_cast<int32_t>(point == std::string_view::npos ? 0 : text.size() - point - 1);
  if (scale > kMaxPrecision) return {};
  const auto value = DecimalFromText(text, scale);
  if (!value) return {};
  int32_t precision = std::max(scale, 1);
  while (precision < kMaxPrecision && !value->FitsInPrecision(precision)) ++precision;
  auto type = Type::Decimal(precision, scale);
  if (!type.ok() || !value->FitsInPrecision(precision)) return {};
  return {*type, Value(*value)};
}

std::optional<Type> CommonLiteralType(const std::vector<TypedValue>& items) {
  std::optional<Type> common;
  for (const TypedValue& item : items) {
    if (item.value.is_null()) continue;
    common = common ? CommonOf(*common, item.type) : item.type;
    if (!common) return std::nullopt;
  }
  return common ? *common : Type::Unknown();
}

Value ConvertLiteral(const TypedValue& item, const Type& common) {
  if (item.value.is_null() || item.type == common) return item.value;
  if (common.id() == TypeId::kLong) return Value(int64_t{item.value.get<int32_t>()});
  if (common.id() == TypeId::kDecimal) return Value(DecimalOf(item, common.scale()));
  return Value(DoubleOf(item));
}

bool IsNaturalInList(const Type& value_type, const std::vector<Value>& values) {
  std::vector<TypedValue> items;
  for (const Value& value : values) {
    if (value.is_null()) continue;
    switch (value_type.id()) {
      case TypeId::kLong: {
        const int64_t number = value.get<int64_t>();
        const bool narrow = number >= INT32_MIN && number <= INT32_MAX;
        items.push_back(narrow ? TypedValue{Type::Int(), Value(static_cast<int32_t>(number))}
                               : TypedValue{value_type, value});
        break;
      }
      case TypeId::kDecimal:
        if (value_type.scale() == 0) return false;
        items.push_back(DecimalLiteralOf(FormatLiteralText(value_type, value)));
        break;
      default:
        items.push_back({value_type, value});
    }
  }
  const std::optional<Type> common = CommonLiteralType(items);
  return common && *common == value_type;
}

Expression InList(Expression operand, std::vector<Expression> items, bool negated) {
  std::vector<TypedValue> literals;
  for (const Expression& item : items) {
    const auto* literal = item.as<LiteralNode>();
    if (literal != nullptr) literals.push_back({item.type(), literal->value});
  }
  if (literals.size() == items.size()) {
    if (const auto common = CommonLiteralType(literals)) {
      std::vector<Value> values;
      values.reserve(literals.size());
      for (const TypedValue& literal : literals) {
        values.push_back(ConvertLiteral(literal, *common));
      }
      return Expression(InNode{{std::move(operand)}, std::move(values), *common, negated});
    }
  }
  for (Expression& item : items) {
    item = negated ? NotEqual(operand, std::move(item)) : Equal(operand, std::move(item));
  }
  return negated ? And(std::move(items)) : Or(std::move(items));
}

}  // namespace iceframe
