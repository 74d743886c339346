// SPDX-License-Identifier: Apache-2.0
// What a dictionary would come to over a column chunk of which only the first values are known.
#pragma once

#include <cstdint>

namespace iceframe::internal {

/// How many distinct values the first values had.
struct DistinctSample {
  int64_t values = 0;
  int64_t distinct = 0;
  /// The same, when about half of them had come.
  int64_t early_values = 0;
  int64_t early_distinct = 0;
};

/// How many distinct values `num_values` would have: by the law of a random choice among a fixed
/// number of values if new ones came less and less often, else growing on as they did.
/// At least sample.distinct; exact where no more values come.
double ForecastDistinct(const DistinctSample& sample, int64_t num_values);

}  // namespace iceframe::internal
