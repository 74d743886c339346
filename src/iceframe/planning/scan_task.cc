// SPDX-License-Identifier: Apache-2.0
// Scan tasks as JSON, field by field; absent members are the plain value's defaults.
#include "iceframe/planning/scan_task.h"

#include <charconv>

#include "iceframe/expression/expression_json.h"

namespace iceframe {
namespace {

constexpr int32_t kTaskVersion = 1;

/// A map by field id as an array of [id, value] pairs.
template <typename T, typename ToJson>
void AddMap(const char* key, const std::map<FieldId, T>& map, const ToJson& to_json, Json* out) {
  if (map.empty()) return;
  Json pairs = Json::Array();
  for (const auto& [id, value] : map) {
    pairs.Append(Json::Array({Json::Int(id), to_json(value)}));
  }
  out->Add(key, std::move(pairs));
}

template <typename T>
void AddOptional(const char* key, const std::optional<T>& value, Json* out) {
  if (!value) return;
  if constexpr (std::is_same_v<T, std::string>) {
    out->Add(key, TextToJson(*value));
  } else if constexpr (std::is_same_v<T, SortOrderId>) {
    out->Add(key, Json::Int(value->value()));
  } else {
    out->Add(key, Json::Int(*value));
  }
}

template <typename T>
void AddIntegers(const char* key, const std::vector<T>& values, Json* out) {
  if (values.empty()) return;
  Json items = Json::Array();
  for (const T value : values) items.Append(Json::Int(value));
  out->Add(key, std::move(items));
}

Json FileToJson(const DataFile& file) {
  Json json = Json::Object();
  json.Add("content", Json::Int(static_cast<int64_t>(file.content)));
  json.Add("file-path", TextToJson(file.file_path));
  json.Add("file-format", Json::Int(static_cast<int64_t>(file.file_format)));
  json.Add("spec-id", Json::Int(file.spec_id.value()));
  if (!file.partition.empty()) {
    Json partition = Json::Array();
    for (const Value& value : file.partition) partition.Append(TaggedValueToJson(value));
    json.Add("partition", std::move(partition));
  }
  json.Add("record-count", Json::Int(file.record_count));
  json.Add("file-size-in-bytes", Json::Int(file.file_size_in_bytes));
  const auto number = [](int64_t value) { return Json::Int(value); };
  const auto text = [](const std::string& value) { return TextToJson(value); };
  AddMap("column-sizes", file.column_sizes, number, &json);
  AddMap("value-counts", file.value_counts, number, &json);
  AddMap("null-value-counts", file.null_value_counts, number, &json);
  AddMap("nan-value-counts", file.nan_value_counts, number, &json);
  AddMap("lower-bounds", file.lower_bounds, text, &json);
  AddMap("upper-bounds", file.upper_bounds, text, &json);
  AddOptional("key-metadata", file.key_metadata, &json);
  AddIntegers("split-offsets", file.split_offsets, &json);
  AddIntegers("equality-ids", file.equality_ids, &json);
  AddOptional("sort-order-id", file.sort_order_id, &json);
  AddOptional("first-row-id", file.first_row_id, &json);
  AddOptional("referenced-data-file", file.referenced_data_file, &json);
  AddOptional("content-offset", file.content_offset, &json);
  AddOptional("content-size-in-bytes", file.content_size_in_bytes, &json);
  return json;
}

template <typename Enum>
Status ReadEnum(const Json& json, const char* key, Enum last, Enum* out) {
  ICEFRAME_ASSIGN_OR_RETURN(const Json* member, json.Get(key));
  ICEFRAME_ASSIGN_OR_RETURN(const int32_t value, member->AsInt32());
  if (value < 0 || value > static_cast<int32_t>(last)) {
    return Error(ErrorKind::kInvalidArgument, "scan task has an unknown value: ", key, " ", value);
  }
  *out = static_cast<Enum>(value);
  return Status::OK();
}

template <typename T, typename FromJson>
Status ReadMap(const Json& json, const char* key, const FromJson& from_json,
               std::map<FieldId, T>* out) {
  const Json* pairs = json.Find(key);
  if (pairs == nullptr) return Status::OK();
  for (const Json& pair : pairs->items()) {
    if (pair.items().size() != 2) {
      return Error(ErrorKind::kInvalidArgument, "scan task has a broken map: ", key);
    }
    ICEFRAME_ASSIGN_OR_RETURN(const FieldId id, pair.items()[0].AsInt32());
    ICEFRAME_ASSIGN_OR_RETURN((*out)[id], from_json(pair.items()[1]));
  }
  return Status::OK();
}

Status ReadOptional(const Json& json, const char* key, std::optional<std::string>* out) {
  const Json* member = json.Find(key);
  if (member == nullptr) return Status::OK();
  ICEFRAME_ASSIGN_OR_RETURN(*out, TextFromJson(*member));
  return Status::OK();
}

Status ReadOptional(const Json& json, const char* key, std::optional<int64_t>* out) {
  const Json* member = json.Find(key);
  if (member == nullptr) return Status::OK();
  ICEFRAME_ASSIGN_OR_RETURN(*out, member->AsInt64());
  return Status::OK();
}

Result<int64_t> RequiredInt64(const Json& json, const char* key) {
  ICEFRAME_ASSIGN_OR_RETURN(const Json* member, json.Get(key));
  return member->AsInt64();
}

Status ReadStatistics(const Json& json, DataFile* file) {
  const auto number = [](const Json& value) { return value.AsInt64(); };
  const auto text = [](const Json& value) { return TextFromJson(value); };
  ICEFRAME_RETURN_NOT_OK(ReadMap(json, "column-sizes", number, &file->column_sizes));
  ICEFRAME_RETURN_NOT_OK(ReadMap(json, "value-counts", number, &file->value_counts));
  ICEFRAME_RETURN_NOT_OK(ReadMap(json, "null-value-counts", number, &file->null_value_counts));
  ICEFRAME_RETURN_NOT_OK(ReadMap(json, "nan-value-counts", number, &file->nan_value_counts));
  ICEFRAME_RETURN_NOT_OK(ReadMap(json, "lower-bounds", text, &file->lower_bounds));
  return ReadMap(json, "upper-bounds", text, &file->upper_bounds);
}

Status ReadLists(const Json& json, DataFile* file) {
  if (const Json* partition = json.Find("partition")) {
    for (const Json& item : partition->items()) {
      ICEFRAME_ASSIGN_OR_RETURN(Value value, TaggedValueFromJson(item));
      file->partition.push_back(std::move(value));
    }
  }
  if (const Json* offsets = json.Find("split-offsets")) {
    for (const Json& item : offsets->items()) {
      ICEFRAME_ASSIGN_OR_RETURN(const int64_t offset, item.AsInt64());
      file->split_offsets.push_back(offset);
    }
  }
  if (const Json* ids = json.Find("equality-ids")) {
    for (const Json& item : ids->items()) {
      ICEFRAME_ASSIGN_OR_RETURN(const FieldId id, item.AsInt32());
      file->equality_ids.push_back(id);
    }
  }
  return Status::OK();
}

Result<DataFile> FileFromJson(const Json& json) {
  DataFile file;
  ICEFRAME_RETURN_NOT_OK(ReadEnum(json, "content", FileContent::kEqualityDeletes, &file.content));
  ICEFRAME_RETURN_NOT_OK(ReadEnum(json, "file-format", FileFormat::kPuffin, &file.file_format));
  ICEFRAME_ASSIGN_OR_RETURN(const Json* path, json.Get("file-path"));
  ICEFRAME_ASSIGN_OR_RETURN(file.file_path, TextFromJson(*path));
  ICEFRAME_ASSIGN_OR_RETURN(const Json* spec_id, json.Get("spec-id"));
  ICEFRAME_ASSIGN_OR_RETURN(const int32_t spec, spec_id->AsInt32());
  file.spec_id = PartitionSpecId(spec);
  ICEFRAME_ASSIGN_OR_RETURN(file.record_count, RequiredInt64(json, "record-count"));
  ICEFRAME_ASSIGN_OR_RETURN(file.file_size_in_bytes, RequiredInt64(json, "file-size-in-bytes"));
  ICEFRAME_RETURN_NOT_OK(ReadStatistics(json, &file));
  ICEFRAME_RETURN_NOT_OK(ReadLists(json, &file));
  ICEFRAME_RETURN_NOT_OK(ReadOptional(json, "key-metadata", &file.key_metadata));
  if (const Json* order = json.Find("sort-order-id")) {
    ICEFRAME_ASSIGN_OR_RETURN(const int32_t id, order->AsInt32());
    file.sort_order_id = SortOrderId(id);
  }
  ICEFRAME_RETURN_NOT_OK(ReadOptional(json, "first-row-id", &file.first_row_id));
  ICEFRAME_RETURN_NOT_OK(ReadOptional(json, "referenced-data-file", &file.referenced_data_file));
  ICEFRAME_RETURN_NOT_OK(ReadOptional(json, "content-offset", &file.content_offset));
  ICEFRAME_RETURN_NOT_OK(ReadOptional(json, "content-size-in-bytes", &file.content_size_in_bytes));
  return file;
}

}  // namespace

Result<std::string> ScanTaskToJson(const ScanTask& task) {
  Json json = Json::Object();
  json.Add("version", Json::Int(kTaskVersion));
  json.Add("data-file", FileToJson(task.data_file));
  json.Add("data-sequence-number", Json::Int(task.data_sequence_number.value()));
  if (!task.delete_files.empty()) {
    Json deletes = Json::Array();
    for (const DeleteFileReference& reference : task.delete_files) {
      Json item = Json::Object();
      item.Add("file", FileToJson(reference.file));
      item.Add("data-sequence-number", Json::Int(reference.data_sequence_number.value()));
      deletes.Append(std::move(item));
    }
    json.Add("delete-files", std::move(deletes));
  }
  ICEFRAME_ASSIGN_OR_RETURN(Json residual, ExpressionToJson(task.residual));
  json.Add("residual", std::move(residual));
  return json.Dump();
}

Result<ScanTask> ScanTaskFromJson(std::string_view text) {
  ICEFRAME_ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t version, RequiredInt64(json, "version"));
  if (version != kTaskVersion) {
    return Error(ErrorKind::kUnsupported, "scan task was made by another version: ", version);
  }
  ScanTask task;
  ICEFRAME_ASSIGN_OR_RETURN(const Json* file, json.Get("data-file"));
  ICEFRAME_ASSIGN_OR_RETURN(task.data_file, FileFromJson(*file));
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t number, RequiredInt64(json, "data-sequence-number"));
  task.data_sequence_number = SequenceNumber(number);
  if (const Json* deletes = json.Find("delete-files")) {
    for (const Json& item : deletes->items()) {
      DeleteFileReference reference;
      ICEFRAME_ASSIGN_OR_RETURN(const Json* delete_file, item.Get("file"));
      ICEFRAME_ASSIGN_OR_RETURN(reference.file, FileFromJson(*delete_file));
      ICEFRAME_ASSIGN_OR_RETURN(const int64_t sequence,
                                RequiredInt64(item, "data-sequence-number"));
      reference.data_sequence_number = SequenceNumber(sequence);
      task.delete_files.push_back(std::move(reference));
    }
  }
  ICEFRAME_ASSIGN_OR_RETURN(const Json* residual, json.Get("residual"));
  ICEFRAME_ASSIGN_OR_RETURN(task.residual, ExpressionFromJson(*residual));
  return task;
}

}  // namespace iceframe
