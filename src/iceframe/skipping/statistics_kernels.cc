// SPDX-License-Identifier: Apache-2.0
// The loops behind EvaluateManifest. Each keeps the rules of value_range.cc without building a
// Value; a property test holds the two equal.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "iceframe/base/utf8.h"
#include "iceframe/skipping/statistics_kernels_internal.h"
#include "iceframe/types/single_value.h"

namespace iceframe::internal {
namespace {

using Kind = ColumnPredicate::Kind;
using Layout = ColumnStatistics::BoundsLayout;

/// What the counts say of one entry.
struct Presence {
  bool null;
  bool nan;
  bool number;
};

inline Presence PresenceOf(const ColumnStatistics& statistics, size_t i, bool is_floating) {
  const int64_t total = statistics.value_counts[i];
  const int64_t nulls = statistics.null_value_counts[i];
  const int64_t nans = is_floating ? statistics.nan_value_counts[i] : 0;
  const bool only_nulls = total > 0 && nulls == total;
  const bool only_nans = total > 0 && nulls >= 0 && nans > 0 && nans == total - nulls;
  return {nulls != 0, nans != 0 && !only_nulls, !only_nulls && !only_nans};
}

/// A literal as the layout holds it.
int64_t AsInt64(const Value& value) {
  if (value.holds<bool>()) return value.get<bool>() ? 1 : 0;
  if (value.holds<int32_t>()) return value.get<int32_t>();
  return value.get<int64_t>();
}
double AsDouble(const Value& value) {
  return value.holds<float>() ? static_cast<double>(value.get<float>()) : value.get<double>();
}

/// Big-endian two's complement of 1 to 16 bytes.
bool ReadDecimal(std::string_view bytes, __int128* out) {
  if (bytes.empty() || bytes.size() > sizeof(*out)) return false;
  unsigned __int128 value =
      static_cast<signed char>(bytes[0]) < 0 ? ~static_cast<unsigned __int128>(0) : 0;
  for (const char byte : bytes) value = (value << 8) | static_cast<unsigned char>(byte);
  *out = static_cast<__int128>(value);
  return true;
}
__int128 AsInt128(const Value& value) {
  const auto& decimal = value.get<arrow::Decimal128>();
  return static_cast<__int128>(
      (static_cast<unsigned __int128>(static_cast<uint64_t>(decimal.high_bits())) << 64) |
      decimal.low_bits());
}

// Accessors: a bound of one entry that is there; false: it can't be right. `T` is comparable with <
// and ==.
struct Int64Bounds {
  using T = int64_t;
  static constexpr bool kIsFloating = false;
  const ColumnStatistics& statistics;
  bool ReadLower(size_t i, T* out) const {
    *out = statistics.lower_int64[i];
    return true;
  }
  bool ReadUpper(size_t i, T* out) const {
    *out = statistics.upper_int64[i];
    return true;
  }
  static T Literal(const Value& value) { return AsInt64(value); }
};

struct DoubleBounds {
  using T = double;
  static constexpr bool kIsFloating = true;
  const ColumnStatistics& statistics;
  bool ReadLower(size_t i, T* out) const {
    *out = statistics.lower_double[i];
    return !std::isnan(*out);
  }
  bool ReadUpper(size_t i, T* out) const {
    *out = statistics.upper_double[i];
    return !std::isnan(*out);
  }
  static T Literal(const Value& value) { return AsDouble(value); }
};

template <bool kIsText>
struct ByteBounds {
  using T = std::string_view;
  static constexpr bool kIsFloating = false;
  const ColumnStatistics& statistics;
  bool ReadLower(size_t i, T* out) const {
    *out = statistics.lower_bytes[i];
    return !kIsText || IsUtf8(*out);
  }
  bool ReadUpper(size_t i, T* out) const {
    *out = statistics.upper_bytes[i];
    return !kIsText || IsUtf8(*out);
  }
  static T Literal(const Value& value) { return value.get<std::string>(); }
};

struct DecimalBounds {
  using T = __int128;
  static constexpr bool kIsFloating = false;
  const ColumnStatistics& statistics;
  bool ReadLower(size_t i, T* out) const { return ReadDecimal(statistics.lower_bytes[i], out); }
  bool ReadUpper(size_t i, T* out) const { return ReadDecimal(statistics.upper_bytes[i], out); }
  static T Literal(const Value& value) { return AsInt128(value); }
};

/// Calls `number_may_match(has_lower, lower, has_upper, upper)` per entry and adds what the counts
/// say; `nan_matches`: whether NaN makes the predicate true.
template <typename Bounds, typename NumberMayMatch>
void ForEachEntry(const Bounds& bounds, bool nan_matches, Selection* may_match,
                  const NumberMayMatch& number_may_match) {
  const ColumnStatistics& statistics = bounds.statistics;
  const size_t count = may_match->size();
  for (size_t i = 0; i < count; ++i) {
    typename Bounds::T lower{};
    typename Bounds::T upper{};
    bool has_lower = statistics.has_lower[i] != 0;
    bool has_upper = statistics.has_upper[i] != 0;
    const bool is_sound = (!has_lower || bounds.ReadLower(i, &lower)) &&
                          (!has_upper || bounds.ReadUpper(i, &upper)) &&
                          !(has_lower && has_upper && upper < lower);
    if (!is_sound) has_lower = has_upper = false;
    const Presence presence = PresenceOf(statistics, i, Bounds::kIsFloating);
    const bool may = (presence.number && number_may_match(has_lower, lower, has_upper, upper)) ||
                     (nan_matches && presence.nan);
    (*may_match)[i] = may ? 1 : 0;
  }
}

template <typename Bounds>
void Compare(const ColumnPredicate& predicate, const Bounds& bounds, Selection* may_match) {
  using T = typename Bounds::T;
  const T literal = Bounds::Literal(predicate.literal);
  switch (predicate.op) {
    case ComparisonOp::kEqual:
      return ForEachEntry(
          bounds, false, may_match, [=](bool has_lower, T lower, bool has_upper, T upper) {
            return !(has_lower && literal < lower) && !(has_upper && upper < literal);
          });
    case ComparisonOp::kNotEqual:
      return ForEachEntry(
          bounds, true, may_match, [=](bool has_lower, T lower, bool has_upper, T upper) {
            return !(has_lower && has_upper && lower == literal && upper == literal);
          });
    case ComparisonOp::kLess:
      return ForEachEntry(bounds, false, may_match, [=](bool has_lower, T lower, bool, T) {
        return !has_lower || lower < literal;
      });
    case ComparisonOp::kLessEqual:
      return ForEachEntry(bounds, false, may_match, [=](bool has_lower, T lower, bool, T) {
        return !has_lower || !(literal < lower);
      });
    case ComparisonOp::kGreater:
      return ForEachEntry(bounds, true, may_match, [=](bool, T, bool has_upper, T upper) {
        return !has_upper || literal < upper;
      });
    case ComparisonOp::kGreaterEqual:
      return ForEachEntry(bounds, true, may_match, [=](bool, T, bool has_upper, T upper) {
        return !has_upper || !(upper < literal);
      });
  }
}

template <typename Bounds>
void In(const ColumnPredicate& predicate, const Bounds& bounds, Selection* may_match) {
  using T = typename Bounds::T;
  std::vector<T> values;
  values.reserve(predicate.values->size());
  bool has_nan = false;
  for (const Value& value : *predicate.values) {
    if (IsNaNValue(value)) {
      has_nan = true;
    } else {
      values.push_back(Bounds::Literal(value));
    }
  }
  ForEachEntry(bounds, has_nan, may_match, [&](bool has_lower, T lower, bool has_upper, T upper) {
    if (values.empty()) return false;
    if (has_lower && values.back() < lower) return false;
    if (has_upper && upper < values.front()) return false;
    if (!has_lower || !has_upper) return true;
    const auto first = std::lower_bound(values.begin(), values.end(), lower);
    return first != values.end() && !(upper < *first);
  });
}

template <typename Bounds>
void NotIn(const ColumnPredicate& predicate, const Bounds& bounds, Selection* may_match) {
  using T = typename Bounds::T;
  std::vector<T> values;
  values.reserve(predicate.values->size());
  bool has_nan = false;
  for (const Value& value : *predicate.values) {
    if (IsNaNValue(value)) {
      has_nan = true;
    } else {
      values.push_back(Bounds::Literal(value));
    }
  }
  ForEachEntry(bounds, !has_nan, may_match, [&](bool has_lower, T lower, bool has_upper, T upper) {
    const bool is_one_value = has_lower && has_upper && !(lower < upper);
    return !is_one_value || !std::binary_search(values.begin(), values.end(), lower);
  });
}

template <typename Bounds>
bool CompareOrIn(const ColumnPredicate& predicate, const Bounds& bounds, Selection* may_match) {
  if (predicate.kind == Kind::kCompare) {
    // A NaN literal is rare and out of `<`'s order.
    if (IsNaNValue(predicate.literal)) return false;
    Compare(predicate, bounds, may_match);
    return true;
  }
  if (predicate.negated) {
    NotIn(predicate, bounds, may_match);
  } else {
    In(predicate, bounds, may_match);
  }
  return true;
}

template <typename Bounds>
void StartsWith(const std::string& prefix, const Bounds& bounds, Selection* may_match) {
  using T = std::string_view;
  ForEachEntry(bounds, false, may_match, [&](bool has_lower, T lower, bool has_upper, T upper) {
    return !(has_lower && lower.substr(0, prefix.size()) > prefix) &&
           !(has_upper && upper.substr(0, prefix.size()) < prefix);
  });
}

bool EvaluateOnBytes(const ColumnPredicate& predicate, const ColumnStatistics& statistics,
                     Selection* may_match) {
  const bool is_text = predicate.type.id() == TypeId::kString;
  if (predicate.type.id() == TypeId::kDecimal) {
    if (predicate.kind != Kind::kCompare && predicate.kind != Kind::kIn) return false;
    return CompareOrIn(predicate, DecimalBounds{statistics}, may_match);
  }
  switch (predicate.kind) {
    case Kind::kCompare:
    case Kind::kIn:
      return is_text ? CompareOrIn(predicate, ByteBounds<true>{statistics}, may_match)
                     : CompareOrIn(predicate, ByteBounds<false>{statistics}, may_match);
    case Kind::kStartsWith:
    case Kind::kLike:
      if (predicate.negated) return false;
      if (is_text) {
        StartsWith(predicate.prefix, ByteBounds<true>{statistics}, may_match);
      } else {
        StartsWith(predicate.prefix, ByteBounds<false>{statistics}, may_match);
      }
      return true;
    case Kind::kIsNull:
    case Kind::kIsNaN:
      return false;
  }
  return false;
}

std::optional<Value> BoundOfEntry(const Type& type, const ColumnStatistics& statistics,
                                  size_t entry, bool is_lower) {
  if ((is_lower ? statistics.has_lower : statistics.has_upper)[entry] == 0) return std::nullopt;
  switch (statistics.layout) {
    case Layout::kInt64: {
      const int64_t bound = (is_lower ? statistics.lower_int64 : statistics.upper_int64)[entry];
      if (type.id() == TypeId::kBoolean) return Value(bound != 0);
      if (type.id() == TypeId::kInt || type.id() == TypeId::kDate) {
        return Value(static_cast<int32_t>(bound));
      }
      return Value(bound);
    }
    case Layout::kDouble: {
      const double bound = (is_lower ? statistics.lower_double : statistics.upper_double)[entry];
      if (type.id() == TypeId::kFloat) return Value(static_cast<float>(bound));
      return Value(bound);
    }
    case Layout::kBytes: {
      const auto bound = (is_lower ? statistics.lower_bytes : statistics.upper_bytes)[entry];
      auto value = FromSingleValueBytes(type, bound);
      if (!value.ok()) return std::nullopt;
      return std::move(value).ValueUnsafe();
    }
  }
  return std::nullopt;
}

}  // namespace

bool IsComplete(const ColumnStatistics& statistics, size_t count) {
  const auto has = [&](const auto&... columns) { return ((columns.size() == count) && ...); };
  if (!has(statistics.has_lower, statistics.has_upper, statistics.value_counts,
           statistics.null_value_counts, statistics.nan_value_counts)) {
    return false;
  }
  switch (statistics.layout) {
    case Layout::kInt64:
      return has(statistics.lower_int64, statistics.upper_int64);
    case Layout::kDouble:
      return has(statistics.lower_double, statistics.upper_double);
    case Layout::kBytes:
      return has(statistics.lower_bytes, statistics.upper_bytes);
  }
  return false;
}

bool EvaluateOnStatistics(const ColumnPredicate& predicate, const ColumnStatistics& statistics,
                          Selection* may_match) {
  if (!IsComplete(statistics, may_match->size())) return false;
  const bool is_floating = IsFloating(predicate.type);
  if (predicate.kind == Kind::kIsNull || predicate.kind == Kind::kIsNaN) {
    const bool is_null = predicate.kind == Kind::kIsNull;
    for (size_t i = 0; i < may_match->size(); ++i) {
      const Presence presence = PresenceOf(statistics, i, is_floating);
      const bool positive = is_null ? presence.null : presence.nan;
      const bool negative = presence.number || (is_null ? presence.nan : presence.null);
      (*may_match)[i] = (predicate.negated ? negative : positive) ? 1 : 0;
    }
    return true;
  }
  if (statistics.layout == Layout::kBytes) {
    return EvaluateOnBytes(predicate, statistics, may_match);
  }
  if (predicate.kind != Kind::kCompare && predicate.kind != Kind::kIn) return false;
  if (statistics.layout == Layout::kDouble) {
    return is_floating && CompareOrIn(predicate, DoubleBounds{statistics}, may_match);
  }
  return !is_floating && CompareOrIn(predicate, Int64Bounds{statistics}, may_match);
}

ColumnBounds BoundsOfEntry(const Type& type, const ColumnStatistics& statistics, size_t entry) {
  ColumnBounds bounds;
  if (entry >= statistics.value_counts.size() ||
      !IsComplete(statistics, statistics.value_counts.size())) {
    return bounds;
  }
  const auto known = [](int64_t count) {
    return count < 0 ? std::nullopt : std::optional<int64_t>(count);
  };
  bounds.lower = BoundOfEntry(type, statistics, entry, true);
  bounds.upper = BoundOfEntry(type, statistics, entry, false);
  bounds.value_count = known(statistics.value_counts[entry]);
  bounds.null_count = known(statistics.null_value_counts[entry]);
  bounds.nan_count = known(statistics.nan_value_counts[entry]);
  return bounds;
}

ValueRange RangeOfEntry(const Type& type, const ColumnStatistics& statistics, size_t entry) {
  return ValueRange::FromBounds(type, BoundsOfEntry(type, statistics, entry));
}

}  // namespace iceframe::internal
