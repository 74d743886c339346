// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/manifest_avro_schema.h"

#include <cmath>
#include <set>
#include <string_view>

#include "iceframe/base/json.h"
#include "iceframe/format/avro_schema.h"

namespace iceframe {

namespace {

enum class Presence { kRequired, kOptional };
constexpr Presence kRequired = Presence::kRequired;
constexpr Presence kOptional = Presence::kOptional;

Json Name(std::string_view name) { return Json::String(std::string(name)); }

Json Field(FieldId id, std::string_view name, Presence presence, Json type,
           std::string_view doc = "") {
  Json field = Json::Object();
  field.Add("name", Name(name));
  if (presence == kOptional && !(type.is_string() && type.text() == "null")) {
    field.Add("type", Json::Array({Name("null"), std::move(type)}));
    field.Add("default", Json::Null());
  } else {
    field.Add("type", std::move(type));
  }
  if (!doc.empty()) field.Add("doc", Name(doc));
  field.Add("field-id", Json::Int(id));
  return field;
}

Json Record(std::string_view name, std::vector<Json> fields) {
  return Json::Object(
      {{"type", Name("record")}, {"name", Name(name)}, {"fields", Json::Array(std::move(fields))}});
}

Json List(FieldId element_id, Json items) {
  return Json::Object({{"type", Name("array")},
                       {"items", std::move(items)},
                       {"element-id", Json::Int(element_id)}});
}

// A map with int keys, which Avro's own maps can't have: an array of pairs.
Json IntMap(FieldId key_id, FieldId value_id, std::string_view value_type) {
  const std::string name = "k" + std::to_string(key_id) + "_v" + std::to_string(value_id);
  return Json::Object(
      {{"type", Name("array")},
       {"items", Record(name, {Field(key_id, "key", kRequired, Name("int")),
                               Field(value_id, "value", kRequired, Name(value_type))})},
       {"logicalType", Name("map")}});
}

Json Logical(std::string_view type, std::string_view logical_type) {
  return Json::Object({{"type", Name(type)}, {"logicalType", Name(logical_type)}});
}

Json Timestamp(std::string_view logical_type, bool adjust_to_utc) {
  Json type = Logical("long", logical_type);
  type.Add("adjust-to-utc", Json::Bool(adjust_to_utc));
  return type;
}

// A named type may be defined once: `suffix` tells the definitions of several fields apart.
Json Fixed(std::string name, int32_t size, const std::string& suffix,
           std::set<std::string>* defined) {
  if (!defined->insert(name).second) name += suffix;
  return Json::Object({{"type", Name("fixed")},
                       {"name", Json::String(std::move(name))},
                       {"size", Json::Int(size)}});
}

Result<Json> PartitionFieldType(const NestedField& field, std::set<std::string>* defined) {
  const Type& type = field.type;
  const std::string suffix = "_" + std::to_string(field.id);
  switch (type.id()) {
    case TypeId::kBoolean:
      return Name("boolean");
    case TypeId::kInt:
      return Name("int");
    case TypeId::kLong:
      return Name("long");
    case TypeId::kFloat:
      return Name("float");
    case TypeId::kDouble:
      return Name("double");
    case TypeId::kDate:
      return Logical("int", "date");
    case TypeId::kTime:
      return Logical("long", "time-micros");
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return Timestamp("timestamp-micros", type.id() == TypeId::kTimestamptz);
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return Timestamp("timestamp-nanos", type.id() == TypeId::kTimestamptzNs);
    case TypeId::kString:
      return Name("string");
    case TypeId::kBinary:
      return Name("bytes");
    case TypeId::kUnknown:
      return Name("null");
    case TypeId::kFixed:
      return Fixed("fixed_" + std::to_string(type.length()), type.length(), suffix, defined);
    case TypeId::kUuid: {
      Json json = Fixed("uuid_fixed", 16, suffix, defined);
      json.Add("logicalType", Name("uuid"));
      return json;
    }
    case TypeId::kDecimal: {
      const std::string name =
          "decimal_" + std::to_string(type.precision()) + "_" + std::to_string(type.scale());
      Json json = Fixed(name, DecimalRequiredBytes(type.precision()), suffix, defined);
      json.Add("logicalType", Name("decimal"));
      json.Add("precision", Json::Int(type.precision()));
      json.Add("scale", Json::Int(type.scale()));
      return json;
    }
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      break;
  }
  return Error(ErrorKind::kUnsupported,
               "partition field has a type that can't be one: ", field.name, " ", type.ToString());
}

Result<Json> PartitionRecord(const Type& partition_type) {
  std::set<std::string> defined;
  std::set<std::string> names;
  std::vector<Json> fields;
  for (const NestedField& field : partition_type.fields()) {
    ICEFRAME_ASSIGN_OR_RETURN(Json type, PartitionFieldType(field, &defined));
    std::string name = SanitizeAvroName(field.name);
    // Different names may come out alike; readers go by id.
    if (!names.insert(name).second) name += "_" + std::to_string(field.id);
    Json json = Field(field.id, name, kOptional, std::move(type));
    if (name != field.name) json.Add("iceberg-field-name", Name(field.name));
    fields.push_back(std::move(json));
  }
  return Record("r102", std::move(fields));
}

Result<Json> DataFileRecord(int32_t version, const Type& partition_type) {
  ICEFRAME_ASSIGN_OR_RETURN(Json partition, PartitionRecord(partition_type));
  std::vector<Json> fields;
  const auto add = [&](FieldId id, std::string_view name, Presence presence, Json type,
                       std::string_view doc) {
    fields.push_back(Field(id, name, presence, std::move(type), doc));
  };
  if (version >= 2) {
    add(134, "content", kRequired, Name("int"),
        "What the file holds: 0=data, 1=position deletes, 2=equality deletes");
  }
  add(100, "file_path", kRequired, Name("string"), "Location URI with FS scheme");
  add(101, "file_format", kRequired, Name("string"), "avro, orc, parquet or puffin");
  add(102, "partition", kRequired, std::move(partition), "Partition tuple of the spec");
  add(103, "record_count", kRequired, Name("long"), "Number of records in the file");
  add(104, "file_size_in_bytes", kRequired, Name("long"), "Total file size in bytes");
  if (version == 1) add(105, "block_size_in_bytes", kRequired, Name("long"), "Deprecated");
  add(108, "column_sizes", kOptional, IntMap(117, 118, "long"), "Bytes on disk by column id");
  add(109, "value_counts", kOptional, IntMap(119, 120, "long"),
      "Number of values by column id, nulls and NaNs included");
  add(110, "null_value_counts", kOptional, IntMap(121, 122, "long"), "Nulls by column id");
  add(137, "nan_value_counts", kOptional, IntMap(138, 139, "long"), "NaNs by column id");
  add(125, "lower_bounds", kOptional, IntMap(126, 127, "bytes"), "Lower bound by column id");
  add(128, "upper_bounds", kOptional, IntMap(129, 130, "bytes"), "Upper bound by column id");
  add(131, "key_metadata", kOptional, Name("bytes"), "Encryption key metadata");
  add(132, "split_offsets", kOptional, List(133, Name("long")), "Where the file can be split");
  if (version >= 2) {
    add(135, "equality_ids", kOptional, List(136, Name("int")), "Column ids of equality deletes");
  }
  add(140, "sort_order_id", kOptional, Name("int"), "Sort order of the file");
  if (version >= 3) {
    add(142, "first_row_id", kOptional, Name("long"), "Row id of the file's first row");
  }
  if (version >= 2) {
    add(143, "referenced_data_file", kOptional, Name("string"),
        "The one data file that all deletes are for");
  }
  if (version >= 3) {
    add(144, "content_offset", kOptional, Name("long"), "Where the content starts in the file");
    add(145, "content_size_in_bytes", kOptional, Name("long"), "Length of the content");
  }
  return Record("r2", std::move(fields));
}

Status CheckVersion(int32_t format_version) {
  if (format_version >= 1 && format_version <= 3) return Status::OK();
  return Error(ErrorKind::kInvalidArgument, "no such format version to write: ", format_version);
}

Json PartitionSummaries() {
  return List(508, Record("r508", {Field(509, "contains_null", kRequired, Name("boolean")),
                                   Field(518, "contains_nan", kOptional, Name("boolean")),
                                   Field(510, "lower_bound", kOptional, Name("bytes")),
                                   Field(511, "upper_bound", kOptional, Name("bytes"))}));
}

}  // namespace

int32_t DecimalRequiredBytes(int32_t precision) {
  // The digits' bits and one for the sign.
  return static_cast<int32_t>(std::ceil((precision * std::log2(10.0) + 1) / 8));
}

Result<std::string> ManifestAvroSchema(int32_t format_version, const Type& partition_type) {
  ICEFRAME_RETURN_NOT_OK(CheckVersion(format_version));
  ICEFRAME_ASSIGN_OR_RETURN(Json data_file, DataFileRecord(format_version, partition_type));
  const Presence inherited = format_version == 1 ? kRequired : kOptional;
  std::vector<Json> fields;
  fields.push_back(Field(0, "status", kRequired, Name("int")));
  fields.push_back(Field(1, "snapshot_id", inherited, Name("long")));
  if (format_version >= 2) {
    fields.push_back(Field(3, "sequence_number", kOptional, Name("long")));
    fields.push_back(Field(4, "file_sequence_number", kOptional, Name("long")));
  }
  fields.push_back(Field(2, "data_file", kRequired, std::move(data_file)));
  return Record("manifest_entry", std::move(fields)).Dump();
}

Result<std::string> ManifestListAvroSchema(int32_t format_version) {
  ICEFRAME_RETURN_NOT_OK(CheckVersion(format_version));
  const Presence counts = format_version == 1 ? kOptional : kRequired;
  std::vector<Json> fields;
  const auto add = [&](FieldId id, std::string_view name, Presence presence, Json type,
                       std::string_view doc) {
    fields.push_back(Field(id, name, presence, std::move(type), doc));
  };
  add(500, "manifest_path", kRequired, Name("string"), "Location URI with FS scheme");
  add(501, "manifest_length", kRequired, Name("long"), "Total file size in bytes");
  add(502, "partition_spec_id", kRequired, Name("int"), "Spec that wrote the manifest");
  if (format_version >= 2) {
    add(517, "content", kRequired, Name("int"), "What the manifest lists: 0=data, 1=deletes");
    add(515, "sequence_number", kRequired, Name("long"), "Sequence number of its commit");
    add(516, "min_sequence_number", kRequired, Name("long"), "Least sequence number of its files");
  }
  add(503, "added_snapshot_id", kRequired, Name("long"), "Snapshot that added the manifest");
  add(504, "added_files_count", counts, Name("int"), "Number of added entries");
  add(505, "existing_files_count", counts, Name("int"), "Number of existing entries");
  add(506, "deleted_files_count", counts, Name("int"), "Number of deleted entries");
  add(512, "added_rows_count", counts, Name("long"), "Rows in added files");
  add(513, "existing_rows_count", counts, Name("long"), "Rows in existing files");
  add(514, "deleted_rows_count", counts, Name("long"), "Rows in deleted files");
  add(507, "partitions", kOptional, PartitionSummaries(), "Summary of each partition field");
  add(519, "key_metadata", kOptional, Name("bytes"), "Encryption key metadata");
  if (format_version >= 3) {
    add(520, "first_row_id", kOptional, Name("long"), "First row id given to added rows");
  }
  return Record("manifest_file", std::move(fields)).Dump();
}

}  // namespace iceframe
