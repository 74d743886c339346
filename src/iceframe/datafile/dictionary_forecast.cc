// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "iceframe/datafile/dictionary_forecast_internal.h"

namespace iceframe::internal {

double ForecastDistinct(const DistinctSample& sample, int64_t num_values) {
  const auto known = static_cast<double>(sample.distinct);
  if (num_values <= sample.values || sample.values == 0) return known;
  const auto more = static_cast<double>(num_values - sample.values);
  const int64_t late_values = sample.values - sample.early_values;
  if (sample.early_distinct <= 0 || late_values <= 0) {
    return known * (1 + more / static_cast<double>(sample.values));
  }
  const auto early = static_cast<double>(sample.early_distinct);
  const double late = known - early;
  // New values per value: of n random choices among D it falls by exp(-n / D).
  const double falls_to = (late / static_cast<double>(late_values)) /
                          (early / static_cast<double>(sample.early_values));
  constexpr double kSteady = 0.95;
  if (falls_to >= kSteady) return known + more * late / static_cast<double>(late_values);
  if (late <= 0) return known;
  // The means over two stretches next to each other, whose middles lie half of all values apart.
  const double choices = static_cast<double>(sample.values) / 2 / -std::log(falls_to);
  return std::max(known, choices * (1 - std::exp(-static_cast<double>(num_values) / choices)));
}

}  // namespace iceframe::internal
