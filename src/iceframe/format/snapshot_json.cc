// SPDX-License-Identifier: Apache-2.0
// Snapshots and refs as JSON. Spec: Appendix C.
#include <array>

#include "iceframe/format/json_fields_internal.h"
#include "iceframe/format/table_metadata_json.h"

namespace iceframe {

namespace {

using internal::AddOptional;
using internal::JsonFields;

constexpr std::array<std::string_view, 11> kSnapshotFields = {
    "snapshot-id",   "parent-snapshot-id", "sequence-number", "timestamp-ms",
    "manifest-list", "manifests",          "summary",         "schema-id",
    "first-row-id",  "added-rows",         "key-id"};

}  // namespace

Result<Snapshot> SnapshotFromJson(const Json& json) {
  ICEFRAME_ASSIGN_OR_RETURN(auto fields, JsonFields::Make(json, "snapshot"));
  Snapshot snapshot;
  ICEFRAME_ASSIGN_OR_RETURN(snapshot.snapshot_id, fields.Required<SnapshotId>("snapshot-id"));
  ICEFRAME_ASSIGN_OR_RETURN(snapshot.parent_snapshot_id,
                            fields.Optional<SnapshotId>("parent-snapshot-id"));
  ICEFRAME_ASSIGN_OR_RETURN(snapshot.sequence_number,
                            fields.ValueOr("sequence-number", SequenceNumber(0)));
  ICEFRAME_ASSIGN_OR_RETURN(snapshot.timestamp_ms, fields.Required<int64_t>("timestamp-ms"));
  ICEFRAME_ASSIGN_OR_RETURN(snapshot.summary, fields.ValueOr("summary", Properties()));
  ICEFRAME_ASSIGN_OR_RETURN(snapshot.schema_id, fields.Optional<SchemaId>("schema-id"));
  ICEFRAME_ASSIGN_OR_RETURN(snapshot.first_row_id, fields.Optional<int64_t>("first-row-id"));
  ICEFRAME_ASSIGN_OR_RETURN(snapshot.added_rows, fields.Optional<int64_t>("added-rows"));
  ICEFRAME_ASSIGN_OR_RETURN(snapshot.key_id, fields.Optional<std::string>("key-id"));
  if (fields.Has("manifest-list")) {
    ICEFRAME_ASSIGN_OR_RETURN(snapshot.manifest_list,
                              fields.Required<std::string>("manifest-list"));
    if (snapshot.manifest_list.empty()) {
      return Error(ErrorKind::kInvalidMetadata,
                   "snapshot has an empty manifest-list: ", snapshot.snapshot_id);
    }
  } else if (fields.Has("manifests")) {
    ICEFRAME_ASSIGN_OR_RETURN(snapshot.manifests, fields.List<std::string>("manifests"));
  } else {
    return Error(ErrorKind::kInvalidMetadata,
                 "snapshot has neither manifest-list nor manifests: ", snapshot.snapshot_id);
  }
  if (snapshot.sequence_number < SequenceNumber(0)) {
    return Error(ErrorKind::kInvalidMetadata,
                 "snapshot has a negative sequence number: ", snapshot.snapshot_id);
  }
  if (snapshot.first_row_id.value_or(0) < 0 || snapshot.added_rows.value_or(0) < 0) {
    return Error(ErrorKind::kInvalidMetadata,
                 "snapshot has negative row lineage: ", snapshot.snapshot_id);
  }
  snapshot.unknown_fields = internal::UnknownMembers(json, kSnapshotFields);
  return snapshot;
}

Json SnapshotToJson(const Snapshot& snapshot, int32_t format_version) {
  Json json = Json::Object();
  json.Add("snapshot-id", Json::Int(snapshot.snapshot_id.value()));
  AddOptional(&json, "parent-snapshot-id", snapshot.parent_snapshot_id);
  // v1 has none, but a v1 file that carries some keeps them.
  if (format_version >= 2 || snapshot.sequence_number != SequenceNumber(0)) {
    json.Add("sequence-number", Json::Int(snapshot.sequence_number.value()));
  }
  json.Add("timestamp-ms", Json::Int(snapshot.timestamp_ms));
  if (snapshot.manifest_list.empty()) {
    Json manifests = Json::Array();
    for (const std::string& path : snapshot.manifests) manifests.Append(Json::String(path));
    json.Add("manifests", std::move(manifests));
  } else {
    json.Add("manifest-list", Json::String(snapshot.manifest_list));
  }
  if (!snapshot.summary.empty()) {
    json.Add("summary", internal::PropertiesToJson(snapshot.summary));
  }
  AddOptional(&json, "schema-id", snapshot.schema_id);
  AddOptional(&json, "first-row-id", snapshot.first_row_id);
  AddOptional(&json, "added-rows", snapshot.added_rows);
  AddOptional(&json, "key-id", snapshot.key_id);
  for (const Json::Member& member : snapshot.unknown_fields) json.Add(member.first, member.second);
  return json;
}

Result<SnapshotRef> SnapshotRefFromJson(const Json& json) {
  ICEFRAME_ASSIGN_OR_RETURN(auto fields, JsonFields::Make(json, "snapshot reference"));
  SnapshotRef ref;
  ICEFRAME_ASSIGN_OR_RETURN(ref.snapshot_id, fields.Required<SnapshotId>("snapshot-id"));
  ICEFRAME_ASSIGN_OR_RETURN(std::string type, fields.Required<std::string>("type"));
  if (type == "branch") {
    ref.kind = SnapshotRefKind::kBranch;
  } else if (type == "tag") {
    ref.kind = SnapshotRefKind::kTag;
  } else {
    return Error(ErrorKind::kInvalidMetadata, "unknown kind of snapshot reference: ", type);
  }
  ICEFRAME_ASSIGN_OR_RETURN(ref.min_snapshots_to_keep,
                            fields.Optional<int32_t>("min-snapshots-to-keep"));
  ICEFRAME_ASSIGN_OR_RETURN(ref.max_snapshot_age_ms,
                            fields.Optional<int64_t>("max-snapshot-age-ms"));
  ICEFRAME_ASSIGN_OR_RETURN(ref.max_ref_age_ms, fields.Optional<int64_t>("max-ref-age-ms"));
  return ref;
}

Json SnapshotRefToJson(const SnapshotRef& ref) {
  Json json = Json::Object();
  json.Add("snapshot-id", Json::Int(ref.snapshot_id.value()));
  json.Add("type", Json::String(ref.kind == SnapshotRefKind::kBranch ? "branch" : "tag"));
  AddOptional(&json, "min-snapshots-to-keep", ref.min_snapshots_to_keep);
  AddOptional(&json, "max-snapshot-age-ms", ref.max_snapshot_age_ms);
  AddOptional(&json, "max-ref-age-ms", ref.max_ref_age_ms);
  return json;
}

}  // namespace iceframe
