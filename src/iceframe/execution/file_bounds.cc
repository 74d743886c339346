// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "iceframe/execution/file_bounds_internal.h"
#include "iceframe/skipping/column_bounds.h"

namespace iceframe {

FileBound BoundOf(const DataFile& file, FieldId field_id, const Type& type, bool is_max) {
  const ColumnBounds bounds = BoundsOfFile(file, field_id, type);
  const auto null_count = bounds.null_count;
  if (file.record_count == 0 || null_count == file.record_count) {
    return {.is_known = true, .is_value = true, .value = Value::Null()};
  }
  const bool is_float = type.id() == TypeId::kFloat || type.id() == TypeId::kDouble;
  if (is_float && bounds.nan_count != 0) return {};
  const std::optional<Value>& bound = is_max ? bounds.upper : bounds.lower;
  if (!bound) return {};
  // Equal bounds leave one value, but only if there is one: without a null count there may be none.
  const bool is_value = bounds.lower && bounds.upper && null_count &&
                        CompareValues(type, *bounds.lower, *bounds.upper) == 0;
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
