// SPDX-License-Identifier: Apache-2.0
#include "iceframe/skipping/projection.h"

#include <limits>

#include <gtest/gtest.h>

#include "iceframe/skipping/evaluators.h"
#include "iceframe/skipping/residual.h"

#include "unit/skipping/bound_expressions.h"

namespace iceframe {
namespace {

using namespace bound;  // NOLINT(google-build-using-namespace): short trees read better

const Type kMoney = Type::Decimal(9, 2).ValueOrDie();

std::shared_ptr<const Schema> TestSchema() {
  return Schema::Make(SchemaId(0), {NestedField::Optional(1, "c1", Type::Long()),
                                    NestedField::Optional(2, "c2", Type::String()),
                                    NestedField::Optional(3, "c3", Type::Timestamptz()),
                                    NestedField::Optional(4, "c4", Type::Date()),
                                    NestedField::Optional(5, "c5", Type::TimestampNs()),
                                    NestedField::Optional(6, "c6", Type::Int()),
                                    NestedField::Optional(7, "c7", kMoney)})
      .ValueOrDie();
}
const Expression kLongColumn = Column(1, Type::Long());
const Expression kStringColumn = Column(2, Type::String());
const Expression kTime = Column(3, Type::Timestamptz());
const Expression kDate = Column(4, Type::Date());
const Expression kNanos = Column(5, Type::TimestampNs());
const Expression kInt = Column(6, Type::Int());
const Expression kDecimal = Column(7, kMoney);

PartitionSpec SpecOf(std::vector<std::pair<FieldId, Transform>> parts) {
  PartitionSpec spec;
  FieldId id = 1000;
  for (auto& [source, transform] : parts) {
    spec.fields.push_back({{source}, id, "p" + std::to_string(id), transform});
    ++id;
  }
  return spec;
}
Transform Bucket(int n) { return Transform::Bucket(n).ValueOrDie(); }
Transform Truncate(int n) { return Transform::Truncate(n).ValueOrDie(); }

/// One field, so that partitions are single values.
class Projected {
 public:
  Projected(const Expression& filter, FieldId source, const Transform& transform)
      : Projected(filter, SpecOf({{source, transform}})) {}
  Projected(const Expression& filter, const PartitionSpec& spec)
      : inclusive_(ProjectInclusive(filter, spec, *TestSchema()).ValueOrDie()),
        strict_(ProjectStrict(filter, spec, *TestSchema()).ValueOrDie()),
        type_(PartitionType(spec, *TestSchema()).ValueOrDie()) {}

  bool May(Value partition) const {
    return PartitionMayMatch(inclusive_, type_, {std::move(partition)});
  }
  bool Must(Value partition) const {
    return PartitionMustMatch(strict_, type_, {std::move(partition)});
  }
  const Expression& inclusive() const { return inclusive_; }
  const Expression& strict() const { return strict_; }

 private:
  Expression inclusive_;
  Expression strict_;
  Type type_;
};

Value IntOf(int32_t value) { return Value(value); }
Value LongOf(int64_t value) { return Value(value); }
constexpr int64_t kDayMicros = 86400000000;

TEST(Projection, IdentityIsExact) {
  const Projected less(Lt(kLongColumn, LongOf(5)), 1, Transform::Identity());
  EXPECT_TRUE(less.May(LongOf(4)));
  EXPECT_FALSE(less.May(LongOf(5)));
  EXPECT_TRUE(less.Must(LongOf(4)));
  EXPECT_FALSE(less.Must(Value::Null()));
  const Projected nulls(bound::IsNull(kLongColumn), 1, Transform::Identity());
  EXPECT_TRUE(nulls.Must(Value::Null()));
  EXPECT_FALSE(nulls.May(LongOf(1)));
}

TEST(Projection, BucketKnowsEqualityAndMembershipOnly) {
  const Transform bucket = Bucket(16);
  const Value one = bucket.Apply(Type::Long(), LongOf(1)).ValueOrDie();
  const Value other = IntOf((one.get<int32_t>() + 1) % 16);
  const Projected equal(Eq(kLongColumn, LongOf(1)), 1, bucket);
  EXPECT_TRUE(equal.May(one));
  EXPECT_FALSE(equal.May(other));
  EXPECT_FALSE(equal.May(Value::Null()));
  EXPECT_FALSE(equal.Must(one));
  const Projected not_equal(Ne(kLongColumn, LongOf(1)), 1, bucket);
  EXPECT_TRUE(not_equal.inclusive().is_true());
  EXPECT_FALSE(not_equal.Must(one));
  EXPECT_TRUE(not_equal.Must(other));
  EXPECT_FALSE(not_equal.Must(Value::Null()));
  EXPECT_TRUE(Projected(Lt(kLongColumn, LongOf(1)), 1, bucket).inclusive().is_true());
  EXPECT_FALSE(Projected(bound::In(kLongColumn, {LongOf(1)}), 1, bucket).May(other));
  EXPECT_TRUE(Projected(bound::IsNull(kLongColumn), 1, bucket).Must(Value::Null()));
}

// Daft 0.7.26 puts -1.05 into bucket 12 of 16 and -0.01 into 14, where the spec has 6 and 13.
TEST(Projection, DecimalsThatWritersHashInTwoWaysAreInAnyBucket) {
  const Transform bucket = Bucket(16);
  const auto cents = [](int64_t value) { return Value(arrow::Decimal128(value)); };
  for (const int64_t value : {-105, -1, 0, 128, 255, 32768, 65535}) {
    EXPECT_TRUE(Projected(Eq(kDecimal, cents(value)), 7, bucket).inclusive().is_true()) << value;
    for (int i = 0; i < 16; ++i) {
      EXPECT_FALSE(Projected(Ne(kDecimal, cents(value)), 7, bucket).Must(IntOf(i))) << value;
    }
  }
  for (const int64_t value : {1, 127, 256, 1234, 32767, 65536}) {
    const Projected equal(Eq(kDecimal, cents(value)), 7, bucket);
    const Value own = bucket.Apply(kMoney, cents(value)).ValueOrDie();
    EXPECT_TRUE(equal.May(own));
    EXPECT_FALSE(equal.May(IntOf((own.get<int32_t>() + 1) % 16))) << value;
  }
  const auto either = bound::In(kDecimal, {cents(-105), cents(1234)});
  EXPECT_TRUE(Projected(either, 7, bucket).inclusive().is_true());
}

TEST(Projection, TruncatedNumbersKeepTheirOrder) {
  const Projected less(Lt(kLongColumn, LongOf(20)), 1, Truncate(10));
  EXPECT_TRUE(less.May(LongOf(10)));
  EXPECT_FALSE(less.May(LongOf(20)));
  EXPECT_TRUE(less.Must(LongOf(10)));
  const Projected in_between(Lt(kLongColumn, LongOf(25)), 1, Truncate(10));
  EXPECT_TRUE(in_between.May(LongOf(20)));
  EXPECT_FALSE(in_between.Must(LongOf(20)));
  const Projected negative(Ge(kLongColumn, LongOf(-5)), 1, Truncate(10));
  EXPECT_TRUE(negative.May(LongOf(-10)));
  EXPECT_FALSE(negative.May(LongOf(-20)));
  EXPECT_FALSE(negative.Must(LongOf(-10)));
  EXPECT_TRUE(negative.Must(LongOf(0)));
}

TEST(Projection, NotEqualUnderTruncateSkipsNothing) {
  const Projected number(Ne(kLongColumn, LongOf(10)), 1, Truncate(10));
  EXPECT_TRUE(number.inclusive().is_true());
  EXPECT_FALSE(number.Must(LongOf(10)));
  EXPECT_TRUE(number.Must(LongOf(20)));
  const Projected text(Ne(kStringColumn, Value("abc")), 2, Truncate(3));
  EXPECT_TRUE(text.inclusive().is_true());
  EXPECT_FALSE(text.Must(Value("abc")));
  EXPECT_TRUE(text.Must(Value("abd")));
}

TEST(Projection, NotStartsWithUnderTruncate) {
  const Projected longer(bound::StartsWith(kStringColumn, "abcd", true), 2, Truncate(3));
  EXPECT_TRUE(longer.inclusive().is_true());
  EXPECT_TRUE(longer.Must(Value("abd")));
  EXPECT_FALSE(longer.Must(Value("abc")));
  const Projected same(bound::StartsWith(kStringColumn, "abc", true), 2, Truncate(3));
  EXPECT_FALSE(same.May(Value("abc")));
  EXPECT_TRUE(same.May(Value("ab")));
  const Projected shorter(bound::StartsWith(kStringColumn, "ab", true), 2, Truncate(3));
  EXPECT_FALSE(shorter.May(Value("abz")));
  EXPECT_TRUE(shorter.Must(Value("b")));
}

TEST(Projection, StartsWithUnderTruncate) {
  const Projected longer(bound::StartsWith(kStringColumn, "abcd"), 2, Truncate(3));
  EXPECT_TRUE(longer.May(Value("abc")));
  EXPECT_FALSE(longer.May(Value("abd")));
  EXPECT_FALSE(longer.Must(Value("abc")));
  EXPECT_TRUE(
      Projected(bound::StartsWith(kStringColumn, "abc"), 2, Truncate(3)).Must(Value("abc")));
  EXPECT_TRUE(Projected(bound::StartsWith(kStringColumn, "ab"), 2, Truncate(3)).Must(Value("abz")));
}

TEST(Projection, TruncateCountsCodePointsNotBytes) {
  // Two characters of two bytes each are shorter than three characters.
  const Projected equal(Eq(kStringColumn, Value("éé")), 2, Truncate(3));
  EXPECT_TRUE(equal.Must(Value("éé")));
  EXPECT_FALSE(equal.May(Value("ééé")));
}

TEST(Projection, TruncateThatWrapsAtTheMinimumLosesItsOrder) {
  const int32_t least = std::numeric_limits<int32_t>::min();
  const auto wrapped = static_cast<int32_t>(static_cast<uint32_t>(least) - 2U);
  ASSERT_GT(wrapped, 0);
  const Transform ten = Truncate(10);  // -2147483648 mod 10 is 2
  const Projected less(Lt(kInt, IntOf(0)), 6, ten);
  EXPECT_TRUE(less.May(IntOf(wrapped)));
  EXPECT_FALSE(less.May(IntOf(0)));
  const Projected greater(Gt(kInt, IntOf(0)), 6, ten);
  EXPECT_FALSE(greater.Must(IntOf(wrapped)));
  EXPECT_TRUE(greater.Must(IntOf(10)));
  const Projected least_but_one(Gt(kInt, IntOf(least + 1)), 6, ten);
  EXPECT_TRUE(least_but_one.May(IntOf(0)));
}

TEST(Projection, DaysBeforeTheEpochAreFloored) {
  // 1969-12-31T12:00 is day -1.
  const Projected at(Ge(kTime, LongOf(-kDayMicros / 2)), 3, Transform::Day());
  EXPECT_TRUE(at.May(IntOf(-1)));
  EXPECT_FALSE(at.May(IntOf(-2)));
  EXPECT_FALSE(at.Must(IntOf(-1)));
  EXPECT_TRUE(at.Must(IntOf(1)));
}

TEST(Projection, WritersThatRoundedTowardsZeroAreAllowedFor) {
  // Their partition value for day -2's rows was -1.
  const Projected equal(Eq(kTime, LongOf(-2 * kDayMicros + 5)), 3, Transform::Day());
  EXPECT_TRUE(equal.May(IntOf(-2)));
  EXPECT_TRUE(equal.May(IntOf(-1)));
  EXPECT_FALSE(equal.May(IntOf(0)));
  const Projected before(Lt(kTime, LongOf(-kDayMicros)), 3, Transform::Day());
  EXPECT_TRUE(before.May(IntOf(-1)));
  EXPECT_FALSE(before.May(IntOf(0)));
  const Projected from_zero(Ge(kTime, LongOf(0)), 3, Transform::Day());
  EXPECT_FALSE(from_zero.Must(IntOf(0)));
  EXPECT_TRUE(from_zero.Must(IntOf(1)));
  const Projected not_equal(Ne(kTime, LongOf(-2 * kDayMicros)), 3, Transform::Day());
  EXPECT_FALSE(not_equal.Must(IntOf(-1)));
  EXPECT_TRUE(not_equal.Must(IntOf(0)));
}

TEST(Projection, TruncationThatWrappedAroundAsAnIntIsKeptAfterPromotion) {
  const Value wrapped = LongOf(2147483646);
  const Value least = LongOf(std::numeric_limits<int32_t>::min());
  EXPECT_TRUE(Projected(Eq(kLongColumn, least), 1, Truncate(10)).May(wrapped));
  EXPECT_TRUE(Projected(bound::In(kLongColumn, {least, LongOf(5)}), 1, Truncate(10)).May(wrapped));
  EXPECT_TRUE(Projected(Le(kLongColumn, LongOf(0)), 1, Truncate(10)).May(wrapped));
  EXPECT_FALSE(Projected(Eq(kLongColumn, LongOf(5)), 1, Truncate(10)).May(wrapped));
  EXPECT_FALSE(Projected(Gt(kLongColumn, LongOf(0)), 1, Truncate(10)).Must(wrapped));
  EXPECT_FALSE(Projected(Ne(kLongColumn, least), 1, Truncate(10)).Must(wrapped));
  EXPECT_TRUE(Projected(Gt(kLongColumn, LongOf(0)), 1, Truncate(10)).Must(LongOf(20)));
}

TEST(Projection, DayOfADateIsExact) {
  const Projected equal(Eq(kDate, IntOf(-3)), 4, Transform::Day());
  EXPECT_TRUE(equal.Must(IntOf(-3)));
  EXPECT_FALSE(equal.May(IntOf(-2)));
}

TEST(Projection, NanosecondHoursAreFloored) {
  const int64_t hour = 3600000000000;
  const Projected less(Lt(kNanos, LongOf(-hour)), 5, Transform::Hour());
  EXPECT_TRUE(less.May(IntOf(-2)));
  EXPECT_FALSE(less.May(IntOf(0)));
  const Projected equal(Eq(kNanos, LongOf(hour + 1)), 5, Transform::Hour());
  EXPECT_TRUE(equal.May(IntOf(1)));
  EXPECT_FALSE(equal.May(IntOf(2)));
}

TEST(Projection, YearOfABoundaryLiteral) {
  const Projected before_2020(Lt(kTime, LongOf(1577836800000000)), 3, Transform::Year());
  EXPECT_TRUE(before_2020.May(IntOf(49)));
  EXPECT_FALSE(before_2020.May(IntOf(50)));
  EXPECT_TRUE(before_2020.Must(IntOf(49)));
}

TEST(Projection, VoidAndUnknownTransformsTellNothing) {
  for (const Transform& transform : {Transform::Void(), Transform::FromMetadata("zorder[3]")}) {
    const Projected equal(Eq(kLongColumn, LongOf(1)), 1, transform);
    EXPECT_TRUE(equal.inclusive().is_true()) << transform.ToString();
    EXPECT_TRUE(equal.strict().is_false()) << transform.ToString();
    EXPECT_TRUE(Projected(bound::IsNull(kLongColumn, true), 1, transform).inclusive().is_true());
  }
}

TEST(Projection, ManySourcesTellNothing) {
  PartitionSpec spec = SpecOf({{1, Transform::Identity()}});
  spec.fields[0].source_ids = {1, 6};
  EXPECT_TRUE(ProjectInclusive(Eq(kLongColumn, LongOf(1)), spec, *TestSchema())->is_true());
  EXPECT_TRUE(ProjectStrict(Eq(kLongColumn, LongOf(1)), spec, *TestSchema())->is_false());
}

TEST(Projection, DroppedSourceColumnsSkipNothing) {
  const PartitionSpec spec = SpecOf({{99, Transform::Identity()}, {1, Transform::Identity()}});
  const Type type = PartitionType(spec, *TestSchema()).ValueOrDie();
  const auto inclusive =
      ProjectInclusive(Eq(kLongColumn, LongOf(1)), spec, *TestSchema()).ValueOrDie();
  EXPECT_TRUE(PartitionMayMatch(inclusive, type, {Value::Null(), LongOf(1)}));
  EXPECT_FALSE(PartitionMayMatch(inclusive, type, {Value::Null(), LongOf(2)}));
}

TEST(Projection, FieldsOfOneSourceAreCombined) {
  const PartitionSpec spec = SpecOf({{3, Transform::Year()}, {3, Transform::Day()}});
  const auto filter = Eq(kTime, LongOf(5 * kDayMicros));
  const Type type = PartitionType(spec, *TestSchema()).ValueOrDie();
  const auto inclusive = ProjectInclusive(filter, spec, *TestSchema()).ValueOrDie();
  EXPECT_TRUE(PartitionMayMatch(inclusive, type, {IntOf(0), IntOf(5)}));
  EXPECT_FALSE(PartitionMayMatch(inclusive, type, {IntOf(0), IntOf(6)}));
  EXPECT_FALSE(PartitionMayMatch(inclusive, type, {IntOf(1), IntOf(5)}));
}

TEST(Projection, ColumnsOutsideTheSpecLeaveTheOthers) {
  const auto filter = bound::And({Eq(kLongColumn, LongOf(1)), Eq(kInt, IntOf(7))});
  const Projected both(filter, 1, Transform::Identity());
  EXPECT_FALSE(both.May(LongOf(2)));
  EXPECT_FALSE(both.Must(LongOf(1)));
  const Projected either(bound::Or({Eq(kLongColumn, LongOf(1)), Eq(kInt, IntOf(7))}), 1,
                         Transform::Identity());
  EXPECT_TRUE(either.inclusive().is_true());
  EXPECT_TRUE(either.Must(LongOf(1)));
}

TEST(Projection, NotGoesToTheLeaves) {
  const auto filter = bound::Not(bound::Or({Eq(kLongColumn, LongOf(1)), Lt(kInt, IntOf(0))}));
  const Projected negated(filter, 1, Bucket(4));
  EXPECT_TRUE(negated.inclusive().is_true());
  const Projected identity(filter, 1, Transform::Identity());
  EXPECT_FALSE(identity.May(LongOf(1)));
  EXPECT_TRUE(identity.May(LongOf(2)));
}

TEST(Projection, TenThousandOperands) {
  std::vector<Expression> operands;
  for (int64_t i = 0; i < 10000; ++i) operands.push_back(Eq(kLongColumn, LongOf(i)));
  const Projected any(bound::Or(operands), 1, Transform::Identity());
  EXPECT_TRUE(any.May(LongOf(9999)));
  EXPECT_FALSE(any.May(LongOf(10000)));
}

TEST(Residual, LeavesOutWhatThePartitionProves) {
  const PartitionSpec spec = SpecOf({{3, Transform::Day()}});
  const Expression other = Eq(kInt, IntOf(7));
  const Expression filter =
      bound::And({Ge(kTime, LongOf(2 * kDayMicros)), Lt(kTime, LongOf(5 * kDayMicros + 1)), other});
  const auto evaluator = ResidualEvaluator::Make(filter, spec, *TestSchema()).ValueOrDie();
  EXPECT_EQ(evaluator.Residual({IntOf(3)}), other);
  EXPECT_EQ(evaluator.Residual({IntOf(5)}),
            bound::And({Lt(kTime, LongOf(5 * kDayMicros + 1)), other}));
  EXPECT_TRUE(evaluator.Residual({IntOf(6)}).is_false());
  const auto only_time =
      ResidualEvaluator::Make(Ge(kTime, LongOf(0)), spec, *TestSchema()).ValueOrDie();
  EXPECT_TRUE(only_time.Residual({IntOf(3)}).is_true());
}

}  // namespace
}  // namespace iceframe
