// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "iceframe/execution/file_bounds_internal.h"
#include "iceframe/types/single_value.h"

namespace iceframe {

namespace {

std::optional<int64_t> CountOf(const std::map<FieldId, int64_t>& counts, FieldId id) {
  const auto found = counts.find(id);
  if (found == counts.end()) return std::nullopt;
  return found->second;
}

std::optional<Value> Decode(const std::map<FieldId, std::string>& bounds, FieldId id,
                            const Type& type) {
  const auto found = bounds.find(id);
  if (found == bounds.end()) return std::nullopt;
  auto value = FromSingleValueBytes(type, found->second);
  if (!value.ok()) return std::nullopt;
  return std::move(value).MoveValueUnsafe();
}

}  // namespace

FileBound BoundOf(const DataFile& file, FieldId field_id, const Type& type, bool is_max) {
  const auto null_count = CountOf(file.null_value_counts, field_id);
  if (file.record_count == 0 || null_count == file.record_count) {
    return {.is_known = true, .is_value = true, .value = Value::Null()};
  }
  const bool is_float = type.id() == TypeId::kFloat || type.id() == TypeId::kDouble;
  if (is_float && CountOf(file.nan_value_counts, field_id) != 0) return {};
  const std::optional<Value> lower = Decode(file.lower_bounds, field_id, type);
  const std::optional<Value> upper = Decode(file.upper_bounds, field_id, type);
  const std::optional<Value>& bound = is_max ? upper : lower;
  if (!bound) return {};
  // Equal bounds leave one value, but only if there is one: without a null count there may be none.
  const bool is_value = lower && upper && null_count && CompareValues(type, *lower, *upper) == 0;
  return {.is_known = true, .is_value = is_value, .value = *bound};
}

void DropStatistics(DataFile* file) {
  file->column_sizes.clear();
  file->value_counts.clear();
  file->null_value_counts.clear();
  file->nan_value_counts.clear();
  file->lower_bounds.clear();
  file->upper_bounds.clear();
}

}  // namespace iceframe
