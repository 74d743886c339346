// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/utf8.h"

#include <arrow/util/utf8.h>

namespace iceframe {

bool IsUtf8(std::string_view text) {
  // Arrow's tables are empty until then; without them every text would pass.
  static const bool kReady = [] {
    arrow::util::InitializeUTF8();
    return true;
  }();
  return kReady && arrow::util::ValidateUTF8(text);
}

std::string EscapeInvalidUtf8(std::string text) {
  if (IsUtf8(text)) return text;
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr size_t kMaxCodePointBytes = 4;
  std::string escaped;
  for (size_t i = 0; i < text.size();) {
    size_t length = 1;
    while (length <= kMaxCodePointBytes && !IsUtf8(std::string_view(text).substr(i, length))) {
      ++length;
    }
    if (length <= kMaxCodePointBytes) {
      escaped.append(text, i, length);
      i += length;
      continue;
    }
    const auto byte = static_cast<unsigned char>(text[i++]);
    escaped += "\\x";
    escaped += {kDigits[byte >> 4], kDigits[byte & 0x0F]};
  }
  return escaped;
}

}  // namespace iceframe
