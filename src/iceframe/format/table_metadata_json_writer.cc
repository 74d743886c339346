// SPDX-License-Identifier: Apache-2.0
// Writes metadata files. v1 gets both the old single fields and the plural ones.
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "iceframe/format/json_fields_internal.h"
#include "iceframe/format/table_metadata_json.h"
#include "iceframe/format/table_metadata_json_internal.h"
#include "iceframe/types/schema_json.h"

namespace iceframe {

namespace {

// The text of an object, member by member: a tree of all snapshots would take many times its size.
class ObjectText {
 public:
  void Add(std::string_view key, const Json& value) {
    Begin(key);
    value.DumpTo(&text_);
  }
  /// `write` returns an item as Json, or appends its text.
  template <typename T, typename Write>
  void AddArray(std::string_view key, const std::vector<T>& items, const Write& write) {
    Begin(key);
    text_ += '[';
    for (const T& item : items) {
      if (&item != items.data()) text_ += ',';
      if constexpr (std::is_invocable_v<const Write&, const T&, std::string*>) {
        write(item, &text_);
      } else {
        write(item).DumpTo(&text_);
      }
    }
    text_ += ']';
  }
  std::string Finish() && {
    text_ += '}';
    return std::move(text_);
  }

 private:
  void Begin(std::string_view key) {
    if (text_.size() > 1) text_ += ',';
    AppendJsonString(key, &text_);
    text_ += ':';
  }

  std::string text_ = "{";
};

void WriteSchemasAndSpecs(const TableMetadata& metadata, ObjectText* json) {
  if (metadata.format_version == 1) {
    if (auto schema = metadata.current_schema()) json->Add("schema", SchemaToJson(*schema));
  }
  json->AddArray("schemas", metadata.schemas,
                 [](const std::shared_ptr<const Schema>& schema) { return SchemaToJson(*schema); });
  json->Add("current-schema-id", Json::Int(metadata.current_schema_id.value()));
  if (metadata.format_version == 1) {
    if (const PartitionSpec* spec = metadata.default_spec()) {
      json->Add("partition-spec", internal::PartitionFieldsToJson(*spec));
    }
  }
  json->AddArray("partition-specs", metadata.partition_specs, PartitionSpecToJson);
  json->Add("default-spec-id", Json::Int(metadata.default_spec_id.value()));
  json->Add("last-partition-id", Json::Int(metadata.last_partition_id));
  json->AddArray("sort-orders", metadata.sort_orders, SortOrderToJson);
  json->Add("default-sort-order-id", Json::Int(metadata.default_sort_order_id.value()));
}

void WriteSnapshots(const TableMetadata& metadata, ObjectText* json) {
  if (metadata.current_snapshot_id) {
    json->Add("current-snapshot-id", Json::Int(metadata.current_snapshot_id->value()));
  } else if (metadata.format_version < 3) {
    // Older readers ask for the field.
    json->Add("current-snapshot-id", Json::Int(-1));
  }
  Json refs = Json::Object();
  for (const auto& [name, ref] : metadata.refs) refs.Add(name, SnapshotRefToJson(ref));
  json->Add("refs", refs);
  json->AddArray("snapshots", metadata.snapshots, [&](const auto& snapshot, std::string* out) {
    snapshot->AppendJson(metadata.format_version, out);
  });
}

void WriteLogsAndFiles(const TableMetadata& metadata, ObjectText* json) {
  json->AddArray("statistics", metadata.statistics, internal::StatisticsFileToJson);
  json->AddArray("partition-statistics", metadata.partition_statistics,
                 internal::PartitionStatisticsFileToJson);
  json->AddArray("snapshot-log", metadata.snapshot_log, [](const SnapshotLogEntry& entry) {
    Json item = Json::Object();
    item.Add("timestamp-ms", Json::Int(entry.timestamp_ms));
    item.Add("snapshot-id", Json::Int(entry.snapshot_id.value()));
    return item;
  });
  json->AddArray("metadata-log", metadata.metadata_log, [](const MetadataLogEntry& entry) {
    Json item = Json::Object();
    item.Add("timestamp-ms", Json::Int(entry.timestamp_ms));
    item.Add("metadata-file", Json::String(entry.metadata_file));
    return item;
  });
  if (!metadata.encryption_keys.empty()) {
    json->AddArray("encryption-keys", metadata.encryption_keys,
                   [](const EncryptedKey& key) { return key.json; });
  }
}

}  // namespace

std::string TableMetadataToJson(const TableMetadata& metadata) {
  ObjectText json;
  json.Add("format-version", Json::Int(metadata.format_version));
  if (!metadata.table_uuid.empty()) json.Add("table-uuid", Json::String(metadata.table_uuid));
  json.Add("location", Json::String(metadata.location));
  if (metadata.format_version >= 2 || metadata.last_sequence_number != SequenceNumber(0)) {
    json.Add("last-sequence-number", Json::Int(metadata.last_sequence_number.value()));
  }
  json.Add("last-updated-ms", Json::Int(metadata.last_updated_ms));
  json.Add("last-column-id", Json::Int(metadata.last_column_id));
  if (metadata.format_version >= 3) json.Add("next-row-id", Json::Int(metadata.next_row_id));
  WriteSchemasAndSpecs(metadata, &json);
  json.Add("properties", internal::PropertiesToJson(metadata.properties));
  WriteSnapshots(metadata, &json);
  WriteLogsAndFiles(metadata, &json);
  for (const Json::Member& member : metadata.unknown_fields) json.Add(member.first, member.second);
  return std::move(json).Finish();
}

}  // namespace iceframe
