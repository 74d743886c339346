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

/// Returns how many leading bytes hold the first `num_code_points` of valid UTF-8 (all bytes if
/// there are fewer).
inline size_t CodePointPrefix(std::string_view text, int64_t num_code_points) {
  // No text has more code points than bytes.
  if (static_cast<int64_t>(text.size()) <= num_code_points) return text.size();
  size_t i = 0;
  for (; i < text.size(); ++i) {
    const bool continues = (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80;
    if (!continues && num_code_points-- == 0) break;
  }
  return i;
}

}  // namespace iceframe
