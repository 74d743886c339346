// SPDX-License-Identifier: Apache-2.0
// Table updates as the REST spec writes them.
#include <functional>
#include <map>
#include <string_view>

#include "iceframe/format/json_fields_internal.h"
#include "iceframe/format/table_metadata_json.h"
#include "iceframe/format/table_metadata_json_internal.h"
#include "iceframe/format/table_update.h"
#include "iceframe/types/schema_json.h"

namespace iceframe {

namespace {

using internal::JsonFields;

Json Action(std::string_view name) {
  Json json = Json::Object();
  json.Add("action", Json::String(std::string(name)));
  return json;
}

struct UpdateToJson {
  Json operator()(const AssignUuid& update) const {
    Json json = Action("assign-uuid");
    json.Add("uuid", Json::String(update.uuid));
    return json;
  }
  Json operator()(const UpgradeFormatVersion& update) const {
    Json json = Action("upgrade-format-version");
    json.Add("format-version", Json::Int(update.format_version));
    return json;
  }
  Json operator()(const AddSchema& update) const {
    Json json = Action("add-schema");
    json.Add("schema", SchemaToJson(*update.schema));
    json.Add("last-column-id", Json::Int(update.last_column_id));
    return json;
  }
  Json operator()(const SetCurrentSchema& update) const {
    Json json = Action("set-current-schema");
    json.Add("schema-id", Json::Int(update.schema_id.value()));
    return json;
  }
  Json operator()(const AddPartitionSpec& update) const {
    Json json = Action("add-spec");
    json.Add("spec", PartitionSpecToJson(update.spec));
    return json;
  }
  Json operator()(const SetDefaultSpec& update) const {
    Json json = Action("set-default-spec");
    json.Add("spec-id", Json::Int(update.spec_id.value()));
    return json;
  }
  Json operator()(const AddSortOrder& update) const {
    Json json = Action("add-sort-order");
    json.Add("sort-order", SortOrderToJson(update.sort_order));
    return json;
  }
  Json operator()(const SetDefaultSortOrder& update) const {
    Json json = Action("set-default-sort-order");
    json.Add("sort-order-id", Json::Int(update.sort_order_id.value()));
    return json;
  }
  Json operator()(const AddSnapshot& update) const {
    Json json = Action("add-snapshot");
    json.Add("snapshot", SnapshotToJson(update.snapshot, 2));
    return json;
  }
  Json operator()(const SetSnapshotRef& update) const {
    Json json = Action("set-snapshot-ref");
    json.Add("ref-name", Json::String(update.ref_name));
    const Json ref = SnapshotRefToJson(update.ref);
    for (const Json::Member& member : ref.members()) json.Add(member.first, member.second);
    return json;
  }
  Json operator()(const RemoveSnapshots& update) const {
    Json json = Action("remove-snapshots");
    json.Add("snapshot-ids", internal::IdsToJson(update.snapshot_ids));
    return json;
  }
  Json operator()(const RemoveSnapshotRef& update) const {
    Json json = Action("remove-snapshot-ref");
    json.Add("ref-name", Json::String(update.ref_name));
    return json;
  }
  Json operator()(const SetLocation& update) const {
    Json json = Action("set-location");
    json.Add("location", Json::String(update.location));
    return json;
  }
  Json operator()(const SetProperties& update) const {
    Json json = Action("set-properties");
    json.Add("updates", internal::PropertiesToJson(update.updates));
    return json;
  }
  Json operator()(const RemoveProperties& update) const {
    Json json = Action("remove-properties");
    Json removals = Json::Array();
    for (const std::string& key : update.removals) removals.Append(Json::String(key));
    json.Add("removals", std::move(removals));
    return json;
  }
  Json operator()(const SetStatistics& update) const {
    Json json = Action("set-statistics");
    // Older servers look for the id here.
    json.Add("snapshot-id", Json::Int(update.statistics.snapshot_id.value()));
    json.Add("statistics", internal::StatisticsFileToJson(update.statistics));
    return json;
  }
  Json operator()(const RemoveStatistics& update) const {
    Json json = Action("remove-statistics");
    json.Add("snapshot-id", Json::Int(update.snapshot_id.value()));
    return json;
  }
  Json operator()(const SetPartitionStatistics& update) const {
    Json json = Action("set-partition-statistics");
    json.Add("partition-statistics",
             internal::PartitionStatisticsFileToJson(update.partition_statistics));
    return json;
  }
  Json operator()(const RemovePartitionStatistics& update) const {
    Json json = Action("remove-partition-statistics");
    json.Add("snapshot-id", Json::Int(update.snapshot_id.value()));
    return json;
  }
  Json operator()(const RemovePartitionSpecs& update) const {
    Json json = Action("remove-partition-specs");
    json.Add("spec-ids", internal::IdsToJson(update.spec_ids));
    return json;
  }
  Json operator()(const RemoveSchemas& update) const {
    Json json = Action("remove-schemas");
    json.Add("schema-ids", internal::IdsToJson(update.schema_ids));
    return json;
  }
  Json operator()(const AddEncryptionKey& update) const {
    Json json = Action("add-encryption-key");
    json.Add("encryption-key", update.key.json);
    return json;
  }
  Json operator()(const RemoveEncryptionKey& update) const {
    Json json = Action("remove-encryption-key");
    json.Add("key-id", Json::String(update.key_id));
    return json;
  }
};

Result<TableUpdate> ReadAddSchema(const JsonFields& fields) {
  AddSchema update;
  const Json* schema = fields.Find("schema");
  if (schema == nullptr) {
    return Error(ErrorKind::kInvalidMetadata, "required field of table update is missing: schema");
  }
  ICEFRAME_ASSIGN_OR_RETURN(update.schema, SchemaFromJson(*schema));
  ICEFRAME_ASSIGN_OR_RETURN(update.last_column_id,
                            fields.ValueOr("last-column-id", update.schema->highest_field_id()));
  return update;
}

Result<TableUpdate> ReadSetSnapshotRef(const JsonFields& fields) {
  SetSnapshotRef update;
  ICEFRAME_ASSIGN_OR_RETURN(update.ref_name, fields.Required<std::string>("ref-name"));
  ICEFRAME_ASSIGN_OR_RETURN(update.ref, SnapshotRefFromJson(fields.json()));
  return update;
}

Result<TableUpdate> ReadAddEncryptionKey(const JsonFields& fields) {
  const Json* key = fields.Find("encryption-key");
  if (key == nullptr || !key->is_object()) {
    return Error(ErrorKind::kInvalidMetadata,
                 "required field of table update is missing: encryption-key");
  }
  return AddEncryptionKey{EncryptedKey{*key}};
}

// Makes a reader of an update that has one member, of type T, which `read` or the type reads.
template <typename Update, typename T>
auto ReadsOne(std::string_view key, T Update::* member) {
  return [key, member](const JsonFields& fields) -> Result<TableUpdate> {
    Update update;
    ICEFRAME_ASSIGN_OR_RETURN(update.*member, fields.Required<T>(key));
    return update;
  };
}
template <typename Update, typename T>
auto ReadsList(std::string_view key, std::vector<T> Update::* member) {
  return [key, member](const JsonFields& fields) -> Result<TableUpdate> {
    Update update;
    ICEFRAME_ASSIGN_OR_RETURN(update.*member, fields.List<T>(key));
    return update;
  };
}
template <typename Update, typename T>
auto ReadsWith(std::string_view key, T Update::* member, Result<T> (*read)(const Json&)) {
  return [key, member, read](const JsonFields& fields) -> Result<TableUpdate> {
    const Json* json = fields.Find(key);
    if (json == nullptr) {
      return Error(ErrorKind::kInvalidMetadata, "required field of table update is missing: ", key);
    }
    Update update;
    ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(update.*member, read(*json), "field of table update", key);
    return update;
  };
}

using Reader = std::function<Result<TableUpdate>(const JsonFields&)>;

const std::map<std::string, Reader, std::less<>>& Readers() {
  static const auto& readers = *new std::map<std::string, Reader, std::less<>>{
      {"assign-uuid", ReadsOne("uuid", &AssignUuid::uuid)},
      {"upgrade-format-version", ReadsOne("format-version", &UpgradeFormatVersion::format_version)},
      {"add-schema", ReadAddSchema},
      {"set-current-schema", ReadsOne("schema-id", &SetCurrentSchema::schema_id)},
      {"add-spec", ReadsWith("spec", &AddPartitionSpec::spec, PartitionSpecFromJson)},
      {"set-default-spec", ReadsOne("spec-id", &SetDefaultSpec::spec_id)},
      {"add-sort-order", ReadsWith("sort-order", &AddSortOrder::sort_order, SortOrderFromJson)},
      {"set-default-sort-order", ReadsOne("sort-order-id", &SetDefaultSortOrder::sort_order_id)},
      {"add-snapshot", ReadsWith("snapshot", &AddSnapshot::snapshot, SnapshotFromJson)},
      {"set-snapshot-ref", ReadSetSnapshotRef},
      {"remove-snapshots", ReadsList("snapshot-ids", &RemoveSnapshots::snapshot_ids)},
      {"remove-snapshot-ref", ReadsOne("ref-name", &RemoveSnapshotRef::ref_name)},
      {"set-location", ReadsOne("location", &SetLocation::location)},
      {"set-properties", ReadsOne("updates", &SetProperties::updates)},
      {"remove-properties", ReadsList("removals", &RemoveProperties::removals)},
      {"set-statistics",
       ReadsWith("statistics", &SetStatistics::statistics, internal::StatisticsFileFromJson)},
      {"remove-statistics", ReadsOne("snapshot-id", &RemoveStatistics::snapshot_id)},
      {"set-partition-statistics",
       ReadsWith("partition-statistics", &SetPartitionStatistics::partition_statistics,
                 internal::PartitionStatisticsFileFromJson)},
      {"remove-partition-statistics",
       ReadsOne("snapshot-id", &RemovePartitionStatistics::snapshot_id)},
      {"remove-partition-specs", ReadsList("spec-ids", &RemovePartitionSpecs::spec_ids)},
      {"remove-schemas", ReadsList("schema-ids", &RemoveSchemas::schema_ids)},
      {"add-encryption-key", ReadAddEncryptionKey},
      {"remove-encryption-key", ReadsOne("key-id", &RemoveEncryptionKey::key_id)},
  };
  return readers;
}

}  // namespace

Json TableUpdateToJson(const TableUpdate& update) { return std::visit(UpdateToJson(), update); }

Result<TableUpdate> TableUpdateFromJson(const Json& json) {
  ICEFRAME_ASSIGN_OR_RETURN(auto fields, JsonFields::Make(json, "table update"));
  ICEFRAME_ASSIGN_OR_RETURN(std::string action, fields.Required<std::string>("action"));
  auto reader = Readers().find(action);
  if (reader == Readers().end()) {
    return Error(ErrorKind::kUnsupported, "unknown kind of table update: ", action);
  }
  return reader->second(fields);
}

}  // namespace iceframe
