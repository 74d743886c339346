// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/schema_json.h"

#include <utility>

#include "iceframe/types/single_value.h"

namespace iceframe {

namespace {

// A default that can't be written as JSON can't have been read from it; null stands for none.
void AddDefault(const char* key, const Type& type, const std::optional<Value>& value, Json* json) {
  if (!value || value->is_null()) return;
  Result<Json> written = ToSingleValueJson(type, *value);
  if (written.ok()) json->Add(key, std::move(written).MoveValueUnsafe());
}

Json FieldToJson(const NestedField& field) {
  Json json = Json::Object();
  json.Add("id", Json::Int(field.id));
  json.Add("name", Json::String(field.name));
  json.Add("required", Json::Bool(field.required));
  json.Add("type", TypeToJson(field.type));
  if (!field.doc.empty()) json.Add("doc", Json::String(field.doc));
  AddDefault("initial-default", field.type, field.initial_default, &json);
  AddDefault("write-default", field.type, field.write_default, &json);
  return json;
}

Json FieldsToJson(const std::vector<NestedField>& fields) {
  Json json = Json::Array();
  for (const NestedField& field : fields) json.Append(FieldToJson(field));
  return json;
}

Result<std::optional<Value>> ReadDefault(const Json& json, const char* key, const Type& type) {
  const Json* value = json.Find(key);
  if (value == nullptr) return std::optional<Value>();
  ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(Value parsed, FromSingleValueJson(type, *value), "default",
                                    key);
  return std::optional<Value>(std::move(parsed));
}

Result<FieldId> ReadId(const Json& json, const char* key) {
  ICEFRAME_ASSIGN_OR_RETURN(const Json* id, json.Get(key));
  return id->AsInt32();
}

Result<bool> ReadBool(const Json& json, const char* key) {
  ICEFRAME_ASSIGN_OR_RETURN(const Json* flag, json.Get(key));
  return flag->AsBool();
}

Result<Type> ReadType(const Json& json, const char* key) {
  ICEFRAME_ASSIGN_OR_RETURN(const Json* type, json.Get(key));
  return TypeFromJson(*type);
}

Result<NestedField> FieldFromJson(const Json& json) {
  NestedField field;
  ICEFRAME_ASSIGN_OR_RETURN(const Json* name, json.Get("name"));
  ICEFRAME_ASSIGN_OR_RETURN(field.name, name->AsString());
  ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(field.id, ReadId(json, "id"), "field", field.name);
  ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(field.required, ReadBool(json, "required"), "field",
                                    field.name);
  ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(field.type, ReadType(json, "type"), "field", field.name);
  if (const Json* doc = json.Find("doc")) {
    ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(field.doc, doc->AsString(), "field", field.name);
  }
  ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(
      field.initial_default, ReadDefault(json, "initial-default", field.type), "field", field.name);
  ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(
      field.write_default, ReadDefault(json, "write-default", field.type), "field", field.name);
  return field;
}

Result<std::vector<NestedField>> FieldsFromJson(const Json& json) {
  ICEFRAME_ASSIGN_OR_RETURN(const Json* items, json.Get("fields"));
  if (!items->is_array()) {
    return Error(ErrorKind::kInvalidMetadata, "the fields of a struct must be a JSON array");
  }
  std::vector<NestedField> fields;
  fields.reserve(items->items().size());
  for (const Json& item : items->items()) {
    ICEFRAME_ASSIGN_OR_RETURN(NestedField field, FieldFromJson(item));
    fields.push_back(std::move(field));
  }
  return fields;
}

Result<Type> ListFromJson(const Json& json) {
  NestedField element;
  ICEFRAME_ASSIGN_OR_RETURN(element.id, ReadId(json, "element-id"));
  ICEFRAME_ASSIGN_OR_RETURN(element.required, ReadBool(json, "element-required"));
  ICEFRAME_ASSIGN_OR_RETURN(element.type, ReadType(json, "element"));
  return Type::List(std::move(element));
}

Result<Type> MapFromJson(const Json& json) {
  NestedField key;
  NestedField value;
  ICEFRAME_ASSIGN_OR_RETURN(key.id, ReadId(json, "key-id"));
  ICEFRAME_ASSIGN_OR_RETURN(key.type, ReadType(json, "key"));
  ICEFRAME_ASSIGN_OR_RETURN(value.id, ReadId(json, "value-id"));
  ICEFRAME_ASSIGN_OR_RETURN(value.required, ReadBool(json, "value-required"));
  ICEFRAME_ASSIGN_OR_RETURN(value.type, ReadType(json, "value"));
  return Type::Map(std::move(key), std::move(value));
}

// What is wrong with a schema that was read is wrong with the metadata.
Status AsMetadataError(const Status& status) {
  return Error(ErrorKind::kInvalidMetadata, status.message());
}

}  // namespace

Json TypeToJson(const Type& type) {
  if (type.is_primitive()) return Json::String(type.ToString());
  const std::vector<NestedField>& fields = type.fields();
  Json json = Json::Object();
  if (type.id() == TypeId::kStruct) {
    json.Add("type", Json::String("struct"));
    json.Add("fields", FieldsToJson(fields));
  } else if (type.id() == TypeId::kList) {
    json.Add("type", Json::String("list"));
    json.Add("element-id", Json::Int(fields[0].id));
    json.Add("element", TypeToJson(fields[0].type));
    json.Add("element-required", Json::Bool(fields[0].required));
  } else {
    json.Add("type", Json::String("map"));
    json.Add("key-id", Json::Int(fields[0].id));
    json.Add("key", TypeToJson(fields[0].type));
    json.Add("value-id", Json::Int(fields[1].id));
    json.Add("value", TypeToJson(fields[1].type));
    json.Add("value-required", Json::Bool(fields[1].required));
  }
  return json;
}

Result<Type> TypeFromJson(const Json& json) {
  if (json.is_string()) {
    Result<Type> type = Type::ParsePrimitive(json.text());
    return type.ok() ? type : AsMetadataError(type.status());
  }
  if (!json.is_object()) {
    return Error(ErrorKind::kInvalidMetadata,
                 "a type must be a JSON string or object: ", json.Dump().substr(0, 80));
  }
  ICEFRAME_ASSIGN_OR_RETURN(const Json* kind, json.Get("type"));
  if (kind->text() == "struct") {
    ICEFRAME_ASSIGN_OR_RETURN(std::vector<NestedField> fields, FieldsFromJson(json));
    return Type::Struct(std::move(fields));
  }
  if (kind->text() == "list") return ListFromJson(json);
  if (kind->text() == "map") return MapFromJson(json);
  return Error(ErrorKind::kInvalidMetadata,
               "not an Iceberg nested type: ", kind->Dump().substr(0, 80));
}

Json SchemaToJson(const Schema& schema) {
  Json json = Json::Object();
  json.Add("type", Json::String("struct"));
  json.Add("schema-id", Json::Int(schema.schema_id().value()));
  json.Add("fields", FieldsToJson(schema.fields()));
  if (!schema.identifier_field_ids().empty()) {
    Json ids = Json::Array();
    for (FieldId id : schema.identifier_field_ids()) ids.Append(Json::Int(id));
    json.Add("identifier-field-ids", std::move(ids));
  }
  return json;
}

Result<std::shared_ptr<const Schema>> SchemaFromJson(const Json& json) {
  if (!json.is_object()) {
    return Error(ErrorKind::kInvalidMetadata, "a schema must be a JSON object");
  }
  if (const Json* type = json.Find("type"); type != nullptr && type->text() != "struct") {
    return Error(ErrorKind::kInvalidMetadata, "a schema must be a struct: ", type->text());
  }
  SchemaId schema_id;
  if (const Json* id = json.Find("schema-id")) {
    ICEFRAME_ASSIGN_OR_RETURN(const int32_t number, id->AsInt32());
    schema_id = SchemaId(number);
  }
  ICEFRAME_ASSIGN_OR_RETURN(std::vector<NestedField> fields, FieldsFromJson(json));
  std::vector<FieldId> identifiers;
  if (const Json* ids = json.Find("identifier-field-ids")) {
    if (!ids->is_array()) {
      return Error(ErrorKind::kInvalidMetadata, "identifier-field-ids must be a JSON array");
    }
    for (const Json& id : ids->items()) {
      ICEFRAME_ASSIGN_OR_RETURN(const FieldId number, id.AsInt32());
      identifiers.push_back(number);
    }
  }
  auto schema = Schema::Make(schema_id, std::move(fields), std::move(identifiers));
  return schema.ok() ? schema : AsMetadataError(schema.status());
}

}  // namespace iceframe
