// SPDX-License-Identifier: Apache-2.0
// Joining ranges that lie close together into fewer reads.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/io/file_io.h"

namespace iceframe::internal {

struct CoalesceOptions {
  /// Ranges with at most this many unwanted bytes between them are read as one.
  int64_t hole_size_limit = int64_t{16} << 10;
  /// Joining stops here; a range that is larger by itself stays one read.
  int64_t range_size_limit = int64_t{32} << 20;
};

/// Where an asked range lies: `offset` bytes into `reads[read]`.
struct RangePart {
  size_t read = 0;
  int64_t offset = 0;
  int64_t length = 0;
};

struct CoalescedReads {
  /// Ordered by offset, none empty.
  std::vector<ByteRange> reads;
  /// One per asked range, in the order asked; empty ranges have length 0 and no read.
  std::vector<RangePart> parts;
};

/// Errors: InvalidArgument, naming `location`, for negative or overflowing ranges.
Result<CoalescedReads> CoalesceRanges(const std::vector<ByteRange>& ranges,
                                      const CoalesceOptions& options, std::string_view location);

}  // namespace iceframe::internal
