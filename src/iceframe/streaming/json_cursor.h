// SPDX-License-Identifier: Apache-2.0
// Reads JSON text (RFC 8259) piece by piece, without making a tree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "iceframe/base/result.h"

namespace iceframe {

/// A number as it is written.
struct JsonNumber {
  std::string_view text;
  bool negative = false;
  /// Has neither fraction nor exponent.
  bool is_integer = false;
  /// Whether its value is ±digits × 10^exponent; else it has too many digits for that.
  bool is_exact = false;
  uint64_t digits = 0;
  int64_t exponent = 0;
};

/// A position in one document, whose text outlives it. Grammar and limits are those of
/// base/json.h.
///
/// Functions that return bool go past what they name, or return false and leave what was wrong in
/// `status()`.
class JsonCursor {
 public:
  static constexpr size_t kMaxBytes = size_t{256} << 20;
  static constexpr int kMaxDepth = 100;

  /// Begins a document. Fails if it is too long or not UTF-8.
  bool Begin(std::string_view text);
  /// InvalidData saying what was wrong, OK if nothing was.
  const Status& status() const { return status_; }
  /// Sets the status that stops the reading.
  bool Fail(Status status);
  /// Fails saying what the grammar wants here.
  bool Malformed(std::string_view wanted);

  bool done() const { return at_ == end_; }
  /// The next character, or NUL at the end.
  char peek() const { return at_ == end_ ? '\0' : *at_; }
  const char* position() const { return at_; }
  size_t remaining() const { return static_cast<size_t>(end_ - at_); }

  void SkipSpace() {
    while (at_ != end_ && static_cast<unsigned char>(*at_) <= ' ' && IsSpace(*at_)) ++at_;
  }
  /// Goes past `c` if it comes next; its absence is no failure.
  bool Take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  /// The same of several characters.
  bool Take(std::string_view text) {
    if (remaining() < text.size() || std::string_view(at_, text.size()) != text) return false;
    at_ += text.size();
    return true;
  }

  /// A word like `null`.
  bool ReadWord(std::string_view word);
  bool ReadNumber(JsonNumber* out);
  /// A string; the view is of the document or, where there are escapes, of `scratch`.
  bool ReadText(std::string* scratch, std::string_view* out);
  /// Finds how much room the string that comes next takes at most, without going past it.
  bool BoundText(int64_t* num_bytes);
  /// A string, unescaped into `out`, which has the room that BoundText asks for.
  bool CopyText(char* out, int64_t* num_bytes);
  /// Any value. Fails where it is nested too deeply; `depth` is its own.
  bool SkipValue(int depth);
  /// Checks that only space is left.
  bool ReadEnd();

 private:
  static bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

  /// Goes past what stands for itself, up to a quote, backslash or control character.
  void SkipPlain();
  bool SkipText();
  /// What follows a backslash; `out` moves on.
  bool ReadEscape(char** out);
  bool ReadCodeUnit(uint32_t* out);
  bool SkipMembers(int depth);
  bool SkipItems(int depth);

  const char* begin_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  Status status_;
};

}  // namespace iceframe
