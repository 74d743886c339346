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

// Less by two signed halves, as java.util.UUID has it.
bool IsLessSigned(const Value& left, const Value& right) {
  constexpr unsigned char kSign = 0x80;
  const auto flipped = [](std::string uuid) {
    for (const size_t half : {size_t{0}, size_t{8}}) {
      uuid[half] = static_cast<char>(static_cast<unsigned char>(uuid[half]) ^ kSign);
    }
    return uuid;
  };
  return flipped(left.get<std::string>()) < flipped(right.get<std::string>());
}

// A zero stands for both: engines tell them apart or not.
std::optional<Value> WithBothZeros(const std::optional<Value>& bound, bool is_lower) {
  if (bound && bound->holds<float>() && bound->get<float>() == 0) {
    return Value(is_lower ? -0.0F : 0.0F);
  }
  if (bound && bound->holds<double>() && bound->get<double>() == 0) {
    return Value(is_lower ? -0.0 : 0.0);
  }
  return bound;
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
      if (type.id() != TypeId::kUuid) continue;
      if (!field.signed_lower || IsLessSigned(value, *field.signed_lower)) {
        field.signed_lower = value;
      }
      if (!field.signed_upper || IsLessSigned(*field.signed_upper, value)) {
        field.signed_upper = value;
      }
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
    if (type.id() == TypeId::kUuid && !fields_[i].is_order_agreed()) continue;
    ICEFRAME_ASSIGN_OR_RETURN(summary.lower_bound,
                              BoundBytes(type, WithBothZeros(fields_[i].lower, true)));
    ICEFRAME_ASSIGN_OR_RETURN(summary.upper_bound,
                              BoundBytes(type, WithBothZeros(fields_[i].upper, false)));
  }
  return Status::OK();
}

}  // namespace iceframe
