// SPDX-License-Identifier: Apache-2.0
#include "iceframe/skipping/evaluators.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "iceframe/types/single_value.h"

#include "unit/skipping/bound_expressions.h"

namespace iceframe {
namespace {

using namespace bound;  // NOLINT(google-build-using-namespace): short trees read better

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

const Expression kLong = Column(1, Type::Long());
const Expression kDouble = Column(2, Type::Double());
const Expression kString = Column(3, Type::String());
const Expression kBool = Column(4, Type::Boolean());

ColumnBounds Range(Value lower, Value upper) {
  ColumnBounds bounds;
  bounds.lower = std::move(lower);
  bounds.upper = std::move(upper);
  return bounds;
}
ColumnBounds Counts(int64_t values, std::optional<int64_t> nulls,
                    std::optional<int64_t> nans = std::nullopt) {
  ColumnBounds bounds;
  bounds.value_count = values;
  bounds.null_count = nulls;
  bounds.nan_count = nans;
  return bounds;
}
BoundsLookup Always(ColumnBounds bounds) {
  return [bounds](FieldId, const Type&) { return bounds; };
}
bool May(const Expression& filter, ColumnBounds bounds) {
  return MayMatch(filter, Always(std::move(bounds)));
}
bool Must(const Expression& filter, ColumnBounds bounds) {
  return MustMatch(filter, Always(std::move(bounds)));
}
Value Long(int64_t value) { return Value(value); }

TEST(BoundsEvaluator, SkipsComparisonsOutsideTheBounds) {
  const ColumnBounds bounds = Range(Long(10), Long(20));
  EXPECT_FALSE(May(Eq(kLong, Long(9)), bounds));
  EXPECT_TRUE(May(Eq(kLong, Long(10)), bounds));
  EXPECT_FALSE(May(Lt(kLong, Long(10)), bounds));
  EXPECT_TRUE(May(Le(kLong, Long(10)), bounds));
  EXPECT_FALSE(May(Gt(kLong, Long(20)), bounds));
  EXPECT_TRUE(May(Ge(kLong, Long(20)), bounds));
  EXPECT_TRUE(May(Ne(kLong, Long(10)), bounds));
  EXPECT_FALSE(May(Ne(kLong, Long(7)), Range(Long(7), Long(7))));
}

TEST(BoundsEvaluator, ValuesDecideWhatTheBoundsLeave) {
  int num_visits = 0;
  ValuesLookup values;
  values.may_be_known = [](FieldId id) { return id == 1; };
  values.visit = [&](FieldId, const Type&, const std::function<bool(const Value&)>& visit) {
    ++num_visits;
    for (const int64_t value : {10, 14, 20}) {
      if (!visit(Long(value))) break;
    }
    return true;
  };
  const auto may = [&](const Expression& filter) {
    ColumnBounds bounds = Range(Long(10), Long(20));
    bounds.null_count = 2;
    return MayMatch(filter, Always(bounds), values);
  };
  EXPECT_FALSE(may(Eq(kLong, Long(15))));
  EXPECT_TRUE(may(Eq(kLong, Long(14))));
  EXPECT_FALSE(may(In(kLong, {Long(11), Long(12)})));
  EXPECT_FALSE(may(In(kLong, {Long(10), Long(14), Long(20)}, /*negated=*/true)));
  EXPECT_TRUE(may(In(kLong, {Long(10), Long(14)}, /*negated=*/true)));
  EXPECT_TRUE(may(bound::Or({Eq(kLong, Long(15)), bound::IsNull(kLong)})));
  EXPECT_FALSE(may(bound::And({Gt(kLong, Long(10)), Lt(kLong, Long(14))})));
  EXPECT_TRUE(may(bound::And({Gt(kLong, Long(10)), Lt(kLong, Long(20))})));
  // Asked for only where they can decide.
  num_visits = 0;
  EXPECT_FALSE(may(Eq(kLong, Long(9))));
  EXPECT_TRUE(may(bound::Or({Eq(kLong, Long(15)), bound::IsNull(kString)})));
  EXPECT_EQ(num_visits, 0);
}

TEST(BoundsEvaluator, LiteralMayStandLeft) {
  const Expression left = Leaf(
      ComparisonNode{ComparisonOp::kLess, {Literal(Type::Long(), Long(20)), kLong}});  // 20 < c1
  EXPECT_FALSE(May(left, Range(Long(10), Long(20))));
  EXPECT_TRUE(May(left, Range(Long(10), Long(21))));
}

TEST(BoundsEvaluator, MissingCountsAndBoundsAreUnknownNeverZero) {
  EXPECT_TRUE(MayMatch(Eq(kLong, Long(1)), [](FieldId, const Type&) { return std::nullopt; }));
  EXPECT_TRUE(May(Eq(kLong, Long(1)), {}));
  EXPECT_TRUE(May(bound::IsNull(kLong), {}));
  EXPECT_TRUE(May(bound::IsNull(kLong, true), {}));
  EXPECT_FALSE(Must(bound::IsNull(kLong, true), {}));
  EXPECT_TRUE(May(bound::IsNull(kLong, true), Counts(0, 0)));
  EXPECT_TRUE(May(Eq(kLong, Long(1)), Counts(-1, -1)));
  EXPECT_TRUE(May(Eq(kLong, Long(1)), Counts(5, 9)));
}

TEST(BoundsEvaluator, FalsyBoundsAreRealBounds) {
  EXPECT_FALSE(May(Gt(kLong, Long(0)), Range(Long(0), Long(0))));
  EXPECT_FALSE(May(Gt(kString, Value("")), Range(Value(""), Value(""))));
  EXPECT_FALSE(May(Eq(kBool, Value(true)), Range(Value(false), Value(false))));
  EXPECT_FALSE(May(kBool, Range(Value(false), Value(false))));
  EXPECT_TRUE(May(bound::Not(kBool), Range(Value(false), Value(false))));
  ColumnBounds no_nulls = Counts(3, 0);
  EXPECT_FALSE(May(bound::IsNull(kLong), no_nulls));
  EXPECT_TRUE(Must(bound::IsNull(kLong, true), no_nulls));
}

TEST(BoundsEvaluator, ColumnOfNullsMatchesOnlyIsNull) {
  const ColumnBounds nulls = Counts(4, 4);
  EXPECT_FALSE(May(Ne(kLong, Long(1)), nulls));
  EXPECT_FALSE(May(bound::In(kLong, {Long(1)}, true), nulls));
  EXPECT_FALSE(May(bound::StartsWith(kString, "a", true), nulls));
  EXPECT_FALSE(May(bound::IsNull(kLong, true), nulls));
  EXPECT_TRUE(May(bound::IsNull(kLong), nulls));
  EXPECT_TRUE(Must(bound::IsNull(kLong), nulls));
  EXPECT_FALSE(May(bound::Not(Eq(kLong, Long(1))), nulls));
}

TEST(BoundsEvaluator, NaNIsAboveEveryNumberSoGreaterMayMatchBeyondTheUpperBound) {
  ColumnBounds bounds = Range(Value(1.0), Value(2.0));
  EXPECT_TRUE(May(Gt(kDouble, Value(5.0)), bounds));
  EXPECT_TRUE(May(Ge(kDouble, Value(5.0)), bounds));
  EXPECT_TRUE(May(Ne(kDouble, Value(1.0)), Range(Value(1.0), Value(1.0))));
  EXPECT_TRUE(May(Eq(kDouble, Value(kNaN)), bounds));
  EXPECT_FALSE(May(Eq(kDouble, Value(5.0)), bounds));
  EXPECT_FALSE(Must(Lt(kDouble, Value(5.0)), bounds));
  bounds.nan_count = 0;
  EXPECT_FALSE(May(Gt(kDouble, Value(5.0)), bounds));
  EXPECT_FALSE(May(Eq(kDouble, Value(kNaN)), bounds));
  EXPECT_TRUE(May(Lt(kDouble, Value(kNaN)), bounds));
  bounds.null_count = 0;
  EXPECT_TRUE(Must(Lt(kDouble, Value(5.0)), bounds));
}

TEST(BoundsEvaluator, NaNAsABoundMakesBothBoundsUnknown) {
  EXPECT_TRUE(May(Eq(kDouble, Value(0.5)), Range(Value(1.0), Value(kNaN))));
  EXPECT_TRUE(May(Eq(kDouble, Value(9.0)), Range(Value(kNaN), Value(2.0))));
}

TEST(BoundsEvaluator, ColumnOfNaNsMatchesNoNumber) {
  const ColumnBounds nans = Counts(3, 1, 2);
  EXPECT_FALSE(May(Eq(kDouble, Value(1.0)), nans));
  EXPECT_FALSE(May(Lt(kDouble, Value(1.0)), nans));
  EXPECT_TRUE(May(Gt(kDouble, Value(1.0)), nans));
  EXPECT_TRUE(May(bound::IsNaN(kDouble), nans));
  EXPECT_TRUE(Must(bound::IsNaN(kDouble), Counts(3, 0, 3)));
  EXPECT_FALSE(May(bound::IsNaN(kDouble), Counts(3, 0, 0)));
  EXPECT_FALSE(May(bound::IsNaN(kDouble, true), Counts(3, 0, 3)));
}

TEST(BoundsEvaluator, ZerosOfEitherSignAreEqual) {
  EXPECT_TRUE(May(Eq(kDouble, Value(-0.0)), Range(Value(0.0), Value(1.0))));
  EXPECT_TRUE(May(Eq(kDouble, Value(0.0)), Range(Value(-1.0), Value(-0.0))));
  EXPECT_TRUE(May(bound::In(kDouble, {Value(-0.0)}), Range(Value(0.0), Value(0.0))));
  ColumnBounds exact = Range(Value(-0.0), Value(0.0));
  exact.nan_count = 0;
  exact.null_count = 0;
  EXPECT_FALSE(May(Ne(kDouble, Value(0.0)), exact));
  EXPECT_TRUE(Must(Eq(kDouble, Value(0.0)), exact));
}

TEST(BoundsEvaluator, BoundsThatContradictThemselvesAreUnknown) {
  EXPECT_TRUE(May(Eq(kLong, Long(99)), Range(Long(20), Long(10))));
  EXPECT_TRUE(May(Eq(kString, Value("zz")), Range(Value("a"), Value("b\xff"))));
  EXPECT_TRUE(May(Eq(kString, Value("a")), Range(Value("\xc3"), Value())));
}

TEST(BoundsEvaluator, StringsCompareByUnsignedBytes) {
  // U+FF5E sorts after U+1F600 in UTF-16, before it in UTF-8.
  const ColumnBounds bounds = Range(Value("\xEF\xBD\x9E"), Value("\xF0\x9F\x98\x80"));
  EXPECT_TRUE(May(Eq(kString, Value("\xEF\xBD\x9F")), bounds));
  EXPECT_FALSE(May(Eq(kString, Value("z")), bounds));
}

TEST(BoundsEvaluator, PrefixesOverTruncatedBounds) {
  const ColumnBounds bounds = Range(Value("abc"), Value("abf"));
  EXPECT_TRUE(May(bound::StartsWith(kString, "ab"), bounds));
  EXPECT_TRUE(May(bound::StartsWith(kString, "abcd"), bounds));
  EXPECT_FALSE(May(bound::StartsWith(kString, "abb"), bounds));
  EXPECT_FALSE(May(bound::StartsWith(kString, "abg"), bounds));
  EXPECT_FALSE(May(bound::StartsWith(kString, "b"), bounds));
  EXPECT_FALSE(May(bound::StartsWith(kString, "ab", true), bounds));
  EXPECT_TRUE(May(bound::StartsWith(kString, "abc", true), bounds));
  EXPECT_FALSE(May(bound::Like(kString, "b%z"), bounds));
  EXPECT_TRUE(May(bound::Like(kString, "abd%z"), bounds));
  EXPECT_TRUE(May(bound::Like(kString, "ab%z", true), bounds));
  EXPECT_FALSE(May(bound::Like(kString, "abg"), bounds));
  EXPECT_FALSE(May(bound::Like(kString, "b\\%%"), bounds));
  EXPECT_TRUE(May(bound::Like(kString, "b\\x%"), bounds));
}

TEST(BoundsEvaluator, ListsOfThousandsAreSearched) {
  std::vector<Value> values;
  for (int64_t i = 0; i < 5000; ++i) values.push_back(Long(i * 10));
  EXPECT_FALSE(May(bound::In(kLong, values), Range(Long(11), Long(19))));
  EXPECT_TRUE(May(bound::In(kLong, values), Range(Long(11), Long(20))));
  EXPECT_FALSE(May(bound::In(kLong, values), Range(Long(49991), Long(60000))));
  EXPECT_FALSE(May(bound::In(kLong, values, true), Range(Long(20), Long(20))));
  EXPECT_TRUE(May(bound::In(kLong, values, true), Range(Long(20), Long(21))));
  ColumnBounds one = Range(Long(20), Long(20));
  one.null_count = 0;
  EXPECT_TRUE(Must(bound::In(kLong, values), one));
}

TEST(BoundsEvaluator, NotOfUnknownIsUnknown) {
  const Expression computed = Leaf(ComparisonNode{ComparisonOp::kEqual, {kLong, kLong}});
  EXPECT_TRUE(May(computed, Range(Long(1), Long(2))));
  EXPECT_TRUE(May(bound::Not(computed), Range(Long(1), Long(2))));
  EXPECT_FALSE(Must(bound::Not(computed), Range(Long(1), Long(2))));
}

TEST(BoundsEvaluator, TenThousandOperands) {
  std::vector<Expression> operands;
  for (int64_t i = 0; i < 10000; ++i) operands.push_back(Eq(kLong, Long(i)));
  const Expression any = bound::Or(operands);
  EXPECT_FALSE(May(any, Range(Long(10000), Long(10001))));
  EXPECT_TRUE(May(any, Range(Long(9999), Long(10001))));
}

TEST(BoundsEvaluator, TooDeepATreeIsUnknown) {
  Expression deep = Eq(kLong, Long(0));
  for (int i = 0; i < 2000; ++i) {
    deep = i % 2 == 0 ? bound::And({deep, Constant(true)}) : bound::Or({deep, Constant(false)});
  }
  EXPECT_TRUE(May(deep, Range(Long(5), Long(6))));
}

class ManifestEvaluator : public ::testing::Test {
 protected:
  static std::string Bytes(const Type& type, const Value& value) {
    return ToSingleValueBytes(type, value).ValueOrDie();
  }
  const Type partition_type_ = Type::Struct({NestedField::Optional(1000, "p", Type::Int()),
                                             NestedField::Optional(1001, "q", Type::Double())});
  const Expression p_ = Column(1000, Type::Int());
  const Expression q_ = Column(1001, Type::Double());
};

TEST_F(ManifestEvaluator, SkipsBySummaries) {
  ManifestFile manifest;
  manifest.partitions.resize(2);
  manifest.partitions[0].lower_bound = Bytes(Type::Int(), Value(int32_t{0}));
  manifest.partitions[0].upper_bound = Bytes(Type::Int(), Value(int32_t{5}));
  EXPECT_FALSE(ManifestMayMatch(Eq(p_, Value(int32_t{6})), manifest, partition_type_));
  EXPECT_FALSE(ManifestMayMatch(Lt(p_, Value(int32_t{0})), manifest, partition_type_));
  EXPECT_FALSE(ManifestMayMatch(bound::IsNull(p_), manifest, partition_type_));
  EXPECT_TRUE(ManifestMayMatch(Eq(p_, Value(int32_t{0})), manifest, partition_type_));
}

TEST_F(ManifestEvaluator, KeepsManifestWhenSummariesAreMissing) {
  ManifestFile manifest;
  EXPECT_TRUE(ManifestMayMatch(Eq(p_, Value(int32_t{6})), manifest, partition_type_));
  EXPECT_TRUE(ManifestMayMatch(bound::IsNull(p_), manifest, partition_type_));
  manifest.partitions.resize(1);
  EXPECT_TRUE(ManifestMayMatch(Eq(p_, Value(int32_t{6})), manifest, partition_type_));
}

TEST_F(ManifestEvaluator, KeepsManifestWhenABoundCanNotBeRead) {
  ManifestFile manifest;
  manifest.partitions.resize(2);
  manifest.partitions[0].contains_null = true;
  manifest.partitions[0].lower_bound = "x";
  EXPECT_TRUE(ManifestMayMatch(Eq(p_, Value(int32_t{6})), manifest, partition_type_));
}

TEST_F(ManifestEvaluator, OneUnreadableBoundMakesBothUnknown) {
  ManifestFile manifest;
  manifest.partitions.resize(2);
  manifest.partitions[0].lower_bound = Bytes(Type::Int(), Value(int32_t{5}));
  manifest.partitions[0].upper_bound = "x";
  EXPECT_TRUE(ManifestMayMatch(Eq(p_, Value(int32_t{1})), manifest, partition_type_));
  const Type text = Type::Struct({NestedField::Optional(1000, "p", Type::String())});
  manifest.partitions.resize(1);
  manifest.partitions[0].lower_bound = "b";
  manifest.partitions[0].upper_bound = "\xC3";
  EXPECT_TRUE(ManifestMayMatch(Eq(Column(1000, Type::String()), Value("a")), manifest, text));
}

TEST_F(ManifestEvaluator, NullsWithoutBoundsAreAllThereIs) {
  ManifestFile manifest;
  manifest.partitions.resize(2);
  manifest.partitions[0].contains_null = true;
  manifest.partitions[1].contains_null = true;
  EXPECT_FALSE(ManifestMayMatch(Eq(p_, Value(int32_t{6})), manifest, partition_type_));
  EXPECT_TRUE(ManifestMayMatch(bound::IsNull(p_), manifest, partition_type_));
  // Perhaps NaN, too, as long as contains_nan is unknown.
  EXPECT_TRUE(ManifestMayMatch(bound::IsNull(q_, true), manifest, partition_type_));
  manifest.partitions[1].contains_nan = false;
  EXPECT_FALSE(ManifestMayMatch(bound::IsNull(q_, true), manifest, partition_type_));
}

}  // namespace
}  // namespace iceframe
