// SPDX-License-Identifier: Apache-2.0
// A Pratt parser: each operator has a binding power, AND and OR gather any number of operands in a
// loop. Grammar: docs/expressions.md.
#include "iceframe/expression/parse_expression.h"

#include <algorithm>
#include <charconv>

#include "iceframe/expression/expression_lexer.h"
#include "iceframe/expression/parse_expression_internal.h"
#include "iceframe/types/utf8.h"

namespace iceframe {

namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

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

struct Infix {
  int power = -1;
  bool chains = true;
};

class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens)
      : text_(text), tokens_(std::move(tokens)) {}

  Result<Expression> Run() {
    ICEFRAME_ASSIGN_OR_RETURN(Expression e, ParsePower(0));
    if (Peek().kind != TokenKind::kEnd) return Unexpected("an operator or the end");
    return e;
  }

 private:
  static constexpr int kMaxDepth = 200;

  const Token& Peek(size_t ahead = 0) const {
    return tokens_[std::min(position_ + ahead, tokens_.size() - 1)];
  }
  Token Take() {
    Token token = Peek();
    if (position_ + 1 < tokens_.size()) ++position_;
    return token;
  }
  bool IsSymbol(std::string_view symbol, size_t ahead = 0) const {
    return Peek(ahead).kind == TokenKind::kSymbol && Peek(ahead).text == symbol;
  }
  bool IsWord(std::string_view lower, size_t ahead = 0) const {
    const Token& token = Peek(ahead);
    return token.kind == TokenKind::kIdentifier && token.text.size() == lower.size() &&
           Lower(token.text) == lower;
  }
  bool TakeSymbol(std::string_view symbol) {
    if (!IsSymbol(symbol)) return false;
    Take();
    return true;
  }
  bool TakeWord(std::string_view lower) {
    if (!IsWord(lower)) return false;
    Take();
    return true;
  }
  Status Fail(const Token& token, std::string_view message) const {
    return ErrorAt(text_, token.offset, message);
  }
  Status Unexpected(std::string_view wanted) const {
    const Token& token = Peek();
    std::string found =
        token.kind == TokenKind::kEnd
            ? std::string("the text ends")
            : "'" +
                  std::string(
                      text_.substr(token.offset, std::min<size_t>(token.end - token.offset, 40))) +
                  "'";
    return Fail(token, std::string(wanted) + " is expected, not " + found);
  }
  Status Expect(std::string_view symbol) {
    if (TakeSymbol(symbol)) return Status::OK();
    return Unexpected("'" + std::string(symbol) + "'");
  }

  /// Refuses what would be too deep, before more is built upon it.
  Result<Expression> Checked(Expression e, const Token& at) const {
    if (e.depth() > kMaxDepth) return Fail(at, "this is nested more than 200 levels deep");
    return e;
  }

  Infix PeekInfix() const {
    const Token& token = Peek();
    if (token.kind == TokenKind::kSymbol) return InfixOfSymbol(token.text);
    return token.kind == TokenKind::kIdentifier ? PeekInfixWord() : Infix{};
  }

  static Infix InfixOfSymbol(std::string_view symbol) {
    if (symbol == "::") return {kPowerCast};
    if (symbol == "*" || symbol == "/" || symbol == "%") return {kPowerMultiplicative};
    if (symbol == "+" || symbol == "-") return {kPowerAdditive};
    if (symbol == "||") return {kPowerConcat};
    if (ComparisonOf(symbol)) return {kPowerComparison, false};
    return {};
  }

  Infix PeekInfixWord() const {
    const size_t negated = IsWord("not") ? 1 : 0;
    if (IsWord("in", negated) || IsWord("between", negated) || IsWord("like", negated) ||
        IsWord("ilike", negated) || (IsWord("starts", negated) && IsWord("with", negated + 1))) {
      return {kPowerMatch, false};
    }
    if (negated != 0) return {};
    if (IsWord("is")) return {kPowerIs, false};
    if (IsWord("and")) return {kPowerAnd};
    if (IsWord("or")) return {kPowerOr};
    if (IsWord("as")) return {kPowerAlias, false};
    return {};
  }

  static std::optional<ComparisonOp> ComparisonOf(std::string_view symbol) {
    if (symbol == "=" || symbol == "==") return ComparisonOp::kEqual;
    if (symbol == "!=" || symbol == "<>") return ComparisonOp::kNotEqual;
    if (symbol == "<") return ComparisonOp::kLess;
    if (symbol == "<=") return ComparisonOp::kLessEqual;
    if (symbol == ">") return ComparisonOp::kGreater;
    if (symbol == ">=") return ComparisonOp::kGreaterEqual;
    return std::nullopt;
  }

  Result<Expression> ParsePower(int min_power) {
    if (depth_ >= kMaxDepth) return Fail(Peek(), "this is nested more than 200 levels deep");
    ++depth_;
    auto result = ParsePowerInner(min_power);
    --depth_;
    return result;
  }

  Result<Expression> ParsePowerInner(int min_power) {
    ICEFRAME_ASSIGN_OR_RETURN(Expression left, ParsePrefix(min_power));
    int last_unchained = -1;
    while (true) {
      const Infix infix = PeekInfix();
      if (infix.power < 0 || infix.power < min_power) return left;
      const Token at = Peek();
      if (!infix.chains && infix.power == last_unchained) {
        return Fail(at, "this operator does not chain: use AND or parentheses");
      }
      last_unchained = infix.chains ? -1 : infix.power;
      ICEFRAME_ASSIGN_OR_RETURN(left, ParseInfix(std::move(left), infix.power));
      ICEFRAME_ASSIGN_OR_RETURN(left, Checked(std::move(left), at));
    }
  }

  Result<Expression> ParseInfix(Expression left, int power) {
    if (power == kPowerAnd) return ParseJunction<AndNode>(std::move(left), "and", power);
    if (power == kPowerOr) return ParseJunction<OrNode>(std::move(left), "or", power);
    if (power == kPowerIs) return ParseIs(std::move(left));
    if (power == kPowerMatch) return ParseMatch(std::move(left));
    const std::string symbol = Take().text;
    if (power == kPowerAlias) return ParseAlias(std::move(left));
    if (power == kPowerCast) {
      ICEFRAME_ASSIGN_OR_RETURN(Type type, ParseType());
      return Cast(std::move(left), type);
    }
    ICEFRAME_ASSIGN_OR_RETURN(Expression right, ParsePower(power + 1));
    if (const auto op = ComparisonOf(symbol)) {
      return Compare(*op, std::move(left), std::move(right));
    }
    if (power == kPowerConcat) {
      return Function(kConcatOperator, {std::move(left), std::move(right)});
    }
    ArithmeticOp op = ArithmeticOp::kAdd;
    if (symbol == "-") op = ArithmeticOp::kSubtract;
    if (symbol == "*") op = ArithmeticOp::kMultiply;
    if (symbol == "/") op = ArithmeticOp::kDivide;
    if (symbol == "%") op = ArithmeticOp::kModulo;
    return Arithmetic(op, std::move(left), std::move(right));
  }

  template <typename Node>
  Result<Expression> ParseJunction(Expression left, std::string_view word, int power) {
    std::vector<Expression> operands = {std::move(left)};
    while (TakeWord(word)) {
      ICEFRAME_ASSIGN_OR_RETURN(Expression next, ParsePower(power + 1));
      operands.push_back(std::move(next));
    }
    return Expression(Node{std::move(operands)});
  }

  Result<Expression> ParseIs(Expression operand) {
    Take();
    const bool negated = TakeWord("not");
    if (TakeWord("null")) return Expression(IsNullNode{{std::move(operand)}, negated});
    if (TakeWord("nan")) return Expression(IsNaNNode{{std::move(operand)}, negated});
    const bool is_true = IsWord("true");
    if (!is_true && !IsWord("false")) return Unexpected("NULL, NAN, TRUE or FALSE");
    Take();
    Expression condition = is_true ? std::move(operand) : Not(std::move(operand));
    Expression known = Function("coalesce", {std::move(condition), False()});
    return negated ? Not(std::move(known)) : known;
  }

  Result<Expression> ParseMatch(Expression operand) {
    const bool negated = TakeWord("not");
    const std::string word = Lower(Take().text);
    if (word == "in") return ParseInList(std::move(operand), negated);
    if (word == "between") {
      ICEFRAME_ASSIGN_OR_RETURN(Expression low, ParsePower(kPowerMatch + 1));
      if (!TakeWord("and")) return Unexpected("AND");
      ICEFRAME_ASSIGN_OR_RETURN(Expression high, ParsePower(kPowerMatch + 1));
      Expression between = Between(std::move(operand), std::move(low), std::move(high));
      return negated ? Not(std::move(between)) : between;
    }
    if (word == "starts") {
      Take();
      if (Peek().kind != TokenKind::kString) return Unexpected("a string");
      return Expression(StartsWithNode{{std::move(operand)}, Take().text, negated});
    }
    ICEFRAME_ASSIGN_OR_RETURN(std::string pattern, ParsePattern());
    return Expression(LikeNode{{std::move(operand)}, std::move(pattern), negated, word == "ilike"});
  }

  /// A pattern with backslash as its escape, whichever it was written with.
  Result<std::string> ParsePattern() {
    const Token at = Peek();
    if (at.kind != TokenKind::kString) return Unexpected("a string");
    const std::string pattern = Take().text;
    std::string escape;
    if (TakeWord("escape")) {
      if (Peek().kind != TokenKind::kString) return Unexpected("a string");
      const Token token = Take();
      escape = token.text;
      if (escape.size() > 1) return Fail(token, "ESCAPE takes one ASCII character");
    }
    std::string translated;
    for (size_t i = 0; i < pattern.size(); ++i) {
      if (!escape.empty() && pattern[i] == escape[0]) {
        if (++i == pattern.size()) return Fail(at, "this pattern ends with its escape character");
        translated += '\\';
      } else if (pattern[i] == '\\') {
        translated += '\\';
      }
      translated += pattern[i];
    }
    return translated;
  }

  Result<Expression> ParseInList(Expression operand, bool negated) {
    ICEFRAME_RETURN_NOT_OK(Expect("("));
    std::vector<Expression> items;
    while (!IsSymbol(")")) {
      if (!items.empty()) ICEFRAME_RETURN_NOT_OK(Expect(","));
      ICEFRAME_ASSIGN_OR_RETURN(Expression item, ParsePower(kPowerAlias + 1));
      items.push_back(std::move(item));
    }
    Take();
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

  Result<Expression> ParseAlias(Expression operand) {
    const Token token = Peek();
    const bool quoted = token.kind == TokenKind::kQuotedIdentifier;
    if (!quoted && (token.kind != TokenKind::kIdentifier || IsReservedWord(token.text))) {
      return Unexpected("a name");
    }
    return As(std::move(operand), Take().text);
  }

  Result<Expression> ParsePrefix(int min_power) {
    const Token token = Peek();
    switch (token.kind) {
      case TokenKind::kString:
        Take();
        return Lit(token.text);
      case TokenKind::kBlob:
        Take();
        return Lit(Type::Binary(), Value(token.text));
      case TokenKind::kNumber:
        Take();
        return NumberLiteral(token, token.text);
      case TokenKind::kQuotedIdentifier:
        return ParseColumnOrCall();
      case TokenKind::kIdentifier:
        return ParseWord(min_power);
      case TokenKind::kSymbol:
      case TokenKind::kEnd:
        break;
    }
    if (TakeSymbol("(")) {
      ICEFRAME_ASSIGN_OR_RETURN(Expression inner, ParsePower(0));
      ICEFRAME_RETURN_NOT_OK(Expect(")"));
      return inner;
    }
    if (IsSymbol("-") || IsSymbol("+")) return ParseSign();
    return Unexpected("a value");
  }

  Result<Expression> ParseSign() {
    const Token sign = Take();
    // A sign right before a number is part of it: the least long has no positive twin.
    if (Peek().kind == TokenKind::kNumber && !IsSymbol("::", 1)) {
      const Token number = Take();
      return NumberLiteral(number, sign.text == "-" ? "-" + number.text : number.text);
    }
    ICEFRAME_ASSIGN_OR_RETURN(Expression operand, ParsePower(kPowerNegate));
    if (sign.text == "+") return operand;
    return Checked(Function("negate", {std::move(operand)}), sign);
  }

  Result<Expression> NumberLiteral(const Token& token, const std::string& text) {
    if (text.find_first_of("eE") != std::string::npos) {
      auto value = ParseLiteralText(Type::Double(), text);
      if (!value.ok()) return Fail(token, "this number is beyond the range of a double");
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
      return Fail(token, "this number has more than 38 digits: write it with an exponent");
    }
    return Lit(decimal.type, std::move(decimal.value));
  }

  Result<Expression> ParseWord(int min_power) {
    const Token token = Peek();
    if (IsWord("not")) {
      if (min_power > kPowerNot) return Fail(token, "NOT needs parentheses here");
      Take();
      ICEFRAME_ASSIGN_OR_RETURN(Expression operand, ParsePower(kPowerNot));
      return Checked(Not(std::move(operand)), token);
    }
    if (TakeWord("true")) return True();
    if (TakeWord("false")) return False();
    if (TakeWord("null")) return NullLit();
    if (TakeWord("cast")) return ParseCast();
    if (IsReservedWord(token.text)) return Unexpected("a value");
    if (StartsTypedLiteral()) return ParseTypedLiteral();
    return ParseColumnOrCall();
  }

  Result<Expression> ParseCast() {
    ICEFRAME_RETURN_NOT_OK(Expect("("));
    ICEFRAME_ASSIGN_OR_RETURN(Expression operand, ParsePower(kPowerAlias + 1));
    if (!TakeWord("as")) return Unexpected("AS");
    ICEFRAME_ASSIGN_OR_RETURN(Type type, ParseType());
    ICEFRAME_RETURN_NOT_OK(Expect(")"));
    return Cast(std::move(operand), type);
  }

  /// A type's name with a string, or NULL, right behind it.
  bool StartsTypedLiteral() const {
    const std::string name = Lower(Peek().text);
    if (TakesParameters(name)) return IsSymbol("(", 1);
    if (SpellingOfType(name).empty() && name != "unknown") return false;
    return Peek(1).kind == TokenKind::kString || IsWord("null", 1);
  }

  Result<Expression> ParseTypedLiteral() {
    ICEFRAME_ASSIGN_OR_RETURN(Type type, ParseType());
    if (TakeWord("null")) return Lit(type, Value::Null());
    const Token token = Peek();
    if (token.kind != TokenKind::kString) return Unexpected("a string");
    Take();
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
      return Fail(token, message);
    }
    return Lit(type, std::move(*value));
  }

  Result<int32_t> ParseTypeParameter() {
    const Token token = Peek();
    int32_t value = 0;
    if (token.kind == TokenKind::kNumber) {
      const char* end = token.text.data() + token.text.size();
      const auto parsed = std::from_chars(token.text.data(), end, value);
      if (parsed.ec == std::errc() && parsed.ptr == end) {
        Take();
        return value;
      }
    }
    return Unexpected("a whole number");
  }

  Result<Type> ParseType() {
    const Token token = Peek();
    if (token.kind != TokenKind::kIdentifier) return Unexpected("a type");
    const std::string name = Lower(token.text);
    if (!TakesParameters(name)) {
      const std::string_view spelling = SpellingOfType(name);
      if (spelling.empty()) return Fail(token, "there is no type of this name");
      Take();
      return Type::ParsePrimitive(spelling);
    }
    Take();
    ICEFRAME_RETURN_NOT_OK(Expect("("));
    ICEFRAME_ASSIGN_OR_RETURN(int32_t first, ParseTypeParameter());
    int32_t second = 0;
    if (name != "fixed" && TakeSymbol(",")) {
      ICEFRAME_ASSIGN_OR_RETURN(second, ParseTypeParameter());
    }
    ICEFRAME_RETURN_NOT_OK(Expect(")"));
    auto type = name == "fixed" ? Type::Fixed(first) : Type::Decimal(first, second);
    if (!type.ok()) return Fail(token, type.status().message());
    return type;
  }

  Result<Expression> ParseColumnOrCall() {
    const Token first = Take();
    if (IsSymbol("(")) return ParseCall(first);
    std::string name = first.text;
    while (IsSymbol(".")) {
      Take();
      const Token part = Peek();
      if (part.kind != TokenKind::kIdentifier && part.kind != TokenKind::kQuotedIdentifier) {
        return Unexpected("a name");
      }
      Take();
      name += "." + part.text;
    }
    return Col(std::move(name));
  }

  Result<Expression> ParseCall(const Token& name) {
    Take();
    std::vector<Expression> arguments;
    while (!IsSymbol(")")) {
      if (!arguments.empty()) ICEFRAME_RETURN_NOT_OK(Expect(","));
      ICEFRAME_ASSIGN_OR_RETURN(Expression argument, ParsePower(kPowerAlias + 1));
      arguments.push_back(std::move(argument));
    }
    Take();
    return Checked(Function(name.text, std::move(arguments)), name);
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  size_t position_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<Expression> ParseExpression(std::string_view text) {
  if (text.size() > kMaxExpressionTextBytes) {
    return Error(ErrorKind::kInvalidArgument, "expression text is too long: ", text.size(),
                 " bytes, at most ", kMaxExpressionTextBytes);
  }
  if (!IsUtf8(text)) {
    return Error(ErrorKind::kInvalidArgument, "expression text must be valid UTF-8");
  }
  ICEFRAME_ASSIGN_OR_RETURN(std::vector<Token> tokens, TokenizeExpression(text));
  return Parser(text, std::move(tokens)).Run();
}

}  // namespace iceframe
