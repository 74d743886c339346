// SPDX-License-Identifier: Apache-2.0
// The first metadata of a table; changes to existing metadata are in apply_updates.cc.
#include "iceframe/format/table_metadata_builder.h"

#include <charconv>
#include <functional>
#include <map>

#include "iceframe/format/format_version_internal.h"
#include "iceframe/format/table_metadata_check_internal.h"

namespace iceframe {

namespace {

using IdMap = std::map<FieldId, FieldId>;

// The two trees have one shape: AssignFreshIds changes ids only.
void MapIds(const std::vector<NestedField>& from, const std::vector<NestedField>& to, IdMap* ids) {
  for (size_t i = 0; i < from.size() && i < to.size(); ++i) {
    ids->emplace(from[i].id, to[i].id);
    MapIds(from[i].type.fields(), to[i].type.fields(), ids);
  }
}

Result<FieldId> FreshId(const IdMap& ids, FieldId id, std::string_view where) {
  auto found = ids.find(id);
  if (found != ids.end()) return found->second;
  return Error(ErrorKind::kInvalidArgument, "source column does not exist: id ", id, " in ", where);
}

Result<std::shared_ptr<const Schema>> FreshSchema(const Schema& schema, IdMap* ids) {
  std::vector<NestedField> fields = AssignFreshIds(schema.fields());
  MapIds(schema.fields(), fields, ids);
  std::vector<FieldId> identifier_ids;
  for (FieldId id : schema.identifier_field_ids()) {
    ICEFRAME_ASSIGN_OR_RETURN(FieldId fresh, FreshId(*ids, id, "identifier fields"));
    identifier_ids.push_back(fresh);
  }
  return Schema::Make(SchemaId(0), std::move(fields), std::move(identifier_ids));
}

Result<PartitionSpec> FreshSpec(const PartitionSpec& spec, const IdMap& ids) {
  PartitionSpec fresh;
  FieldId next = kFirstPartitionFieldId;
  for (PartitionField field : spec.fields) {
    for (FieldId& id : field.source_ids) {
      ICEFRAME_ASSIGN_OR_RETURN(id, FreshId(ids, id, field.name));
    }
    field.field_id = next++;
    fresh.fields.push_back(std::move(field));
  }
  return fresh;
}

Result<SortOrder> FreshSortOrder(const SortOrder& order, const IdMap& ids) {
  SortOrder fresh;
  fresh.order_id = SortOrderId(order.is_unsorted() ? 0 : 1);
  for (SortField field : order.fields) {
    for (FieldId& id : field.source_ids) {
      ICEFRAME_ASSIGN_OR_RETURN(id, FreshId(ids, id, "the sort order"));
    }
    fresh.fields.push_back(std::move(field));
  }
  return fresh;
}

// "format-version" among the properties asks for a version; it is not kept as one.
Result<int32_t> TakeFormatVersion(int32_t version, Properties* properties) {
  auto asked = properties->find("format-version");
  if (asked != properties->end()) {
    const std::string& text = asked->second;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
    if (error != std::errc() || end != text.data() + text.size()) {
      return Error(ErrorKind::kInvalidArgument, "format-version is not a number: ", text);
    }
    properties->erase(asked);
  }
  if (version < 1 || version > internal::kNewestFormatVersion) {
    return Error(ErrorKind::kInvalidArgument, "format version is not 1, 2 or 3: ", version);
  }
  return version;
}

}  // namespace

Result<std::shared_ptr<const TableMetadata>> MakeTableMetadata(const NewTable& table) {
  if (table.schema == nullptr) {
    return Error(ErrorKind::kInvalidArgument, "a new table needs a schema");
  }
  auto metadata = std::make_shared<TableMetadata>();
  metadata->properties = table.properties;
  ICEFRAME_ASSIGN_OR_RETURN(metadata->format_version,
                            TakeFormatVersion(table.format_version, &metadata->properties));
  IdMap ids;
  ICEFRAME_ASSIGN_OR_RETURN(auto schema, FreshSchema(*table.schema, &ids));
  ICEFRAME_RETURN_NOT_OK(internal::CheckSchemaFitsVersion(*schema, metadata->format_version));
  ICEFRAME_ASSIGN_OR_RETURN(PartitionSpec spec, FreshSpec(table.spec, ids));
  ICEFRAME_RETURN_NOT_OK(ValidatePartitionSpec(spec, *schema));
  ICEFRAME_RETURN_NOT_OK(internal::CheckSpecFitsVersion(spec, metadata->format_version));
  ICEFRAME_ASSIGN_OR_RETURN(SortOrder order, FreshSortOrder(table.sort_order, ids));
  ICEFRAME_RETURN_NOT_OK(ValidateSortOrder(order, *schema));

  metadata->table_uuid = table.table_uuid;
  metadata->location = table.location;
  metadata->last_updated_ms = table.timestamp_ms;
  metadata->last_column_id = schema->highest_field_id();
  metadata->current_schema_id = schema->schema_id();
  metadata->schemas.push_back(std::move(schema));
  metadata->last_partition_id =
      kFirstPartitionFieldId - 1 + static_cast<FieldId>(spec.fields.size());
  metadata->partition_specs.push_back(std::move(spec));
  metadata->default_sort_order_id = order.order_id;
  metadata->sort_orders.push_back(std::move(order));
  ICEFRAME_RETURN_NOT_OK(internal::CheckConsistency(*metadata));
  return std::shared_ptr<const TableMetadata>(std::move(metadata));
}

Result<std::vector<TableUpdate>> UpdatesToCreate(const TableMetadata& metadata) {
  std::vector<TableUpdate> updates;
  updates.emplace_back(AssignUuid{metadata.table_uuid});
  updates.emplace_back(UpgradeFormatVersion{metadata.format_version});
  if (auto schema = metadata.current_schema()) {
    updates.emplace_back(AddSchema{schema, metadata.last_column_id});
    updates.emplace_back(SetCurrentSchema{});
  }
  if (const PartitionSpec* spec = metadata.default_spec()) {
    updates.emplace_back(AddPartitionSpec{*spec});
    updates.emplace_back(SetDefaultSpec{});
  }
  if (const SortOrder* order = metadata.default_sort_order()) {
    updates.emplace_back(AddSortOrder{*order});
    updates.emplace_back(SetDefaultSortOrder{});
  }
  updates.emplace_back(SetLocation{metadata.location});
  if (!metadata.properties.empty()) updates.emplace_back(SetProperties{metadata.properties});
  for (const auto& snapshot : metadata.snapshots) {
    ICEFRAME_ASSIGN_OR_RETURN(const Snapshot* whole, snapshot->Get());
    updates.emplace_back(AddSnapshot{*whole});
  }
  for (const auto& [name, ref] : metadata.refs) updates.emplace_back(SetSnapshotRef{name, ref});
  return updates;
}

}  // namespace iceframe
