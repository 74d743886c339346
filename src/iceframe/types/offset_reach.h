// SPDX-License-Identifier: Apache-2.0
// How far 32-bit offsets have to count: batches are cut before text or lists outgrow them.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include <arrow/type_fwd.h>

namespace iceframe {

/// The most bytes of text, or elements of lists, that one array with 32-bit offsets holds.
inline constexpr int64_t kMaxOffset = std::numeric_limits<int32_t>::max() - 1;

/// The highest count that an offset of rows [begin, begin + length) would reach in the plain form
/// (string, binary, list, map): bytes of text or elements of lists, at any depth, with large_ and
/// _view forms, dictionaries and run ends decoded. Never too low; too high where one row stands
/// for several leaves or nulls hide values. Looks at no text.
int64_t OffsetReach(const arrow::ArrayData& rows, int64_t begin, int64_t length);
int64_t OffsetReach(const arrow::ArrayData& rows);

/// No row alone reaches farther.
int64_t LongestRow(const arrow::ArrayData& rows);

/// How many rows from `begin` on, at least one and at most `max_rows`, reach no farther than
/// `limit` in any column.
int64_t NumRowsWithin(const arrow::RecordBatch& batch, int64_t begin, int64_t max_rows,
                      int64_t limit);

/// Says how many rows can be gathered from columns at once. Keeps the columns.
class GatherLimit {
 public:
  GatherLimit() = default;
  GatherLimit(std::vector<std::shared_ptr<arrow::Array>> columns, int64_t limit);

  /// How many of the first positions, at least one and at most `max_rows`, reach no farther than
  /// the limit in any column. `rows`: uint32 or uint64 positions; null ones take nothing.
  int64_t NumFitting(const arrow::Array& rows, int64_t max_rows) const;

 private:
  int64_t limit_ = kMaxOffset;
  /// The columns that have offsets, each with its longest row.
  std::vector<std::shared_ptr<arrow::Array>> columns_;
  std::vector<int64_t> longest_;
};

}  // namespace iceframe
