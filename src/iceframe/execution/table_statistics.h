// SPDX-License-Identifier: Apache-2.0
// What the metadata of tables says of the scans of a plan.
#pragma once

#include <cstdint>
#include <optional>

#include "iceframe/query/scan_statistics.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// Asks manifests for the rows that filters leave, and statistics files' entries for the number of
/// different values. What can't be read counts as not known: the scan itself reports the error.
class TableStatistics final : public ScanStatistics {
 public:
  /// `context` must live as long.
  explicit TableStatistics(const OperationContext& context) : context_(context) {}

  std::optional<int64_t> RowsInFiles(const ScanNode& scan) const override;
  std::optional<double> NumDistinct(const ScanNode& scan, FieldId id) const override;

 private:
  const OperationContext& context_;
};

}  // namespace iceframe
