// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/json_fields_internal.h"

namespace iceframe::internal {

Status ReadJson(const Json& json, Properties* out) {
  if (!json.is_object()) {
    return Error(ErrorKind::kInvalidMetadata, "unexpected JSON value, wanted an object of strings");
  }
  for (const auto& [key, value] : json.members()) {
    if (value.is_string() || value.is_number()) {
      out->insert_or_assign(key, value.text());
    } else if (value.is_bool()) {
      ICEFRAME_ASSIGN_OR_RETURN(bool flag, value.AsBool());
      out->insert_or_assign(key, flag ? "true" : "false");
    } else {
      return Error(ErrorKind::kInvalidMetadata, "unexpected JSON value, wanted a string: ", key);
    }
  }
  return Status::OK();
}

Result<JsonFields> JsonFields::Make(const Json& json, std::string_view what) {
  if (!json.is_object()) {
    return Error(ErrorKind::kInvalidMetadata, "not a JSON object: ", what);
  }
  return JsonFields(&json, what);
}

Status JsonFields::Missing(std::string_view key) const {
  return Error(ErrorKind::kInvalidMetadata, "required field of ", what_, " is missing: ", key);
}

Status JsonFields::NotArray(std::string_view key) const {
  return Error(ErrorKind::kInvalidMetadata, "field of ", what_, " is not an array: ", key);
}

Status JsonFields::Wrong(std::string_view key, const Status& status) const {
  return WithContext(status, internal::Concatenate("field of ", what_), key);
}

Json PropertiesToJson(const Properties& properties) {
  Json object = Json::Object();
  for (const auto& [key, value] : properties) object.Add(key, Json::String(value));
  return object;
}

}  // namespace iceframe::internal
