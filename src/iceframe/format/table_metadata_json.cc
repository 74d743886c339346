// SPDX-License-Identifier: Apache-2.0
// Reads metadata files. Old v1 fields are read into the plural ones.
#include "iceframe/format/table_metadata_json.h"

#include <algorithm>
#include <array>
#include <set>

#include "iceframe/format/format_version_internal.h"
#include "iceframe/format/json_fields_internal.h"
#include "iceframe/format/table_metadata_check_internal.h"
#include "iceframe/format/table_metadata_json_internal.h"
#include "iceframe/types/schema_json.h"

namespace iceframe {

namespace {

using internal::JsonFields;
using internal::kNewestFormatVersion;

constexpr std::array<std::string_view, 25> kMetadataFields = {"format-version",
                                                              "table-uuid",
                                                              "location",
                                                              "last-sequence-number",
                                                              "last-updated-ms",
                                                              "last-column-id",
                                                              "schema",
                                                              "schemas",
                                                              "current-schema-id",
                                                              "partition-spec",
                                                              "partition-specs",
                                                              "default-spec-id",
                                                              "last-partition-id",
                                                              "properties",
                                                              "current-snapshot-id",
                                                              "snapshots",
                                                              "snapshot-log",
                                                              "metadata-log",
                                                              "sort-orders",
                                                              "default-sort-order-id",
                                                              "refs",
                                                              "statistics",
                                                              "partition-statistics",
                                                              "next-row-id",
                                                              "encryption-keys"};

Result<SnapshotLogEntry> SnapshotLogEntryFromJson(const Json::Item& item) {
  const auto timestamp_ms = item.Integer("timestamp-ms");
  const auto snapshot_id = item.Integer("snapshot-id");
  if (timestamp_ms && snapshot_id) return SnapshotLogEntry{*timestamp_ms, SnapshotId(*snapshot_id)};
  ICEFRAME_ASSIGN_OR_RETURN(const Json json, Json::Parse(item.text));
  ICEFRAME_ASSIGN_OR_RETURN(auto fields, JsonFields::Make(json, "snapshot log entry"));
  SnapshotLogEntry entry;
  ICEFRAME_ASSIGN_OR_RETURN(entry.timestamp_ms, fields.Required<int64_t>("timestamp-ms"));
  ICEFRAME_ASSIGN_OR_RETURN(entry.snapshot_id, fields.Required<SnapshotId>("snapshot-id"));
  return entry;
}

Result<MetadataLogEntry> MetadataLogEntryFromJson(const Json& json) {
  ICEFRAME_ASSIGN_OR_RETURN(auto fields, JsonFields::Make(json, "metadata log entry"));
  MetadataLogEntry entry;
  ICEFRAME_ASSIGN_OR_RETURN(entry.timestamp_ms, fields.Required<int64_t>("timestamp-ms"));
  ICEFRAME_ASSIGN_OR_RETURN(entry.metadata_file, fields.Required<std::string>("metadata-file"));
  return entry;
}

// Specs whose fields carry no ids got them by position.
void AssignMissingFieldIds(PartitionSpec* spec) {
  const bool any = std::any_of(spec->fields.begin(), spec->fields.end(),
                               [](const PartitionField& field) { return field.field_id != 0; });
  if (any) return;
  FieldId next = kFirstPartitionFieldId;
  for (PartitionField& field : spec->fields) field.field_id = next++;
}

Status ReadSchemas(const JsonFields& fields, TableMetadata* metadata) {
  ICEFRAME_ASSIGN_OR_RETURN(
      metadata->schemas, fields.ListOf<std::shared_ptr<const Schema>>("schemas", SchemaFromJson));
  if (metadata->format_version == 1 && metadata->schemas.empty()) {
    const Json* schema = fields.Find("schema");
    if (schema == nullptr) {
      return Error(ErrorKind::kInvalidMetadata,
                   "required field of table metadata is missing: schema");
    }
    ICEFRAME_ASSIGN_OR_RETURN(auto current, SchemaFromJson(*schema));
    metadata->current_schema_id = current->schema_id();
    metadata->schemas.push_back(std::move(current));
    return Status::OK();
  }
  if (metadata->format_version == 1) {
    ICEFRAME_ASSIGN_OR_RETURN(metadata->current_schema_id,
                              fields.ValueOr("current-schema-id", SchemaId(0)));
  } else {
    ICEFRAME_ASSIGN_OR_RETURN(metadata->current_schema_id,
                              fields.Required<SchemaId>("current-schema-id"));
  }
  return Status::OK();
}

FieldId GreatestPartitionFieldId(const TableMetadata& metadata) {
  FieldId greatest = kFirstPartitionFieldId - 1;
  for (const PartitionSpec& spec : metadata.partition_specs) {
    for (const PartitionField& field : spec.fields) greatest = std::max(greatest, field.field_id);
  }
  return greatest;
}

Status ReadPartitionSpecs(const JsonFields& fields, TableMetadata* metadata) {
  ICEFRAME_ASSIGN_OR_RETURN(metadata->partition_specs,
                            fields.ListOf<PartitionSpec>("partition-specs", PartitionSpecFromJson));
  const bool is_v1 = metadata->format_version == 1;
  if (is_v1 && metadata->partition_specs.empty()) {
    PartitionSpec spec;
    ICEFRAME_ASSIGN_OR_RETURN(spec.fields, fields.ListOf<PartitionField>(
                                               "partition-spec", internal::PartitionFieldFromJson));
    metadata->partition_specs.push_back(std::move(spec));
  } else if (is_v1) {
    ICEFRAME_ASSIGN_OR_RETURN(metadata->default_spec_id,
                              fields.ValueOr("default-spec-id", PartitionSpecId(0)));
  } else {
    ICEFRAME_ASSIGN_OR_RETURN(metadata->default_spec_id,
                              fields.Required<PartitionSpecId>("default-spec-id"));
  }
  for (PartitionSpec& spec : metadata->partition_specs) AssignMissingFieldIds(&spec);
  const FieldId greatest = GreatestPartitionFieldId(*metadata);
  if (is_v1) {
    ICEFRAME_ASSIGN_OR_RETURN(metadata->last_partition_id,
                              fields.ValueOr("last-partition-id", greatest));
  } else {
    ICEFRAME_ASSIGN_OR_RETURN(metadata->last_partition_id,
                              fields.Required<FieldId>("last-partition-id"));
  }
  return Status::OK();
}

Status ReadSortOrders(const JsonFields& fields, TableMetadata* metadata) {
  ICEFRAME_ASSIGN_OR_RETURN(metadata->sort_orders,
                            fields.ListOf<SortOrder>("sort-orders", SortOrderFromJson));
  if (metadata->format_version == 1) {
    ICEFRAME_ASSIGN_OR_RETURN(metadata->default_sort_order_id,
                              fields.ValueOr("default-sort-order-id", SortOrderId(0)));
  } else {
    ICEFRAME_ASSIGN_OR_RETURN(metadata->default_sort_order_id,
                              fields.Required<SortOrderId>("default-sort-order-id"));
  }
  // Order 0 is "unsorted" whether it is listed or not.
  if (metadata->default_sort_order_id == SortOrderId(0) &&
      metadata->default_sort_order() == nullptr) {
    metadata->sort_orders.insert(metadata->sort_orders.begin(), SortOrder());
  }
  return Status::OK();
}

Status ReadRefs(const JsonFields& fields, TableMetadata* metadata) {
  if (const Json* refs = fields.Find("refs")) {
    ICEFRAME_ASSIGN_OR_RETURN(auto by_name, JsonFields::Make(*refs, "refs"));
    for (const auto& [name, json] : by_name.json().members()) {
      ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(SnapshotRef ref, SnapshotRefFromJson(json), "ref", name);
      metadata->refs.emplace(name, ref);
    }
  }
  if (metadata->current_snapshot_id && metadata->refs.count(kMainBranch) == 0) {
    SnapshotRef main;
    main.snapshot_id = *metadata->current_snapshot_id;
    metadata->refs.emplace(kMainBranch, main);
  }
  return Status::OK();
}

// Reads the items of an array as they are parsed. What is wrong with them is said later, since the
// format's version, perhaps a newer one, is known only at the end.
template <typename T>
struct ItemReader {
  Json::ItemVisitor Visitor(Result<T> (*read)(const Json::Item&)) {
    return [this, read](const Json::Item& item) {
      if (!error.ok()) return Status::OK();
      Result<T> value = read(item);
      if (value.ok()) {
        items.push_back(std::move(value).ValueUnsafe());
      } else {
        error = value.status();
      }
      return Status::OK();
    };
  }
  // The field's items; an error, too, if it was no array.
  Result<std::vector<T>> Finish(const JsonFields& fields, std::string_view key) {
    ICEFRAME_RETURN_NOT_OK(fields.List<bool>(key).status());
    ICEFRAME_RETURN_NOT_OK(fields.InField(key, error));
    return std::move(items);
  }

  std::vector<T> items;
  Status error;
};

struct LongLists {
  ItemReader<std::shared_ptr<const LazySnapshot>> snapshots;
  ItemReader<SnapshotLogEntry> snapshot_log;
};

Status ReadSnapshots(const JsonFields& fields, LongLists* lists, TableMetadata* metadata) {
  ICEFRAME_ASSIGN_OR_RETURN(metadata->snapshots, lists->snapshots.Finish(fields, "snapshots"));
  ICEFRAME_ASSIGN_OR_RETURN(metadata->current_snapshot_id,
                            fields.Optional<SnapshotId>("current-snapshot-id"));
  // Old writers put -1 for "none".
  if (metadata->current_snapshot_id == SnapshotId(-1)) metadata->current_snapshot_id.reset();
  ICEFRAME_ASSIGN_OR_RETURN(metadata->snapshot_log,
                            lists->snapshot_log.Finish(fields, "snapshot-log"));
  return ReadRefs(fields, metadata);
}

Status ReadScalars(const JsonFields& fields, TableMetadata* metadata) {
  const int32_t version = metadata->format_version;
  if (version == 1) {
    ICEFRAME_ASSIGN_OR_RETURN(metadata->table_uuid, fields.ValueOr("table-uuid", std::string()));
    ICEFRAME_ASSIGN_OR_RETURN(metadata->last_sequence_number,
                              fields.ValueOr("last-sequence-number", SequenceNumber(0)));
  } else {
    ICEFRAME_ASSIGN_OR_RETURN(metadata->table_uuid, fields.Required<std::string>("table-uuid"));
    ICEFRAME_ASSIGN_OR_RETURN(metadata->last_sequence_number,
                              fields.Required<SequenceNumber>("last-sequence-number"));
  }
  if (version >= 3) {
    ICEFRAME_ASSIGN_OR_RETURN(metadata->next_row_id, fields.Required<int64_t>("next-row-id"));
  }
  ICEFRAME_ASSIGN_OR_RETURN(metadata->location, fields.Required<std::string>("location"));
  ICEFRAME_ASSIGN_OR_RETURN(metadata->last_updated_ms, fields.Required<int64_t>("last-updated-ms"));
  ICEFRAME_ASSIGN_OR_RETURN(metadata->last_column_id, fields.Required<FieldId>("last-column-id"));
  ICEFRAME_ASSIGN_OR_RETURN(metadata->properties, fields.ValueOr("properties", Properties()));
  return Status::OK();
}

Status ReadFiles(const JsonFields& fields, TableMetadata* metadata) {
  ICEFRAME_ASSIGN_OR_RETURN(metadata->metadata_log, fields.ListOf<MetadataLogEntry>(
                                                        "metadata-log", MetadataLogEntryFromJson));
  ICEFRAME_ASSIGN_OR_RETURN(
      metadata->statistics,
      fields.ListOf<StatisticsFile>("statistics", internal::StatisticsFileFromJson));
  ICEFRAME_ASSIGN_OR_RETURN(metadata->partition_statistics,
                            fields.ListOf<PartitionStatisticsFile>(
                                "partition-statistics", internal::PartitionStatisticsFileFromJson));
  ICEFRAME_ASSIGN_OR_RETURN(
      metadata->encryption_keys,
      fields.ListOf<EncryptedKey>("encryption-keys", [](const Json& json) -> Result<EncryptedKey> {
        ICEFRAME_RETURN_NOT_OK(JsonFields::Make(json, "encryption key").status());
        return EncryptedKey{json};
      }));
  return Status::OK();
}

}  // namespace

Result<std::shared_ptr<const TableMetadata>> TableMetadataFromJson(std::string_view text) {
  LongLists lists;
  ICEFRAME_ASSIGN_OR_RETURN(
      const Json json,
      Json::Parse(text, {{"snapshots", lists.snapshots.Visitor(LazySnapshot::FromJsonItem)},
                         {"snapshot-log", lists.snapshot_log.Visitor(SnapshotLogEntryFromJson)}}));
  ICEFRAME_ASSIGN_OR_RETURN(auto fields, JsonFields::Make(json, "table metadata"));
  auto metadata = std::make_shared<TableMetadata>();
  ICEFRAME_ASSIGN_OR_RETURN(metadata->format_version, fields.Required<int32_t>("format-version"));
  if (metadata->format_version < 1) {
    return Error(ErrorKind::kInvalidMetadata,
                 "format version is not valid: ", metadata->format_version);
  }
  if (metadata->format_version > kNewestFormatVersion) {
    return Error(ErrorKind::kUnsupported,
                 "format version is newer than this library: ", metadata->format_version,
                 ", newest known ", kNewestFormatVersion);
  }
  ICEFRAME_RETURN_NOT_OK(ReadScalars(fields, metadata.get()));
  ICEFRAME_RETURN_NOT_OK(ReadSchemas(fields, metadata.get()));
  ICEFRAME_RETURN_NOT_OK(ReadPartitionSpecs(fields, metadata.get()));
  ICEFRAME_RETURN_NOT_OK(ReadSortOrders(fields, metadata.get()));
  ICEFRAME_RETURN_NOT_OK(ReadSnapshots(fields, &lists, metadata.get()));
  ICEFRAME_RETURN_NOT_OK(ReadFiles(fields, metadata.get()));
  metadata->unknown_fields = internal::UnknownMembers(json, kMetadataFields);
  ICEFRAME_RETURN_NOT_OK(internal::CheckConsistency(*metadata));
  return std::shared_ptr<const TableMetadata>(std::move(metadata));
}

}  // namespace iceframe
