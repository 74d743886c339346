// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/name_mapping.h"

#include <algorithm>
#include <set>

#include "iceframe/format/json_fields_internal.h"

namespace iceframe {

namespace {

using internal::JsonFields;

const MappedField* FindAmong(const std::vector<MappedField>& fields, const std::string& name) {
  for (const MappedField& field : fields) {
    if (std::find(field.names.begin(), field.names.end(), name) != field.names.end()) {
      return &field;
    }
  }
  return nullptr;
}

std::vector<MappedField> MapFields(const std::vector<NestedField>& fields) {
  std::vector<MappedField> mapped;
  for (const NestedField& field : fields) {
    mapped.push_back({field.id, {field.name}, MapFields(field.type.fields())});
  }
  return mapped;
}

Result<std::vector<MappedField>> MappedFieldsFromJson(const std::vector<Json>& items,
                                                      std::set<FieldId>* ids) {
  std::vector<MappedField> mapped;
  std::set<std::string> names;
  for (const Json& item : items) {
    ICEFRAME_ASSIGN_OR_RETURN(auto fields, JsonFields::Make(item, "name mapping"));
    MappedField field;
    ICEFRAME_ASSIGN_OR_RETURN(field.field_id, fields.Optional<FieldId>("field-id"));
    ICEFRAME_ASSIGN_OR_RETURN(field.names, fields.List<std::string>("names"));
    if (field.field_id && !ids->insert(*field.field_id).second) {
      return Error(ErrorKind::kInvalidMetadata,
                   "name mapping has one field id twice: ", *field.field_id);
    }
    for (const std::string& name : field.names) {
      if (!names.insert(name).second) {
        return Error(ErrorKind::kInvalidMetadata, "name mapping has one name twice: ", name);
      }
    }
    if (const Json* children = fields.Find("fields")) {
      if (!children->is_array()) {
        return Error(ErrorKind::kInvalidMetadata, "fields of a name mapping are not an array");
      }
      ICEFRAME_ASSIGN_OR_RETURN(field.fields, MappedFieldsFromJson(children->items(), ids));
    }
    mapped.push_back(std::move(field));
  }
  return mapped;
}

Json MappedFieldsToJson(const std::vector<MappedField>& fields) {
  Json array = Json::Array();
  for (const MappedField& field : fields) {
    Json json = Json::Object();
    if (field.field_id) json.Add("field-id", Json::Int(*field.field_id));
    Json names = Json::Array();
    for (const std::string& name : field.names) names.Append(Json::String(name));
    json.Add("names", std::move(names));
    if (!field.fields.empty()) json.Add("fields", MappedFieldsToJson(field.fields));
    array.Append(std::move(json));
  }
  return array;
}

}  // namespace

const MappedField* NameMapping::Find(const std::vector<std::string>& path) const {
  const std::vector<MappedField>* level = &fields;
  const MappedField* found = nullptr;
  for (const std::string& name : path) {
    found = FindAmong(*level, name);
    if (found == nullptr) return nullptr;
    level = &found->fields;
  }
  return found;
}

NameMapping MakeNameMapping(const Schema& schema) {
  return NameMapping{MapFields(schema.fields())};
}

Result<NameMapping> NameMappingFromJson(std::string_view text) {
  ICEFRAME_ASSIGN_OR_RETURN(Json json, Json::Parse(text));
  if (!json.is_array()) {
    return Error(ErrorKind::kInvalidMetadata, "name mapping is not a JSON array");
  }
  std::set<FieldId> ids;
  NameMapping mapping;
  ICEFRAME_ASSIGN_OR_RETURN(mapping.fields, MappedFieldsFromJson(json.items(), &ids));
  return mapping;
}

std::string NameMappingToJson(const NameMapping& mapping) {
  return MappedFieldsToJson(mapping.fields).Dump();
}

}  // namespace iceframe
