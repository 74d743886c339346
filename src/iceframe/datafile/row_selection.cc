// SPDX-License-Identifier: Apache-2.0
#include "iceframe/datafile/row_selection.h"

#include <algorithm>
#include <utility>

namespace iceframe {

RowSelection RowSelection::All(int64_t num_rows) {
  RowSelection selection;
  if (num_rows > 0) selection.ranges_.push_back({0, num_rows});
  return selection;
}

Result<RowSelection> RowSelection::FromRanges(std::vector<RowRange> ranges) {
  for (const RowRange& range : ranges) {
    if (range.begin < 0 || range.end < range.begin) {
      return Error(ErrorKind::kInvalidArgument, "row range is negative or reversed: [", range.begin,
                   ", ", range.end, ")");
    }
  }
  std::erase_if(ranges, [](const RowRange& range) { return range.begin == range.end; });
  std::sort(ranges.begin(), ranges.end(),
            [](const RowRange& left, const RowRange& right) { return left.begin < right.begin; });
  RowSelection selection;
  for (const RowRange& range : ranges) {
    if (!selection.ranges_.empty() && range.begin <= selection.ranges_.back().end) {
      selection.ranges_.back().end = std::max(selection.ranges_.back().end, range.end);
    } else {
      selection.ranges_.push_back(range);
    }
  }
  return selection;
}

RowSelection RowSelection::WithoutPositions(const std::vector<int64_t>& deleted, int64_t num_rows) {
  RowSelection selection;
  int64_t begin = 0;
  for (int64_t position : deleted) {
    if (position < begin) continue;
    if (position >= num_rows) break;
    if (position > begin) selection.ranges_.push_back({begin, position});
    begin = position + 1;
  }
  if (begin < num_rows) selection.ranges_.push_back({begin, num_rows});
  return selection;
}

int64_t RowSelection::num_rows() const {
  int64_t total = 0;
  for (const RowRange& range : ranges_) total += range.end - range.begin;
  return total;
}

RowSelection RowSelection::Slice(int64_t begin, int64_t end) const {
  RowSelection selection;
  auto range = std::upper_bound(
      ranges_.begin(), ranges_.end(), begin,
      [](int64_t position, const RowRange& candidate) { return position < candidate.end; });
  for (; range != ranges_.end() && range->begin < end; ++range) {
    selection.ranges_.push_back({std::max(range->begin, begin), std::min(range->end, end)});
  }
  return selection;
}

RowSelection RowSelection::Intersect(const RowSelection& other) const {
  RowSelection selection;
  size_t left = 0;
  size_t right = 0;
  while (left < ranges_.size() && right < other.ranges_.size()) {
    const int64_t begin = std::max(ranges_[left].begin, other.ranges_[right].begin);
    const int64_t end = std::min(ranges_[left].end, other.ranges_[right].end);
    if (begin < end) selection.ranges_.push_back({begin, end});
    if (ranges_[left].end < other.ranges_[right].end) {
      ++left;
    } else {
      ++right;
    }
  }
  return selection;
}

}  // namespace iceframe
