// SPDX-License-Identifier: Apache-2.0
// One change of a table's metadata: updates applied in order, then the logs and the checks.
#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>

#include "iceframe/format/format_version_internal.h"
#include "iceframe/format/table_metadata_builder.h"
#include "iceframe/format/table_metadata_check_internal.h"

namespace iceframe {

namespace {

constexpr char kPreviousVersionsMax[] = "write.metadata.previous-versions-max";
constexpr int64_t kDefaultPreviousVersionsMax = 100;

bool SameFields(const PartitionSpec& left, const PartitionSpec& right) {
  return std::equal(left.fields.begin(), left.fields.end(), right.fields.begin(),
                    right.fields.end(), [](const PartitionField& a, const PartitionField& b) {
                      return a.source_ids == b.source_ids && a.transform == b.transform &&
                             a.name == b.name;
                    });
}

// The state of one change. Each operator() applies one kind of update.
class MetadataChange {
 public:
  MetadataChange(const TableMetadata& base, const ApplyOptions& options)
      : base_(base), options_(options), metadata_(std::make_shared<TableMetadata>(base)) {}

  Status operator()(const AssignUuid& update);
  Status operator()(const UpgradeFormatVersion& update);
  Status operator()(const AddSchema& update);
  Status operator()(const SetCurrentSchema& update);
  Status operator()(const AddPartitionSpec& update);
  Status operator()(const SetDefaultSpec& update);
  Status operator()(const AddSortOrder& update);
  Status operator()(const SetDefaultSortOrder& update);
  Status operator()(const AddSnapshot& update);
  Status operator()(const SetSnapshotRef& update);
  Status operator()(const RemoveSnapshots& update);
  Status operator()(const RemoveSnapshotRef& update);
  Status operator()(const SetLocation& update);
  Status operator()(const SetProperties& update);
  Status operator()(const RemoveProperties& update);
  Status operator()(const SetStatistics& update);
  Status operator()(const RemoveStatistics& update);
  Status operator()(const SetPartitionStatistics& update);
  Status operator()(const RemovePartitionStatistics& update);
  Status operator()(const RemovePartitionSpecs& update);
  Status operator()(const RemoveSchemas& update);
  Status operator()(const AddEncryptionKey& update);
  Status operator()(const RemoveEncryptionKey& update);

  Result<std::shared_ptr<const TableMetadata>> Finish();

 private:
  Status CheckRowLineage(const Snapshot& snapshot);
  void AssignFieldIds(PartitionSpec* spec) const;
  void AppendSnapshotLog(const Snapshot& snapshot);
  void CutSnapshotLog();
  void AppendMetadataLog();

  const TableMetadata& base_;
  const ApplyOptions& options_;
  std::shared_ptr<TableMetadata> metadata_;

  std::optional<SchemaId> last_added_schema_;
  std::optional<PartitionSpecId> last_added_spec_;
  std::optional<SortOrderId> last_added_order_;
  std::unordered_set<SnapshotId> added_snapshots_;
  // Snapshots added here that were main's for a moment, whatever main ends at.
  std::unordered_set<SnapshotId> added_to_main_;
  bool removed_snapshots_ = false;
  bool checks_spec_and_order_ = false;
};

Status MetadataChange::operator()(const AssignUuid& update) {
  if (update.uuid.empty()) {
    return Error(ErrorKind::kInvalidArgument, "a table's uuid can't be empty");
  }
  metadata_->table_uuid = update.uuid;
  return Status::OK();
}

Status MetadataChange::operator()(const UpgradeFormatVersion& update) {
  if (update.format_version > internal::kNewestFormatVersion) {
    return Error(ErrorKind::kUnsupported,
                 "format version is newer than this library: ", update.format_version);
  }
  if (update.format_version < metadata_->format_version) {
    return Error(ErrorKind::kInvalidArgument,
                 "a table can't go back to an older format version: ", update.format_version,
                 ", is ", metadata_->format_version);
  }
  metadata_->format_version = update.format_version;
  return Status::OK();
}

Status MetadataChange::operator()(const AddSchema& update) {
  if (update.schema == nullptr) {
    return Error(ErrorKind::kInvalidArgument, "no schema to add");
  }
  ICEFRAME_RETURN_NOT_OK(
      internal::CheckSchemaFitsVersion(*update.schema, metadata_->format_version));
  metadata_->last_column_id = std::max(
      {metadata_->last_column_id, update.last_column_id, update.schema->highest_field_id()});
  int32_t next_id = -1;
  for (const auto& schema : metadata_->schemas) {
    if (schema->SameColumns(*update.schema)) {
      last_added_schema_ = schema->schema_id();
      return Status::OK();
    }
    next_id = std::max(next_id, schema->schema_id().value());
  }
  const SchemaId id(next_id + 1);
  std::shared_ptr<const Schema> schema = update.schema;
  if (schema->schema_id() != id) {
    ICEFRAME_ASSIGN_OR_RETURN(schema,
                              Schema::Make(id, schema->fields(), schema->identifier_field_ids()));
  }
  metadata_->schemas.push_back(std::move(schema));
  last_added_schema_ = id;
  return Status::OK();
}

Status MetadataChange::operator()(const SetCurrentSchema& update) {
  SchemaId id = update.schema_id;
  if (id == SchemaId(kLastAdded)) {
    if (!last_added_schema_) {
      return Error(ErrorKind::kInvalidArgument, "no schema was added that could become current");
    }
    id = *last_added_schema_;
  }
  if (metadata_->FindSchema(id) == nullptr) {
    return Error(ErrorKind::kInvalidArgument, "schema to become current does not exist: ", id);
  }
  checks_spec_and_order_ = checks_spec_and_order_ || id != metadata_->current_schema_id;
  metadata_->current_schema_id = id;
  return Status::OK();
}

// A field that some spec had before keeps its id, so that partition tuples can be compared.
void MetadataChange::AssignFieldIds(PartitionSpec* spec) const {
  FieldId next = metadata_->last_partition_id + 1;
  for (PartitionField& field : spec->fields) {
    if (field.field_id != 0) continue;
    for (const PartitionSpec& known : metadata_->partition_specs) {
      for (const PartitionField& other : known.fields) {
        if (other.source_ids == field.source_ids && other.transform == field.transform) {
          field.field_id = other.field_id;
        }
      }
    }
    if (field.field_id == 0) field.field_id = next++;
  }
}

Status MetadataChange::operator()(const AddPartitionSpec& update) {
  int32_t next_id = -1;
  for (const PartitionSpec& known : metadata_->partition_specs) {
    if (SameFields(known, update.spec)) {
      last_added_spec_ = known.spec_id;
      return Status::OK();
    }
    next_id = std::max(next_id, known.spec_id.value());
  }
  PartitionSpec spec = update.spec;
  spec.spec_id = PartitionSpecId(next_id + 1);
  AssignFieldIds(&spec);
  ICEFRAME_RETURN_NOT_OK(internal::CheckSpecFitsVersion(spec, metadata_->format_version));
  if (auto schema = metadata_->current_schema()) {
    ICEFRAME_RETURN_NOT_OK(ValidatePartitionSpec(spec, *schema));
  }
  for (const PartitionField& field : spec.fields) {
    metadata_->last_partition_id = std::max(metadata_->last_partition_id, field.field_id);
  }
  last_added_spec_ = spec.spec_id;
  metadata_->partition_specs.push_back(std::move(spec));
  return Status::OK();
}

Status MetadataChange::operator()(const SetDefaultSpec& update) {
  PartitionSpecId id = update.spec_id;
  if (id == PartitionSpecId(kLastAdded)) {
    if (!last_added_spec_) {
      return Error(ErrorKind::kInvalidArgument,
                   "no partition spec was added that could become the default");
    }
    id = *last_added_spec_;
  }
  if (metadata_->FindPartitionSpec(id) == nullptr) {
    return Error(ErrorKind::kInvalidArgument,
                 "partition spec to become the default does not exist: ", id);
  }
  checks_spec_and_order_ = checks_spec_and_order_ || id != metadata_->default_spec_id;
  metadata_->default_spec_id = id;
  return Status::OK();
}

Status MetadataChange::operator()(const AddSortOrder& update) {
  int32_t next_id = 0;
  for (const SortOrder& known : metadata_->sort_orders) {
    if (known.fields == update.sort_order.fields) {
      last_added_order_ = known.order_id;
      return Status::OK();
    }
    next_id = std::max(next_id, known.order_id.value());
  }
  SortOrder order = update.sort_order;
  order.order_id = SortOrderId(order.is_unsorted() ? 0 : next_id + 1);
  if (auto schema = metadata_->current_schema()) {
    ICEFRAME_RETURN_NOT_OK(ValidateSortOrder(order, *schema));
  }
  last_added_order_ = order.order_id;
  metadata_->sort_orders.push_back(std::move(order));
  return Status::OK();
}

Status MetadataChange::operator()(const SetDefaultSortOrder& update) {
  SortOrderId id = update.sort_order_id;
  if (id == SortOrderId(kLastAdded)) {
    if (!last_added_order_) {
      return Error(ErrorKind::kInvalidArgument,
                   "no sort order was added that could become the default");
    }
    id = *last_added_order_;
  }
  if (metadata_->FindSortOrder(id) == nullptr) {
    return Error(ErrorKind::kInvalidArgument,
                 "sort order to become the default does not exist: ", id);
  }
  checks_spec_and_order_ = checks_spec_and_order_ || id != metadata_->default_sort_order_id;
  metadata_->default_sort_order_id = id;
  return Status::OK();
}

Status MetadataChange::CheckRowLineage(const Snapshot& snapshot) {
  if (metadata_->format_version < 3) return Status::OK();
  if (!snapshot.first_row_id || !snapshot.added_rows) {
    return Error(ErrorKind::kInvalidMetadata,
                 "snapshot of a v3 table lacks first-row-id or added-rows: ", snapshot.snapshot_id);
  }
  if (*snapshot.first_row_id < metadata_->next_row_id) {
    return Error(ErrorKind::kCommitConflict,
                 "snapshot's first-row-id is below next-row-id: ", *snapshot.first_row_id, " < ",
                 metadata_->next_row_id);
  }
  if (*snapshot.added_rows < 0 ||
      __builtin_add_overflow(*snapshot.first_row_id, *snapshot.added_rows,
                             &metadata_->next_row_id)) {
    return Error(ErrorKind::kInvalidMetadata,
                 "snapshot's added-rows is out of range: ", *snapshot.added_rows);
  }
  return Status::OK();
}

Status MetadataChange::operator()(const AddSnapshot& update) {
  const Snapshot& snapshot = update.snapshot;
  if (metadata_->FindSnapshot(snapshot.snapshot_id) != nullptr) {
    return Error(ErrorKind::kInvalidArgument, "snapshot exists already: ", snapshot.snapshot_id);
  }
  // A snapshot without parent comes from a table that is being copied or replaced.
  if (metadata_->format_version >= 2 && snapshot.parent_snapshot_id &&
      snapshot.sequence_number <= metadata_->last_sequence_number) {
    return Error(ErrorKind::kCommitConflict,
                 "snapshot's sequence number is not new: ", snapshot.sequence_number, ", last ",
                 metadata_->last_sequence_number);
  }
  ICEFRAME_RETURN_NOT_OK(CheckRowLineage(snapshot));
  metadata_->last_sequence_number =
      std::max(metadata_->last_sequence_number, snapshot.sequence_number);
  metadata_->last_updated_ms = std::max(metadata_->last_updated_ms, snapshot.timestamp_ms);
  metadata_->snapshots.push_back(snapshot);
  added_snapshots_.insert(snapshot.snapshot_id);
  return Status::OK();
}

void MetadataChange::AppendSnapshotLog(const Snapshot& snapshot) {
  const bool is_new = added_snapshots_.count(snapshot.snapshot_id) != 0;
  int64_t timestamp_ms = is_new ? snapshot.timestamp_ms : options_.timestamp_ms;
  if (!metadata_->snapshot_log.empty()) {
    timestamp_ms = std::max(timestamp_ms, metadata_->snapshot_log.back().timestamp_ms);
  }
  metadata_->snapshot_log.push_back({timestamp_ms, snapshot.snapshot_id});
  if (is_new) added_to_main_.insert(snapshot.snapshot_id);
}

Status CheckRef(const SetSnapshotRef& update) {
  const SnapshotRef& ref = update.ref;
  if (update.ref_name.empty()) {
    return Error(ErrorKind::kInvalidArgument, "a ref's name can't be empty");
  }
  if (ref.kind == SnapshotRefKind::kTag) {
    if (update.ref_name == kMainBranch) {
      return Error(ErrorKind::kInvalidArgument, "main can't be a tag");
    }
    if (ref.min_snapshots_to_keep || ref.max_snapshot_age_ms) {
      return Error(
          ErrorKind::kInvalidArgument,
          "a tag takes no min-snapshots-to-keep or max-snapshot-age-ms: ", update.ref_name);
    }
  }
  if (ref.min_snapshots_to_keep.value_or(1) <= 0 || ref.max_snapshot_age_ms.value_or(1) <= 0 ||
      ref.max_ref_age_ms.value_or(1) <= 0) {
    return Error(ErrorKind::kInvalidArgument,
                 "a ref's retention must be above zero: ", update.ref_name);
  }
  return Status::OK();
}

Status MetadataChange::operator()(const SetSnapshotRef& update) {
  ICEFRAME_RETURN_NOT_OK(CheckRef(update));
  auto existing = metadata_->refs.find(update.ref_name);
  if (existing != metadata_->refs.end() && existing->second == update.ref) return Status::OK();
  const Snapshot* snapshot = metadata_->FindSnapshot(update.ref.snapshot_id);
  if (snapshot == nullptr) {
    return Error(ErrorKind::kInvalidArgument,
                 "ref would name a snapshot that does not exist: ", update.ref_name, " -> ",
                 update.ref.snapshot_id);
  }
  const bool moves =
      existing == metadata_->refs.end() || existing->second.snapshot_id != update.ref.snapshot_id;
  if (update.ref_name == kMainBranch && moves) {
    metadata_->current_snapshot_id = snapshot->snapshot_id;
    AppendSnapshotLog(*snapshot);
  }
  metadata_->refs.insert_or_assign(update.ref_name, update.ref);
  return Status::OK();
}

Status MetadataChange::operator()(const RemoveSnapshotRef& update) {
  if (metadata_->refs.erase(update.ref_name) != 0 && update.ref_name == kMainBranch) {
    metadata_->current_snapshot_id.reset();
    metadata_->snapshot_log.clear();
  }
  return Status::OK();
}

Status MetadataChange::operator()(const RemoveSnapshots& update) {
  const std::unordered_set<SnapshotId> ids(update.snapshot_ids.begin(), update.snapshot_ids.end());
  auto is_removed = [&](const auto& item) { return ids.count(item.snapshot_id) != 0; };
  std::vector<std::string> dangling;
  for (const auto& [name, ref] : metadata_->refs) {
    if (is_removed(ref)) dangling.push_back(name);
  }
  for (const std::string& name : dangling) {
    ICEFRAME_RETURN_NOT_OK((*this)(RemoveSnapshotRef{name}));
  }
  std::erase_if(metadata_->snapshots, is_removed);
  std::erase_if(metadata_->statistics, is_removed);
  std::erase_if(metadata_->partition_statistics, is_removed);
  removed_snapshots_ = removed_snapshots_ || !ids.empty();
  return Status::OK();
}

Status MetadataChange::operator()(const SetLocation& update) {
  if (update.location.empty()) {
    return Error(ErrorKind::kInvalidArgument, "a table's location can't be empty");
  }
  metadata_->location = update.location;
  return Status::OK();
}

Status MetadataChange::operator()(const SetProperties& update) {
  for (const auto& [key, value] : update.updates) {
    metadata_->properties.insert_or_assign(key, value);
  }
  return Status::OK();
}

Status MetadataChange::operator()(const RemoveProperties& update) {
  for (const std::string& key : update.removals) metadata_->properties.erase(key);
  return Status::OK();
}

template <typename File>
void ReplaceFile(std::vector<File>* files, const File& file) {
  std::erase_if(*files, [&](const File& old) { return old.snapshot_id == file.snapshot_id; });
  files->push_back(file);
}

Status MetadataChange::operator()(const SetStatistics& update) {
  ReplaceFile(&metadata_->statistics, update.statistics);
  return Status::OK();
}

Status MetadataChange::operator()(const RemoveStatistics& update) {
  std::erase_if(metadata_->statistics,
                [&](const StatisticsFile& file) { return file.snapshot_id == update.snapshot_id; });
  return Status::OK();
}

Status MetadataChange::operator()(const SetPartitionStatistics& update) {
  ReplaceFile(&metadata_->partition_statistics, update.partition_statistics);
  return Status::OK();
}

Status MetadataChange::operator()(const RemovePartitionStatistics& update) {
  std::erase_if(metadata_->partition_statistics, [&](const PartitionStatisticsFile& file) {
    return file.snapshot_id == update.snapshot_id;
  });
  return Status::OK();
}

Status MetadataChange::operator()(const RemovePartitionSpecs& update) {
  for (PartitionSpecId id : update.spec_ids) {
    if (id == metadata_->default_spec_id) {
      return Error(ErrorKind::kInvalidArgument,
                   "the default partition spec can't be removed: ", id);
    }
    std::erase_if(metadata_->partition_specs,
                  [&](const PartitionSpec& spec) { return spec.spec_id == id; });
  }
  return Status::OK();
}

Status MetadataChange::operator()(const RemoveSchemas& update) {
  for (SchemaId id : update.schema_ids) {
    if (id == metadata_->current_schema_id) {
      return Error(ErrorKind::kInvalidArgument, "the current schema can't be removed: ", id);
    }
    std::erase_if(metadata_->schemas,
                  [&](const auto& schema) { return schema->schema_id() == id; });
  }
  return Status::OK();
}

std::string KeyIdOf(const EncryptedKey& key) {
  const Json* id = key.json.Find("key-id");
  return id == nullptr ? std::string() : id->text();
}

Status MetadataChange::operator()(const AddEncryptionKey& update) {
  const std::string id = KeyIdOf(update.key);
  if (id.empty()) return Error(ErrorKind::kInvalidArgument, "an encryption key needs a key-id");
  for (const EncryptedKey& known : metadata_->encryption_keys) {
    if (KeyIdOf(known) != id) continue;
    if (known == update.key) return Status::OK();
    return Error(ErrorKind::kInvalidArgument, "encryption key exists already: ", id);
  }
  metadata_->encryption_keys.push_back(update.key);
  return Status::OK();
}

Status MetadataChange::operator()(const RemoveEncryptionKey& update) {
  std::erase_if(metadata_->encryption_keys,
                [&](const EncryptedKey& key) { return KeyIdOf(key) == update.key_id; });
  return Status::OK();
}

// The log tells what was current between changes: a snapshot that was added and passed over
// within this one never was. Nothing may be said about times before a removed snapshot.
void MetadataChange::CutSnapshotLog() {
  std::unordered_set<SnapshotId> intermediate = added_to_main_;
  if (metadata_->current_snapshot_id) intermediate.erase(*metadata_->current_snapshot_id);
  if (intermediate.empty() && !removed_snapshots_) return;
  std::unordered_set<SnapshotId> present;
  for (const Snapshot& snapshot : metadata_->snapshots) present.insert(snapshot.snapshot_id);
  std::vector<SnapshotLogEntry> log;
  for (const SnapshotLogEntry& entry : metadata_->snapshot_log) {
    if (present.count(entry.snapshot_id) == 0) {
      log.clear();
    } else if (intermediate.count(entry.snapshot_id) == 0) {
      log.push_back(entry);
    }
  }
  metadata_->snapshot_log = std::move(log);
}

int64_t PreviousVersionsMax(const Properties& properties) {
  int64_t max = kDefaultPreviousVersionsMax;
  auto found = properties.find(kPreviousVersionsMax);
  if (found != properties.end()) {
    const std::string& text = found->second;
    std::from_chars(text.data(), text.data() + text.size(), max);
  }
  return std::max<int64_t>(max, 1);
}

void MetadataChange::AppendMetadataLog() {
  if (options_.base_metadata_location.empty()) return;
  auto& log = metadata_->metadata_log;
  log.push_back({base_.last_updated_ms, options_.base_metadata_location});
  const auto keep = static_cast<size_t>(PreviousVersionsMax(metadata_->properties));
  if (log.size() > keep) {
    log.erase(log.begin(), log.end() - static_cast<std::ptrdiff_t>(keep));
  }
}

Result<std::shared_ptr<const TableMetadata>> MetadataChange::Finish() {
  if (checks_spec_and_order_) {
    auto schema = metadata_->current_schema();
    const PartitionSpec* spec = metadata_->default_spec();
    const SortOrder* order = metadata_->default_sort_order();
    if (spec != nullptr) ICEFRAME_RETURN_NOT_OK(ValidatePartitionSpec(*spec, *schema));
    if (order != nullptr) ICEFRAME_RETURN_NOT_OK(ValidateSortOrder(*order, *schema));
  }
  CutSnapshotLog();
  AppendMetadataLog();
  metadata_->last_updated_ms = std::max(metadata_->last_updated_ms, options_.timestamp_ms);
  ICEFRAME_RETURN_NOT_OK(internal::CheckConsistency(*metadata_));
  return std::shared_ptr<const TableMetadata>(std::move(metadata_));
}

}  // namespace

Result<std::shared_ptr<const TableMetadata>> ApplyUpdates(const TableMetadata& base,
                                                          const std::vector<TableUpdate>& updates,
                                                          const ApplyOptions& options) {
  MetadataChange change(base, options);
  for (const TableUpdate& update : updates) ICEFRAME_RETURN_NOT_OK(std::visit(change, update));
  return change.Finish();
}

}  // namespace iceframe
