// SPDX-License-Identifier: Apache-2.0
// Partition specs and sort orders as JSON. Spec: Appendix C.
#include "iceframe/format/json_fields_internal.h"
#include "iceframe/format/table_metadata_json.h"
#include "iceframe/format/table_metadata_json_internal.h"

namespace iceframe {

namespace {

using internal::JsonFields;

// v3 writes source-ids for transforms of several columns, source-id for those of one.
Result<std::vector<FieldId>> SourceIds(const JsonFields& fields) {
  if (fields.Has("source-ids")) {
    ICEFRAME_ASSIGN_OR_RETURN(auto ids, fields.List<FieldId>("source-ids"));
    if (!ids.empty()) return ids;
  }
  ICEFRAME_ASSIGN_OR_RETURN(FieldId id, fields.Required<FieldId>("source-id"));
  return std::vector<FieldId>{id};
}

void AddSourceIds(const std::vector<FieldId>& source_ids, Json* json) {
  if (source_ids.size() == 1) {
    json->Add("source-id", Json::Int(source_ids.front()));
  } else {
    json->Add("source-ids", internal::IdsToJson(source_ids));
  }
}

Result<Transform> TransformOf(const JsonFields& fields) {
  ICEFRAME_ASSIGN_OR_RETURN(std::string text, fields.Required<std::string>("transform"));
  return Transform::FromMetadata(text);
}

Result<SortField> SortFieldFromJson(const Json& json) {
  ICEFRAME_ASSIGN_OR_RETURN(auto fields, JsonFields::Make(json, "sort field"));
  SortField field;
  ICEFRAME_ASSIGN_OR_RETURN(field.source_ids, SourceIds(fields));
  ICEFRAME_ASSIGN_OR_RETURN(field.transform, TransformOf(fields));
  ICEFRAME_ASSIGN_OR_RETURN(std::string direction, fields.Required<std::string>("direction"));
  ICEFRAME_ASSIGN_OR_RETURN(std::string nulls, fields.Required<std::string>("null-order"));
  if (direction == "asc") {
    field.direction = SortDirection::kAscending;
  } else if (direction == "desc") {
    field.direction = SortDirection::kDescending;
  } else {
    return Error(ErrorKind::kInvalidMetadata, "unknown sort direction: ", direction);
  }
  if (nulls == "nulls-first") {
    field.null_order = NullOrder::kNullsFirst;
  } else if (nulls == "nulls-last") {
    field.null_order = NullOrder::kNullsLast;
  } else {
    return Error(ErrorKind::kInvalidMetadata, "unknown null order: ", nulls);
  }
  return field;
}

Json SortFieldToJson(const SortField& field) {
  Json json = Json::Object();
  json.Add("transform", Json::String(field.transform.ToString()));
  AddSourceIds(field.source_ids, &json);
  json.Add("direction",
           Json::String(field.direction == SortDirection::kAscending ? "asc" : "desc"));
  json.Add("null-order",
           Json::String(field.null_order == NullOrder::kNullsFirst ? "nulls-first" : "nulls-last"));
  return json;
}

}  // namespace

namespace internal {

Result<PartitionField> PartitionFieldFromJson(const Json& json) {
  ICEFRAME_ASSIGN_OR_RETURN(auto fields, JsonFields::Make(json, "partition field"));
  PartitionField field;
  ICEFRAME_ASSIGN_OR_RETURN(field.source_ids, SourceIds(fields));
  ICEFRAME_ASSIGN_OR_RETURN(field.field_id, fields.ValueOr<FieldId>("field-id", 0));
  ICEFRAME_ASSIGN_OR_RETURN(field.name, fields.Required<std::string>("name"));
  ICEFRAME_ASSIGN_OR_RETURN(field.transform, TransformOf(fields));
  return field;
}

Json PartitionFieldsToJson(const PartitionSpec& spec) {
  Json array = Json::Array();
  for (const PartitionField& field : spec.fields) {
    Json json = Json::Object();
    AddSourceIds(field.source_ids, &json);
    if (field.field_id != 0) json.Add("field-id", Json::Int(field.field_id));
    json.Add("name", Json::String(field.name));
    json.Add("transform", Json::String(field.transform.ToString()));
    array.Append(std::move(json));
  }
  return array;
}

}  // namespace internal

Result<PartitionSpec> PartitionSpecFromJson(const Json& json) {
  ICEFRAME_ASSIGN_OR_RETURN(auto fields, JsonFields::Make(json, "partition spec"));
  PartitionSpec spec;
  ICEFRAME_ASSIGN_OR_RETURN(spec.spec_id, fields.ValueOr("spec-id", PartitionSpecId(0)));
  ICEFRAME_ASSIGN_OR_RETURN(
      spec.fields, fields.ListOf<PartitionField>("fields", internal::PartitionFieldFromJson));
  return spec;
}

Json PartitionSpecToJson(const PartitionSpec& spec) {
  Json json = Json::Object();
  json.Add("spec-id", Json::Int(spec.spec_id.value()));
  json.Add("fields", internal::PartitionFieldsToJson(spec));
  return json;
}

Result<SortOrder> SortOrderFromJson(const Json& json) {
  ICEFRAME_ASSIGN_OR_RETURN(auto fields, JsonFields::Make(json, "sort order"));
  SortOrder order;
  ICEFRAME_ASSIGN_OR_RETURN(order.order_id, fields.Required<SortOrderId>("order-id"));
  ICEFRAME_ASSIGN_OR_RETURN(order.fields, fields.ListOf<SortField>("fields", SortFieldFromJson));
  return order;
}

Json SortOrderToJson(const SortOrder& order) {
  Json json = Json::Object();
  json.Add("order-id", Json::Int(order.order_id.value()));
  Json array = Json::Array();
  for (const SortField& field : order.fields) array.Append(SortFieldToJson(field));
  json.Add("fields", std::move(array));
  return json;
}

}  // namespace iceframe
