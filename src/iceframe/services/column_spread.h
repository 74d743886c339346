// SPDX-License-Identifier: Apache-2.0
// How a column's values are spread over the rows of a table, as far as files' bounds tell.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "iceframe/services/table_layout.h"
#include "iceframe/types/type.h"

namespace iceframe {

/// Values as positions on a line: numbers and times as they are, text by its first bytes.
///
/// Within a file values are taken to lie evenly between its bounds; that is what the estimates of
/// the advisor stand on. Immutable.
class ColumnSpread {
 public:
  /// nullopt for columns without an order of that kind (nested ones, booleans, bytes), and where
  /// too few files have bounds.
  static std::optional<ColumnSpread> Of(const TableLayout& layout, const NestedField& column);

  const NestedField& column() const { return column_; }
  /// Whole numbers, dates and times: a value takes the room up to the next one.
  bool is_discrete() const { return is_discrete_; }
  double lowest() const { return lowest_; }
  /// One beyond the highest value of a discrete column.
  double highest() const { return highest_; }

  /// How many different values there are about; by the range of whole numbers, by the statistics
  /// that the table has, or by the bits that a value takes in its files.
  double num_distinct() const { return num_distinct_; }

  /// The share of rows below a position, from 0 to 1.
  double ShareBelow(double position) const;
  /// The position below which a share of the rows lies.
  double PositionOf(double share) const;

  /// The value at a position, or the last one before it.
  Value ValueAt(double position) const;
  /// The value before the one at a position, as an upper bound; for text the same.
  Value ValueBefore(double position) const;

 private:
  ColumnSpread() = default;
  bool Place(const ColumnStatistics& statistics, size_t entry, double* lower, double* upper) const;
  bool FindRange(const TableLayout& layout);
  void FillBuckets(const TableLayout& layout);
  void CountDistinct(const TableLayout& layout);
  double PositionOfBytes(std::string_view bytes) const;

  NestedField column_;
  bool is_discrete_ = false;
  double lowest_ = 0;
  double highest_ = 0;
  double num_distinct_ = 0;
  /// Of text: what all bounds begin with.
  std::string prefix_;
  /// The share of rows below the end of each bucket.
  std::vector<double> cumulated_;
};

}  // namespace iceframe
