// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/table_requirement.h"

#include "iceframe/format/json_fields_internal.h"
#include "iceframe/format/table_metadata.h"

namespace iceframe {

namespace {

using internal::JsonFields;

Status Unmet(std::string_view what, const auto& wanted, const auto& found) {
  return Error(ErrorKind::kCommitConflict, "table changed since it was read: ", what, " is ", found,
               ", wanted ", wanted);
}

std::string Describe(std::optional<SnapshotId> id) {
  return id ? std::to_string(id->value()) : std::string("absent");
}

struct Check {
  const TableMetadata& base;

  Status operator()(const AssertCreate&) const {
    return Error(ErrorKind::kCommitConflict, "table exists already: ", base.location);
  }
  Status operator()(const AssertTableUuid& wanted) const {
    if (wanted.uuid == base.table_uuid) return Status::OK();
    return Unmet("table-uuid", wanted.uuid, base.table_uuid);
  }
  Status operator()(const AssertRefSnapshotId& wanted) const {
    std::optional<SnapshotId> found;
    auto ref = base.refs.find(wanted.ref);
    if (ref != base.refs.end()) found = ref->second.snapshot_id;
    if (found == wanted.snapshot_id) return Status::OK();
    return Unmet("ref " + wanted.ref, Describe(wanted.snapshot_id), Describe(found));
  }
  Status operator()(const AssertLastAssignedFieldId& wanted) const {
    if (wanted.last_assigned_field_id == base.last_column_id) return Status::OK();
    return Unmet("last-column-id", wanted.last_assigned_field_id, base.last_column_id);
  }
  Status operator()(const AssertCurrentSchemaId& wanted) const {
    if (wanted.current_schema_id == base.current_schema_id) return Status::OK();
    return Unmet("current-schema-id", wanted.current_schema_id, base.current_schema_id);
  }
  Status operator()(const AssertLastAssignedPartitionId& wanted) const {
    if (wanted.last_assigned_partition_id == base.last_partition_id) return Status::OK();
    return Unmet("last-partition-id", wanted.last_assigned_partition_id, base.last_partition_id);
  }
  Status operator()(const AssertDefaultSpecId& wanted) const {
    if (wanted.default_spec_id == base.default_spec_id) return Status::OK();
    return Unmet("default-spec-id", wanted.default_spec_id, base.default_spec_id);
  }
  Status operator()(const AssertDefaultSortOrderId& wanted) const {
    if (wanted.default_sort_order_id == base.default_sort_order_id) return Status::OK();
    return Unmet("default-sort-order-id", wanted.default_sort_order_id, base.default_sort_order_id);
  }
};

Json Typed(std::string_view type) {
  Json json = Json::Object();
  json.Add("type", Json::String(std::string(type)));
  return json;
}

Json WithInt(std::string_view type, std::string_view key, int64_t value) {
  Json json = Typed(type);
  json.Add(std::string(key), Json::Int(value));
  return json;
}

struct RequirementToJson {
  Json operator()(const AssertCreate&) const { return Typed("assert-create"); }
  Json operator()(const AssertTableUuid& requirement) const {
    Json json = Typed("assert-table-uuid");
    json.Add("uuid", Json::String(requirement.uuid));
    return json;
  }
  Json operator()(const AssertRefSnapshotId& requirement) const {
    Json json = Typed("assert-ref-snapshot-id");
    json.Add("ref", Json::String(requirement.ref));
    // "must not exist" is a null that has to be written.
    json.Add("snapshot-id",
             requirement.snapshot_id ? Json::Int(requirement.snapshot_id->value()) : Json::Null());
    return json;
  }
  Json operator()(const AssertLastAssignedFieldId& requirement) const {
    return WithInt("assert-last-assigned-field-id", "last-assigned-field-id",
                   requirement.last_assigned_field_id);
  }
  Json operator()(const AssertCurrentSchemaId& requirement) const {
    return WithInt("assert-current-schema-id", "current-schema-id",
                   requirement.current_schema_id.value());
  }
  Json operator()(const AssertLastAssignedPartitionId& requirement) const {
    return WithInt("assert-last-assigned-partition-id", "last-assigned-partition-id",
                   requirement.last_assigned_partition_id);
  }
  Json operator()(const AssertDefaultSpecId& requirement) const {
    return WithInt("assert-default-spec-id", "default-spec-id",
                   requirement.default_spec_id.value());
  }
  Json operator()(const AssertDefaultSortOrderId& requirement) const {
    return WithInt("assert-default-sort-order-id", "default-sort-order-id",
                   requirement.default_sort_order_id.value());
  }
};

template <typename Requirement, typename T>
Result<TableRequirement> Read(const JsonFields& fields, std::string_view key,
                              T Requirement::* member) {
  Requirement requirement;
  ICEFRAME_ASSIGN_OR_RETURN(requirement.*member, fields.Required<T>(key));
  return requirement;
}

Result<TableRequirement> ReadAssertRef(const JsonFields& fields) {
  AssertRefSnapshotId requirement;
  ICEFRAME_ASSIGN_OR_RETURN(requirement.ref, fields.Required<std::string>("ref"));
  ICEFRAME_ASSIGN_OR_RETURN(requirement.snapshot_id, fields.Optional<SnapshotId>("snapshot-id"));
  return requirement;
}

}  // namespace

Status CheckRequirement(const TableRequirement& requirement, const TableMetadata* base) {
  if (base != nullptr) return std::visit(Check{*base}, requirement);
  if (std::holds_alternative<AssertCreate>(requirement)) return Status::OK();
  return Error(ErrorKind::kCommitConflict, "table does not exist any more");
}

Json TableRequirementToJson(const TableRequirement& requirement) {
  return std::visit(RequirementToJson(), requirement);
}

Result<TableRequirement> TableRequirementFromJson(const Json& json) {
  ICEFRAME_ASSIGN_OR_RETURN(auto fields, JsonFields::Make(json, "table requirement"));
  ICEFRAME_ASSIGN_OR_RETURN(std::string type, fields.Required<std::string>("type"));
  if (type == "assert-create") return AssertCreate();
  if (type == "assert-table-uuid") return Read(fields, "uuid", &AssertTableUuid::uuid);
  if (type == "assert-ref-snapshot-id") return ReadAssertRef(fields);
  if (type == "assert-last-assigned-field-id") {
    return Read(fields, "last-assigned-field-id",
                &AssertLastAssignedFieldId::last_assigned_field_id);
  }
  if (type == "assert-current-schema-id") {
    return Read(fields, "current-schema-id", &AssertCurrentSchemaId::current_schema_id);
  }
  if (type == "assert-last-assigned-partition-id") {
    return Read(fields, "last-assigned-partition-id",
                &AssertLastAssignedPartitionId::last_assigned_partition_id);
  }
  if (type == "assert-default-spec-id") {
    return Read(fields, "default-spec-id", &AssertDefaultSpecId::default_spec_id);
  }
  if (type == "assert-default-sort-order-id") {
    return Read(fields, "default-sort-order-id", &AssertDefaultSortOrderId::default_sort_order_id);
  }
  return Error(ErrorKind::kUnsupported, "unknown kind of table requirement: ", type);
}

}  // namespace iceframe
