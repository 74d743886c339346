// SPDX-License-Identifier: Apache-2.0
// Typed access to the members of one JSON object; every error names the member.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "iceframe/base/json.h"
#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/base/strong_id.h"

namespace iceframe::internal {

inline Status ReadJson(const Json& json, bool* out) {
  ICEFRAME_ASSIGN_OR_RETURN(*out, json.AsBool());
  return Status::OK();
}
inline Status ReadJson(const Json& json, int32_t* out) {
  ICEFRAME_ASSIGN_OR_RETURN(*out, json.AsInt32());
  return Status::OK();
}
inline Status ReadJson(const Json& json, int64_t* out) {
  ICEFRAME_ASSIGN_OR_RETURN(*out, json.AsInt64());
  return Status::OK();
}
inline Status ReadJson(const Json& json, std::string* out) {
  ICEFRAME_ASSIGN_OR_RETURN(*out, json.AsString());
  return Status::OK();
}
template <typename Tag, typename Rep>
Status ReadJson(const Json& json, StrongId<Tag, Rep>* out) {
  Rep value = 0;
  ICEFRAME_RETURN_NOT_OK(ReadJson(json, &value));
  *out = StrongId<Tag, Rep>(value);
  return Status::OK();
}
/// Numbers and booleans are taken by their text, as some writers leave them unquoted.
Status ReadJson(const Json& json, Properties* out);

/// A view of one object; it must outlive the view.
class JsonFields {
 public:
  /// Errors: InvalidMetadata, "`what` is not a JSON object", also for nullptr.
  static Result<JsonFields> Make(const Json& json, std::string_view what);

  /// Returns whether the member is there and not null.
  bool Has(std::string_view key) const { return json_->Find(key) != nullptr; }
  const Json* Find(std::string_view key) const { return json_->Find(key); }
  const Json& json() const { return *json_; }

  /// The member as T: a bool, integer, std::string, strong id or Properties.
  template <typename T>
  Result<T> Required(std::string_view key) const {
    const Json* member = json_->Find(key);
    if (member == nullptr) return Missing(key);
    T value{};
    if (Status status = ReadJson(*member, &value); !status.ok()) return Wrong(key, status);
    return value;
  }
  /// nullopt where the member is absent or null.
  template <typename T>
  Result<std::optional<T>> Optional(std::string_view key) const {
    if (json_->Find(key) == nullptr) return std::optional<T>();
    ICEFRAME_ASSIGN_OR_RETURN(T value, Required<T>(key));
    return std::optional<T>(std::move(value));
  }
  template <typename T>
  Result<T> ValueOr(std::string_view key, T otherwise) const {
    if (json_->Find(key) == nullptr) return otherwise;
    return Required<T>(key);
  }
  /// An array of T; empty where the member is absent or null.
  template <typename T>
  Result<std::vector<T>> List(std::string_view key) const {
    return ListOf<T>(key, [](const Json& item) -> Result<T> {
      T value{};
      ICEFRAME_RETURN_NOT_OK(ReadJson(item, &value));
      return value;
    });
  }
  /// An array whose items `read` takes; empty where the member is absent or null.
  template <typename T, typename Read>
  Result<std::vector<T>> ListOf(std::string_view key, const Read& read) const {
    std::vector<T> values;
    const Json* member = json_->Find(key);
    if (member == nullptr) return values;
    if (!member->is_array()) return NotArray(key);
    values.reserve(member->items().size());
    for (const Json& item : member->items()) {
      Result<T> value = read(item);
      if (!value.ok()) return Wrong(key, value.status());
      values.push_back(std::move(value).ValueUnsafe());
    }
    return values;
  }
  /// An error says which field it is about; OK stays OK.
  Status InField(std::string_view key, const Status& status) const {
    return status.ok() ? status : Wrong(key, status);
  }

 private:
  JsonFields(const Json* json, std::string_view what) : json_(json), what_(what) {}
  Status Missing(std::string_view key) const;
  Status NotArray(std::string_view key) const;
  Status Wrong(std::string_view key, const Status& status) const;

  const Json* json_;
  std::string_view what_;
};

/// Adds the member only where there is a value.
template <typename Rep>
void AddOptional(Json* object, std::string_view key, const std::optional<Rep>& value) {
  if (value) object->Add(std::string(key), Json::Int(*value));
}
template <typename Tag, typename Rep>
void AddOptional(Json* object, std::string_view key,
                 const std::optional<StrongId<Tag, Rep>>& value) {
  if (value) object->Add(std::string(key), Json::Int(value->value()));
}
inline void AddOptional(Json* object, std::string_view key,
                        const std::optional<std::string>& value) {
  if (value) object->Add(std::string(key), Json::String(*value));
}

Json PropertiesToJson(const Properties& properties);

template <typename T>
Json IdsToJson(const std::vector<T>& ids) {
  Json array = Json::Array();
  for (const T& id : ids) {
    if constexpr (std::is_integral_v<T>) {
      array.Append(Json::Int(id));
    } else {
      array.Append(Json::Int(id.value()));
    }
  }
  return array;
}

/// The members of `json` that are not among `known`.
template <typename Names>
std::vector<Json::Member> UnknownMembers(const Json& json, const Names& known) {
  std::vector<Json::Member> unknown;
  for (const Json::Member& member : json.members()) {
    bool found = false;
    for (std::string_view name : known) found = found || name == member.first;
    if (!found) unknown.push_back(member);
  }
  return unknown;
}

}  // namespace iceframe::internal
