// SPDX-License-Identifier: Apache-2.0
// Manifest entries and manifest lists as JSON, in a form that other implementations can match:
// binary values, bounds and partition values as hex, absent ones as null.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/json.h"
#include "iceframe/base/result.h"
#include "iceframe/format/data_file.h"
#include "iceframe/format/manifest_file.h"
#include "iceframe/types/single_value.h"
#include "iceframe/types/type.h"

namespace iceframe {

inline Json HexJson(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (char byte : bytes) {
    hex.push_back(kDigits[static_cast<uint8_t>(byte) >> 4]);
    hex.push_back(kDigits[static_cast<uint8_t>(byte) & 0xF]);
  }
  return Json::String(std::move(hex));
}

inline Json OptionalJson(const std::optional<std::string>& bytes) {
  return bytes ? HexJson(*bytes) : Json::Null();
}
inline Json OptionalJson(const std::optional<int64_t>& number) {
  return number ? Json::Int(*number) : Json::Null();
}
template <typename Tag, typename Rep>
Json OptionalJson(const std::optional<StrongId<Tag, Rep>>& id) {
  return id ? Json::Int(id->value()) : Json::Null();
}

inline Json MapValueJson(int64_t value) { return Json::Int(value); }
inline Json MapValueJson(const std::string& value) { return HexJson(value); }

template <typename T>
Json MapJson(const std::map<FieldId, T>& map) {
  Json json = Json::Object();
  for (const auto& [id, value] : map) json.Add(std::to_string(id), MapValueJson(value));
  return json;
}

template <typename T>
Json ListJson(const std::vector<T>& list) {
  Json json = Json::Array();
  for (T value : list) json.Append(Json::Int(value));
  return json;
}

inline Result<Json> ManifestEntryJson(const ManifestEntry& entry, const Type& partition_type) {
  const DataFile& file = entry.data_file;
  Json partition = Json::Array();
  for (size_t i = 0; i < file.partition.size(); ++i) {
    if (file.partition[i].is_null()) {
      partition.Append(Json::Null());
      continue;
    }
    ICEFRAME_ASSIGN_OR_RETURN(
        std::string bytes, ToSingleValueBytes(partition_type.fields()[i].type, file.partition[i]));
    partition.Append(HexJson(bytes));
  }
  return Json::Object({
      {"status", Json::Int(static_cast<int>(entry.status))},
      {"snapshot_id", OptionalJson(entry.snapshot_id)},
      {"sequence_number", OptionalJson(entry.data_sequence_number)},
      {"file_sequence_number", OptionalJson(entry.file_sequence_number)},
      {"content", Json::Int(static_cast<int>(file.content))},
      {"file_path", Json::String(file.file_path)},
      {"file_format", Json::String(std::string(ToString(file.file_format)))},
      {"spec_id", Json::Int(file.spec_id.value())},
      {"partition", std::move(partition)},
      {"record_count", Json::Int(file.record_count)},
      {"file_size_in_bytes", Json::Int(file.file_size_in_bytes)},
      {"column_sizes", MapJson(file.column_sizes)},
      {"value_counts", MapJson(file.value_counts)},
      {"null_value_counts", MapJson(file.null_value_counts)},
      {"nan_value_counts", MapJson(file.nan_value_counts)},
      {"lower_bounds", MapJson(file.lower_bounds)},
      {"upper_bounds", MapJson(file.upper_bounds)},
      {"key_metadata", OptionalJson(file.key_metadata)},
      {"split_offsets", ListJson(file.split_offsets)},
      {"equality_ids", ListJson(file.equality_ids)},
      {"sort_order_id", OptionalJson(file.sort_order_id)},
  });
}

inline Json ManifestFileJson(const ManifestFile& file) {
  Json partitions = Json::Array();
  for (const PartitionFieldSummary& summary : file.partitions) {
    partitions.Append(Json::Object({
        {"contains_null", Json::Bool(summary.contains_null)},
        {"contains_nan", summary.contains_nan ? Json::Bool(*summary.contains_nan) : Json::Null()},
        {"lower_bound", OptionalJson(summary.lower_bound)},
        {"upper_bound", OptionalJson(summary.upper_bound)},
    }));
  }
  return Json::Object({
      {"manifest_path", Json::String(file.manifest_path)},
      {"manifest_length", Json::Int(file.manifest_length)},
      {"partition_spec_id", Json::Int(file.partition_spec_id.value())},
      {"content", Json::Int(static_cast<int>(file.content))},
      {"sequence_number", Json::Int(file.sequence_number.value())},
      {"min_sequence_number", Json::Int(file.min_sequence_number.value())},
      {"added_snapshot_id", Json::Int(file.added_snapshot_id.value())},
      {"added_files_count", OptionalJson(file.added_files_count)},
      {"existing_files_count", OptionalJson(file.existing_files_count)},
      {"deleted_files_count", OptionalJson(file.deleted_files_count)},
      {"added_rows_count", OptionalJson(file.added_rows_count)},
      {"existing_rows_count", OptionalJson(file.existing_rows_count)},
      {"deleted_rows_count", OptionalJson(file.deleted_rows_count)},
      {"partitions", std::move(partitions)},
      {"key_metadata", OptionalJson(file.key_metadata)},
  });
}

}  // namespace iceframe
