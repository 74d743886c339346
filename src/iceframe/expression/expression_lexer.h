// SPDX-License-Identifier: Apache-2.0
// The words of expression text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"

namespace iceframe {

enum class TokenKind : uint8_t {
  kIdentifier,
  /// "…" or `…`: never a keyword.
  kQuotedIdentifier,
  kString,
  /// x'…': the bytes.
  kBlob,
  kNumber,
  /// An operator or a bracket.
  kSymbol,
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  /// Without quotes and escapes.
  std::string text;
  /// In bytes from the start of the text.
  size_t offset = 0;
  /// Where the token ends; a blank before the next one shows as a gap.
  size_t end = 0;
};

/// Splits the text; the last token is kEnd. Comments are not known. Errors: as ErrorAt.
Result<std::vector<Token>> TokenizeExpression(std::string_view text);

/// Returns an InvalidArgument that names the column (in characters, from 1) and shows the text
/// around it with a caret below.
Status ErrorAt(std::string_view text, size_t offset, std::string_view message);

}  // namespace iceframe
