// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "iceframe/expression/rewrite.h"
#include "iceframe/services/layout_cost_internal.h"
#include "iceframe/skipping/evaluators.h"
#include "iceframe/types/civil_time.h"

namespace iceframe::internal {

namespace {

// A layout is looked at in so many pieces at most.
constexpr int64_t kMaxPieces = 2000;
constexpr int64_t kMaxPartitions = 2000;

// Whether rows of a column between two positions may meet the filter, whatever other columns hold.
bool MayMatchBetween(const ColumnSpread& spread, double begin, double end,
                     const Expression& filter) {
  return MayMatch(filter, [&](FieldId id, const Type&) -> std::optional<ColumnBounds> {
    if (id != spread.column().id) return std::nullopt;
    ColumnBounds bounds;
    bounds.lower = spread.ValueAt(begin);
    bounds.upper = spread.ValueBefore(end);
    bounds.value_count = 1;
    bounds.null_count = 0;
    bounds.nan_count = 0;
    return bounds;
  });
}

// The share of `num_files` sorted files of equal size that may match.
double ShareOfSorted(const ColumnSpread& spread, const Expression& filter, int64_t num_files) {
  const int64_t num_pieces = std::min(num_files, kMaxPieces);
  int64_t num_kept = 0;
  for (int64_t i = 0; i < num_pieces; ++i) {
    const auto place = [&](int64_t piece) {
      return spread.PositionOf(static_cast<double>(piece) / static_cast<double>(num_pieces));
    };
    if (MayMatchBetween(spread, place(i), place(i + 1), filter)) ++num_kept;
  }
  return static_cast<double>(num_kept) / static_cast<double>(num_pieces);
}

double DaysPerUnit(const Type& type) {
  const auto micros = static_cast<double>(kMicrosPerDay);
  switch (type.id()) {
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return 1 / micros / static_cast<double>(kNanosPerMicro);
    case TypeId::kDate:
      return 1;
    default:
      return 1 / micros;
  }
}

// Where the partition that a day lies in begins, in days, and where the next one does.
std::pair<int64_t, int64_t> PeriodOf(TransformKind kind, int64_t day) {
  const CivilDate date = CivilFromDays(day);
  if (kind == TransformKind::kYear) {
    return {DaysFromCivil({date.year, 1, 1}), DaysFromCivil({date.year + 1, 1, 1})};
  }
  if (kind == TransformKind::kMonth) {
    const CivilDate next =
        date.month == 12 ? CivilDate{date.year + 1, 1, 1} : CivilDate{date.year, date.month + 1, 1};
    return {DaysFromCivil({date.year, date.month, 1}), DaysFromCivil(next)};
  }
  return {day, day + 1};
}

// Where partitions begin; the last entry is the end of the last one. Empty: too many.
std::vector<double> PartitionBorders(const ColumnSpread& spread, const Transform& transform) {
  std::vector<double> borders;
  if (transform.kind() == TransformKind::kIdentity) {
    if (spread.highest() - spread.lowest() > static_cast<double>(kMaxPartitions)) return {};
    for (double place = spread.lowest(); place <= spread.highest(); ++place) {
      borders.push_back(place);
    }
    return borders;
  }
  const double days = DaysPerUnit(spread.column().type);
  const double last = spread.highest() * days;
  auto day = static_cast<int64_t>(std::floor(spread.lowest() * days));
  while (static_cast<double>(day) < last) {
    const auto [begin, next] = PeriodOf(transform.kind(), day);
    borders.push_back(static_cast<double>(begin) / days);
    day = next;
    if (static_cast<int64_t>(borders.size()) > kMaxPartitions) return {};
  }
  borders.push_back(static_cast<double>(day) / days);
  return borders;
}

// Partitions smaller than that are worse than none: a quarter of a file of a good size, or of the
// files that there are.
double LeastPartitionBytes(const TableLayout& layout, int64_t target_file_bytes) {
  const auto num_files = static_cast<double>(std::max<size_t>(layout.files().size(), 1));
  const double mean = static_cast<double>(layout.num_bytes()) / num_files;
  return std::min(static_cast<double>(target_file_bytes), mean) / 4;
}

std::optional<LayoutCost> CostByValues(const TableLayout& layout, const ColumnSpread& spread,
                                       const LayoutRead& read, int64_t target_file_bytes) {
  const auto asked = NumValuesAsked(read.filter, spread.column().id);
  const double num_partitions = spread.num_distinct();
  const double bytes = static_cast<double>(layout.num_bytes()) / num_partitions;
  if (num_partitions > static_cast<double>(kMaxPartitions) ||
      bytes < LeastPartitionBytes(layout, target_file_bytes)) {
    return std::nullopt;
  }
  const double kept =
      asked ? std::min(num_partitions, static_cast<double>(*asked)) : num_partitions;
  return LayoutCost{kept * static_cast<double>(NumFilesOf(bytes, target_file_bytes)), kept * bytes};
}

}  // namespace

LayoutCost CostNow(const TableLayout& layout, const LayoutRead& read) {
  LayoutCost cost;
  for (size_t i = 0; i < layout.files().size(); ++i) {
    if (read.kept[i] == 0) continue;
    cost.files += 1;
    cost.bytes += static_cast<double>(layout.files()[i].num_bytes);
  }
  return cost;
}

int64_t NumFilesOf(double bytes, int64_t target_file_bytes) {
  const double files = bytes / static_cast<double>(std::max<int64_t>(target_file_bytes, 1));
  return std::max<int64_t>(1, std::llround(std::ceil(files - 0.1)));
}

LayoutCost CostSorted(const TableLayout& layout, const ColumnSpread& spread, const LayoutRead& read,
                      int64_t target_file_bytes) {
  std::vector<uint8_t> is_asked(layout.partitions().size(), 0);
  for (size_t i = 0; i < layout.files().size(); ++i) {
    if (read.kept[i] != 0) is_asked[layout.files()[i].partition] = 1;
  }
  std::map<int64_t, double> shares;
  LayoutCost cost;
  for (size_t i = 0; i < is_asked.size(); ++i) {
    if (is_asked[i] == 0) continue;
    const auto bytes = static_cast<double>(layout.partitions()[i].num_bytes);
    const int64_t num_files = NumFilesOf(bytes, target_file_bytes);
    const auto [share, is_new] = shares.try_emplace(num_files, 0);
    if (is_new) share->second = ShareOfSorted(spread, read.filter, num_files);
    cost.files += share->second * static_cast<double>(num_files);
    cost.bytes += share->second * bytes;
  }
  return cost;
}

std::optional<LayoutCost> CostPartitioned(const TableLayout& layout, const ColumnSpread& spread,
                                          const Transform& transform, const LayoutRead& read,
                                          int64_t target_file_bytes) {
  if (!spread.is_discrete()) return CostByValues(layout, spread, read, target_file_bytes);
  const std::vector<double> borders = PartitionBorders(spread, transform);
  if (borders.size() < 3) return std::nullopt;
  const auto all_bytes = static_cast<double>(layout.num_bytes());
  int64_t num_partitions = 0;
  LayoutCost cost;
  for (size_t i = 0; i + 1 < borders.size(); ++i) {
    const double share = spread.ShareBelow(borders[i + 1]) - spread.ShareBelow(borders[i]);
    if (share * static_cast<double>(layout.num_rows()) < 0.5) continue;
    ++num_partitions;
    if (!MayMatchBetween(spread, borders[i], borders[i + 1], read.filter)) continue;
    cost.files += static_cast<double>(NumFilesOf(share * all_bytes, target_file_bytes));
    cost.bytes += share * all_bytes;
  }
  if (num_partitions < 2 || all_bytes / static_cast<double>(num_partitions) <
                                LeastPartitionBytes(layout, target_file_bytes)) {
    return std::nullopt;
  }
  return cost;
}

std::optional<int64_t> NumValuesAsked(const Expression& filter, FieldId column) {
  const auto is_column = [&](const Expression& operand) {
    const auto* node = WithoutAlias(operand).as<ColumnNode>();
    return node != nullptr && node->field_id == column;
  };
  std::optional<int64_t> fewest;
  for (const Expression& predicate : Conjuncts(filter)) {
    std::optional<int64_t> asked;
    if (const auto* comparison = predicate.as<ComparisonNode>()) {
      const bool is_equality = comparison->op == ComparisonOp::kEqual;
      if (is_equality && is_column(comparison->operands[0])) asked = 1;
    } else if (const auto* in = predicate.as<InNode>()) {
      const bool is_list = !in->negated && is_column(in->operands[0]);
      if (is_list) asked = static_cast<int64_t>(in->values.size());
    }
    if (asked) fewest = std::min(fewest.value_or(*asked), *asked);
  }
  return fewest;
}

std::vector<Transform> PartitionTransforms(const Type& type) {
  switch (type.id()) {
    case TypeId::kDate:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return {Transform::Day(), Transform::Month(), Transform::Year()};
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kString:
      return {Transform::Identity()};
    default:
      return {};
  }
}

}  // namespace iceframe::internal
