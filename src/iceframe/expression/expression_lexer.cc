// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/expression_lexer.h"

#include <algorithm>

#include "iceframe/base/utf8.h"
#include "iceframe/types/value_text.h"

namespace iceframe {

namespace {

constexpr size_t kExcerptBefore = 40;
constexpr size_t kExcerptAfter = 24;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> Run() {
    std::vector<Token> tokens;
    while (true) {
      ICEFRAME_RETURN_NOT_OK(SkipBlanks());
      ICEFRAME_ASSIGN_OR_RETURN(Token token, Next());
      token.end = position_;
      const bool end = token.kind == TokenKind::kEnd;
      tokens.push_back(std::move(token));
      if (end) return tokens;
    }
  }

 private:
  static bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  bool IsAt(std::string_view symbol) const {
    return text_.substr(position_, symbol.size()) == symbol;
  }

  /// Blanks, comments to the end of a line (--) and comments in brackets, which nest as in SQL.
  Status SkipBlanks() {
    while (position_ < text_.size()) {
      if (IsAt("--")) {
        position_ = std::min(text_.find_first_of("\n\r", position_), text_.size());
      } else if (IsAt("/*")) {
        ICEFRAME_RETURN_NOT_OK(SkipComment());
      } else if (IsBlank(text_[position_])) {
        ++position_;
      } else {
        break;
      }
    }
    return Status::OK();
  }

  Status SkipComment() {
    const size_t start = position_;
    size_t depth = 0;
    while (position_ < text_.size()) {
      if (IsAt("/*")) {
        ++depth;
        position_ += 2;
      } else if (IsAt("*/")) {
        position_ += 2;
        if (--depth == 0) return Status::OK();
      } else {
        ++position_;
      }
    }
    return ErrorAt(text_, start, "this comment is never closed");
  }

  char At(size_t position) const { return position < text_.size() ? text_[position] : '\0'; }

  Result<Token> Next() {
    const size_t start = position_;
    if (start == text_.size()) return Token{TokenKind::kEnd, "", start, start};
    const char c = text_[start];
    if ((c == 'x' || c == 'X') && At(start + 1) == '\'') {
      ++position_;
      ICEFRAME_ASSIGN_OR_RETURN(std::string hex, Quoted('\''));
      auto bytes = BytesFromHex(hex);
      if (!bytes) return ErrorAt(text_, start, "not pairs of hexadecimal digits");
      return Token{TokenKind::kBlob, std::move(*bytes), start, 0};
    }
    if (IsLetter(c)) {
      while (position_ < text_.size() && (IsLetter(At(position_)) || IsDigit(At(position_)))) {
        ++position_;
      }
      return Token{TokenKind::kIdentifier, std::string(text_.substr(start, position_ - start)),
                   start, 0};
    }
    if (c == '\'') {
      ICEFRAME_ASSIGN_OR_RETURN(std::string string, Quoted('\''));
      return Token{TokenKind::kString, std::move(string), start, 0};
    }
    if (c == '"' || c == '`') {
      ICEFRAME_ASSIGN_OR_RETURN(std::string name, Quoted(c));
      return Token{TokenKind::kQuotedIdentifier, std::move(name), start, 0};
    }
    if (IsDigit(c) || (c == '.' && IsDigit(At(start + 1)))) return Number();
    return Symbol();
  }

  /// Reads from the quote on; two quotes stand for one.
  Result<std::string> Quoted(char quote) {
    const size_t start = position_++;
    std::string content;
    while (position_ < text_.size()) {
      const char c = text_[position_++];
      if (c != quote) {
        content += c;
      } else if (At(position_) == quote) {
        content += quote;
        ++position_;
      } else {
        return content;
      }
    }
    return ErrorAt(text_, start, "this quote is never closed");
  }

  Result<Token> Number() {
    const size_t start = position_;
    const auto digits = [this] {
      while (IsDigit(At(position_))) ++position_;
    };
    digits();
    if (At(position_) == '.') {
      ++position_;
      digits();
    }
    if (At(position_) == 'e' || At(position_) == 'E') {
      const size_t sign = At(position_ + 1) == '-' || At(position_ + 1) == '+' ? 1 : 0;
      if (IsDigit(At(position_ + 1 + sign))) {
        position_ += 1 + sign;
        digits();
      }
    }
    if (IsLetter(At(position_)) || At(position_) == '.') {
      return ErrorAt(text_, position_, "a number ends here, but what follows is no operator");
    }
    return Token{TokenKind::kNumber, std::string(text_.substr(start, position_ - start)), start, 0};
  }

  Result<Token> Symbol() {
    if (IsAt("*/")) return ErrorAt(text_, position_, "there is no comment to close");
    static constexpr std::string_view kSymbols[] = {
        "==", "!=", "<>", "<=", ">=", "||", "::", "=", "<", ">",
        "(",  ")",  ",",  "+",  "-",  "*",  "/",  "%", "."};
    for (const std::string_view symbol : kSymbols) {
      if (text_.substr(position_, symbol.size()) == symbol) {
        Token token{TokenKind::kSymbol, std::string(symbol), position_, 0};
        position_ += symbol.size();
        return token;
      }
    }
    return ErrorAt(text_, position_, "this character means nothing here");
  }

  std::string_view text_;
  size_t position_ = 0;
};

}  // namespace

Status ErrorAt(std::string_view text, size_t offset, std::string_view message) {
  offset = std::min(offset, text.size());
  const size_t column = CountCodePoints(text.substr(0, offset)) + 1;
  size_t first = offset > kExcerptBefore ? offset - kExcerptBefore : 0;
  size_t last = std::min(text.size(), offset + kExcerptAfter);
  while (first > 0 && IsContinuation(text[first])) --first;
  while (last < text.size() && IsContinuation(text[last])) ++last;
  std::string excerpt(text.substr(first, last - first));
  for (char& c : excerpt) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  const std::string lead = first > 0 ? "…" : "";
  const std::string blank(CountCodePoints(text.substr(first, offset - first)) + (first > 0 ? 1 : 0),
                          ' ');
  return Error(ErrorKind::kInvalidArgument, "expression can't be read: ", message, ", at column ",
               column, "\n  ", lead, excerpt, last < text.size() ? "…" : "", "\n  ", blank, "^");
}

Result<std::vector<Token>> TokenizeExpression(std::string_view text) { return Lexer(text).Run(); }

}  // namespace iceframe
