// SPDX-License-Identifier: Apache-2.0
// Reads JSON text (RFC 8259) into a Json.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "iceframe/base/json.h"
#include "iceframe/base/result.h"

namespace iceframe {

/// One pass over one document, which must be UTF-8 and outlive the parser.
///
/// The grammar is kept to the letter: no comments, no trailing commas, no lone surrogates. Limits
/// hold hostile text: the depth bounds the stack, the number of values the memory, which is some
/// 100 bytes for each.
class JsonParser {
 public:
  static constexpr size_t kMaxDepth = 100;
  static constexpr size_t kMaxValues = size_t{16} << 20;

  /// `visitors` must outlive the parser, too.
  explicit JsonParser(std::string_view text, const Json::ItemVisitors& visitors,
                      size_t max_values = kMaxValues)
      : begin_(text.data()),
        at_(text.data()),
        end_(text.data() + text.size()),
        visitors_(visitors),
        max_values_(max_values) {}

  Result<Json> Parse();

 private:
  Status Malformed(std::string_view what) const;
  void SkipSpace();
  /// Goes past `c` if it comes next.
  bool Take(char c);
  /// Each checks the grammar and goes past what it names. What was read is kept unless `out` is
  /// nullptr.
  Status ParseValue(size_t depth, Json* out);
  /// A value with the space before and after it.
  Status ParseSpacedValue(size_t depth, Json* out);
  Status ParseObject(size_t depth, Json* out);
  Status ParseArray(size_t depth, Json* out);
  Status ParseString(Json* out);
  Status ParseNumber(Json* out);
  Status ParseWord(std::string_view word, Json value, Json* out);
  /// What follows the opening quote, up to and with the closing one.
  Status ParseText(std::string* out);
  /// A member's key and colon.
  Status ParseKey(std::string* out);
  Status ParseMember(size_t depth, Json::Member* out);
  /// An array whose items go to `visit`, one at a time.
  Status VisitArray(size_t depth, const Json::ItemVisitor& visit);
  Status ParseItem(size_t depth, Json::Item* out);
  Status ParseItemMembers(size_t depth, Json::Item* out);
  Status ParseEscape(std::string* out);
  /// The four digits after \u.
  Result<uint32_t> ParseCodeUnit();
  /// Goes past digits; false if there is none.
  bool SkipDigits();

  const char* begin_;
  const char* at_;
  const char* end_;
  const Json::ItemVisitors& visitors_;
  size_t max_values_;
  size_t num_values_ = 0;
};

}  // namespace iceframe
