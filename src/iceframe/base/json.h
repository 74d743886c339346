// SPDX-License-Identifier: Apache-2.0
// A small JSON document: read, kept in order, written back without loss.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "iceframe/base/result.h"

namespace iceframe {

/// A JSON value. Numbers keep their text, objects their order; duplicate keys are refused.
class Json {
 public:
  enum class Kind : uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };
  using Member = std::pair<std::string, Json>;

  Json() = default;
  static Json Null() { return Json(); }
  static Json Bool(bool value);
  static Json Int(int64_t value);
  /// Written in the shortest form that reads back equal; must be finite.
  static Json Double(double value);
  /// A number by its text, which must be valid JSON.
  static Json Number(std::string text);
  static Json String(std::string value);
  static Json Array(std::vector<Json> items = {});
  static Json Object(std::vector<Member> members = {});

  /// Parses one document: at most 100 levels deep, 256 MiB, 16 Mi values.
  /// Errors: InvalidMetadata, naming what is wrong and where.
  static Result<Json> Parse(std::string_view text);
  struct Item;
  /// Takes an item of an array that is read one by one.
  using ItemVisitor = std::function<Status(const Item& item)>;
  using ItemVisitors = std::map<std::string, ItemVisitor, std::less<>>;
  /// As Parse, but the items of top-level members that have a visitor go to it as text, their
  /// grammar checked, and are not kept: such an array comes out empty. For long ones, whose tree
  /// would take many times their text. Errors: those of the visitors, too.
  static Result<Json> Parse(std::string_view text, const ItemVisitors& visitors);

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::kNull; }
  bool is_object() const { return kind_ == Kind::kObject; }
  bool is_array() const { return kind_ == Kind::kArray; }
  bool is_string() const { return kind_ == Kind::kString; }
  bool is_number() const { return kind_ == Kind::kNumber; }
  bool is_bool() const { return kind_ == Kind::kBool; }

  /// Each returns InvalidMetadata if the value is of another kind or out of range.
  Result<bool> AsBool() const;
  Result<int64_t> AsInt64() const;
  Result<int32_t> AsInt32() const;
  Result<double> AsDouble() const;
  Result<std::string> AsString() const;

  /// The text of a string or number; empty for other kinds.
  const std::string& text() const { return text_; }
  /// The items of an array; empty for other kinds.
  const std::vector<Json>& items() const { return items_; }
  std::vector<Json>& items() { return items_; }
  /// The members of an object in order; empty for other kinds.
  const std::vector<Member>& members() const { return members_; }
  std::vector<Member>& members() { return members_; }

  /// Returns the member named `key`, or nullptr (also when the member is JSON null).
  const Json* Find(std::string_view key) const;
  /// Returns the member named `key`, or InvalidMetadata that names it.
  Result<const Json*> Get(std::string_view key) const;

  /// Appends a member to an object; the caller keeps keys unique.
  void Add(std::string key, Json value);
  /// Appends an item to an array.
  void Append(Json value);

  /// Writes compact JSON, strings escaped as the JSON spec asks and UTF-8 kept.
  std::string Dump() const;
  void DumpTo(std::string* out) const;

  bool operator==(const Json&) const = default;

 private:
  Kind kind_ = Kind::kNull;
  bool bool_ = false;
  std::string text_;
  std::vector<Json> items_;
  std::vector<Member> members_;
};

/// An item that was gone past. Its views are valid during the visit.
struct Json::Item {
  /// From its first to its last character.
  std::string_view text;
  /// An object's members in order, each with its text, keys once each; empty for other kinds.
  std::vector<std::pair<std::string, std::string_view>> members;

  /// Returns the member that is an integer; nullopt where it is absent or anything else.
  std::optional<int64_t> Integer(std::string_view key) const;
  /// Returns an object of those members whose keys are among `keys`, in their order; another kind
  /// of value as it is.
  Result<Json> Pick(std::span<const std::string_view> keys) const;
};

/// Appends `value` as a quoted JSON string.
void AppendJsonString(std::string_view value, std::string* out);

}  // namespace iceframe
