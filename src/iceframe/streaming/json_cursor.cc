// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/json_cursor.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "iceframe/base/ascii.h"
#include "iceframe/base/utf8.h"

namespace iceframe {
namespace {

/// More digits than that don't fit a uint64.
constexpr int64_t kMaxExactDigits = 19;
/// What copying a text may write behind it.
constexpr int64_t kCopyMargin = 16;
/// Texts that end within so many bytes are not measured before they are copied.
constexpr size_t kShortBytes = 4096;
/// Exponents beyond that make no number that any type holds.
constexpr int64_t kMaxExponent = 1'000'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// Whether a byte of a text stands for itself.
bool IsPlain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

char* WriteUtf8(uint32_t code_point, char* out) {
  const auto write = [&out](uint32_t byte) { *out++ = static_cast<char>(byte); };
  const auto write_rest = [&](int shift) { write(0x80 | ((code_point >> shift) & 0x3F)); };
  if (code_point < 0x80) {
    write(code_point);
  } else if (code_point < 0x800) {
    write(0xC0 | (code_point >> 6));
    write_rest(0);
  } else if (code_point < 0x10000) {
    write(0xE0 | (code_point >> 12));
    write_rest(6);
    write_rest(0);
  } else {
    write(0xF0 | (code_point >> 18));
    write_rest(12);
    write_rest(6);
    write_rest(0);
  }
  return out;
}

#if defined(__SSE2__)
constexpr int64_t kBlock = 16;

__m128i LoadBlock(const char* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }

/// A bit for every byte that does not stand for itself.
unsigned SpecialBytes(__m128i block) {
  const __m128i quotes = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
  const __m128i backslashes = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
  const __m128i last_control = _mm_set1_epi8(0x1F);
  const __m128i controls = _mm_cmpeq_epi8(_mm_max_epu8(block, last_control), last_control);
  const __m128i special = _mm_or_si128(_mm_or_si128(quotes, backslashes), controls);
  return static_cast<unsigned>(_mm_movemask_epi8(special));
}
#endif

/// Copies what stands for itself; returns the end of the copy. The sixteen bytes behind it may be
/// written, too.
char* CopyPlain(const char** at, const char* end, char* out) {
  const char* from = *at;
#if defined(__SSE2__)
  while (end - from >= kBlock) {
    const __m128i block = LoadBlock(from);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), block);
    const unsigned special = SpecialBytes(block);
    if (special != 0) {
      const int plain = std::countr_zero(special);
      *at = from + plain;
      return out + plain;
    }
    from += kBlock;
    out += kBlock;
  }
#endif
  while (from != end && IsPlain(*from)) *out++ = *from++;
  *at = from;
  return out;
}

}  // namespace

bool JsonCursor::Begin(std::string_view text) {
  begin_ = at_ = text.data();
  end_ = at_ + text.size();
  if (!status_.ok()) status_ = Status::OK();
  if (text.size() > kMaxBytes) {
    return Fail(Error(ErrorKind::kInvalidData, "JSON is too long, at most ", kMaxBytes,
                      " bytes: ", text.size()));
  }
  if (!IsAscii(text) && !IsUtf8(text)) {
    return Fail(Error(ErrorKind::kInvalidData, "JSON is not valid UTF-8"));
  }
  return true;
}

bool JsonCursor::Fail(Status status) {
  if (status_.ok()) status_ = std::move(status);
  return false;
}

bool JsonCursor::Malformed(std::string_view wanted) {
  return Fail(Error(ErrorKind::kInvalidData, "malformed JSON, wanted ", wanted, ": at byte ",
                    at_ - begin_));
}

bool JsonCursor::ReadWord(std::string_view word) { return Take(word) || Malformed("a value"); }

bool JsonCursor::ReadNumber(JsonNumber* out) {
  const char* start = at_;
  out->negative = Take('-');
  uint64_t digits = 0;
  const auto read_digits = [&] {
    const char* first = at_;
    // Wraps around where there are too many: `is_exact` says so.
    for (; at_ != end_ && IsDigit(*at_); ++at_) {
      digits = digits * 10 + static_cast<uint64_t>(*at_ - '0');
    }
    return at_ - first;
  };
  int64_t num_digits = 1;
  if (!Take('0')) num_digits = read_digits();
  if (num_digits == 0) return Malformed(out->negative ? "a digit" : "a value");
  out->is_integer = true;
  out->exponent = 0;
  if (Take('.')) {
    const int64_t num_decimals = read_digits();
    if (num_decimals == 0) return Malformed("a digit");
    num_digits += num_decimals;
    out->exponent = -num_decimals;
    out->is_integer = false;
  }
  out->digits = digits;
  out->is_exact = num_digits <= kMaxExactDigits;
  if (peek() == 'e' || peek() == 'E') {
    ++at_;
    const bool negative = !Take('+') && Take('-');
    int64_t exponent = 0;
    const char* first = at_;
    for (; at_ != end_ && IsDigit(*at_); ++at_) {
      exponent = std::min(exponent * 10 + (*at_ - '0'), kMaxExponent);
    }
    if (at_ == first) return Malformed("a digit");
    out->exponent += negative ? -exponent : exponent;
    out->is_integer = false;
  }
  out->text = {start, static_cast<size_t>(at_ - start)};
  return true;
}

void JsonCursor::SkipPlain() {
#if defined(__SSE2__)
  for (; end_ - at_ >= kBlock; at_ += kBlock) {
    const unsigned special = SpecialBytes(LoadBlock(at_));
    if (special != 0) {
      at_ += std::countr_zero(special);
      return;
    }
  }
#endif
  while (at_ != end_ && IsPlain(*at_)) ++at_;
}

bool JsonCursor::BoundText(int64_t* num_bytes) {
  *num_bytes = static_cast<int64_t>(remaining()) + kCopyMargin;
  if (remaining() <= kShortBytes || peek() != '"') return true;
  const char* quote = at_;
  const bool ends = SkipText();
  // Escapes are longer than what they stand for.
  *num_bytes = at_ - quote + kCopyMargin;
  at_ = quote;
  return ends;
}

bool JsonCursor::CopyText(char* out, int64_t* num_bytes) {
  const char* start = out;
  if (!Take('"')) return Malformed("a text");
  for (;;) {
    out = CopyPlain(&at_, end_, out);
    if (Take('"')) break;
    if (!Take('\\')) return Malformed(done() ? "a quote" : "an escaped control character");
    if (!ReadEscape(&out)) return false;
  }
  *num_bytes = out - start;
  return true;
}

bool JsonCursor::ReadText(std::string* scratch, std::string_view* out) {
  if (peek() != '"') return Malformed("a text");
  const char* quote = at_++;
  SkipPlain();
  if (peek() == '"') {
    *out = {quote + 1, static_cast<size_t>(at_ - quote - 1)};
    ++at_;
    return true;
  }
  at_ = quote;
  int64_t num_bytes = 0;
  if (!BoundText(&num_bytes)) return false;
  if (scratch->size() < static_cast<size_t>(num_bytes)) {
    scratch->resize(static_cast<size_t>(num_bytes));
  }
  if (!CopyText(scratch->data(), &num_bytes)) return false;
  *out = {scratch->data(), static_cast<size_t>(num_bytes)};
  return true;
}

bool JsonCursor::SkipText() {
  ++at_;
  for (;;) {
    SkipPlain();
    if (Take('"')) return true;
    if (!Take('\\')) return Malformed(done() ? "a quote" : "an escaped control character");
    char unescaped[4];
    char* out = unescaped;
    if (!ReadEscape(&out)) return false;
  }
}

bool JsonCursor::ReadEscape(char** out) {
  constexpr std::string_view kEscapes = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  const size_t escape = done() ? std::string_view::npos : kEscapes.find(*at_);
  if (escape != std::string_view::npos) {
    ++at_;
    *(*out)++ = kMeanings[escape];
    return true;
  }
  if (!Take('u')) return Malformed("an escape");
  uint32_t code_point = 0;
  if (!ReadCodeUnit(&code_point)) return false;
  if (code_point >= 0xDC00 && code_point < 0xE000) return Malformed("a high surrogate first");
  if (code_point >= 0xD800 && code_point < 0xDC00) {
    uint32_t low = 0;
    if (!Take("\\u")) return Malformed("a low surrogate");
    if (!ReadCodeUnit(&low)) return false;
    if (low < 0xDC00 || low >= 0xE000) return Malformed("a low surrogate");
    code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
  }
  *out = WriteUtf8(code_point, *out);
  return true;
}

bool JsonCursor::ReadCodeUnit(uint32_t* out) {
  *out = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = done() ? -1 : HexDigit(*at_);
    if (digit < 0) return Malformed("four hex digits");
    *out = *out << 4 | static_cast<uint32_t>(digit);
    ++at_;
  }
  return true;
}

bool JsonCursor::SkipValue(int depth) {
  if (depth > kMaxDepth) {
    return Fail(Error(ErrorKind::kInvalidData, "JSON is nested too deeply, at most ", kMaxDepth));
  }
  JsonNumber number;
  switch (peek()) {
    case '{':
      return SkipMembers(depth);
    case '[':
      return SkipItems(depth);
    case '"':
      return SkipText();
    case 't':
      return ReadWord("true");
    case 'f':
      return ReadWord("false");
    case 'n':
      return ReadWord("null");
    default:
      return ReadNumber(&number);
  }
}

bool JsonCursor::SkipMembers(int depth) {
  ++at_;
  SkipSpace();
  if (Take('}')) return true;
  do {
    SkipSpace();
    if (peek() != '"') return Malformed("a key");
    if (!SkipText()) return false;
    SkipSpace();
    if (!Take(':')) return Malformed("a colon");
    SkipSpace();
    if (!SkipValue(depth + 1)) return false;
    SkipSpace();
  } while (Take(','));
  return Take('}') || Malformed("a comma or }");
}

bool JsonCursor::SkipItems(int depth) {
  ++at_;
  SkipSpace();
  if (Take(']')) return true;
  do {
    SkipSpace();
    if (!SkipValue(depth + 1)) return false;
    SkipSpace();
  } while (Take(','));
  return Take(']') || Malformed("a comma or ]");
}

bool JsonCursor::ReadEnd() {
  SkipSpace();
  return done() || Malformed("the end of the text");
}

}  // namespace iceframe
