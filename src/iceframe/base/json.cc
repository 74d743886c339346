// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/json.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

#include <simdjson.h>

namespace iceframe {

namespace {

constexpr size_t kMaxDepth = 100;
constexpr size_t kMaxBytes = size_t{256} << 20;

Status Malformed(simdjson::error_code code) {
  return Error(ErrorKind::kInvalidMetadata, "malformed JSON: ", simdjson::error_message(code));
}

Status Mismatch(std::string_view wanted) {
  return Error(ErrorKind::kInvalidMetadata, "unexpected JSON value, wanted ", wanted);
}

Result<std::string> UnescapedKey(simdjson::ondemand::field& field) {
  std::string_view key;
  if (auto error = field.unescaped_key().get(key)) return Malformed(error);
  return std::string(key);
}

Result<Json> Convert(simdjson::ondemand::value value, size_t depth,
                     const Json::ItemVisitors* visitors = nullptr);

/// Finds keys that come twice: objects are small as a rule, so the set is made late.
class KeyCheck {
 public:
  bool IsNew(const std::vector<Json::Member>& members, const std::string& key) {
    if (members.size() < kFew) {
      return std::none_of(members.begin(), members.end(),
                          [&](const Json::Member& member) { return member.first == key; });
    }
    if (keys_.empty()) {
      for (const Json::Member& member : members) keys_.insert(member.first);
    }
    return keys_.insert(key).second;
  }

 private:
  static constexpr size_t kFew = 24;
  std::set<std::string, std::less<>> keys_;
};

/// Hands over the items of an array; what is no array is converted.
Result<Json> VisitItems(simdjson::ondemand::value value, size_t depth,
                        const Json::ItemVisitor& visit) {
  simdjson::ondemand::json_type type;
  if (auto error = value.type().get(type)) return Malformed(error);
  if (type != simdjson::ondemand::json_type::array) return Convert(value, depth);
  simdjson::ondemand::array array;
  if (auto error = value.get_array().get(array)) return Malformed(error);
  for (auto item : array) {
    simdjson::ondemand::value element;
    if (auto error = std::move(item).get(element)) return Malformed(error);
    ICEFRAME_ASSIGN_OR_RETURN(const Json converted, Convert(element, depth + 1));
    ICEFRAME_RETURN_NOT_OK(visit(converted));
  }
  return Json::Array();
}

Result<Json> ConvertObject(simdjson::ondemand::object object, size_t depth,
                           const Json::ItemVisitors* visitors) {
  std::vector<Json::Member> members;
  KeyCheck keys;
  for (auto item : object) {
    simdjson::ondemand::field field;
    if (auto error = std::move(item).get(field)) return Malformed(error);
    ICEFRAME_ASSIGN_OR_RETURN(std::string key, UnescapedKey(field));
    if (!keys.IsNew(members, key)) {
      return Error(ErrorKind::kInvalidMetadata, "duplicate key in JSON object: ", key);
    }
    Result<Json> member = Json();
    if (visitors == nullptr || !visitors->contains(key)) {
      member = Convert(field.value(), depth + 1);
    } else {
      member = VisitItems(field.value(), depth + 1, visitors->find(key)->second);
    }
    ICEFRAME_RETURN_NOT_OK(member.status());
    members.emplace_back(std::move(key), std::move(member).MoveValueUnsafe());
  }
  return Json::Object(std::move(members));
}

Result<Json> ConvertArray(simdjson::ondemand::array array, size_t depth) {
  std::vector<Json> items;
  for (auto item : array) {
    simdjson::ondemand::value value;
    if (auto error = std::move(item).get(value)) return Malformed(error);
    ICEFRAME_ASSIGN_OR_RETURN(Json element, Convert(value, depth + 1));
    items.push_back(std::move(element));
  }
  return Json::Array(std::move(items));
}

// Checks the number against the grammar and keeps its text.
template <typename Source>
Result<Json> ConvertNumber(Source& value, std::string_view token) {
  double as_double = 0;
  if (auto error = value.get_double().get(as_double)) return Malformed(error);
  while (!token.empty() && std::isspace(static_cast<unsigned char>(token.back()))) {
    token.remove_suffix(1);
  }
  return Json::Number(std::string(token));
}

template <typename Source>
Result<Json> ConvertScalarOrNested(Source& value, std::string_view token, size_t depth,
                                   const Json::ItemVisitors* visitors = nullptr) {
  simdjson::ondemand::json_type type;
  if (auto error = value.type().get(type)) return Malformed(error);
  switch (type) {
    case simdjson::ondemand::json_type::object: {
      simdjson::ondemand::object object;
      if (auto error = value.get_object().get(object)) return Malformed(error);
      return ConvertObject(object, depth, visitors);
    }
    case simdjson::ondemand::json_type::array: {
      simdjson::ondemand::array array;
      if (auto error = value.get_array().get(array)) return Malformed(error);
      return ConvertArray(array, depth);
    }
    case simdjson::ondemand::json_type::string: {
      std::string_view text;
      if (auto error = value.get_string().get(text)) return Malformed(error);
      return Json::String(std::string(text));
    }
    case simdjson::ondemand::json_type::number:
      return ConvertNumber(value, token);
    case simdjson::ondemand::json_type::boolean: {
      bool flag = false;
      if (auto error = value.get_bool().get(flag)) return Malformed(error);
      return Json::Bool(flag);
    }
    case simdjson::ondemand::json_type::null:
      if (!value.is_null()) return Mismatch("null");
      return Json::Null();
  }
  return Mismatch("a JSON value");
}

Result<Json> Convert(simdjson::ondemand::value value, size_t depth,
                     const Json::ItemVisitors* visitors) {
  // simdjson only asserts this in debug builds.
  if (depth > kMaxDepth) {
    return Error(ErrorKind::kInvalidMetadata, "JSON is nested too deeply, at most ", kMaxDepth);
  }
  std::string_view token = value.raw_json_token();
  return ConvertScalarOrNested(value, token, depth, visitors);
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
    simdjson::ondemand::parser parser(kMaxBytes + 64);
    if (auto error = parser.allocate(std::max<size_t>(text.size(), 64), kMaxDepth + 8)) {
      return Malformed(error);
    }
    simdjson::padded_string padded(text);
    simdjson::ondemand::document document;
    if (auto error = parser.iterate(padded).get(document)) return Malformed(error);
    bool scalar = false;
    if (auto error = document.is_scalar().get(scalar)) return Malformed(error);
    Json json;
    if (scalar) {
      std::string_view token;
      if (auto error = document.raw_json_token().get(token)) return Malformed(error);
      ICEFRAME_ASSIGN_OR_RETURN(json, ConvertScalarOrNested(document, token, 1));
    } else {
      simdjson::ondemand::value root;
      if (auto error = document.get_value().get(root)) return Malformed(error);
      ICEFRAME_ASSIGN_OR_RETURN(json, Convert(root, 1, &visitors));
    }
    const char* rest = nullptr;
    if (document.current_location().get(rest) == simdjson::SUCCESS) {
      return Error(ErrorKind::kInvalidMetadata, "malformed JSON: text after the document");
    }
    return json;
  } catch (const simdjson::simdjson_error& error) {
    return Malformed(error.error());
  } catch (const std::bad_alloc&) {
    return Error(ErrorKind::kResourceExhausted, "not enough memory to parse JSON");
  }
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
