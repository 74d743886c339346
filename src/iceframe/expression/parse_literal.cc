// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cmath>

#include "iceframe/expression/parse_expression_internal.h"
#include "iceframe/expression/parse_literal_internal.h"

namespace iceframe::internal {

namespace {

struct TypeName {
  std::string_view name;
  std::string_view spelling;
};
/// SQL's names next to Iceberg's; those with parameters are read on their own.
constexpr TypeName kTypeNames[] = {
    {"bigint", "long"},
    {"binary", "binary"},
    {"blob", "binary"},
    {"bool", "boolean"},
    {"boolean", "boolean"},
    {"date", "date"},
    {"double", "double"},
    {"float", "float"},
    {"int", "int"},
    {"integer", "int"},
    {"long", "long"},
    {"real", "float"},
    {"string", "string"},
    {"text", "string"},
    {"time", "time"},
    {"timestamp", "timestamp"},
    {"timestamp_ns", "timestamp_ns"},
    {"timestamptz", "timestamptz"},
    {"timestamptz_ns", "timestamptz_ns"},
    {"uuid", "uuid"},
    {"varbinary", "binary"},
    {"varchar", "string"},
};

std::string_view SpellingOfType(std::string_view lower_name) {
  for (const TypeName& entry : kTypeNames) {
    if (entry.name == lower_name) return entry.spelling;
  }
  return "";
}

bool TakesParameters(std::string_view lower_name) {
  return lower_name == "decimal" || lower_name == "numeric" || lower_name == "fixed";
}

Result<int32_t> ParseTypeParameter(TokenCursor& cursor) {
  const Token token = cursor.Peek();
  int32_t value = 0;
  if (token.kind == TokenKind::kNumber) {
    const char* end = token.text.data() + token.text.size();
    const auto parsed = std::from_chars(token.text.data(), end, value);
    if (parsed.ec == std::errc() && parsed.ptr == end) {
      cursor.Take();
      return value;
    }
  }
  return cursor.Unexpected("a whole number");
}

}  // namespace

Result<Type> ParseTypeName(TokenCursor& cursor) {
  const Token token = cursor.Peek();
  if (token.kind != TokenKind::kIdentifier) return cursor.Unexpected("a type");
  const std::string name = LowerCase(token.text);
  if (!TakesParameters(name)) {
    const std::string_view spelling = SpellingOfType(name);
    if (spelling.empty()) return cursor.Fail(token, "there is no type of this name");
    cursor.Take();
    return Type::ParsePrimitive(spelling);
  }
  cursor.Take();
  ICEFRAME_RETURN_NOT_OK(cursor.Expect("("));
  ICEFRAME_ASSIGN_OR_RETURN(int32_t first, ParseTypeParameter(cursor));
  int32_t second = 0;
  if (name != "fixed" && cursor.TakeSymbol(",")) {
    ICEFRAME_ASSIGN_OR_RETURN(second, ParseTypeParameter(cursor));
  }
  ICEFRAME_RETURN_NOT_OK(cursor.Expect(")"));
  auto type = name == "fixed" ? Type::Fixed(first) : Type::Decimal(first, second);
  if (!type.ok()) return cursor.Fail(token, type.status().message());
  return type;
}

bool StartsTypedLiteral(const TokenCursor& cursor) {
  const std::string name = LowerCase(cursor.Peek().text);
  if (TakesParameters(name)) return cursor.IsSymbol("(", 1);
  if (SpellingOfType(name).empty() && name != "unknown") return false;
  return cursor.Peek(1).kind == TokenKind::kString || cursor.IsWord("null", 1);
}

Result<Expression> ParseTypedLiteral(TokenCursor& cursor) {
  ICEFRAME_ASSIGN_OR_RETURN(Type type, ParseTypeName(cursor));
  if (cursor.TakeWord("null")) return Lit(type, Value::Null());
  const Token token = cursor.Peek();
  if (token.kind != TokenKind::kString) return cursor.Unexpected("a string");
  cursor.Take();
  if (type.id() == TypeId::kTimestamp || type.id() == TypeId::kTimestamptz) {
    // The finer type where the fraction asks for it.
    auto parsed = ParseTemporalLiteral(token.text);
    const TypeId finer =
        type.id() == TypeId::kTimestamp ? TypeId::kTimestampNs : TypeId::kTimestamptzNs;
    if (parsed.ok() && parsed->type.id() == finer) return Lit(parsed->type, parsed->value);
  }
  auto value = ParseLiteralText(type, token.text);
  if (!value.ok()) {
    std::string message = "this is no " + type.ToString();
    if (type.id() == TypeId::kTimestamptz) message += " (a zone such as Z or +01:00 is needed)";
    return cursor.Fail(token, message);
  }
  // A double that was asked for stays one beside a float; an infinity or NaN is the same in both.
  if (type.id() == TypeId::kDouble && std::isfinite(value->get<double>())) {
    return Cast(Lit(value->get<double>()), type);
  }
  return Lit(type, std::move(*value));
}

Result<Expression> ParseNumberLiteral(const TokenCursor& cursor, const Token& token,
                                      const std::string& text) {
  if (text.find_first_of("eE") != std::string::npos) {
    auto value = ParseLiteralText(Type::Double(), text);
    if (!value.ok()) return cursor.Fail(token, "this number is beyond the range of a double");
    return Lit(Type::Double(), *value);
  }
  if (text.find('.') == std::string::npos) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size()) {
      if (value >= INT32_MIN && value <= INT32_MAX) return Lit(static_cast<int32_t>(value));
      return Lit(value);
    }
  }
  TypedValue decimal = DecimalLiteralOf(text);
  if (decimal.value.is_null()) {
    return cursor.Fail(token, "this number has more than 38 digits: write it with an exponent");
  }
  return Lit(decimal.type, std::move(decimal.value));
}

}  // namespace iceframe::internal
