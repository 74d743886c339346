// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/snapshot_action.h"

#include <algorithm>
#include <set>
#include <utility>

#include "iceframe/base/uuid.h"
#include "iceframe/format/manifest_list_avro.h"
#include "iceframe/runtime/settings.h"
#include "iceframe/table/manifest_merge_internal.h"
#include "iceframe/table/missing_summaries_internal.h"
#include "iceframe/table/stream_positions.h"
#include "iceframe/table/update_properties_action.h"
#include "iceframe/table/written_columns_internal.h"

namespace iceframe {

namespace {

constexpr int64_t kDefaultManifestBytes = int64_t{8} << 20;

SnapshotId NewSnapshotId(const TableMetadata& metadata) {
  for (;;) {
    const SnapshotId id(static_cast<int64_t>(RandomBits() >> 1));
    if (id != SnapshotId(0) && !metadata.HasSnapshot(id)) return id;
  }
}

}  // namespace

SnapshotAction::SnapshotAction(const Table& table, std::vector<DataFile> added_files,
                               SnapshotActionOptions options)
    : made_for_(table.metadata()),
      added_files_(std::move(added_files)),
      options_(std::move(options)),
      snapshot_id_(NewSnapshotId(*table.metadata())),
      commit_uuid_(NewUuid()) {}

Result<ManifestFilesWriter> SnapshotAction::NewManifestWriter(const CommitAttempt& attempt,
                                                              PartitionSpecId spec_id,
                                                              std::optional<int64_t> target) {
  const TableMetadata& base = *attempt.base.metadata;
  const PartitionSpec* spec = base.FindPartitionSpec(spec_id);
  if (spec == nullptr) {
    return Error(ErrorKind::kInvalidArgument, "partition spec is not in the table: ", spec_id);
  }
  ManifestFilesWriter::Options writer;
  writer.header = {base.format_version, ManifestContent::kData, SchemaForSpec(base, *spec), *spec};
  writer.snapshot_id = snapshot_id_;
  writer.path_prefix = MetadataFolder(base) + commit_uuid_ + "-m";
  writer.next_number = &next_manifest_number_;
  writer.written_files = &written_files_;
  writer.target_size_bytes = kDefaultManifestBytes;
  auto property = base.properties.find("commit.manifest.target-size-bytes");
  if (property != base.properties.end()) {
    ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(writer.target_size_bytes, ParseBytes(property->second),
                                      "table property", property->first);
  }
  if (target) writer.target_size_bytes = *target;
  return ManifestFilesWriter(attempt.context, attempt.io, std::move(writer));
}

Status SnapshotAction::CheckFilesFit(const CommitAttempt& attempt) const {
  const TableMetadata& base = *attempt.base.metadata;
  if (added_files_.empty() || attempt.base.metadata == made_for_) return Status::OK();
  const Schema& written = *made_for_->current_schema();
  const Schema& current = *base.current_schema();
  const FieldId last_id =
      attempt.earlier != nullptr ? attempt.earlier->last_column_id : written.highest_field_id();
  ICEFRAME_RETURN_NOT_OK(internal::CheckNewColumnsStay(written, current, last_id));
  ICEFRAME_RETURN_NOT_OK(internal::CheckRequiredColumnsWritten(written, current));
  for (const DataFile& file : added_files_) {
    const PartitionSpec* before = made_for_->FindPartitionSpec(file.spec_id);
    const PartitionSpec* now = base.FindPartitionSpec(file.spec_id);
    if (before != nullptr && now != nullptr && before->fields == now->fields) continue;
    return Error(ErrorKind::kCommitConflict, "another writer changed the partition spec while ",
                 "this transaction did; run it again: spec ", file.spec_id);
  }
  return Status::OK();
}

Result<std::optional<SnapshotId>> SnapshotAction::RefSnapshotId(const TableMetadata& base) const {
  auto ref = base.refs.find(options_.target_ref);
  if (ref == base.refs.end()) return std::nullopt;
  if (ref->second.kind == SnapshotRefKind::kTag) {
    return Error(ErrorKind::kInvalidArgument,
                 "a tag takes no new snapshots: ", options_.target_ref);
  }
  return std::optional<SnapshotId>(ref->second.snapshot_id);
}

Result<std::string> SnapshotAction::WriteManifestList(const CommitAttempt& attempt,
                                                      const Snapshot& snapshot,
                                                      const std::vector<ManifestFile>& manifests) {
  const TableMetadata& base = *attempt.base.metadata;
  ManifestListHeader header;
  header.format_version = base.format_version;
  header.snapshot_id = snapshot_id_;
  header.parent_snapshot_id = snapshot.parent_snapshot_id;
  header.sequence_number = snapshot.sequence_number;
  ICEFRAME_ASSIGN_OR_RETURN(std::string bytes, ManifestListToAvro(header, manifests));
  WrittenList list;
  list.path = MetadataFolder(base) + "snap-" + std::to_string(snapshot_id_.value()) + "-" +
              std::to_string(next_list_number_++) + "-" + commit_uuid_ + ".avro";
  for (const ManifestFile& manifest : manifests) {
    list.manifest_paths.push_back(manifest.manifest_path);
  }
  written_files_.push_back(list.path);
  ICEFRAME_RETURN_NOT_OK(attempt.io.WriteAll(attempt.context, list.path, bytes));
  written_lists_.push_back(list);
  return list.path;
}

Status SnapshotAction::WriteAhead(const CommitAttempt& attempt) {
  if (has_new_manifests_) return Status::OK();
  ICEFRAME_ASSIGN_OR_RETURN(
      new_manifests_, internal::WriteAddedFiles(added_files_, id(), [&](PartitionSpecId spec_id) {
        return NewManifestWriter(attempt, spec_id);
      }));
  has_new_manifests_ = true;
  return Status::OK();
}

CommitRequest SnapshotAction::RequestFor(const LoadedTable& table, std::optional<SnapshotId> ref_id,
                                         Snapshot snapshot) const {
  const TableMetadata& base = *table.metadata;
  CommitRequest request;
  request.identifier = table.identifier;
  // A schema that changed meanwhile is the snapshot's: its id must be the current one's.
  request.requirements = {AssertTableUuid{base.table_uuid},
                          AssertRefSnapshotId{options_.target_ref, ref_id},
                          AssertCurrentSchemaId{base.current_schema_id}};
  SetSnapshotRef set_ref{options_.target_ref, {}};
  if (ref_id) set_ref.ref = base.refs.at(options_.target_ref);
  set_ref.ref.snapshot_id = snapshot_id_;
  Properties properties = options_.set_properties;
  properties.merge(PositionFloors(snapshot, options_.summary, options_.target_ref));
  request.updates = {AddSnapshot{std::move(snapshot)}, std::move(set_ref)};
  if (!properties.empty()) request.updates.emplace_back(SetProperties{std::move(properties)});
  if (!options_.removed_properties.empty()) {
    request.updates.emplace_back(RemoveProperties{options_.removed_properties});
  }
  return request;
}

Result<CommitRequest> SnapshotAction::Prepare(const CommitAttempt& attempt) {
  const TableMetadata& base = *attempt.base.metadata;
  ICEFRAME_RETURN_NOT_OK(
      CheckPropertyChanges(options_.set_properties, options_.removed_properties));
  if (options_.validator) ICEFRAME_RETURN_NOT_OK(options_.validator(base));
  if (options_.summary_on) {
    ICEFRAME_ASSIGN_OR_RETURN(Properties made, options_.summary_on(base));
    made.merge(options_.summary);
    options_.summary = std::move(made);
  }
  ICEFRAME_RETURN_NOT_OK(CheckFilesFit(attempt));
  ICEFRAME_ASSIGN_OR_RETURN(std::optional<SnapshotId> ref_id, RefSnapshotId(base));
  Parent parent;
  parent.snapshot = base.current_snapshot();
  if (ref_id) {
    ICEFRAME_ASSIGN_OR_RETURN(parent.snapshot, base.FindSnapshot(*ref_id));
  }
  if (parent.snapshot != nullptr) {
    ICEFRAME_ASSIGN_OR_RETURN(
        auto manifests, ReadManifestList(attempt.context, attempt.io, base, *parent.snapshot));
    // A manifest of deleted entries alone was news to the snapshot that wrote it, and to none
    // after.
    for (const ManifestFile& manifest : *manifests) {
      if (manifest.may_have_live_files()) parent.manifests.push_back(manifest);
    }
  }
  ICEFRAME_RETURN_NOT_OK(WriteAhead(attempt));
  ICEFRAME_ASSIGN_OR_RETURN(Content content, MakeContent(attempt, parent));
  ICEFRAME_RETURN_NOT_OK(internal::FillMissingSummaries(attempt, &content.manifests));

  Snapshot snapshot;
  snapshot.snapshot_id = snapshot_id_;
  if (parent.snapshot != nullptr) snapshot.parent_snapshot_id = parent.snapshot->snapshot_id;
  if (base.format_version >= 2) {
    snapshot.sequence_number = SequenceNumber(base.last_sequence_number.value() + 1);
  }
  snapshot.timestamp_ms = std::max(attempt.context.clock->SystemNowMs(), base.last_updated_ms);
  ICEFRAME_ASSIGN_OR_RETURN(
      Properties positions,
      CarriedPositions(base, parent.snapshot, ref_id ? options_.target_ref : kMainBranch));
  snapshot.summary = MakeSnapshotSummary(content.operation, options_.summary, std::move(positions),
                                         content.changes, parent.snapshot);
  SetManifestCounts(parent.manifests, content.manifests, &snapshot.summary);
  snapshot.schema_id = base.current_schema_id;
  if (base.format_version >= 3) {
    snapshot.first_row_id = base.next_row_id;
    ICEFRAME_ASSIGN_OR_RETURN(int64_t next,
                              AssignFirstRowIds(base.next_row_id, &content.manifests));
    snapshot.added_rows = next - base.next_row_id;
  }
  ICEFRAME_ASSIGN_OR_RETURN(snapshot.manifest_list,
                            WriteManifestList(attempt, snapshot, content.manifests));

  return RequestFor(attempt.base, ref_id, std::move(snapshot));
}

std::vector<std::string> SnapshotAction::UnusedFiles(const TableMetadata* saved) const {
  if (saved == nullptr) return written_files_;
  const Snapshot* snapshot = saved->FindSnapshot(snapshot_id_).ValueOr(nullptr);
  if (snapshot == nullptr) return {};
  auto landed =
      std::find_if(written_lists_.begin(), written_lists_.end(),
                   [&](const WrittenList& list) { return list.path == snapshot->manifest_list; });
  if (landed == written_lists_.end()) return {};
  std::set<std::string_view> used(landed->manifest_paths.begin(), landed->manifest_paths.end());
  used.insert(landed->path);
  std::vector<std::string> unused;
  for (const std::string& path : written_files_) {
    if (used.count(path) == 0) unused.push_back(path);
  }
  return unused;
}

std::string ManifestKey(const ManifestFile& manifest) {
  return manifest.manifest_path + "\n" + std::to_string(manifest.sequence_number.value()) + "\n" +
         std::to_string(manifest.first_row_id.value_or(-1));
}

std::string PartitionKeyOf(const TableMetadata& metadata, const DataFile& file) {
  const PartitionSpec* spec = metadata.FindPartitionSpec(file.spec_id);
  if (spec == nullptr) return "";
  return PartitionPath(*spec, *SchemaForSpec(metadata, *spec), file.partition);
}

}  // namespace iceframe
