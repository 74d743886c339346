// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "iceframe/base/ascii.h"
#include "iceframe/base/json_parser_internal.h"
#include "iceframe/base/utf8.h"

namespace iceframe {
namespace {

/// Below this many members comparing all pairs costs less than sorting.
constexpr size_t kFewMembers = 12;

/// The depth of the document itself.
constexpr size_t kTopLevel = 1;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// Whether a byte of a text stands for itself.
bool IsPlain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

void AppendUtf8(uint32_t code_point, std::string* out) {
  const auto append = [out](uint32_t byte) { *out += static_cast<char>(byte); };
  const auto append_rest = [&](int shift) { append(0x80 | ((code_point >> shift) & 0x3F)); };
  if (code_point < 0x80) {
    append(code_point);
  } else if (code_point < 0x800) {
    append(0xC0 | (code_point >> 6));
    append_rest(0);
  } else if (code_point < 0x10000) {
    append(0xE0 | (code_point >> 12));
    append_rest(6);
    append_rest(0);
  } else {
    append(0xF0 | (code_point >> 18));
    append_rest(12);
    append_rest(6);
    append_rest(0);
  }
}

template <typename Member>
std::optional<std::string_view> RepeatedKey(const std::vector<Member>& members) {
  if (members.size() <= kFewMembers) {
    for (size_t i = 1; i < members.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (members[i].first == members[j].first) return members[i].first;
      }
    }
    return std::nullopt;
  }
  std::vector<std::string_view> keys;
  keys.reserve(members.size());
  for (const Member& member : members) keys.emplace_back(member.first);
  std::sort(keys.begin(), keys.end());
  const auto repeated = std::adjacent_find(keys.begin(), keys.end());
  if (repeated == keys.end()) return std::nullopt;
  return *repeated;
}

/// Of pairs of a key and a value.
template <typename Member>
Status CheckKeys(const std::vector<Member>& members) {
  const auto key = RepeatedKey(members);
  if (!key) return Status::OK();
  return Error(ErrorKind::kInvalidMetadata, "duplicate key in JSON object: ", *key);
}

}  // namespace

Status JsonParser::Malformed(std::string_view what) const {
  return Error(ErrorKind::kInvalidMetadata, "malformed JSON, wanted ", what, ": at byte ",
               at_ - begin_);
}

void JsonParser::SkipSpace() {
  while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
}

bool JsonParser::Take(char c) {
  if (at_ == end_ || *at_ != c) return false;
  ++at_;
  return true;
}

Result<Json> JsonParser::Parse() {
  if (!IsUtf8({begin_, static_cast<size_t>(end_ - begin_)})) return Malformed("UTF-8");
  Json json;
  ICEFRAME_RETURN_NOT_OK(ParseSpacedValue(kTopLevel, &json));
  if (at_ != end_) return Malformed("the end of the text");
  return json;
}

Status JsonParser::ParseSpacedValue(size_t depth, Json* out) {
  SkipSpace();
  ICEFRAME_RETURN_NOT_OK(ParseValue(depth, out));
  SkipSpace();
  return Status::OK();
}

Status JsonParser::ParseValue(size_t depth, Json* out) {
  if (depth > kMaxDepth) {
    return Error(ErrorKind::kInvalidMetadata, "JSON is nested too deeply, at most ", kMaxDepth);
  }
  if (out != nullptr && ++num_values_ > max_values_) {
    return Error(ErrorKind::kInvalidMetadata, "JSON holds too many values, at most ", max_values_);
  }
  switch (at_ == end_ ? '\0' : *at_) {
    case '{':
      return ParseObject(depth, out);
    case '[':
      return ParseArray(depth, out);
    case '"':
      return ParseString(out);
    case 't':
      return ParseWord("true", Json::Bool(true), out);
    case 'f':
      return ParseWord("false", Json::Bool(false), out);
    case 'n':
      return ParseWord("null", Json::Null(), out);
    default:
      return ParseNumber(out);
  }
}

Status JsonParser::ParseString(Json* out) {
  ++at_;
  if (out == nullptr) return ParseText(nullptr);
  std::string text;
  ICEFRAME_RETURN_NOT_OK(ParseText(&text));
  *out = Json::String(std::move(text));
  return Status::OK();
}

Status JsonParser::ParseObject(size_t depth, Json* out) {
  ++at_;
  std::vector<Json::Member> members;
  SkipSpace();
  if (!Take('}')) {
    do {
      Json::Member* member = nullptr;
      if (out != nullptr) member = &members.emplace_back(std::string(), Json());
      ICEFRAME_RETURN_NOT_OK(ParseMember(depth + 1, member));
    } while (Take(','));
    if (!Take('}')) return Malformed("a comma or }");
  }
  if (out == nullptr) return Status::OK();
  ICEFRAME_RETURN_NOT_OK(CheckKeys(members));
  *out = Json::Object(std::move(members));
  return Status::OK();
}

Status JsonParser::ParseKey(std::string* out) {
  SkipSpace();
  if (!Take('"')) return Malformed("a key");
  ICEFRAME_RETURN_NOT_OK(ParseText(out));
  SkipSpace();
  return Take(':') ? Status::OK() : Malformed("a colon");
}

Status JsonParser::ParseMember(size_t depth, Json::Member* out) {
  if (out == nullptr) {
    ICEFRAME_RETURN_NOT_OK(ParseKey(nullptr));
    return ParseSpacedValue(depth, nullptr);
  }
  ICEFRAME_RETURN_NOT_OK(ParseKey(&out->first));
  const auto visitor = depth == kTopLevel + 1 ? visitors_.find(out->first) : visitors_.end();
  if (visitor == visitors_.end()) return ParseSpacedValue(depth, &out->second);
  SkipSpace();
  if (at_ == end_ || *at_ != '[') return ParseSpacedValue(depth, &out->second);
  out->second = Json::Array();
  ICEFRAME_RETURN_NOT_OK(VisitArray(depth, visitor->second));
  SkipSpace();
  return Status::OK();
}

Status JsonParser::ParseArray(size_t depth, Json* out) {
  ++at_;
  std::vector<Json> items;
  SkipSpace();
  if (!Take(']')) {
    do {
      Json* item = out == nullptr ? nullptr : &items.emplace_back();
      ICEFRAME_RETURN_NOT_OK(ParseSpacedValue(depth + 1, item));
    } while (Take(','));
    if (!Take(']')) return Malformed("a comma or ]");
  }
  if (out != nullptr) *out = Json::Array(std::move(items));
  return Status::OK();
}

Status JsonParser::VisitArray(size_t depth, const Json::ItemVisitor& visit) {
  ++at_;
  SkipSpace();
  if (Take(']')) return Status::OK();
  Json::Item item;
  do {
    ICEFRAME_RETURN_NOT_OK(ParseItem(depth + 1, &item));
    ICEFRAME_RETURN_NOT_OK(visit(item));
  } while (Take(','));
  return Take(']') ? Status::OK() : Malformed("a comma or ]");
}

Status JsonParser::ParseItem(size_t depth, Json::Item* out) {
  out->members.clear();
  SkipSpace();
  const char* start = at_;
  const bool is_object = at_ != end_ && *at_ == '{';
  ICEFRAME_RETURN_NOT_OK(is_object ? ParseItemMembers(depth, out) : ParseValue(depth, nullptr));
  out->text = {start, at_};
  SkipSpace();
  return Status::OK();
}

Status JsonParser::ParseItemMembers(size_t depth, Json::Item* out) {
  ++at_;
  SkipSpace();
  if (Take('}')) return Status::OK();
  do {
    auto& member = out->members.emplace_back();
    ICEFRAME_RETURN_NOT_OK(ParseKey(&member.first));
    SkipSpace();
    const char* start = at_;
    ICEFRAME_RETURN_NOT_OK(ParseValue(depth + 1, nullptr));
    member.second = {start, at_};
    SkipSpace();
  } while (Take(','));
  if (!Take('}')) return Malformed("a comma or }");
  return CheckKeys(out->members);
}

bool JsonParser::SkipDigits() {
  const char* start = at_;
  while (at_ != end_ && IsDigit(*at_)) ++at_;
  return at_ != start;
}

// The text alone is kept: what reads it knows which type it wants.
Status JsonParser::ParseNumber(Json* out) {
  const char* start = at_;
  const bool negative = Take('-');
  if (!Take('0') && !SkipDigits()) return Malformed(negative ? "a digit" : "a value");
  if (Take('.') && !SkipDigits()) return Malformed("a digit");
  if (Take('e') || Take('E')) {
    if (!Take('+')) Take('-');
    if (!SkipDigits()) return Malformed("a digit");
  }
  if (out != nullptr) *out = Json::Number(std::string(start, at_));
  return Status::OK();
}

Status JsonParser::ParseWord(std::string_view word, Json value, Json* out) {
  if (!std::string_view(at_, static_cast<size_t>(end_ - at_)).starts_with(word)) {
    return Malformed("a value");
  }
  at_ += word.size();
  if (out != nullptr) *out = std::move(value);
  return Status::OK();
}

Status JsonParser::ParseText(std::string* out) {
  for (;;) {
    const char* start = at_;
    while (at_ != end_ && IsPlain(*at_)) ++at_;
    if (out != nullptr) out->append(start, at_);
    if (Take('"')) return Status::OK();
    if (!Take('\\')) return Malformed(at_ == end_ ? "a quote" : "an escaped control character");
    ICEFRAME_RETURN_NOT_OK(ParseEscape(out));
  }
}

Status JsonParser::ParseEscape(std::string* out) {
  constexpr std::string_view kEscapes = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (at_ == end_) return Malformed("an escape");
  const size_t escape = kEscapes.find(*at_);
  if (escape != std::string_view::npos) {
    ++at_;
    if (out != nullptr) *out += kMeanings[escape];
    return Status::OK();
  }
  if (!Take('u')) return Malformed("an escape");
  ICEFRAME_ASSIGN_OR_RETURN(uint32_t code_point, ParseCodeUnit());
  if (code_point >= 0xDC00 && code_point < 0xE000) return Malformed("a high surrogate first");
  if (code_point >= 0xD800 && code_point < 0xDC00) {
    if (!Take('\\') || !Take('u')) return Malformed("a low surrogate");
    ICEFRAME_ASSIGN_OR_RETURN(const uint32_t low, ParseCodeUnit());
    if (low < 0xDC00 || low >= 0xE000) return Malformed("a low surrogate");
    code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
  }
  if (out != nullptr) AppendUtf8(code_point, out);
  return Status::OK();
}

Result<uint32_t> JsonParser::ParseCodeUnit() {
  uint32_t unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = at_ == end_ ? -1 : HexDigit(*at_);
    if (digit < 0) return Malformed("four hex digits");
    unit = unit << 4 | static_cast<uint32_t>(digit);
    ++at_;
  }
  return unit;
}

}  // namespace iceframe
