// SPDX-License-Identifier: Apache-2.0
// What statistics say of one column in some set of rows.
#pragma once

#include <cstdint>
#include <optional>

#include "iceframe/format/data_file.h"
#include "iceframe/types/value.h"

namespace iceframe {

/// What is known of one column in some set of rows; absent means unknown.
///
/// Bounds are of the values that are neither null nor NaN, and may be wider than they need be
/// (truncated strings). value_count counts nulls and NaNs too. What contradicts itself (lower
/// above upper, NaN or invalid UTF-8 as a bound, more nulls than values) is taken as unknown.
struct ColumnBounds {
  std::optional<Value> lower;
  std::optional<Value> upper;
  std::optional<int64_t> value_count;
  std::optional<int64_t> null_count;
  std::optional<int64_t> nan_count;
};

/// What a data file's metrics say of a column, its bounds read as `type`. A pair of bounds of which
/// one can't be right is absent.
ColumnBounds BoundsOfFile(const DataFile& file, FieldId field_id, const Type& type);

}  // namespace iceframe
