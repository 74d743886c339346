// SPDX-License-Identifier: Apache-2.0
// Statistics of scans that the optimizer asks for; whoever runs the plans implements them.
#pragma once

#include <cstdint>
#include <optional>

#include "iceframe/query/logical_plan.h"

namespace iceframe {

/// Figures for rules that choose between plans of one meaning: a wrong one costs time, no row.
class ScanStatistics {
 public:
  virtual ~ScanStatistics() = default;
  /// The rows of those files that the scan's filter leaves; nullopt: not known at little cost.
  virtual std::optional<int64_t> RowsInFiles(const ScanNode& scan) const = 0;
  /// About how many values a column has, by its id in the plan; nullopt: not known.
  virtual std::optional<double> NumDistinct(const ScanNode& scan, FieldId id) const = 0;
};

}  // namespace iceframe
