// SPDX-License-Identifier: Apache-2.0
// A Pratt parser: each operator has a binding power, AND and OR gather any number of operands in a
// loop. Grammar: docs/expressions.md.
#include "iceframe/expression/parse_expression.h"

#include "iceframe/base/utf8.h"
#include "iceframe/expression/expression_lexer.h"
#include "iceframe/expression/parse_expression_internal.h"
#include "iceframe/expression/parse_literal_internal.h"
#include "iceframe/expression/token_cursor_internal.h"
#include "iceframe/expression/window.h"

namespace iceframe {

namespace {

struct Infix {
  int power = -1;
  bool chains = true;
};

class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens) : cursor_(text, std::move(tokens)) {}

  Result<Expression> Run() {
    ICEFRAME_ASSIGN_OR_RETURN(Expression e, ParsePower(0));
    if (cursor_.Peek().kind != TokenKind::kEnd) return cursor_.Unexpected("an operator or the end");
    return e;
  }

  Result<std::vector<SortKey>> RunSortKeys() {
    ICEFRAME_ASSIGN_OR_RETURN(std::vector<SortKey> keys, ParseSortKeys());
    if (cursor_.Peek().kind != TokenKind::kEnd) {
      return cursor_.Unexpected("ASC, DESC, NULLS FIRST, NULLS LAST, a comma or the end");
    }
    return keys;
  }

 private:
  static constexpr int kMaxDepth = 200;

  /// Refuses what would be too deep, before more is built upon it.
  Result<Expression> Checked(Expression e, const Token& at) const {
    if (e.depth() > kMaxDepth) return cursor_.Fail(at, "this is nested more than 200 levels deep");
    return e;
  }

  Infix PeekInfix() const {
    const Token& token = cursor_.Peek();
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
    const size_t negated = cursor_.IsWord("not") ? 1 : 0;
    if (cursor_.IsWord("in", negated) || cursor_.IsWord("between", negated) ||
        cursor_.IsWord("like", negated) || cursor_.IsWord("ilike", negated) ||
        (cursor_.IsWord("starts", negated) && cursor_.IsWord("with", negated + 1))) {
      return {kPowerMatch, false};
    }
    if (negated != 0) return {};
    if (cursor_.IsWord("is")) return {kPowerIs, false};
    if (cursor_.IsWord("and")) return {kPowerAnd};
    if (cursor_.IsWord("or")) return {kPowerOr};
    if (cursor_.IsWord("as")) return {kPowerAlias, false};
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
    if (depth_ >= kMaxDepth)
      return cursor_.Fail(cursor_.Peek(), "this is nested more than 200 levels deep");
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
      const Token at = cursor_.Peek();
      if (!infix.chains && infix.power == last_unchained) {
        return cursor_.Fail(at, "this operator does not chain: use AND or parentheses");
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
    const std::string symbol = cursor_.Take().text;
    if (power == kPowerAlias) return ParseAlias(std::move(left));
    if (power == kPowerCast) {
      ICEFRAME_ASSIGN_OR_RETURN(Type type, internal::ParseTypeName(cursor_));
      return Cast(std::move(left), type);
    }
    ICEFRAME_ASSIGN_OR_RETURN(Expression right, ParsePower(power + 1));
    if (const auto op = ComparisonOf(symbol)) {
      return Compare(*op, std::move(left), std::move(right));
    }
    if (power == kPowerConcat) {
      return Function(kConcatSymbol, {std::move(left), std::move(right)});
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
    while (cursor_.TakeWord(word)) {
      ICEFRAME_ASSIGN_OR_RETURN(Expression next, ParsePower(power + 1));
      operands.push_back(std::move(next));
    }
    return Expression(Node{std::move(operands)});
  }

  Result<Expression> ParseIs(Expression operand) {
    cursor_.Take();
    const bool negated = cursor_.TakeWord("not");
    if (cursor_.TakeWord("null")) return Expression(IsNullNode{{std::move(operand)}, negated});
    if (cursor_.TakeWord("nan")) return Expression(IsNaNNode{{std::move(operand)}, negated});
    const bool is_true = cursor_.IsWord("true");
    if (!is_true && !cursor_.IsWord("false")) return cursor_.Unexpected("NULL, NAN, TRUE or FALSE");
    cursor_.Take();
    Expression condition = is_true ? std::move(operand) : Not(std::move(operand));
    Expression known = Function("coalesce", {std::move(condition), False()});
    return negated ? Not(std::move(known)) : known;
  }

  Result<Expression> ParseMatch(Expression operand) {
    const bool negated = cursor_.TakeWord("not");
    const std::string word = internal::LowerCase(cursor_.Take().text);
    if (word == "in") return ParseInList(std::move(operand), negated);
    if (word == "between") {
      ICEFRAME_ASSIGN_OR_RETURN(Expression low, ParsePower(kPowerMatch + 1));
      if (!cursor_.TakeWord("and")) return cursor_.Unexpected("AND");
      ICEFRAME_ASSIGN_OR_RETURN(Expression high, ParsePower(kPowerMatch + 1));
      Expression between = Between(std::move(operand), std::move(low), std::move(high));
      return negated ? Not(std::move(between)) : between;
    }
    if (word == "starts") {
      cursor_.Take();
      if (cursor_.Peek().kind != TokenKind::kString) return cursor_.Unexpected("a string");
      return Expression(StartsWithNode{{std::move(operand)}, cursor_.Take().text, negated});
    }
    ICEFRAME_ASSIGN_OR_RETURN(std::string pattern, ParsePattern());
    return Expression(LikeNode{{std::move(operand)}, std::move(pattern), negated, word == "ilike"});
  }

  /// A pattern with backslash as its escape, whichever it was written with.
  Result<std::string> ParsePattern() {
    const Token at = cursor_.Peek();
    if (at.kind != TokenKind::kString) return cursor_.Unexpected("a string");
    const std::string pattern = cursor_.Take().text;
    std::string escape;
    if (cursor_.TakeWord("escape")) {
      if (cursor_.Peek().kind != TokenKind::kString) return cursor_.Unexpected("a string");
      const Token token = cursor_.Take();
      escape = token.text;
      if (escape.size() > 1) return cursor_.Fail(token, "ESCAPE takes one ASCII character");
    }
    std::string translated;
    for (size_t i = 0; i < pattern.size(); ++i) {
      if (!escape.empty() && pattern[i] == escape[0]) {
        if (++i == pattern.size())
          return cursor_.Fail(at, "this pattern ends with its escape character");
        translated += '\\';
      } else if (pattern[i] == '\\') {
        translated += '\\';
      }
      translated += pattern[i];
    }
    return translated;
  }

  Result<Expression> ParseInList(Expression operand, bool negated) {
    ICEFRAME_RETURN_NOT_OK(cursor_.Expect("("));
    std::vector<Expression> items;
    while (!cursor_.IsSymbol(")")) {
      if (!items.empty()) ICEFRAME_RETURN_NOT_OK(cursor_.Expect(","));
      ICEFRAME_ASSIGN_OR_RETURN(Expression item, ParsePower(kPowerAlias + 1));
      items.push_back(std::move(item));
    }
    cursor_.Take();
    return InList(std::move(operand), std::move(items), negated);
  }

  Result<Expression> ParseAlias(Expression operand) {
    const Token token = cursor_.Peek();
    const bool quoted = token.kind == TokenKind::kQuotedIdentifier;
    if (!quoted && (token.kind != TokenKind::kIdentifier || IsReservedWord(token.text))) {
      return cursor_.Unexpected("a name");
    }
    return As(std::move(operand), cursor_.Take().text);
  }

  Result<Expression> ParsePrefix(int min_power) {
    const Token token = cursor_.Peek();
    switch (token.kind) {
      case TokenKind::kString:
        cursor_.Take();
        return Lit(token.text);
      case TokenKind::kBlob:
        cursor_.Take();
        return Lit(Type::Binary(), Value(token.text));
      case TokenKind::kNumber:
        cursor_.Take();
        return internal::ParseNumberLiteral(cursor_, token, token.text);
      case TokenKind::kQuotedIdentifier:
        return ParseColumnOrCall();
      case TokenKind::kIdentifier:
        return ParseWord(min_power);
      case TokenKind::kSymbol:
      case TokenKind::kEnd:
        break;
    }
    if (cursor_.TakeSymbol("(")) {
      ICEFRAME_ASSIGN_OR_RETURN(Expression inner, ParsePower(0));
      ICEFRAME_RETURN_NOT_OK(cursor_.Expect(")"));
      return inner;
    }
    if (cursor_.IsSymbol("-") || cursor_.IsSymbol("+")) return ParseSign();
    return cursor_.Unexpected("a value");
  }

  Result<Expression> ParseSign() {
    const Token sign = cursor_.Take();
    // A sign right before a number is part of it: the least long has no positive twin.
    if (cursor_.Peek().kind == TokenKind::kNumber && !cursor_.IsSymbol("::", 1)) {
      const Token number = cursor_.Take();
      return internal::ParseNumberLiteral(cursor_, number,
                                          sign.text == "-" ? "-" + number.text : number.text);
    }
    ICEFRAME_ASSIGN_OR_RETURN(Expression operand, ParsePower(kPowerNegate));
    if (sign.text == "+") return operand;
    return Checked(Function("negate", {std::move(operand)}), sign);
  }

  Result<Expression> ParseWord(int min_power) {
    const Token token = cursor_.Peek();
    if (cursor_.IsWord("not")) {
      if (min_power > kPowerNot) return cursor_.Fail(token, "NOT needs parentheses here");
      cursor_.Take();
      ICEFRAME_ASSIGN_OR_RETURN(Expression operand, ParsePower(kPowerNot));
      return Checked(Not(std::move(operand)), token);
    }
    if (cursor_.TakeWord("true")) return True();
    if (cursor_.TakeWord("false")) return False();
    if (cursor_.TakeWord("null")) return NullLit();
    if (cursor_.TakeWord("cast")) return ParseCast();
    if (cursor_.TakeWord("case")) return ParseCase(token);
    if (IsReservedWord(token.text)) return cursor_.Unexpected("a value");
    if (internal::StartsTypedLiteral(cursor_)) return internal::ParseTypedLiteral(cursor_);
    return ParseColumnOrCall();
  }

  Result<Expression> ParseCast() {
    ICEFRAME_RETURN_NOT_OK(cursor_.Expect("("));
    ICEFRAME_ASSIGN_OR_RETURN(Expression operand, ParsePower(kPowerAlias + 1));
    if (!cursor_.TakeWord("as")) return cursor_.Unexpected("AS");
    ICEFRAME_ASSIGN_OR_RETURN(Type type, internal::ParseTypeName(cursor_));
    ICEFRAME_RETURN_NOT_OK(cursor_.Expect(")"));
    return Cast(std::move(operand), type);
  }

  Result<Expression> ParseColumnOrCall() {
    const Token first = cursor_.Take();
    if (cursor_.IsSymbol("(")) return ParseCall(first);
    std::string name = first.text;
    while (cursor_.IsSymbol(".")) {
      cursor_.Take();
      const Token part = cursor_.Peek();
      if (part.kind != TokenKind::kIdentifier && part.kind != TokenKind::kQuotedIdentifier) {
        return cursor_.Unexpected("a name");
      }
      cursor_.Take();
      name += "." + part.text;
    }
    return Col(std::move(name));
  }

  /// CASE WHEN condition THEN value …, or CASE operand WHEN value THEN value ….
  Result<Expression> ParseCase(const Token& at) {
    std::optional<Expression> operand;
    if (!cursor_.IsWord("when")) {
      ICEFRAME_ASSIGN_OR_RETURN(operand, ParsePower(kPowerAlias + 1));
    }
    std::vector<CaseBranch> branches;
    while (cursor_.TakeWord("when")) {
      ICEFRAME_ASSIGN_OR_RETURN(Expression condition, ParsePower(kPowerAlias + 1));
      if (operand) condition = Equal(*operand, std::move(condition));
      if (!cursor_.TakeWord("then")) return cursor_.Unexpected("THEN");
      ICEFRAME_ASSIGN_OR_RETURN(Expression value, ParsePower(kPowerAlias + 1));
      branches.push_back({std::move(condition), std::move(value)});
    }
    if (branches.empty()) return cursor_.Unexpected("WHEN");
    Expression otherwise = NullLit();
    if (cursor_.TakeWord("else")) {
      ICEFRAME_ASSIGN_OR_RETURN(otherwise, ParsePower(kPowerAlias + 1));
    }
    if (!cursor_.TakeWord("end")) return cursor_.Unexpected("WHEN, ELSE or END");
    return Checked(Case(std::move(branches), std::move(otherwise)), at);
  }

  Result<std::vector<Expression>> ParseList() {
    std::vector<Expression> items;
    do {
      ICEFRAME_ASSIGN_OR_RETURN(Expression item, ParsePower(kPowerAlias + 1));
      items.push_back(std::move(item));
    } while (cursor_.TakeSymbol(","));
    return items;
  }

  Result<std::vector<SortKey>> ParseSortKeys() {
    std::vector<SortKey> keys;
    do {
      ICEFRAME_ASSIGN_OR_RETURN(Expression expression, ParsePower(kPowerAlias + 1));
      SortKey key = Asc(std::move(expression));
      if (!cursor_.TakeWord("asc")) key.descending = cursor_.TakeWord("desc");
      if (cursor_.TakeWord("nulls")) {
        key.nulls_last = cursor_.TakeWord("last");
        if (!key.nulls_last && !cursor_.TakeWord("first")) {
          return cursor_.Unexpected("FIRST or LAST");
        }
      }
      keys.push_back(std::move(key));
    } while (cursor_.TakeSymbol(","));
    return keys;
  }

  Result<Expression> ParseCall(const Token& name) {
    cursor_.Take();
    std::vector<Expression> arguments;
    std::string function = internal::LowerCase(name.text);
    if (function == "count" && cursor_.IsSymbol("*") && cursor_.IsSymbol(")", 1)) {
      cursor_.Take();
    } else if (cursor_.IsWord("distinct") && !EndsOperand(1)) {
      if (function != "count") {
        return cursor_.Fail(cursor_.Peek(), "DISTINCT is for count alone");
      }
      cursor_.Take();
      function = "count_distinct";
    }
    if (!cursor_.IsSymbol(")")) {
      ICEFRAME_ASSIGN_OR_RETURN(arguments, ParseList());
    }
    ICEFRAME_RETURN_NOT_OK(cursor_.Expect(")"));
    Expression call = Function(std::move(function), std::move(arguments));
    if (!cursor_.IsWord("over") || !cursor_.IsSymbol("(", 1)) {
      return Checked(std::move(call), name);
    }
    cursor_.Take();
    cursor_.Take();
    return ParseWindow(std::move(call), name);
  }

  /// Whether a word that may be a keyword stands alone, as a name does.
  bool EndsOperand(size_t ahead) const {
    const TokenKind kind = cursor_.Peek(ahead).kind;
    return (kind == TokenKind::kSymbol && !cursor_.IsSymbol("(", ahead)) || kind == TokenKind::kEnd;
  }

  Result<Expression> ParseWindow(Expression call, const Token& at) {
    std::vector<Expression> partition_by;
    std::vector<SortKey> order_by;
    if (cursor_.IsWord("partition") && cursor_.IsWord("by", 1)) {
      cursor_.Take();
      cursor_.Take();
      ICEFRAME_ASSIGN_OR_RETURN(partition_by, ParseList());
    }
    if (cursor_.IsWord("order") && cursor_.IsWord("by", 1)) {
      cursor_.Take();
      cursor_.Take();
      ICEFRAME_ASSIGN_OR_RETURN(order_by, ParseSortKeys());
    }
    if (!cursor_.TakeSymbol(")")) return cursor_.Unexpected("PARTITION BY, ORDER BY or ')'");
    return Checked(Over(std::move(call), std::move(partition_by), std::move(order_by)), at);
  }

  internal::TokenCursor cursor_;
  int depth_ = 0;
};

Result<std::vector<Token>> Tokenize(std::string_view text) {
  if (text.size() > kMaxExpressionTextBytes) {
    return Error(ErrorKind::kInvalidArgument, "expression text is too long: ", text.size(),
                 " bytes, at most ", kMaxExpressionTextBytes);
  }
  if (!IsUtf8(text)) {
    return Error(ErrorKind::kInvalidArgument, "expression text must be valid UTF-8");
  }
  return TokenizeExpression(text);
}

Result<Parser> MakeParser(std::string_view text) {
  ICEFRAME_ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(text));
  return Parser(text, std::move(tokens));
}

}  // namespace

Result<Expression> ParseExpression(std::string_view text) {
  ICEFRAME_ASSIGN_OR_RETURN(Parser parser, MakeParser(text));
  return parser.Run();
}

Result<Expression> ParseSelectItem(std::string_view text) { return ParseExpression(text); }

Result<Type> ParseType(std::string_view text) {
  ICEFRAME_ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(text));
  internal::TokenCursor cursor(text, std::move(tokens));
  ICEFRAME_ASSIGN_OR_RETURN(Type type, internal::ParseTypeName(cursor));
  if (cursor.Peek().kind != TokenKind::kEnd) return cursor.Unexpected("the end");
  return type;
}

Result<SortKey> ParseSortKey(std::string_view text) {
  ICEFRAME_ASSIGN_OR_RETURN(std::vector<SortKey> keys, ParseSortKeys(text));
  if (keys.size() != 1) {
    return Error(ErrorKind::kInvalidArgument, "one sort key is expected, not ", keys.size(), ": ",
                 text);
  }
  return keys[0];
}

Result<std::vector<SortKey>> ParseSortKeys(std::string_view text) {
  ICEFRAME_ASSIGN_OR_RETURN(Parser parser, MakeParser(text));
  return parser.RunSortKeys();
}

}  // namespace iceframe
