// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/utf8.h"

#include <cstring>

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

bool IsAscii(std::string_view text) {
  constexpr size_t kWords = 8;
  constexpr uint64_t kHighBits = 0x8080808080808080U;
  const char* at = text.data();
  size_t left = text.size();
  for (; left >= kWords * sizeof(uint64_t); left -= kWords * sizeof(uint64_t)) {
    uint64_t words[kWords];
    std::memcpy(words, at, sizeof(words));
    at += sizeof(words);
    uint64_t bits = 0;
    for (const uint64_t word : words) bits |= word;
    if ((bits & kHighBits) != 0) return false;
  }
  unsigned char bits = 0;
  for (; left > 0; --left, ++at) bits |= static_cast<unsigned char>(*at);
  return bits < 0x80;
}

}  // namespace iceframe
