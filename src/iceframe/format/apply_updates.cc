// SPDX-License-Identifier: Apache-2.0
// Updates applied in order, then the logs and the checks; the kinds of one line stand here.
#include <algorithm>
#include <charconv>
#include <string>

#include "iceframe/format/format_version_internal.h"
#include "iceframe/format/metadata_change_internal.h"
#include "iceframe/format/table_metadata_check_internal.h"

namespace iceframe {

namespace internal {

namespace {

constexpr char kPreviousVersionsMax[] = "write.metadata.previous-versions-max";
constexpr int64_t kDefaultPreviousVersionsMax = 100;

template <typename File>
void ReplaceFile(std::vector<File>* files, const File& file) {
  std::erase_if(*files, [&](const File& old) { return old.snapshot_id == file.snapshot_id; });
  files->push_back(file);
}

std::string KeyIdOf(const EncryptedKey& key) {
  const Json* id = key.json.Find("key-id");
  return id == nullptr ? std::string() : id->text();
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

}  // namespace

Status MetadataChange::operator()(const AssignUuid& update) {
  if (update.uuid.empty()) {
    return Error(ErrorKind::kInvalidArgument, "a table's uuid can't be empty");
  }
  metadata_->table_uuid = update.uuid;
  return Status::OK();
}

Status MetadataChange::operator()(const UpgradeFormatVersion& update) {
  if (update.format_version > kNewestFormatVersion) {
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
  ICEFRAME_RETURN_NOT_OK(CheckConsistency(*metadata_));
  return std::shared_ptr<const TableMetadata>(std::move(metadata_));
}

}  // namespace internal

Result<std::shared_ptr<const TableMetadata>> ApplyUpdates(const TableMetadata& base,
                                                          const std::vector<TableUpdate>& updates,
                                                          const ApplyOptions& options) {
  internal::MetadataChange change(base, options);
  for (const TableUpdate& update : updates) ICEFRAME_RETURN_NOT_OK(std::visit(change, update));
  return change.Finish();
}

}  // namespace iceframe
