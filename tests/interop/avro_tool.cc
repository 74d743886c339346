// SPDX-License-Identifier: Apache-2.0
// Lets tests of other implementations look through our eyes:
//   avro_tool dump-manifest FILE [SEQUENCE_NUMBER SNAPSHOT_ID]   entries as JSON
//   avro_tool dump-list FILE                                     manifests as JSON
//   avro_tool write-sample DIR                                   files, and what they hold as JSON
#include <fstream>
#include <iostream>
#include <iterator>

#include "iceframe/format/avro_file.h"
#include "iceframe/format/columnar_manifest.h"
#include "iceframe/format/manifest_list_avro.h"
#include "iceframe/format/table_metadata_json.h"
#include "iceframe/types/schema_json.h"

#include "interop/manifest_json.h"
#include "unit/format/manifest_samples.h"

namespace iceframe {
namespace {

Result<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error(ErrorKind::kNotFound, "file can't be opened: ", path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Status WriteFile(const std::string& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return file ? Status::OK() : Error(ErrorKind::kIo, "file can't be written: ", path);
}

// The partition type by the schema and the spec that the file itself carries.
Result<Type> OwnPartitionType(std::string_view bytes, PartitionSpecId* spec_id) {
  ICEFRAME_ASSIGN_OR_RETURN(AvroFileReader reader, AvroFileReader::Make(bytes));
  const auto& metadata = reader.metadata();
  ICEFRAME_ASSIGN_OR_RETURN(Json schema_json, Json::Parse(metadata.at("schema")));
  ICEFRAME_ASSIGN_OR_RETURN(auto schema, SchemaFromJson(schema_json));
  ICEFRAME_ASSIGN_OR_RETURN(Json fields, Json::Parse(metadata.at("partition-spec")));
  *spec_id = PartitionSpecId(std::stoi(metadata.at("partition-spec-id")));
  Json spec_json = Json::Object({{"spec-id", Json::Int(spec_id->value())}, {"fields", fields}});
  ICEFRAME_ASSIGN_OR_RETURN(PartitionSpec spec, PartitionSpecFromJson(spec_json));
  return PartitionType(spec, *schema);
}

Result<Json> EntriesJson(const std::vector<ManifestEntry>& entries, const Type& partition_type) {
  Json json = Json::Array();
  for (const ManifestEntry& entry : entries) {
    ICEFRAME_ASSIGN_OR_RETURN(Json item, ManifestEntryJson(entry, partition_type));
    json.Append(std::move(item));
  }
  return json;
}

Status DumpManifest(const std::string& path, int64_t sequence_number, int64_t snapshot_id) {
  ICEFRAME_ASSIGN_OR_RETURN(std::string bytes, ReadFile(path));
  ManifestFile file;
  ICEFRAME_ASSIGN_OR_RETURN(Type partition_type, OwnPartitionType(bytes, &file.partition_spec_id));
  file.sequence_number = SequenceNumber(sequence_number);
  file.added_snapshot_id = SnapshotId(snapshot_id);
  ICEFRAME_ASSIGN_OR_RETURN(auto manifest, ColumnarManifest::FromAvro(bytes, file, partition_type));
  std::vector<ManifestEntry> entries;
  for (int64_t i = 0; i < manifest->num_entries(); ++i) {
    ICEFRAME_ASSIGN_OR_RETURN(entries.emplace_back(), manifest->Entry(i));
  }
  ICEFRAME_ASSIGN_OR_RETURN(Json json, EntriesJson(entries, partition_type));
  std::cout << json.Dump() << "\n";
  return Status::OK();
}

Json ListJson(const std::vector<ManifestFile>& files) {
  Json json = Json::Array();
  for (const ManifestFile& file : files) json.Append(ManifestFileJson(file));
  return json;
}

Status DumpList(const std::string& path) {
  ICEFRAME_ASSIGN_OR_RETURN(std::string bytes, ReadFile(path));
  ICEFRAME_ASSIGN_OR_RETURN(auto files, ManifestListFromAvro(bytes));
  std::cout << ListJson(files).Dump() << "\n";
  return Status::OK();
}

std::vector<ManifestEntry> SampleEntries(int32_t version, ManifestContent content) {
  std::vector<ManifestEntry> entries;
  for (int32_t i = 0; i < 5; ++i) {
    entries.push_back(content == ManifestContent::kData ? SampleEntry(version, i)
                                                        : SampleDelete(version, i));
  }
  for (Value& value : entries[1].data_file.partition) value = Value::Null();
  entries[2].status = EntryStatus::kAdded;
  entries[3].status = EntryStatus::kDeleted;
  return entries;
}

Status WriteSample(const std::string& folder) {
  ICEFRAME_ASSIGN_OR_RETURN(Type partition_type, PartitionType(SampleSpec(), *SampleSchema()));
  for (int32_t version : {1, 2, 3}) {
    std::vector<ManifestFile> files;
    for (ManifestContent content : {ManifestContent::kData, ManifestContent::kDeletes}) {
      if (version == 1 && content == ManifestContent::kDeletes) continue;
      ICEFRAME_ASSIGN_OR_RETURN(
          auto writer, ManifestAvroWriter::Make({version, content, SampleSchema(), SampleSpec()}));
      const std::vector<ManifestEntry> entries = SampleEntries(version, content);
      for (const ManifestEntry& entry : entries) ICEFRAME_RETURN_NOT_OK(writer->Add(entry));
      ManifestFile& file = files.emplace_back(SampleManifestFile(content));
      ICEFRAME_ASSIGN_OR_RETURN(std::string bytes, writer->Finish(&file));
      const std::string name = folder + "/v" + std::to_string(version) +
                               (content == ManifestContent::kData ? "-data" : "-deletes");
      file.manifest_path = name + ".avro";
      if (version == 1) file.sequence_number = file.min_sequence_number = SequenceNumber(0);
      ICEFRAME_RETURN_NOT_OK(WriteFile(file.manifest_path, bytes));
      ICEFRAME_ASSIGN_OR_RETURN(Json json, EntriesJson(entries, partition_type));
      ICEFRAME_RETURN_NOT_OK(WriteFile(name + ".json", json.Dump()));
    }
    ManifestListHeader header;
    header.format_version = version;
    header.snapshot_id = SnapshotId(9999);
    header.sequence_number = SequenceNumber(30);
    if (version >= 3) header.first_row_id = 0;
    ICEFRAME_ASSIGN_OR_RETURN(std::string list, ManifestListToAvro(header, files));
    const std::string name = folder + "/v" + std::to_string(version) + "-list";
    ICEFRAME_RETURN_NOT_OK(WriteFile(name + ".avro", list));
    ICEFRAME_RETURN_NOT_OK(WriteFile(name + ".json", ListJson(files).Dump()));
  }
  return Status::OK();
}

Status Run(const std::vector<std::string>& arguments) {
  const std::string command = arguments.empty() ? "" : arguments[0];
  if (command == "dump-manifest" && (arguments.size() == 2 || arguments.size() == 4)) {
    const bool has_ids = arguments.size() == 4;
    return DumpManifest(arguments[1], has_ids ? std::stoll(arguments[2]) : 0,
                        has_ids ? std::stoll(arguments[3]) : 0);
  }
  if (command == "dump-list" && arguments.size() == 2) return DumpList(arguments[1]);
  if (command == "write-sample" && arguments.size() == 2) return WriteSample(arguments[1]);
  return Error(ErrorKind::kInvalidArgument,
               "usage: avro_tool dump-manifest FILE [SEQUENCE_NUMBER SNAPSHOT_ID] | "
               "dump-list FILE | write-sample DIR");
}

}  // namespace
}  // namespace iceframe

int main(int argc, char** argv) {
  const iceframe::Status status = iceframe::Run({argv + 1, argv + argc});
  if (!status.ok()) std::cerr << status.message() << "\n";
  return status.ok() ? 0 : 1;
}
