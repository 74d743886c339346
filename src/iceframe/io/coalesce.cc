// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <numeric>

#include "iceframe/io/coalesce_internal.h"

namespace iceframe::internal {

Result<CoalescedReads> CoalesceRanges(const std::vector<ByteRange>& ranges,
                                      const CoalesceOptions& options, std::string_view location) {
  for (const ByteRange& range : ranges) {
    if (range.offset < 0 || range.length < 0 ||
        range.length > std::numeric_limits<int64_t>::max() - range.offset) {
      return Error(ErrorKind::kInvalidArgument, "byte range is not valid: offset ", range.offset,
                   ", length ", range.length, " of ", location);
    }
  }
  std::vector<size_t> order(ranges.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return ranges[a].offset < ranges[b].offset; });

  CoalescedReads plan;
  plan.parts.resize(ranges.size());
  for (size_t index : order) {
    const ByteRange& range = ranges[index];
    if (range.length == 0) continue;
    const int64_t end = range.offset + range.length;
    bool joined = false;
    if (!plan.reads.empty()) {
      ByteRange& last = plan.reads.back();
      const int64_t last_end = last.offset + last.length;
      const int64_t joined_length = std::max(end, last_end) - last.offset;
      // Overlapping ranges are joined at any size: nothing is read that was not asked for.
      joined = range.offset < last_end || (range.offset - last_end <= options.hole_size_limit &&
                                           joined_length <= options.range_size_limit);
      if (joined) last.length = joined_length;
    }
    if (!joined) plan.reads.push_back(range);
    plan.parts[index] = {plan.reads.size() - 1, range.offset - plan.reads.back().offset,
                         range.length};
  }
  return plan;
}

}  // namespace iceframe::internal
