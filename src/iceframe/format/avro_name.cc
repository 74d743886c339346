// SPDX-License-Identifier: Apache-2.0
// Names that Avro takes, from any column name.
#include <array>

#include "iceframe/format/avro_schema.h"

namespace iceframe {

namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

void AppendHex(uint32_t code, std::string* out) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  out->append("_x");
  int shift = 28;
  while (shift > 0 && (code >> shift) == 0) shift -= 4;
  for (; shift >= 0; shift -= 4) out->push_back(kDigits[(code >> shift) & 0xF]);
}

// The code point at `name[*position]`; a byte that is no valid UTF-8 stands for itself.
uint32_t NextCodePoint(std::string_view name, size_t* position) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(name[i]); };
  const uint8_t first = byte(*position);
  size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
  if (*position + length > name.size()) length = 1;
  static constexpr std::array<uint8_t, 5> kMask = {0, 0xFF, 0x1F, 0x0F, 0x07};
  uint32_t code = first & kMask[length];
  for (size_t i = 1; i < length; ++i) code = (code << 6) | (byte(*position + i) & 0x3Fu);
  *position += length;
  return code;
}

// Written as UTF-16 code units, which is how the reference implementation sees characters.
void AppendEscaped(uint32_t code, std::string* out) {
  if (code < 0x10000) return AppendHex(code, out);
  AppendHex(0xD800 + ((code - 0x10000) >> 10), out);
  AppendHex(0xDC00 + ((code - 0x10000) & 0x3FF), out);
}

}  // namespace

std::string SanitizeAvroName(std::string_view name) {
  std::string out;
  for (size_t i = 0; i < name.size();) {
    const char c = name[i];
    if (IsLetter(c) || (IsDigit(c) && i > 0)) {
      out.push_back(c);
      ++i;
    } else if (IsDigit(c)) {
      out.push_back('_');
      out.push_back(c);
      ++i;
    } else {
      AppendEscaped(NextCodePoint(name, &i), &out);
    }
  }
  return out.empty() ? "_" : out;
}

}  // namespace iceframe
