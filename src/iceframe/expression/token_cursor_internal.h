// SPDX-License-Identifier: Apache-2.0
// Walking over the words of expression text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression_lexer.h"

namespace iceframe::internal {

std::string LowerCase(std::string_view text);

/// Where a parser stands in the text; words are compared without regard to case.
class TokenCursor {
 public:
  /// `text` must outlive the cursor; `tokens` are all of its words.
  TokenCursor(std::string_view text, std::vector<Token> tokens)
      : text_(text), tokens_(std::move(tokens)) {}

  const Token& Peek(size_t ahead = 0) const;
  Token Take();
  bool IsSymbol(std::string_view symbol, size_t ahead = 0) const;
  bool IsWord(std::string_view lower, size_t ahead = 0) const;
  bool TakeSymbol(std::string_view symbol);
  bool TakeWord(std::string_view lower);

  /// An error that points at the token.
  Status Fail(const Token& token, std::string_view message) const;
  /// An error that says what should stand here and what does.
  Status Unexpected(std::string_view wanted) const;
  /// Takes the symbol or fails.
  Status Expect(std::string_view symbol);

 private:
  std::string_view text_;
  std::vector<Token> tokens_;
  size_t position_ = 0;
};

}  // namespace iceframe::internal
