// SPDX-License-Identifier: Apache-2.0
#include "iceframe/skipping/column_bounds.h"

#include <map>
#include <string>

#include "iceframe/skipping/value_range_internal.h"
#include "iceframe/types/single_value.h"

namespace iceframe {
namespace {

std::optional<int64_t> CountOf(const std::map<FieldId, int64_t>& counts, FieldId id) {
  const auto found = counts.find(id);
  if (found == counts.end() || found->second < 0) return std::nullopt;
  return found->second;
}

/// Returns false if the bound is there and can't be read.
bool ReadBound(const std::map<FieldId, std::string>& bounds, FieldId id, const Type& type,
               std::optional<Value>* bound) {
  const auto found = bounds.find(id);
  if (found == bounds.end()) return true;
  auto value = FromSingleValueBytes(type, found->second);
  if (!value.ok()) return false;
  *bound = std::move(value).ValueUnsafe();
  return true;
}

}  // namespace

ColumnBounds BoundsOfFile(const DataFile& file, FieldId field_id, const Type& type) {
  ColumnBounds bounds;
  internal::ValueRange range = internal::ValueRange::Unknown(type);
  if (ReadBound(file.lower_bounds, field_id, type, &range.lower) &&
      ReadBound(file.upper_bounds, field_id, type, &range.upper)) {
    range.DropImpossibleBounds(type);
    bounds.lower = std::move(range.lower);
    bounds.upper = std::move(range.upper);
  }
  bounds.value_count = CountOf(file.value_counts, field_id);
  bounds.null_count = CountOf(file.null_value_counts, field_id);
  bounds.nan_count = CountOf(file.nan_value_counts, field_id);
  return bounds;
}

}  // namespace iceframe
