// SPDX-License-Identifier: Apache-2.0
#include "iceframe/skipping/partition_evidence.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "iceframe/skipping/evaluators.h"
#include "iceframe/skipping/projection.h"
#include "iceframe/types/single_value.h"

#include "unit/skipping/bound_expressions.h"

namespace iceframe {
namespace {

using namespace bound;  // NOLINT(google-build-using-namespace): short trees read better

constexpr int64_t kHourMicros = 3600000000;
constexpr int32_t kIntMin = std::numeric_limits<int32_t>::min();
/// What a writer that doesn't check makes of truncate[10] at the least int.
constexpr int32_t kWrapped = 2147483646;

Value Int(int32_t value) { return Value(value); }
Value LongValue(int64_t value) { return Value(value); }
Value Text(std::string value) { return Value(std::move(value)); }

PartitionEvidence::Field FieldOf(const char* transform, const Type& source) {
  return {1000, Transform::FromMetadata(transform), 1, source};
}

bool IsPossible(const char* transform, const Type& source, const Value& value) {
  return PartitionEvidence::IsPossible(FieldOf(transform, source), value);
}

bool IsPossibleWithin(const char* transform, const Type& source, const Value& value, Value lower,
                      Value upper) {
  ColumnBounds bounds;
  bounds.lower = std::move(lower);
  bounds.upper = std::move(upper);
  return PartitionEvidence::IsPossible(FieldOf(transform, source), value, bounds);
}

TEST(PartitionEvidence, KnowsWhatATransformCanNotGive) {
  EXPECT_FALSE(IsPossible("truncate[10]", Type::Int(), Int(kWrapped)));
  EXPECT_FALSE(IsPossible("truncate[10]", Type::Long(), LongValue(kWrapped)));
  EXPECT_FALSE(
      IsPossible("truncate[10]", Type::Long(), LongValue(std::numeric_limits<int64_t>::max() - 1)));
  EXPECT_TRUE(IsPossible("truncate[10]", Type::Long(), LongValue(-2147483650)));
  EXPECT_TRUE(IsPossible("truncate[16]", Type::Int(), Int(kIntMin)));
  EXPECT_FALSE(
      IsPossible("truncate[10]", Type::Decimal(4, 2).ValueOrDie(), Value(arrow::Decimal128(5))));
  EXPECT_TRUE(IsPossible("truncate[10]", Type::Decimal(4, 2).ValueOrDie(),
                         Value(arrow::Decimal128(-10000))));
  EXPECT_FALSE(IsPossible("truncate[10]", Type::Decimal(4, 2).ValueOrDie(),
                          Value(arrow::Decimal128(-10010))));
  EXPECT_FALSE(IsPossible("truncate[2]", Type::String(), Text("abc")));
  EXPECT_TRUE(IsPossible("truncate[2]", Type::String(), Text("\xC3\xA9\xC3\xA9")));
  EXPECT_FALSE(IsPossible("truncate[2]", Type::String(), Text("\xC3")));
  EXPECT_FALSE(IsPossible("truncate[2]", Type::Binary(), Text("\xC3\xA9\xC3")));
  EXPECT_FALSE(IsPossible("bucket[4]", Type::String(), Int(4)));
  EXPECT_FALSE(IsPossible("bucket[4]", Type::Long(), Int(-1)));
  EXPECT_FALSE(IsPossible("day", Type::Timestamp(), Int(106751992)));
  EXPECT_TRUE(IsPossible("day", Type::Timestamp(), Int(106751991)));
  EXPECT_TRUE(IsPossible("day", Type::Date(), Int(kIntMin)));
  EXPECT_FALSE(IsPossible("hour", Type::TimestampNs(), Int(2562048)));
  EXPECT_FALSE(IsPossible("year", Type::TimestampNs(), Int(300)));
  EXPECT_TRUE(IsPossible("month", Type::TimestampNs(), Int(-3)));
}

TEST(PartitionEvidence, LooksWithinBounds) {
  EXPECT_FALSE(
      IsPossibleWithin("identity", Type::Long(), LongValue(7), LongValue(8), LongValue(9)));
  EXPECT_TRUE(IsPossibleWithin("identity", Type::Double(), Value(-0.0), Value(0.0), Value(0.0)));
  EXPECT_FALSE(IsPossibleWithin("identity", Type::String(), Text("b"), Text("c"), Text("d")));
  EXPECT_FALSE(
      IsPossibleWithin("truncate[10]", Type::Long(), LongValue(0), LongValue(-5), LongValue(-1)));
  EXPECT_TRUE(
      IsPossibleWithin("truncate[10]", Type::Long(), LongValue(-10), LongValue(-5), LongValue(-1)));
  EXPECT_TRUE(IsPossibleWithin("truncate[2]", Type::String(), Text("ab"), Text("abc"), Text("b")));
  // Shorter than the width, it is the value itself.
  EXPECT_FALSE(IsPossibleWithin("truncate[3]", Type::String(), Text("ab"), Text("abc"), Text("b")));
  EXPECT_FALSE(IsPossibleWithin("truncate[2]", Type::String(), Text("c"), Text("abc"), Text("b")));
  EXPECT_FALSE(IsPossibleWithin("hour", Type::Timestamp(), Int(0), LongValue(-kHourMicros / 2),
                                LongValue(-1)));
  EXPECT_TRUE(IsPossibleWithin("hour", Type::Timestamp(), Int(0), LongValue(-1), LongValue(1)));
  EXPECT_FALSE(IsPossibleWithin("year", Type::Date(), Int(-1), Int(0), Int(3)));
  const int32_t bucket = Transform::FromMetadata("bucket[16]")
                             .Apply(Type::String(), Text("iceberg"))
                             .ValueOrDie()
                             .get<int32_t>();
  EXPECT_TRUE(IsPossibleWithin("bucket[16]", Type::String(), Int(bucket), Text("iceberg"),
                               Text("iceberg")));
  EXPECT_FALSE(IsPossibleWithin("bucket[16]", Type::String(), Int((bucket + 1) % 16),
                                Text("iceberg"), Text("iceberg")));
  EXPECT_TRUE(IsPossibleWithin("bucket[16]", Type::String(), Int((bucket + 1) % 16),
                               Text("iceberg"), Text("icebergs")));
}

TEST(PartitionEvidence, BoundsThatContradictThemselvesAreNoBounds) {
  EXPECT_TRUE(IsPossibleWithin("identity", Type::Long(), LongValue(7), LongValue(9), LongValue(8)));
  EXPECT_TRUE(IsPossibleWithin("identity", Type::String(), Text("b"), Text("\xC3"), Text("\xC4")));
}

TEST(PartitionEvidence, AFileHasOnePartitionTuple) {
  const auto field = FieldOf("identity", Type::Double());
  ColumnBounds bounds;
  bounds.value_count = 3;
  bounds.null_count = 1;
  EXPECT_FALSE(PartitionEvidence::IsPossible(field, Value(1.0), bounds));
  EXPECT_FALSE(PartitionEvidence::IsPossible(field, Value::Null(), bounds));
  EXPECT_FALSE(PartitionEvidence::IsPossible(field, Value(std::nan("")), bounds));
  bounds.null_count = 0;
  bounds.nan_count = 3;
  EXPECT_FALSE(PartitionEvidence::IsPossible(field, Value(1.0), bounds));
  EXPECT_TRUE(PartitionEvidence::IsPossible(field, Value(std::nan("")), bounds));
  bounds.nan_count = 0;
  EXPECT_TRUE(PartitionEvidence::IsPossible(field, Value(1.0), bounds));
  EXPECT_TRUE(PartitionEvidence::IsPossible(field, Value(1.0), ColumnBounds()));
}

class SummaryEvidence : public ::testing::Test {
 protected:
  /// Whether a manifest is kept that a one-field spec's summary describes.
  static bool Keeps(const Expression& filter, const Type& source, const char* transform,
                    const Value& lower, const Value& upper) {
    const auto schema =
        Schema::Make(SchemaId(0), {NestedField::Optional(1, "c1", source)}).ValueOrDie();
    PartitionSpec spec;
    spec.fields.push_back({{1}, 1000, "p", Transform::FromMetadata(transform)});
    const Type type = PartitionType(spec, *schema).ValueOrDie();
    const Type& field_type = type.fields()[0].type;
    ManifestFile manifest;
    manifest.partitions.resize(1);
    manifest.partitions[0].lower_bound = ToSingleValueBytes(field_type, lower).ValueOrDie();
    manifest.partitions[0].upper_bound = ToSingleValueBytes(field_type, upper).ValueOrDie();
    return ManifestMayMatch(ProjectInclusive(filter, spec, *schema).ValueOrDie(), manifest, type,
                            PartitionEvidence(spec, *schema));
  }
};

TEST_F(SummaryEvidence, WrappedTruncationsArePossibleAnywhere) {
  const Expression column = Column(1, Type::Long());
  const auto keeps = [&](const Expression& filter, int64_t lower, int64_t upper) {
    return Keeps(filter, Type::Long(), "truncate[10]", LongValue(lower), LongValue(upper));
  };
  EXPECT_TRUE(keeps(Le(column, LongValue(0)), 10, kWrapped));
  EXPECT_TRUE(keeps(Eq(column, LongValue(kIntMin)), 10, kWrapped));
  // Files from after the promotion lie above what wrapped around.
  EXPECT_TRUE(keeps(Le(column, LongValue(0)), 10, 3000000000));
  EXPECT_TRUE(keeps(Eq(column, LongValue(kIntMin)), 10, 3000000000));
  EXPECT_FALSE(keeps(Le(column, LongValue(0)), 10, 20));
  EXPECT_FALSE(keeps(Eq(column, LongValue(5)), 10, 3000000000));
}

TEST_F(SummaryEvidence, HoursThatAreNoIntsWrapAround) {
  const Expression column = Column(1, Type::Timestamptz());
  const int64_t far = std::numeric_limits<int64_t>::max() - 5;
  const auto written = static_cast<int32_t>(far / kHourMicros);
  ASSERT_LT(written, 0);
  const auto keeps = [&](const Expression& filter) {
    return Keeps(filter, Type::Timestamptz(), "hour", Int(written), Int(written));
  };
  EXPECT_TRUE(keeps(Gt(column, LongValue(0))));
  EXPECT_TRUE(keeps(Ge(column, LongValue(far))));
  EXPECT_TRUE(keeps(Lt(column, LongValue(0))));
  EXPECT_FALSE(keeps(Eq(column, LongValue(0))));
}

TEST_F(SummaryEvidence, BoundsThatNoTransformGivesSayNothing) {
  const Expression column = Column(1, Type::Long());
  const Value other = Int((Transform::FromMetadata("bucket[4]")
                               .Apply(Type::Long(), LongValue(1))
                               .ValueOrDie()
                               .get<int32_t>() +
                           1) %
                          4);
  EXPECT_FALSE(Keeps(Eq(column, LongValue(1)), Type::Long(), "bucket[4]", other, other));
  EXPECT_TRUE(Keeps(Eq(column, LongValue(1)), Type::Long(), "bucket[4]", Int(-7), Int(-5)));
}

TEST_F(SummaryEvidence, UuidBoundsOfSignedHalvesHideNothing) {
  const Expression column = Column(1, Type::Uuid());
  const std::string half = "12345678";
  const auto uuid = [&](char first) { return Value(half + first + "1234567"); };
  // Signed, \x90 is the least and \x10 between the two.
  EXPECT_TRUE(Keeps(Eq(column, uuid('\x10')), Type::Uuid(), "identity", uuid('\x90'),
                    Value("22345678" + half)));
  EXPECT_FALSE(Keeps(Eq(column, Value("02345678" + half)), Type::Uuid(), "identity", uuid('\x90'),
                     uuid('\x91')));
}

}  // namespace
}  // namespace iceframe
