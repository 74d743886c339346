// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "iceframe/format/manifest_summary_internal.h"
#include "iceframe/types/single_value.h"

namespace iceframe {

namespace {

bool IsNan(const Value& value) {
  if (value.holds<float>()) return std::isnan(value.get<float>());
  return value.holds<double>() && std::isnan(value.get<double>());
}

Result<std::optional<std::string>> BoundBytes(const Type& type, const std::optional<Value>& bound) {
  if (!bound) return std::nullopt;
  ICEFRAME_ASSIGN_OR_RETURN(std::string bytes, ToSingleValueBytes(type, *bound));
  return std::optional<std::string>(std::move(bytes));
}

}  // namespace

ManifestSummary::ManifestSummary(const Type& partition_type)
    : partition_type_(partition_type), fields_(partition_type.fields().size()) {}

void ManifestSummary::Add(const ManifestEntry& entry) {
  const auto status = static_cast<size_t>(entry.status);
  num_files_[status] += 1;
  num_rows_[status] += entry.data_file.record_count;
  const auto& sequence_number = entry.data_sequence_number;
  if (entry.status != EntryStatus::kDeleted && sequence_number &&
      (!min_sequence_number_ || *sequence_number < *min_sequence_number_)) {
    min_sequence_number_ = sequence_number;
  }
  for (size_t i = 0; i < fields_.size(); ++i) {
    const Type& type = partition_type_.fields()[i].type;
    const Value& value = entry.data_file.partition[i];
    FieldSummary& field = fields_[i];
    if (value.is_null()) {
      field.contains_null = true;
    } else if (IsNan(value)) {
      field.contains_nan = true;
    } else {
      if (!field.lower || CompareValues(type, value, *field.lower) < 0) field.lower = value;
      if (!field.upper || CompareValues(type, value, *field.upper) > 0) field.upper = value;
    }
  }
}

Status ManifestSummary::WriteTo(ManifestFile* file) const {
  const auto count = [](const int64_t* counts, EntryStatus status) {
    return counts[static_cast<size_t>(status)];
  };
  file->added_files_count = count(num_files_, EntryStatus::kAdded);
  file->existing_files_count = count(num_files_, EntryStatus::kExisting);
  file->deleted_files_count = count(num_files_, EntryStatus::kDeleted);
  file->added_rows_count = count(num_rows_, EntryStatus::kAdded);
  file->existing_rows_count = count(num_rows_, EntryStatus::kExisting);
  file->deleted_rows_count = count(num_rows_, EntryStatus::kDeleted);
  file->min_sequence_number = min_sequence_number_.value_or(kUnassignedSequenceNumber);
  file->partitions.clear();
  for (size_t i = 0; i < fields_.size(); ++i) {
    const Type& type = partition_type_.fields()[i].type;
    PartitionFieldSummary& summary = file->partitions.emplace_back();
    summary.contains_null = fields_[i].contains_null;
    summary.contains_nan = fields_[i].contains_nan;
    ICEFRAME_ASSIGN_OR_RETURN(summary.lower_bound, BoundBytes(type, fields_[i].lower));
    ICEFRAME_ASSIGN_OR_RETURN(summary.upper_bound, BoundBytes(type, fields_[i].upper));
  }
  return Status::OK();
}

}  // namespace iceframe
