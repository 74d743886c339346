// SPDX-License-Identifier: Apache-2.0
// Text by its ASCII characters alone, so that the answer depends on no locale.
#pragma once

#include <string>
#include <string_view>

namespace iceframe {

/// Returns `text` with A to Z as a to z.
std::string AsciiLower(std::string_view text);

/// Returns `text` without the characters of `blanks` at its ends.
std::string_view Trim(std::string_view text, std::string_view blanks = " \t\r\n");

/// Returns the value of a hexadecimal digit of either case, or -1.
constexpr int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace iceframe
