// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/json.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <new>

#include "iceframe/base/json_parser_internal.h"

namespace iceframe {

namespace {

constexpr size_t kMaxBytes = size_t{256} << 20;

Status Mismatch(std::string_view wanted) {
  return Error(ErrorKind::kInvalidMetadata, "unexpected JSON value, wanted ", wanted);
}

void AppendEscaped(unsigned char c, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      *out += "\\\"";
      return;
    case '\\':
      *out += "\\\\";
      return;
    case '\n':
      *out += "\\n";
      return;
    case '\r':
      *out += "\\r";
      return;
    case '\t':
      *out += "\\t";
      return;
    default:
      *out += "\\u00";
      *out += kHex[c >> 4];
      *out += kHex[c & 15];
  }
}

}  // namespace

Json Json::Bool(bool value) {
  Json json;
  json.kind_ = Kind::kBool;
  json.bool_ = value;
  return json;
}

Json Json::Int(int64_t value) { return Number(std::to_string(value)); }

Json Json::Double(double value) {
  char buffer[32];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return Number(error == std::errc() ? std::string(buffer, end) : "0");
}

Json Json::Number(std::string text) {
  Json json;
  json.kind_ = Kind::kNumber;
  json.text_ = std::move(text);
  return json;
}

Json Json::String(std::string value) {
  Json json;
  json.kind_ = Kind::kString;
  json.text_ = std::move(value);
  return json;
}

Json Json::Array(std::vector<Json> items) {
  Json json;
  json.kind_ = Kind::kArray;
  json.items_ = std::move(items);
  return json;
}

Json Json::Object(std::vector<Member> members) {
  Json json;
  json.kind_ = Kind::kObject;
  json.members_ = std::move(members);
  return json;
}

Result<Json> Json::Parse(std::string_view text) { return Parse(text, {}); }

Result<Json> Json::Parse(std::string_view text, const ItemVisitors& visitors) {
  if (text.size() > kMaxBytes) {
    return Error(ErrorKind::kInvalidMetadata, "JSON document is too large: ", text.size(),
                 " bytes, at most ", kMaxBytes);
  }
  try {
    return JsonParser(text, visitors).Parse();
  } catch (const std::bad_alloc&) {
    return Error(ErrorKind::kResourceExhausted, "not enough memory to parse JSON");
  }
}

std::optional<int64_t> Json::Item::Integer(std::string_view key) const {
  const auto member = std::find_if(members.begin(), members.end(),
                                   [&](const auto& named) { return named.first == key; });
  if (member == members.end()) return std::nullopt;
  int64_t value = 0;
  const char* end = member->second.data() + member->second.size();
  const auto [at, error] = std::from_chars(member->second.data(), end, value);
  return error == std::errc() && at == end ? std::optional(value) : std::nullopt;
}

Result<Json> Json::Item::Pick(std::span<const std::string_view> keys) const {
  if (!text.starts_with('{')) return Parse(text);
  Json picked = Object();
  for (const auto& [key, value] : members) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) continue;
    ICEFRAME_ASSIGN_OR_RETURN(Json json, Parse(value));
    picked.Add(key, std::move(json));
  }
  return picked;
}

Result<bool> Json::AsBool() const {
  if (kind_ != Kind::kBool) return Mismatch("true or false");
  return bool_;
}

Result<int64_t> Json::AsInt64() const {
  int64_t value = 0;
  const char* end = text_.data() + text_.size();
  if (kind_ == Kind::kNumber) {
    auto [stop, error] = std::from_chars(text_.data(), end, value);
    if (error == std::errc() && stop == end) return value;
  }
  return Mismatch("a 64-bit integer");
}

Result<int32_t> Json::AsInt32() const {
  ICEFRAME_ASSIGN_OR_RETURN(int64_t value, AsInt64());
  if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) {
    return Mismatch("a 32-bit integer");
  }
  return static_cast<int32_t>(value);
}

Result<double> Json::AsDouble() const {
  double value = 0;
  const char* end = text_.data() + text_.size();
  if (kind_ == Kind::kNumber) {
    auto [stop, error] = std::from_chars(text_.data(), end, value);
    if (error == std::errc() && stop == end) return value;
  }
  return Mismatch("a number");
}

Result<std::string> Json::AsString() const {
  if (kind_ != Kind::kString) return Mismatch("a string");
  return text_;
}

const Json* Json::Find(std::string_view key) const {
  for (const Member& member : members_) {
    if (member.first == key) return member.second.is_null() ? nullptr : &member.second;
  }
  return nullptr;
}

Result<const Json*> Json::Get(std::string_view key) const {
  const Json* member = Find(key);
  if (member == nullptr) {
    return Error(ErrorKind::kInvalidMetadata, "required field is missing: ", key);
  }
  return member;
}

void Json::Add(std::string key, Json value) {
  kind_ = Kind::kObject;
  members_.emplace_back(std::move(key), std::move(value));
}

void Json::Append(Json value) {
  kind_ = Kind::kArray;
  items_.push_back(std::move(value));
}

void AppendJsonString(std::string_view value, std::string* out) {
  *out += '"';
  for (char c : value) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == '"' || byte == '\\') {
      AppendEscaped(byte, out);
    } else {
      *out += c;
    }
  }
  *out += '"';
}

void Json::DumpTo(std::string* out) const {
  switch (kind_) {
    case Kind::kNull:
      *out += "null";
      return;
    case Kind::kBool:
      *out += bool_ ? "true" : "false";
      return;
    case Kind::kNumber:
      *out += text_;
      return;
    case Kind::kString:
      AppendJsonString(text_, out);
      return;
    case Kind::kArray: {
      *out += '[';
      for (size_t i = 0; i < items_.size(); ++i) {
        if (i > 0) *out += ',';
        items_[i].DumpTo(out);
      }
      *out += ']';
      return;
    }
    case Kind::kObject: {
      *out += '{';
      for (size_t i = 0; i < members_.size(); ++i) {
        if (i > 0) *out += ',';
        AppendJsonString(members_[i].first, out);
        *out += ':';
        members_[i].second.DumpTo(out);
      }
      *out += '}';
      return;
    }
  }
}

std::string Json::Dump() const {
  std::string out;
  DumpTo(&out);
  return out;
}

}  // namespace iceframe
