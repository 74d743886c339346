// SPDX-License-Identifier: Apache-2.0
// Statistics and partition statistics files as JSON. Spec: "Statistics".
#include "iceframe/format/json_fields_internal.h"
#include "iceframe/format/table_metadata_json_internal.h"

namespace iceframe::internal {

namespace {

Result<BlobMetadata> BlobMetadataFromJson(const Json& json) {
  ICEFRAME_ASSIGN_OR_RETURN(auto fields, JsonFields::Make(json, "blob metadata"));
  BlobMetadata blob;
  ICEFRAME_ASSIGN_OR_RETURN(blob.type, fields.Required<std::string>("type"));
  ICEFRAME_ASSIGN_OR_RETURN(blob.snapshot_id, fields.Required<SnapshotId>("snapshot-id"));
  ICEFRAME_ASSIGN_OR_RETURN(blob.sequence_number,
                            fields.Required<SequenceNumber>("sequence-number"));
  ICEFRAME_ASSIGN_OR_RETURN(blob.fields, fields.List<FieldId>("fields"));
  ICEFRAME_ASSIGN_OR_RETURN(blob.properties, fields.ValueOr("properties", Properties()));
  return blob;
}

Json BlobMetadataToJson(const BlobMetadata& blob) {
  Json json = Json::Object();
  json.Add("type", Json::String(blob.type));
  json.Add("snapshot-id", Json::Int(blob.snapshot_id.value()));
  json.Add("sequence-number", Json::Int(blob.sequence_number.value()));
  json.Add("fields", IdsToJson(blob.fields));
  if (!blob.properties.empty()) json.Add("properties", PropertiesToJson(blob.properties));
  return json;
}

}  // namespace

Result<StatisticsFile> StatisticsFileFromJson(const Json& json) {
  ICEFRAME_ASSIGN_OR_RETURN(auto fields, JsonFields::Make(json, "statistics file"));
  StatisticsFile file;
  ICEFRAME_ASSIGN_OR_RETURN(file.snapshot_id, fields.Required<SnapshotId>("snapshot-id"));
  ICEFRAME_ASSIGN_OR_RETURN(file.statistics_path, fields.Required<std::string>("statistics-path"));
  ICEFRAME_ASSIGN_OR_RETURN(file.file_size_in_bytes,
                            fields.Required<int64_t>("file-size-in-bytes"));
  ICEFRAME_ASSIGN_OR_RETURN(file.file_footer_size_in_bytes,
                            fields.Required<int64_t>("file-footer-size-in-bytes"));
  ICEFRAME_ASSIGN_OR_RETURN(file.key_metadata, fields.Optional<std::string>("key-metadata"));
  ICEFRAME_ASSIGN_OR_RETURN(file.blob_metadata,
                            fields.ListOf<BlobMetadata>("blob-metadata", BlobMetadataFromJson));
  return file;
}

Json StatisticsFileToJson(const StatisticsFile& file) {
  Json json = Json::Object();
  json.Add("snapshot-id", Json::Int(file.snapshot_id.value()));
  json.Add("statistics-path", Json::String(file.statistics_path));
  json.Add("file-size-in-bytes", Json::Int(file.file_size_in_bytes));
  json.Add("file-footer-size-in-bytes", Json::Int(file.file_footer_size_in_bytes));
  AddOptional(&json, "key-metadata", file.key_metadata);
  Json blobs = Json::Array();
  for (const BlobMetadata& blob : file.blob_metadata) blobs.Append(BlobMetadataToJson(blob));
  json.Add("blob-metadata", std::move(blobs));
  return json;
}

Result<PartitionStatisticsFile> PartitionStatisticsFileFromJson(const Json& json) {
  ICEFRAME_ASSIGN_OR_RETURN(auto fields, JsonFields::Make(json, "partition statistics file"));
  PartitionStatisticsFile file;
  ICEFRAME_ASSIGN_OR_RETURN(file.snapshot_id, fields.Required<SnapshotId>("snapshot-id"));
  ICEFRAME_ASSIGN_OR_RETURN(file.statistics_path, fields.Required<std::string>("statistics-path"));
  ICEFRAME_ASSIGN_OR_RETURN(file.file_size_in_bytes,
                            fields.Required<int64_t>("file-size-in-bytes"));
  return file;
}

Json PartitionStatisticsFileToJson(const PartitionStatisticsFile& file) {
  Json json = Json::Object();
  json.Add("snapshot-id", Json::Int(file.snapshot_id.value()));
  json.Add("statistics-path", Json::String(file.statistics_path));
  json.Add("file-size-in-bytes", Json::Int(file.file_size_in_bytes));
  return json;
}

}  // namespace iceframe::internal
