// SPDX-License-Identifier: Apache-2.0
// What scans skipped and what they read, level by level.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "iceframe/runtime/operation_counters.h"

namespace iceframe {

/// How many were skipped for one reason.
struct SkipReasonCount {
  std::string_view reason;
  int64_t count = 0;
};

/// The manifests, files, row groups or pages that scans came across.
struct SkipLevel {
  std::string_view name;
  int64_t num_scanned = 0;
  /// The sum over the reasons.
  int64_t num_skipped = 0;
  /// As far as sizes are known.
  int64_t num_bytes_skipped = 0;
  /// Every reason of the level, in one order, those without a count too.
  std::vector<SkipReasonCount> reasons;
};

/// What scans of tables came across. A file counts as scanned if anything of it was read.
struct SkipCounts {
  int64_t num_scans = 0;
  int64_t num_bytes_scanned = 0;
  /// manifests, files, row_groups, pages; pages of the filter's columns, where they are looked at.
  std::array<SkipLevel, 4> levels;

  static SkipCounts Of(const CounterValues& counters);

  const SkipLevel& files() const { return levels[1]; }
};

}  // namespace iceframe
