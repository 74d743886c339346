// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "iceframe/expression/token_cursor_internal.h"

namespace iceframe::internal {

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

const Token& TokenCursor::Peek(size_t ahead) const {
  return tokens_[std::min(position_ + ahead, tokens_.size() - 1)];
}

Token TokenCursor::Take() {
  Token token = Peek();
  if (position_ + 1 < tokens_.size()) ++position_;
  return token;
}

bool TokenCursor::IsSymbol(std::string_view symbol, size_t ahead) const {
  return Peek(ahead).kind == TokenKind::kSymbol && Peek(ahead).text == symbol;
}

bool TokenCursor::IsWord(std::string_view lower, size_t ahead) const {
  const Token& token = Peek(ahead);
  return token.kind == TokenKind::kIdentifier && token.text.size() == lower.size() &&
         LowerCase(token.text) == lower;
}

bool TokenCursor::TakeSymbol(std::string_view symbol) {
  if (!IsSymbol(symbol)) return false;
  Take();
  return true;
}

bool TokenCursor::TakeWord(std::string_view lower) {
  if (!IsWord(lower)) return false;
  Take();
  return true;
}

Status TokenCursor::Fail(const Token& token, std::string_view message) const {
  return ErrorAt(text_, token.offset, message);
}

Status TokenCursor::Unexpected(std::string_view wanted) const {
  const Token& token = Peek();
  std::string found = token.kind == TokenKind::kEnd
                          ? std::string("but the text ends")
                          : "not '" +
                                std::string(text_.substr(
                                    token.offset, std::min<size_t>(token.end - token.offset, 40))) +
                                "'";
  return Fail(token, std::string(wanted) + " is expected, " + found);
}

Status TokenCursor::Expect(std::string_view symbol) {
  if (TakeSymbol(symbol)) return Status::OK();
  return Unexpected("'" + std::string(symbol) + "'");
}

}  // namespace iceframe::internal
