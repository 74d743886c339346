// SPDX-License-Identifier: Apache-2.0
// Whether rows can match a filter, by statistics that came from anywhere, without a table.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "iceframe/expression/expression.h"
#include "iceframe/expression/literal_text.h"
#include "iceframe/types/type.h"

namespace iceframe {

/// What is known of a column in some rows; absent means unknown. Bounds are of the values that are
/// neither null nor NaN and may be wider than they need be; value_count counts nulls and NaNs too.
struct StatedColumn {
  /// Absent: what the bounds say. Whole numbers may then be a floating column's (which has no NaN
  /// unless nan_count says so), floating ones a float's or a double's, decimals any scale's.
  std::optional<Type> type;
  std::optional<TypedValue> lower;
  std::optional<TypedValue> upper;
  std::optional<int64_t> value_count;
  std::optional<int64_t> null_count;
  std::optional<int64_t> nan_count;
};

/// By the names that filters use.
using StatedColumns = std::map<std::string, StatedColumn, std::less<>>;

enum class MatchingRows : uint8_t {
  /// No row can match.
  kNone,
  kUnknown,
  /// Every row matches.
  kAll,
};

/// Decides an unbound filter as scans do: null is no match, NaN is above every number. A part that
/// can't be decided (a column that is not stated, types that don't compare, what is no comparison
/// of one column) counts as unknown, so that the others may still decide.
MatchingRows MatchStatistics(const Expression& filter, const StatedColumns& columns);

}  // namespace iceframe
