// SPDX-License-Identifier: Apache-2.0
// UTF-8: checking it, and counting and cutting by code point.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace iceframe {

/// Returns whether `text` is valid UTF-8.
bool IsUtf8(std::string_view text);

/// Returns `text` with every byte that is not part of valid UTF-8 written as "\xHH".
std::string EscapeInvalidUtf8(std::string text);

/// Returns whether all bytes are ASCII; many times faster than IsUtf8, which then holds as well.
bool IsAscii(std::string_view text);

/// Returns whether a byte goes on with a code point that another began.
constexpr bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80; }

/// Returns how many code points valid UTF-8 has.
constexpr int64_t CountCodePoints(std::string_view text) {
  int64_t count = 0;
  for (const char c : text) count += IsContinuation(c) ? 0 : 1;
  return count;
}

/// Returns how many leading bytes hold the first `num_code_points` of valid UTF-8 (all bytes if
/// there are fewer).
inline size_t CodePointPrefix(std::string_view text, int64_t num_code_points) {
  // No text has more code points than bytes.
  if (static_cast<int64_t>(text.size()) <= num_code_points) return text.size();
  size_t i = 0;
  for (; i < text.size(); ++i) {
    if (!IsContinuation(text[i]) && num_code_points-- == 0) break;
  }
  return i;
}

}  // namespace iceframe
