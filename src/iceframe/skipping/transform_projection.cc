// SPDX-License-Identifier: Apache-2.0
// Predicates through each transform. Spec: "Partition Transforms", "Scan Planning".
#include <algorithm>
#include <bit>
#include <limits>

#include "iceframe/skipping/transform_projection_internal.h"
#include "iceframe/skipping/value_range_internal.h"
#include "iceframe/types/civil_time.h"

namespace iceframe::internal {
namespace {

using Kind = ColumnPredicate::Kind;

Expression BoundLeaf(ExpressionNode node) {
  return Expression(std::move(node), Type::Boolean(), true);
}

/// Makes predicates over one partition field.
class PartitionColumn {
 public:
  explicit PartitionColumn(const NestedField& field)
      : type_(field.type), column_(ColumnNode{field.name, field.id}, field.type, true) {}

  const Type& type() const { return type_; }
  const Expression& column() const { return column_; }

  Expression Compare(ComparisonOp op, Value value) const {
    Expression literal(LiteralNode{std::move(value)}, type_, true);
    return BoundLeaf(ComparisonNode{op, {column_, std::move(literal)}});
  }
  Expression IsNull(bool negated) const { return BoundLeaf(IsNullNode{{column_}, negated}); }
  Expression StartsWith(std::string prefix, bool negated) const {
    return BoundLeaf(StartsWithNode{{column_}, std::move(prefix), negated});
  }
  Expression In(std::vector<Value> values, bool negated) const {
    const auto less = [&](const Value& a, const Value& b) {
      return CompareValues(type_, a, b) < 0;
    };
    std::sort(values.begin(), values.end(), less);
    values.erase(std::unique(values.begin(), values.end()), values.end());
    if (values.size() == 1) {
      return Compare(negated ? ComparisonOp::kNotEqual : ComparisonOp::kEqual,
                     std::move(values.front()));
    }
    return BoundLeaf(InNode{{column_}, std::move(values), type_, negated});
  }

 private:
  Type type_;
  Expression column_;
};

/// Whether some writers hash a decimal otherwise than the spec says: without the byte that holds
/// nothing but its sign, so that 1.28 and -1.28 share a bucket (Daft does). Zero they hash as no
/// byte at all.
bool IsHashedOtherwise(const Value& value) {
  if (!value.holds<arrow::Decimal128>()) return false;
  const auto& decimal = value.get<arrow::Decimal128>();
  if (decimal <= arrow::Decimal128(0)) return true;
  const int num_bits = decimal.high_bits() > 0
                           ? 128 - std::countl_zero(static_cast<uint64_t>(decimal.high_bits()))
                           : 64 - std::countl_zero(decimal.low_bits());
  return num_bits % 8 == 0;
}

/// A transform on values of one source type, held as the partition field's type.
class Mapping {
 public:
  Mapping(const Transform& transform, const Type& source, const Type& target)
      : transform_(transform), source_(source), target_(target) {}

  std::optional<Value> operator()(const Value& value) const {
    if (transform_.kind() == TransformKind::kBucket && IsHashedOtherwise(value)) {
      return std::nullopt;
    }
    auto mapped = transform_.Apply(source_, value);
    if (!mapped.ok() || mapped->is_null() || !Fits(target_, *mapped)) return std::nullopt;
    return std::move(mapped).ValueUnsafe();
  }
  std::optional<std::vector<Value>> All(const std::vector<Value>& values) const {
    std::vector<Value> mapped;
    mapped.reserve(values.size());
    for (const Value& value : values) {
      auto one = (*this)(value);
      if (!one) return std::nullopt;
      mapped.push_back(std::move(*one));
    }
    return mapped;
  }

 private:
  const Transform& transform_;
  const Type& source_;
  const Type& target_;
};

/// The neighbour of a discrete value; nullopt at the end of the type's range.
std::optional<Value> Next(const Value& value, int delta) {
  const auto step = [&](auto number) -> std::optional<Value> {
    using T = decltype(number);
    T stepped = 0;
    if (__builtin_add_overflow(number, static_cast<T>(delta), &stepped)) return std::nullopt;
    return Value(stepped);
  };
  if (value.holds<int32_t>()) return step(value.get<int32_t>());
  if (value.holds<int64_t>()) return step(value.get<int64_t>());
  if (value.holds<arrow::Decimal128>()) {
    return Value(value.get<arrow::Decimal128>() + arrow::Decimal128(delta));
  }
  return std::nullopt;
}

std::optional<Expression> ThroughIdentity(const ColumnPredicate& predicate,
                                          const PartitionColumn& target) {
  switch (predicate.kind) {
    case Kind::kCompare:
      if (!Fits(target.type(), predicate.literal)) return std::nullopt;
      return target.Compare(predicate.op, predicate.literal);
    case Kind::kIn:
      return BoundLeaf(
          InNode{{target.column()}, *predicate.values, target.type(), predicate.negated});
    case Kind::kIsNull:
      return target.IsNull(predicate.negated);
    case Kind::kIsNaN:
      return BoundLeaf(IsNaNNode{{target.column()}, predicate.negated});
    case Kind::kStartsWith:
      return target.StartsWith(predicate.prefix, predicate.negated);
    case Kind::kLike: {
      LikeNode like = *predicate.like;
      like.operands = {target.column()};
      return BoundLeaf(std::move(like));
    }
  }
  return std::nullopt;
}

/// Equal values share a bucket; more is not known of it.
std::optional<Expression> ThroughBucket(const ColumnPredicate& predicate, const Mapping& map,
                                        const PartitionColumn& target, ProjectionMode mode) {
  const bool is_inclusive = mode == ProjectionMode::kInclusive;
  if (predicate.kind == Kind::kCompare) {
    const auto op = is_inclusive ? ComparisonOp::kEqual : ComparisonOp::kNotEqual;
    if (predicate.op != op) return std::nullopt;
    auto bucket = map(predicate.literal);
    if (!bucket) return std::nullopt;
    return target.Compare(op, std::move(*bucket));
  }
  if (predicate.kind == Kind::kIn && predicate.negated != is_inclusive) {
    auto buckets = map.All(*predicate.values);
    if (!buckets) return std::nullopt;
    return target.In(std::move(*buckets), predicate.negated);
  }
  return std::nullopt;
}

/// Source values at an end of their type whose partition values wrap around in writers that don't
/// check, and the partition values that those have instead.
struct Overflow {
  Value first_row;
  Value last_row;
  Value least;
  Value greatest;
};

/// Where old writers and overflowing ones break the order that an ordered transform promises.
struct Disorder {
  /// Partition values below zero may have been written one too high (rounded towards zero).
  bool is_rounded_to_zero = false;
  std::vector<Overflow> overflows;
};

bool IsNegative(const Value& value) { return value.holds<int32_t>() && value.get<int32_t>() < 0; }

/// `bound`, or one more where rounding to zero may have brought it a whole step too low.
std::optional<Value> PastRounding(const Disorder& disorder, const Value& bound) {
  if (!disorder.is_rounded_to_zero || !IsNegative(bound)) return bound;
  return Next(bound, 1);
}

std::optional<Expression> InclusiveOrdered(const ColumnPredicate& predicate, const Mapping& map,
                                           const PartitionColumn& target,
                                           const Disorder& disorder) {
  const auto or_one_higher = [&](std::vector<Value> values) {
    const size_t count = values.size();
    for (size_t i = 0; disorder.is_rounded_to_zero && i < count; ++i) {
      if (IsNegative(values[i])) values.push_back(*Next(values[i], 1));
    }
    return target.In(std::move(values), false);
  };
  if (predicate.kind == Kind::kIn) {
    if (predicate.negated) return std::nullopt;
    auto values = map.All(*predicate.values);
    if (!values) return std::nullopt;
    return or_one_higher(std::move(*values));
  }
  if (predicate.kind != Kind::kCompare) return std::nullopt;
  const bool is_less = predicate.op == ComparisonOp::kLess;
  const bool is_greater = predicate.op == ComparisonOp::kGreater;
  std::optional<Value> nearest;
  if (is_less || is_greater) nearest = Next(predicate.literal, is_less ? -1 : 1);
  auto bound = map(nearest ? *nearest : predicate.literal);
  if (!bound) return std::nullopt;
  switch (predicate.op) {
    case ComparisonOp::kEqual:
      return or_one_higher({std::move(*bound)});
    case ComparisonOp::kLess:
    case ComparisonOp::kLessEqual: {
      bound = PastRounding(disorder, *bound);
      if (!bound) return std::nullopt;
      return target.Compare(ComparisonOp::kLessEqual, std::move(*bound));
    }
    case ComparisonOp::kGreater:
    case ComparisonOp::kGreaterEqual:
      return target.Compare(ComparisonOp::kGreaterEqual, std::move(*bound));
    case ComparisonOp::kNotEqual:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Expression> StrictOrdered(const ColumnPredicate& predicate, const Mapping& map,
                                        const PartitionColumn& target, const Disorder& disorder) {
  const auto none_of = [&](std::vector<Value> values) {
    const size_t count = values.size();
    for (size_t i = 0; disorder.is_rounded_to_zero && i < count; ++i) {
      if (IsNegative(values[i])) values.push_back(*Next(values[i], 1));
    }
    return target.In(std::move(values), true);
  };
  if (predicate.kind == Kind::kIn) {
    if (!predicate.negated) return std::nullopt;
    auto values = map.All(*predicate.values);
    if (!values) return std::nullopt;
    return none_of(std::move(*values));
  }
  if (predicate.kind != Kind::kCompare || predicate.op == ComparisonOp::kEqual) return std::nullopt;
  const bool is_upper = predicate.op == ComparisonOp::kLessEqual;
  const bool is_lower = predicate.op == ComparisonOp::kGreaterEqual;
  std::optional<Value> nearest;
  if (is_upper || is_lower) nearest = Next(predicate.literal, is_upper ? 1 : -1);
  auto bound = map(nearest ? *nearest : predicate.literal);
  if (!bound) return std::nullopt;
  switch (predicate.op) {
    case ComparisonOp::kNotEqual:
      return none_of({std::move(*bound)});
    case ComparisonOp::kLess:
    case ComparisonOp::kLessEqual:
      return target.Compare(ComparisonOp::kLess, std::move(*bound));
    case ComparisonOp::kGreater:
    case ComparisonOp::kGreaterEqual: {
      bound = PastRounding(disorder, *bound);
      if (!bound) return std::nullopt;
      return target.Compare(ComparisonOp::kGreater, std::move(*bound));
    }
    case ComparisonOp::kEqual:
      return std::nullopt;
  }
  return std::nullopt;
}

/// Truncating the least values of T to `width` wraps around to one value; nullopt if none does.
/// `Source` is what T may have been promoted to.
template <typename T, typename Source>
std::optional<Overflow> TruncateOverflow(int32_t width) {
  constexpr int64_t kLeast = std::numeric_limits<T>::min();
  const int64_t remainder = FloorModulo(kLeast, width);
  if (remainder == 0) return std::nullopt;
  using Unsigned = std::make_unsigned_t<T>;
  const auto wrapped =
      static_cast<T>(static_cast<Unsigned>(kLeast) - static_cast<Unsigned>(remainder));
  const Value shown(static_cast<Source>(wrapped));
  return Overflow{Value(static_cast<Source>(kLeast)),
                  Value(static_cast<Source>(kLeast + width - remainder - 1)), shown, shown};
}

std::vector<Overflow> TruncateOverflows(const Type& source, int32_t width) {
  std::vector<Overflow> overflows;
  const auto add = [&](std::optional<Overflow> overflow) {
    if (overflow) overflows.push_back(std::move(*overflow));
  };
  if (source.id() == TypeId::kInt) add(TruncateOverflow<int32_t, int32_t>(width));
  if (source.id() == TypeId::kLong) {
    // Files from before a promotion hold what wrapped around as an int.
    add(TruncateOverflow<int32_t, int64_t>(width));
    add(TruncateOverflow<int64_t, int64_t>(width));
  }
  return overflows;
}

/// Hours of microseconds far from 1970 are no ints; a cast takes 2^32 off or adds it.
std::vector<Overflow> HourOverflows(const Type& source) {
  if (source.id() != TypeId::kTimestamp && source.id() != TypeId::kTimestamptz) return {};
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  constexpr int64_t kGreatest = std::numeric_limits<int64_t>::max();
  constexpr int64_t kIntLeast = std::numeric_limits<int32_t>::min();
  constexpr int64_t kIntGreatest = std::numeric_limits<int32_t>::max();
  const auto wrapped = [](int64_t hours) {
    return Value(static_cast<int32_t>(static_cast<uint32_t>(static_cast<uint64_t>(hours))));
  };
  return {{Value((kIntGreatest + 1) * kMicrosPerHour), Value(kGreatest), wrapped(kIntGreatest + 1),
           wrapped(FloorDivide(kGreatest, kMicrosPerHour))},
          {Value(kLeast), Value(kIntLeast * kMicrosPerHour - 1),
           wrapped(FloorDivide(kLeast, kMicrosPerHour)), wrapped(kIntLeast - 1)}};
}

/// Characters of a UTF-8 string, bytes of a binary.
size_t LengthOf(const Type& type, std::string_view text) {
  if (type.id() != TypeId::kString) return text.size();
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

/// Predicates on the first `width` characters. A value shorter than that is its own truncation
/// and no other value's, so comparing with it is exact.
class TruncatedText {
 public:
  TruncatedText(const ColumnPredicate& predicate, const Mapping& map, const PartitionColumn& target,
                size_t width, ProjectionMode mode)
      : predicate_(predicate),
        map_(map),
        target_(target),
        width_(width),
        is_inclusive_(mode == ProjectionMode::kInclusive) {}

  std::optional<Expression> Project() const {
    switch (predicate_.kind) {
      case Kind::kCompare:
        return Comparison();
      case Kind::kIn:
        return Membership();
      case Kind::kStartsWith:
        return Prefix();
      case Kind::kLike: {
        if (!is_inclusive_ || predicate_.negated || predicate_.prefix.empty()) return std::nullopt;
        return Prefix();
      }
      case Kind::kIsNull:
      case Kind::kIsNaN:
        return std::nullopt;
    }
    return std::nullopt;
  }

 private:
  bool IsShort(const Value& value) const {
    return LengthOf(predicate_.type, value.get<std::string>()) < width_;
  }

  std::optional<Expression> Comparison() const {
    if (IsShort(predicate_.literal)) return target_.Compare(predicate_.op, predicate_.literal);
    auto bound = map_(predicate_.literal);
    if (!bound) return std::nullopt;
    switch (predicate_.op) {
      case ComparisonOp::kEqual:
        if (!is_inclusive_) return std::nullopt;
        return target_.Compare(ComparisonOp::kEqual, std::move(*bound));
      case ComparisonOp::kNotEqual:
        if (is_inclusive_) return std::nullopt;
        return target_.Compare(ComparisonOp::kNotEqual, std::move(*bound));
      case ComparisonOp::kLess:
      case ComparisonOp::kLessEqual:
        return target_.Compare(is_inclusive_ ? ComparisonOp::kLessEqual : ComparisonOp::kLess,
                               std::move(*bound));
      case ComparisonOp::kGreater:
      case ComparisonOp::kGreaterEqual:
        return target_.Compare(is_inclusive_ ? ComparisonOp::kGreaterEqual : ComparisonOp::kGreater,
                               std::move(*bound));
    }
    return std::nullopt;
  }

  /// IN inclusive and NOT IN strict take the truncation of each value; the other two may speak
  /// of the short values only.
  std::optional<Expression> Membership() const {
    std::vector<Value> values;
    const bool takes_all = predicate_.negated != is_inclusive_;
    for (const Value& value : *predicate_.values) {
      if (takes_all) {
        auto mapped = map_(value);
        if (!mapped) return std::nullopt;
        values.push_back(std::move(*mapped));
      } else if (IsShort(value)) {
        values.push_back(value);
      }
    }
    if (values.empty() && !predicate_.values->empty()) return std::nullopt;
    return target_.In(std::move(values), predicate_.negated);
  }

  std::optional<Expression> Prefix() const {
    const size_t length = LengthOf(predicate_.type, predicate_.prefix);
    if (length < width_) return target_.StartsWith(predicate_.prefix, predicate_.negated);
    const auto op = predicate_.negated ? ComparisonOp::kNotEqual : ComparisonOp::kEqual;
    // Beyond the width, only one direction holds.
    if (length > width_ && predicate_.negated == is_inclusive_) return std::nullopt;
    auto bound = map_(Value(predicate_.prefix));
    if (!bound) return std::nullopt;
    return target_.Compare(op, std::move(*bound));
  }

  const ColumnPredicate& predicate_;
  const Mapping& map_;
  const PartitionColumn& target_;
  size_t width_;
  bool is_inclusive_;
};

Expression WithinOverflow(const PartitionColumn& target, const Overflow& overflow, bool negated) {
  if (overflow.least == overflow.greatest) {
    return target.Compare(negated ? ComparisonOp::kNotEqual : ComparisonOp::kEqual, overflow.least);
  }
  if (negated) {
    return BoundOr({target.Compare(ComparisonOp::kLess, overflow.least),
                    target.Compare(ComparisonOp::kGreater, overflow.greatest)});
  }
  return BoundAnd({target.Compare(ComparisonOp::kGreaterEqual, overflow.least),
                   target.Compare(ComparisonOp::kLessEqual, overflow.greatest)});
}

std::optional<Expression> ThroughOrdered(const ColumnPredicate& predicate, const Mapping& map,
                                         const PartitionColumn& target, const Disorder& disorder,
                                         ProjectionMode mode) {
  const bool is_inclusive = mode == ProjectionMode::kInclusive;
  auto ordered = is_inclusive ? InclusiveOrdered(predicate, map, target, disorder)
                              : StrictOrdered(predicate, map, target, disorder);
  if (!ordered) return std::nullopt;
  std::vector<Expression> parts = {std::move(*ordered)};
  for (const Overflow& overflow : disorder.overflows) {
    ValueRange rows = ValueRange::Unknown(predicate.type);
    rows.may_be_null = false;
    rows.lower = overflow.first_row;
    rows.upper = overflow.last_row;
    const TruthSet truth = EvaluateOnRange(predicate, rows);
    const bool matters = is_inclusive ? (truth & kTrue) != 0 : truth != kTrue;
    if (matters) parts.push_back(WithinOverflow(target, overflow, !is_inclusive));
  }
  return is_inclusive ? BoundOr(std::move(parts)) : BoundAnd(std::move(parts));
}

std::optional<Expression> ThroughTruncate(const ColumnPredicate& predicate,
                                          const Transform& transform, const Mapping& map,
                                          const PartitionColumn& target, ProjectionMode mode) {
  const int32_t width = transform.parameter();
  switch (predicate.type.id()) {
    case TypeId::kString:
    case TypeId::kBinary:
      return TruncatedText(predicate, map, target, static_cast<size_t>(width), mode).Project();
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kDecimal:
      return ThroughOrdered(predicate, map, target,
                            {false, TruncateOverflows(predicate.type, width)}, mode);
    default:
      return std::nullopt;
  }
}

}  // namespace

Expression BoundConstant(bool value) {
  return Expression(LiteralNode{Value(value)}, Type::Boolean(), true);
}

namespace {

template <typename Node>
Expression Combine(std::vector<Expression> operands, bool neutral) {
  std::vector<Expression> kept;
  for (Expression& operand : operands) {
    const auto constant = AsConstant(operand);
    if (constant == !neutral) return BoundConstant(!neutral);
    if (constant) continue;
    if (operand.as<Node>() != nullptr) {
      kept.insert(kept.end(), operand.operands().begin(), operand.operands().end());
    } else {
      kept.push_back(std::move(operand));
    }
  }
  if (kept.empty()) return BoundConstant(neutral);
  if (kept.size() == 1) return kept.front();
  return BoundLeaf(Node{std::move(kept)});
}

}  // namespace

Expression BoundAnd(std::vector<Expression> operands) {
  return Combine<AndNode>(std::move(operands), true);
}

Expression BoundOr(std::vector<Expression> operands) {
  return Combine<OrNode>(std::move(operands), false);
}

std::optional<Expression> ProjectThroughTransform(const ColumnPredicate& predicate,
                                                  const Transform& transform,
                                                  const NestedField& partition_field,
                                                  ProjectionMode mode) {
  const TransformKind kind = transform.kind();
  if (kind == TransformKind::kVoid || kind == TransformKind::kUnknown) return std::nullopt;
  const Type& source = predicate.type;
  if (!transform.CanTransform(source)) return std::nullopt;
  const PartitionColumn target(partition_field);
  const bool is_identity = kind == TransformKind::kIdentity ||
                           (kind == TransformKind::kDay && source.id() == TypeId::kDate);
  if (is_identity) return ThroughIdentity(predicate, target);
  // Every other transform keeps null apart from values.
  if (predicate.kind == Kind::kIsNull) return target.IsNull(predicate.negated);
  const Mapping map(transform, source, target.type());
  switch (kind) {
    case TransformKind::kBucket:
      return ThroughBucket(predicate, map, target, mode);
    case TransformKind::kTruncate:
      return ThroughTruncate(predicate, transform, map, target, mode);
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kDay:
    case TransformKind::kHour:
      return ThroughOrdered(
          predicate, map, target,
          {true, kind == TransformKind::kHour ? HourOverflows(source) : std::vector<Overflow>()},
          mode);
    case TransformKind::kIdentity:
    case TransformKind::kVoid:
    case TransformKind::kUnknown:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace iceframe::internal
