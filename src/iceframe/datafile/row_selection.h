// SPDX-License-Identifier: Apache-2.0
// Which rows of a file to keep, by position from the file's start.
#pragma once

#include <cstdint>
#include <vector>

#include "iceframe/base/result.h"

namespace iceframe {

/// Rows [begin, end) of a file.
struct RowRange {
  int64_t begin = 0;
  int64_t end = 0;
  bool operator==(const RowRange&) const = default;
};

/// A set of row positions as sorted, disjoint, non-empty, non-adjacent ranges. A plain value.
class RowSelection {
 public:
  /// No row.
  RowSelection() = default;
  static RowSelection All(int64_t num_rows);
  /// Ranges in any order; empty ones go, overlapping ones merge.
  /// Errors: InvalidArgument for a negative or reversed range.
  static Result<RowSelection> FromRanges(std::vector<RowRange> ranges);
  /// All of `num_rows` rows but the positions, which are sorted (repeats do no harm).
  static RowSelection WithoutPositions(const std::vector<int64_t>& deleted, int64_t num_rows);

  const std::vector<RowRange>& ranges() const { return ranges_; }
  bool empty() const { return ranges_.empty(); }
  int64_t num_rows() const;
  /// The selected rows of [begin, end).
  RowSelection Slice(int64_t begin, int64_t end) const;
  RowSelection Intersect(const RowSelection& other) const;

  bool operator==(const RowSelection&) const = default;

 private:
  std::vector<RowRange> ranges_;
};

}  // namespace iceframe
