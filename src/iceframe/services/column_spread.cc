// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/column_spread.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "iceframe/format/distinct_values.h"

namespace iceframe {

namespace {

constexpr size_t kNumBuckets = 4096;
// Of text so many bytes behind what all bounds begin with are told apart.
constexpr size_t kNumBytes = 6;

bool IsWhole(const Type& type) {
  switch (type.id()) {
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return true;
    default:
      return false;
  }
}

bool IsSpread(const Type& type) {
  return IsWhole(type) || type.id() == TypeId::kFloat || type.id() == TypeId::kDouble ||
         type.id() == TypeId::kString || type.id() == TypeId::kUuid;
}

bool IsHeldIn32Bits(const Type& type) {
  return type.id() == TypeId::kInt || type.id() == TypeId::kDate;
}

size_t CommonLength(std::string_view left, std::string_view right) {
  const size_t most = std::min(left.size(), right.size());
  size_t length = 0;
  while (length < most && left[length] == right[length]) ++length;
  return length;
}

}  // namespace

std::optional<ColumnSpread> ColumnSpread::Of(const TableLayout& layout, const NestedField& column) {
  if (!IsSpread(column.type)) return std::nullopt;
  ColumnSpread spread;
  spread.column_ = column;
  spread.is_discrete_ = IsWhole(column.type);
  if (!spread.FindRange(layout)) return std::nullopt;
  spread.FillBuckets(layout);
  spread.CountDistinct(layout);
  return spread;
}

double ColumnSpread::PositionOfBytes(std::string_view bytes) const {
  // Bounds that do not begin so lie before or after all that do.
  const size_t common = CommonLength(bytes, prefix_);
  if (common < prefix_.size()) {
    const bool is_less = common == bytes.size() || static_cast<unsigned char>(bytes[common]) <
                                                       static_cast<unsigned char>(prefix_[common]);
    return is_less ? 0 : std::pow(256.0, kNumBytes);
  }
  double position = 0;
  for (size_t i = 0; i < kNumBytes; ++i) {
    const size_t at = prefix_.size() + i;
    position = position * 256 + (at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0);
  }
  return position;
}

bool ColumnSpread::Place(const ColumnStatistics& statistics, size_t entry, double* lower,
                         double* upper) const {
  if (statistics.has_lower[entry] == 0 || statistics.has_upper[entry] == 0) return false;
  switch (statistics.layout) {
    case ColumnStatistics::BoundsLayout::kInt64:
      *lower = static_cast<double>(statistics.lower_int64[entry]);
      *upper = static_cast<double>(statistics.upper_int64[entry]) + (is_discrete_ ? 1 : 0);
      break;
    case ColumnStatistics::BoundsLayout::kDouble:
      *lower = statistics.lower_double[entry];
      *upper = statistics.upper_double[entry];
      break;
    case ColumnStatistics::BoundsLayout::kBytes:
      *lower = PositionOfBytes(statistics.lower_bytes[entry]);
      *upper = PositionOfBytes(statistics.upper_bytes[entry]);
      break;
  }
  return std::isfinite(*lower) && std::isfinite(*upper) && *lower <= *upper;
}

bool ColumnSpread::FindRange(const TableLayout& layout) {
  bool is_first = true;
  layout.VisitColumn(column_.id, column_.type,
                     [&](const ColumnStatistics& statistics, size_t entry, size_t) {
                       if (statistics.layout != ColumnStatistics::BoundsLayout::kBytes) return;
                       if (statistics.has_lower[entry] == 0 || statistics.has_upper[entry] == 0) {
                         return;
                       }
                       const std::string_view lower = statistics.lower_bytes[entry];
                       if (is_first) prefix_ = lower;
                       is_first = false;
                       prefix_.resize(CommonLength(prefix_, lower));
                       prefix_.resize(CommonLength(prefix_, statistics.upper_bytes[entry]));
                     });
  lowest_ = std::numeric_limits<double>::infinity();
  highest_ = -lowest_;
  int64_t num_placed = 0;
  layout.VisitColumn(column_.id, column_.type,
                     [&](const ColumnStatistics& statistics, size_t entry, size_t) {
                       double lower = 0;
                       double upper = 0;
                       if (!Place(statistics, entry, &lower, &upper)) return;
                       ++num_placed;
                       lowest_ = std::min(lowest_, lower);
                       highest_ = std::max(highest_, upper);
                     });
  // A few files without bounds, such as those of nulls alone, do no harm.
  return num_placed > 0 && num_placed * 2 >= static_cast<int64_t>(layout.files().size());
}

void ColumnSpread::FillBuckets(const TableLayout& layout) {
  // Rows per bucket, by what begins and ends there: even within each file.
  std::vector<double> added(kNumBuckets + 2, 0.0);
  std::vector<double> whole(kNumBuckets + 1, 0.0);
  const double width = (highest_ - lowest_) / static_cast<double>(kNumBuckets);
  const auto bucket_of = [&](double position) {
    return width > 0
               ? std::clamp((position - lowest_) / width, 0.0, static_cast<double>(kNumBuckets))
               : 0.0;
  };
  layout.VisitColumn(column_.id, column_.type,
                     [&](const ColumnStatistics& statistics, size_t entry, size_t file) {
                       double lower = 0;
                       double upper = 0;
                       if (!Place(statistics, entry, &lower, &upper)) return;
                       const auto rows = static_cast<double>(layout.files()[file].num_rows);
                       const double begin = bucket_of(lower);
                       const double end = bucket_of(upper);
                       const auto first = static_cast<size_t>(begin);
                       const auto last = static_cast<size_t>(end);
                       if (first == last) {
                         whole[std::min(first, kNumBuckets)] += rows;
                         return;
                       }
                       // Parts of the first and last bucket, all of those between.
                       const double density = rows / (end - begin);
                       whole[first] += density * (static_cast<double>(first + 1) - begin);
                       if (last < kNumBuckets)
                         whole[last] += density * (end - static_cast<double>(last));
                       added[first + 1] += density;
                       added[last] -= density;
                     });
  cumulated_.resize(kNumBuckets);
  double density = 0;
  double rows = 0;
  whole[kNumBuckets - 1] += whole[kNumBuckets];
  for (size_t i = 0; i < kNumBuckets; ++i) {
    density += added[i];
    rows += density + whole[i];
    cumulated_[i] = rows;
  }
  if (rows <= 0) rows = 1;
  for (double& share : cumulated_) share /= rows;
}

void ColumnSpread::CountDistinct(const TableLayout& layout) {
  const auto rows = static_cast<double>(std::max<int64_t>(layout.num_rows(), 1));
  double most = rows;
  if (is_discrete_) most = std::min(most, highest_ - lowest_);
  const TableState& state = layout.state();
  const auto snapshot_id =
      state.snapshot != nullptr ? std::optional(state.snapshot->snapshot_id) : std::nullopt;
  if (const auto known = FindDistinctValues(*state.table->metadata(), column_.id, snapshot_id)) {
    num_distinct_ = std::min(rows, *known);
    return;
  }
  // Values from a small dictionary take the bits that tell them apart, and little more.
  const auto bytes = static_cast<double>(layout.BytesOf(column_.id));
  const double bits = bytes > 0 ? bytes * 8 / rows : 64;
  constexpr double kDictionaryBits = 14;
  if (bits < kDictionaryBits) most = std::min(most, std::pow(2.0, bits));
  num_distinct_ = std::max(1.0, most);
}

double ColumnSpread::ShareBelow(double position) const {
  if (position <= lowest_) return 0;
  if (position >= highest_ || highest_ <= lowest_) return 1;
  const double place =
      (position - lowest_) / (highest_ - lowest_) * static_cast<double>(kNumBuckets);
  const auto bucket = std::min(static_cast<size_t>(place), kNumBuckets - 1);
  const double before = bucket == 0 ? 0 : cumulated_[bucket - 1];
  return before + (cumulated_[bucket] - before) * (place - static_cast<double>(bucket));
}

double ColumnSpread::PositionOf(double share) const {
  if (share <= 0) return lowest_;
  if (share >= 1) return highest_;
  const auto found = std::ranges::lower_bound(cumulated_, share);
  const auto bucket = static_cast<size_t>(found - cumulated_.begin());
  const double before = bucket == 0 ? 0 : cumulated_[bucket - 1];
  const double part = *found > before ? (share - before) / (*found - before) : 0;
  const double width = (highest_ - lowest_) / static_cast<double>(kNumBuckets);
  return lowest_ + width * (static_cast<double>(bucket) + part);
}

Value ColumnSpread::ValueAt(double position) const {
  switch (column_.type.id()) {
    case TypeId::kFloat:
      return Value(static_cast<float>(position));
    case TypeId::kDouble:
      return Value(position);
    case TypeId::kString:
    case TypeId::kUuid: {
      std::string bytes(kNumBytes, '\0');
      auto number =
          static_cast<uint64_t>(std::clamp(position, 0.0, std::pow(256.0, kNumBytes) - 1));
      for (size_t i = kNumBytes; i-- > 0; number >>= 8U) bytes[i] = static_cast<char>(number);
      std::string value = prefix_ + bytes;
      if (column_.type.id() == TypeId::kUuid) value.resize(16, '\0');
      return Value(std::move(value));
    }
    default:
      break;
  }
  constexpr double kMost = 9.2e18;
  const auto whole = static_cast<int64_t>(std::clamp(std::floor(position), -kMost, kMost));
  if (IsHeldIn32Bits(column_.type)) {
    const auto most = static_cast<int64_t>(std::numeric_limits<int32_t>::max());
    return Value(static_cast<int32_t>(std::clamp(whole, -most - 1, most)));
  }
  return Value(whole);
}

Value ColumnSpread::ValueBefore(double position) const {
  if (is_discrete_) {
    const double before = std::ceil(position) - 1;
    return ValueAt(std::max(before, std::floor(lowest_)));
  }
  if (column_.type.id() == TypeId::kDouble) {
    return Value(std::nextafter(position, -std::numeric_limits<double>::infinity()));
  }
  return ValueAt(position);
}

}  // namespace iceframe
