// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/manifest_list_avro.h"

#include <limits>
#include <map>

#include "iceframe/format/avro_file.h"
#include "iceframe/format/manifest_avro_schema.h"

namespace iceframe {

namespace {

// The fields of one record by their ids.
class RecordFields {
 public:
  RecordFields(const AvroSchema& schema, const AvroDatum& record) {
    for (size_t i = 0; i < schema.fields.size(); ++i) {
      const auto& field = schema.fields[i];
      if (!field.field_id) continue;
      fields_.emplace(*field.field_id, Entry{&field, &record.items[i].value()});
    }
  }

  // The value, or nullptr where the field is absent or null.
  Result<const AvroDatum*> Find(FieldId id, std::initializer_list<AvroKind> kinds) const {
    auto found = fields_.find(id);
    if (found == fields_.end() || found->second.datum->is_null()) return nullptr;
    const AvroDatum* datum = found->second.datum;
    for (AvroKind kind : kinds) {
      if (datum->kind == kind) return datum;
    }
    return Error(ErrorKind::kInvalidMetadata,
                 "manifest list field has the wrong type: ", found->second.field->name, " is ",
                 ToString(datum->kind));
  }

  Result<std::optional<int64_t>> Number(FieldId id) const {
    ICEFRAME_ASSIGN_OR_RETURN(const AvroDatum* datum,
                              Find(id, {AvroKind::kInt, AvroKind::kLong, AvroKind::kBoolean}));
    if (datum == nullptr) return std::nullopt;
    return std::optional<int64_t>(datum->number);
  }

  Result<int64_t> RequiredNumber(FieldId id, std::string_view name) const {
    ICEFRAME_ASSIGN_OR_RETURN(std::optional<int64_t> number, Number(id));
    if (!number) return Missing(name);
    return *number;
  }

  Result<std::optional<std::string>> Bytes(FieldId id) const {
    ICEFRAME_ASSIGN_OR_RETURN(const AvroDatum* datum,
                              Find(id, {AvroKind::kBytes, AvroKind::kString, AvroKind::kFixed}));
    if (datum == nullptr) return std::nullopt;
    return std::optional<std::string>(datum->bytes);
  }

  const AvroSchema* TypeOf(FieldId id) const {
    auto found = fields_.find(id);
    return found == fields_.end() ? nullptr : found->second.field->type;
  }

  static Status Missing(std::string_view name) {
    return Error(ErrorKind::kInvalidMetadata, "manifest list lacks a required field: ", name);
  }

 private:
  struct Entry {
    const AvroField* field;
    const AvroDatum* datum;
  };
  std::map<FieldId, Entry> fields_;
};

Result<int32_t> Narrow(int64_t value, std::string_view name) {
  if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) {
    return Error(ErrorKind::kInvalidMetadata, "manifest list field is out of range: ", name, " = ",
                 value);
  }
  return static_cast<int32_t>(value);
}

// Some writers put -1 for "unknown".
std::optional<int64_t> KnownCount(std::optional<int64_t> count) {
  return count && *count >= 0 ? count : std::nullopt;
}

const AvroSchema& WithoutNull(const AvroSchema& schema) {
  for (const AvroSchema* branch : schema.branches) {
    if (branch->kind != AvroKind::kNull) return *branch;
  }
  return schema;
}

Status ReadSummaries(const RecordFields& fields, std::vector<PartitionFieldSummary>* out) {
  ICEFRAME_ASSIGN_OR_RETURN(const AvroDatum* list, fields.Find(507, {AvroKind::kArray}));
  if (list == nullptr) return Status::OK();
  const AvroSchema& items = WithoutNull(*WithoutNull(*fields.TypeOf(507)).items);
  for (const AvroDatum& item : list->items) {
    if (item.value().kind != AvroKind::kRecord || items.kind != AvroKind::kRecord) {
      return Error(ErrorKind::kInvalidMetadata,
                   "manifest list field has the wrong type: partitions");
    }
    const RecordFields summary(items, item.value());
    PartitionFieldSummary& result = out->emplace_back();
    ICEFRAME_ASSIGN_OR_RETURN(int64_t contains_null, summary.RequiredNumber(509, "contains_null"));
    result.contains_null = contains_null != 0;
    ICEFRAME_ASSIGN_OR_RETURN(std::optional<int64_t> contains_nan, summary.Number(518));
    if (contains_nan) result.contains_nan = *contains_nan != 0;
    ICEFRAME_ASSIGN_OR_RETURN(result.lower_bound, summary.Bytes(510));
    ICEFRAME_ASSIGN_OR_RETURN(result.upper_bound, summary.Bytes(511));
  }
  return Status::OK();
}

Status ReadCounts(const RecordFields& fields, ManifestFile* file) {
  const std::pair<FieldId, std::optional<int64_t>*> counts[] = {
      {504, &file->added_files_count},   {505, &file->existing_files_count},
      {506, &file->deleted_files_count}, {512, &file->added_rows_count},
      {513, &file->existing_rows_count}, {514, &file->deleted_rows_count}};
  for (auto [id, target] : counts) {
    ICEFRAME_ASSIGN_OR_RETURN(std::optional<int64_t> count, fields.Number(id));
    *target = KnownCount(count);
  }
  return Status::OK();
}

Result<ManifestFile> ReadManifestFile(const AvroSchema& schema, const AvroDatum& datum) {
  if (schema.kind != AvroKind::kRecord) {
    return Error(ErrorKind::kInvalidMetadata, "manifest list holds no records");
  }
  const RecordFields fields(schema, datum);
  ManifestFile file;
  ICEFRAME_ASSIGN_OR_RETURN(std::optional<std::string> path, fields.Bytes(500));
  if (!path) return RecordFields::Missing("manifest_path");
  file.manifest_path = std::move(*path);
  ICEFRAME_ASSIGN_OR_RETURN(file.manifest_length, fields.RequiredNumber(501, "manifest_length"));
  if (file.manifest_length < 0) {
    return Error(ErrorKind::kInvalidMetadata,
                 "manifest_length is negative: ", file.manifest_length);
  }
  ICEFRAME_ASSIGN_OR_RETURN(int64_t spec_id, fields.RequiredNumber(502, "partition_spec_id"));
  ICEFRAME_ASSIGN_OR_RETURN(int32_t narrow_spec_id, Narrow(spec_id, "partition_spec_id"));
  file.partition_spec_id = PartitionSpecId(narrow_spec_id);
  ICEFRAME_ASSIGN_OR_RETURN(std::optional<int64_t> content, fields.Number(517));
  if (content && *content != 0 && *content != 1) {
    return Error(ErrorKind::kInvalidMetadata,
                 "manifest content is neither data nor deletes: ", *content);
  }
  file.content = content.value_or(0) == 1 ? ManifestContent::kDeletes : ManifestContent::kData;
  ICEFRAME_ASSIGN_OR_RETURN(std::optional<int64_t> sequence_number, fields.Number(515));
  file.sequence_number = SequenceNumber(sequence_number.value_or(0));
  ICEFRAME_ASSIGN_OR_RETURN(std::optional<int64_t> min_sequence_number, fields.Number(516));
  file.min_sequence_number = SequenceNumber(min_sequence_number.value_or(0));
  ICEFRAME_ASSIGN_OR_RETURN(int64_t snapshot_id, fields.RequiredNumber(503, "added_snapshot_id"));
  file.added_snapshot_id = SnapshotId(snapshot_id);
  ICEFRAME_RETURN_NOT_OK(ReadCounts(fields, &file));
  ICEFRAME_RETURN_NOT_OK(ReadSummaries(fields, &file.partitions));
  ICEFRAME_ASSIGN_OR_RETURN(file.key_metadata, fields.Bytes(519));
  ICEFRAME_ASSIGN_OR_RETURN(file.first_row_id, fields.Number(520));
  return file;
}

// Writes the values of one manifest in the order of ManifestListAvroSchema.
class ManifestFileEncoder {
 public:
  ManifestFileEncoder(const ManifestListHeader& header, std::string* out)
      : header_(header), out_(out) {}

  Status Write(const ManifestFile& file) {
    const bool is_v1 = header_.format_version == 1;
    if (is_v1 && file.content != ManifestContent::kData) {
      return Error(ErrorKind::kInvalidArgument,
                   "format version 1 can't list a delete manifest: ", file.manifest_path);
    }
    out_.WriteBytes(file.manifest_path);
    out_.WriteLong(file.manifest_length);
    out_.WriteLong(file.partition_spec_id.value());
    if (!is_v1) {
      out_.WriteLong(static_cast<int64_t>(file.content));
      ICEFRAME_RETURN_NOT_OK(WriteSequenceNumber(file, file.sequence_number));
      ICEFRAME_RETURN_NOT_OK(WriteSequenceNumber(file, file.min_sequence_number));
    }
    out_.WriteLong(file.added_snapshot_id.value());
    for (const auto& count :
         {file.added_files_count, file.existing_files_count, file.deleted_files_count,
          file.added_rows_count, file.existing_rows_count, file.deleted_rows_count}) {
      ICEFRAME_RETURN_NOT_OK(WriteCount(file, count));
    }
    WriteSummaries(file);
    WriteOptional(file.key_metadata);
    if (header_.format_version >= 3) WriteOptional(file.first_row_id);
    return Status::OK();
  }

 private:
  Status WriteSequenceNumber(const ManifestFile& file, SequenceNumber number) {
    if (number == kUnassignedSequenceNumber) {
      if (file.added_snapshot_id != header_.snapshot_id) {
        return Error(ErrorKind::kInvalidArgument,
                     "manifest of another snapshot has no sequence number: ", file.manifest_path);
      }
      number = header_.sequence_number;
    }
    out_.WriteLong(number.value());
    return Status::OK();
  }

  Status WriteCount(const ManifestFile& file, const std::optional<int64_t>& count) {
    if (header_.format_version == 1) {
      WriteOptional(count);
    } else if (count) {
      out_.WriteLong(*count);
    } else {
      return Error(ErrorKind::kInvalidArgument,
                   "manifest's counts are unknown: ", file.manifest_path);
    }
    return Status::OK();
  }

  // Optional, but Iceberg Java's manifests table can't do without an array.
  void WriteSummaries(const ManifestFile& file) {
    out_.WriteLong(1);
    if (!file.partitions.empty()) out_.WriteLong(static_cast<int64_t>(file.partitions.size()));
    for (const PartitionFieldSummary& summary : file.partitions) {
      out_.WriteBoolean(summary.contains_null);
      out_.WriteLong(summary.contains_nan ? 1 : 0);
      if (summary.contains_nan) out_.WriteBoolean(*summary.contains_nan);
      WriteOptional(summary.lower_bound);
      WriteOptional(summary.upper_bound);
    }
    out_.WriteLong(0);
  }

  void WriteOptional(const std::optional<int64_t>& value) {
    out_.WriteLong(value ? 1 : 0);
    if (value) out_.WriteLong(*value);
  }
  void WriteOptional(const std::optional<std::string>& value) {
    out_.WriteLong(value ? 1 : 0);
    if (value) out_.WriteBytes(*value);
  }

  const ManifestListHeader& header_;
  AvroEncoder out_;
};

std::map<std::string, std::string> ListMetadata(const ManifestListHeader& header) {
  std::map<std::string, std::string> metadata;
  metadata["format-version"] = std::to_string(header.format_version);
  metadata["snapshot-id"] = std::to_string(header.snapshot_id.value());
  metadata["parent-snapshot-id"] =
      header.parent_snapshot_id ? std::to_string(header.parent_snapshot_id->value()) : "null";
  if (header.format_version >= 2) {
    metadata["sequence-number"] = std::to_string(header.sequence_number.value());
  }
  if (header.format_version >= 3) {
    metadata["first-row-id"] = header.first_row_id ? std::to_string(*header.first_row_id) : "null";
  }
  return metadata;
}

}  // namespace

Result<std::vector<ManifestFile>> ManifestListFromAvro(std::string_view bytes) {
  std::vector<ManifestFile> files;
  const Status status = ForEachAvroDatum(bytes, [&](const AvroSchema& schema, AvroDatum datum) {
    ICEFRAME_ASSIGN_OR_RETURN(ManifestFile file, ReadManifestFile(schema, datum));
    files.push_back(std::move(file));
    return Status::OK();
  });
  if (!status.ok() && KindOf(status) == ErrorKind::kInvalidData) {
    return Error(ErrorKind::kInvalidMetadata, "manifest list is damaged: ", status.message());
  }
  ICEFRAME_RETURN_NOT_OK(status);
  return files;
}

Result<int64_t> AssignFirstRowIds(int64_t first_row_id, std::vector<ManifestFile>* manifests) {
  int64_t next = first_row_id;
  for (ManifestFile& file : *manifests) {
    if (file.content != ManifestContent::kData || file.first_row_id) continue;
    if (!file.existing_rows_count || !file.added_rows_count) {
      return Error(ErrorKind::kInvalidArgument,
                   "row ids can't be given to a manifest whose row counts are unknown: ",
                   file.manifest_path);
    }
    file.first_row_id = next;
    if (__builtin_add_overflow(next, *file.existing_rows_count, &next) ||
        __builtin_add_overflow(next, *file.added_rows_count, &next)) {
      return Error(ErrorKind::kInvalidArgument, "row ids run over: ", file.manifest_path);
    }
  }
  return next;
}

Result<std::string> ManifestListToAvro(const ManifestListHeader& header,
                                       const std::vector<ManifestFile>& manifests) {
  ICEFRAME_ASSIGN_OR_RETURN(std::string schema, ManifestListAvroSchema(header.format_version));
  std::vector<ManifestFile> assigned;
  const std::vector<ManifestFile>* files = &manifests;
  if (header.format_version >= 3 && header.first_row_id) {
    assigned = manifests;
    ICEFRAME_RETURN_NOT_OK(AssignFirstRowIds(*header.first_row_id, &assigned).status());
    files = &assigned;
  }
  std::string block;
  ManifestFileEncoder encoder(header, &block);
  for (const ManifestFile& file : *files) ICEFRAME_RETURN_NOT_OK(encoder.Write(file));
  AvroFileWriter writer(schema, ListMetadata(header));
  if (!files->empty()) {
    ICEFRAME_RETURN_NOT_OK(writer.AppendBlock(static_cast<int64_t>(files->size()), block));
  }
  return writer.Finish();
}

}  // namespace iceframe
