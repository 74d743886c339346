// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/avro_references.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "iceframe/base/json.h"

namespace iceframe {
namespace {

/// Json's own limit, which the result must keep.
constexpr int kMaxReferenceDepth = 100;

Result<Json> ParseSchema(std::string_view text) {
  Result<Json> json = Json::Parse(text);
  if (json.ok()) return json;
  return Error(ErrorKind::kInvalidData, "schema is not JSON: ", json.status().message());
}

/// A member's text; empty where it is absent or no text.
std::string TextOf(const Json& object, std::string_view key) {
  const Json* member = object.Find(key);
  return member != nullptr && member->is_string() ? member->text() : std::string();
}

bool IsNamedType(const Json& schema) {
  const std::string type = TextOf(schema, "type");
  return type == "record" || type == "error" || type == "enum" || type == "fixed";
}

std::string FullName(const std::string& name, const std::string& space) {
  if (space.empty() || name.find('.') != std::string::npos) return name;
  return space + "." + name;
}

/// The namespace of a named type, within which its fields are.
std::string SpaceOf(const Json& schema, const std::string& outer) {
  const std::string name = TextOf(schema, "name");
  const size_t dot = name.rfind('.');
  if (dot != std::string::npos) return name.substr(0, dot);
  return schema.Find("namespace") == nullptr ? outer : TextOf(schema, "namespace");
}

std::string NameOf(const Json& schema, const std::string& outer) {
  return FullName(TextOf(schema, "name"), SpaceOf(schema, outer));
}

class Inliner {
 public:
  Status Add(std::string_view text) {
    ICEFRAME_ASSIGN_OR_RETURN(Json schema, ParseSchema(text));
    if (!schema.is_object() || !IsNamedType(schema) || TextOf(schema, "name").empty()) {
      return Error(ErrorKind::kInvalidData, "a schema that is referred to has no name");
    }
    const std::string name = NameOf(schema, "");
    // Elsewhere it would take the namespace of what is around it.
    if (schema.Find("namespace") == nullptr) schema.Add("namespace", Json::String(""));
    others_.emplace(name, std::move(schema));
    return Status::OK();
  }

  Status Inline(const std::string& space, int depth, Json* schema) {
    if (depth > kMaxReferenceDepth) {
      return Error(ErrorKind::kInvalidData, "schemas that refer to each other are nested too ",
                   "deeply, at most ", kMaxReferenceDepth);
    }
    if (schema->is_string()) return InlineName(space, depth, schema);
    if (schema->is_array()) return InlineItems(space, depth, schema);
    if (!schema->is_object()) return Status::OK();
    if (IsNamedType(*schema)) {
      written_.insert(NameOf(*schema, space));
      return InlineFields(SpaceOf(*schema, space), depth, schema);
    }
    return InlineMembers({"type", "items", "values"}, space, depth, schema);
  }

 private:
  Status InlineName(const std::string& space, int depth, Json* schema) {
    const auto other = others_.find(FullName(schema->text(), space));
    if (other == others_.end() || written_.contains(other->first)) return Status::OK();
    *schema = other->second;
    return Inline("", depth, schema);
  }

  Status InlineItems(const std::string& space, int depth, Json* schema) {
    for (Json& item : schema->items()) ICEFRAME_RETURN_NOT_OK(Inline(space, depth + 1, &item));
    return Status::OK();
  }

  Status InlineFields(const std::string& space, int depth, Json* schema) {
    for (auto& [key, fields] : schema->members()) {
      if (key != "fields") continue;
      for (Json& field : fields.items()) {
        ICEFRAME_RETURN_NOT_OK(InlineMembers({"type"}, space, depth + 2, &field));
      }
    }
    return Status::OK();
  }

  Status InlineMembers(std::initializer_list<std::string_view> keys, const std::string& space,
                       int depth, Json* object) {
    for (auto& [key, value] : object->members()) {
      if (std::ranges::find(keys, key) == keys.end()) continue;
      ICEFRAME_RETURN_NOT_OK(Inline(space, depth + 1, &value));
    }
    return Status::OK();
  }

  std::map<std::string, Json> others_;
  /// Names of types that are written out already.
  std::set<std::string> written_;
};

}  // namespace

Result<std::string> WithReferencedTypes(std::string_view schema,
                                        std::span<const std::string> others) {
  ICEFRAME_ASSIGN_OR_RETURN(Json whole, ParseSchema(schema));
  Inliner inliner;
  for (const std::string& other : others) ICEFRAME_RETURN_NOT_OK(inliner.Add(other));
  ICEFRAME_RETURN_NOT_OK(inliner.Inline("", 1, &whole));
  return whole.Dump();
}

}  // namespace iceframe
