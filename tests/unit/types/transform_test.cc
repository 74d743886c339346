// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/transform.h"

#include <limits>
#include <random>

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/civil_time.h"
#include "iceframe/types/value_text.h"

namespace iceframe {
namespace {

Type SourceType(const char* text) { return Type::ParsePrimitive(text).ValueOrDie(); }
Transform T(const char* text) { return Transform::Parse(text).ValueOrDie(); }

Value Applied(const char* transform, const Type& type, const Value& value) {
  auto result = T(transform).Apply(type, value);
  EXPECT_TRUE(result.ok()) << result.status().ToString();
  return result.ValueOr(Value("error"));
}

TEST(Transform, SpellingsRoundTrip) {
  for (const char* text :
       {"identity", "bucket[16]", "truncate[3]", "year", "month", "day", "hour", "void"}) {
    EXPECT_EQ(T(text).ToString(), text);
  }
  EXPECT_EQ(T("BUCKET[7]").parameter(), 7);
}

TEST(Transform, TextOfALaterSpecIsKeptAndNeverApplied) {
  const Transform unknown = Transform::FromMetadata("zOrder[3]");
  EXPECT_EQ(unknown.kind(), TransformKind::kUnknown);
  EXPECT_EQ(unknown.ToString(), "zOrder[3]");
  EXPECT_FALSE(unknown.PreservesOrder());
  EXPECT_EQ(KindOf(unknown.Apply(Type::Int(), Value(1)).status()), ErrorKind::kUnsupported);
  EXPECT_EQ(KindOf(unknown
                       .Apply(Type::Int(), *arrow::MakeArrayOfNull(arrow::int32(), 1).ValueOrDie(),
                              arrow::system_memory_pool())
                       .status()),
            ErrorKind::kUnsupported);
}

TEST(Transform, WhatAUserMisspellsIsRefusedWithTheChoices) {
  for (const char* text : {"", "years", "bucket", "bucket[]", "bucket[0]", "bucket[-1]",
                           "bucket[16", "truncate[99999999999]", "bucket[1x]"}) {
    const auto transform = Transform::Parse(text);
    ASSERT_FALSE(transform.ok()) << text;
    EXPECT_EQ(KindOf(transform.status()), ErrorKind::kInvalidArgument);
    EXPECT_NE(transform.status().message().find("truncate[W]"), std::string::npos);
  }
}

TEST(Transform, SourceAndResultTypes) {
  EXPECT_EQ(*T("bucket[4]").ResultType(Type::String()), Type::Int());
  EXPECT_EQ(*T("day").ResultType(Type::Timestamp()), Type::Date());
  EXPECT_EQ(*T("hour").ResultType(Type::TimestamptzNs()), Type::Int());
  EXPECT_EQ(*T("truncate[4]").ResultType(SourceType("decimal(9,2)")), SourceType("decimal(9,2)"));
  EXPECT_EQ(*T("void").ResultType(Type::Double()), Type::Double());
  EXPECT_FALSE(T("bucket[4]").CanTransform(Type::Double()));
  EXPECT_FALSE(T("bucket[4]").CanTransform(Type::Boolean()));
  EXPECT_FALSE(T("hour").CanTransform(Type::Date()));
  EXPECT_FALSE(T("truncate[4]").CanTransform(SourceType("fixed[4]")));
  EXPECT_FALSE(T("identity").CanTransform(Type::Variant()));
  EXPECT_FALSE(T("identity").CanTransform(Type::Struct({})));
  const auto refused = T("hour").ResultType(Type::Date());
  EXPECT_EQ(KindOf(refused.status()), ErrorKind::kInvalidArgument);
  EXPECT_NE(refused.status().message().find("hour of date"), std::string::npos);
}

// The table of the spec's Appendix B.
TEST(BucketHash, SpecVectors) {
  const auto hash = [](const Type& type, const Value& value) {
    return BucketHash(type, value).ValueOrDie();
  };
  EXPECT_EQ(hash(Type::Int(), Value(34)), 2017239379);
  EXPECT_EQ(hash(Type::Long(), Value(int64_t{34})), 2017239379);
  EXPECT_EQ(hash(SourceType("decimal(9,2)"), Value(arrow::Decimal128(1420))), -500754589);
  EXPECT_EQ(hash(Type::Date(), Value(17486)), -653330422);
  EXPECT_EQ(hash(Type::Time(), Value(int64_t{81'068'000'000})), -662762989);
  EXPECT_EQ(hash(Type::Timestamp(), Value(int64_t{1'510'871'468'000'000})), -2047944441);
  EXPECT_EQ(hash(Type::Timestamp(), Value(int64_t{1'510'871'468'000'001})), -1207196810);
  EXPECT_EQ(hash(Type::Timestamptz(), Value(int64_t{1'510'871'468'000'000})), -2047944441);
  EXPECT_EQ(hash(Type::TimestampNs(), Value(int64_t{1'510'871'468'000'000'000})), -2047944441);
  EXPECT_EQ(hash(Type::TimestampNs(), Value(int64_t{1'510'871'468'000'001'001})), -1207196810);
  EXPECT_EQ(hash(Type::TimestamptzNs(), Value(int64_t{1'510'871'468'000'000'000})), -2047944441);
  EXPECT_EQ(hash(Type::String(), Value("iceberg")), 1210000089);
  EXPECT_EQ(hash(Type::Uuid(), Value(*UuidFromText("f79c3e09-677c-4bbd-a479-3f349cb785e7"))),
            1488055340);
  EXPECT_EQ(hash(SourceType("fixed[4]"), Value(std::string("\0\1\2\3", 4))), -188683207);
  EXPECT_EQ(hash(Type::Binary(), Value(std::string("\0\1\2\3", 4))), -188683207);
  EXPECT_EQ(hash(Type::Boolean(), Value(true)), 1392991556);
  EXPECT_EQ(hash(Type::Float(), Value(1.0F)), -142385009);
  EXPECT_EQ(hash(Type::Double(), Value(1.0)), -142385009);
  EXPECT_EQ(hash(Type::Float(), Value(0.0F)), 1669671676);
  EXPECT_EQ(hash(Type::Float(), Value(-0.0F)), 1669671676);
  EXPECT_EQ(hash(Type::Double(), Value(-0.0)), 1669671676);
}

TEST(BucketHash, EveryNaNHashesAlike) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(*BucketHash(Type::Double(), Value(nan)), *BucketHash(Type::Double(), Value(-nan)));
  EXPECT_EQ(*BucketHash(Type::Double(), Value(nan)),
            *BucketHash(Type::Float(), Value(std::numeric_limits<float>::quiet_NaN())));
}

TEST(BucketHash, RefusesNullsAndOtherTypes) {
  EXPECT_FALSE(BucketHash(Type::Int(), Value()).ok());
  EXPECT_FALSE(BucketHash(Type::Int(), Value("a")).ok());
  EXPECT_FALSE(BucketHash(Type::Variant(), Value("a")).ok());
}

TEST(Transform, BucketsArePositive) {
  EXPECT_EQ(Applied("bucket[16]", Type::Int(), Value(34)), Value(2017239379 % 16));
  EXPECT_EQ(Applied("bucket[10]", SourceType("decimal(9,2)"), Value(arrow::Decimal128(1420))),
            Value((-500754589 & 0x7FFFFFFF) % 10));
}

TEST(Transform, TruncateFloorsNegativesAndCutsByCodePoint) {
  EXPECT_EQ(Applied("truncate[10]", Type::Int(), Value(1)), Value(0));
  EXPECT_EQ(Applied("truncate[10]", Type::Int(), Value(-1)), Value(-10));
  EXPECT_EQ(Applied("truncate[10]", Type::Int(), Value(-10)), Value(-10));
  EXPECT_EQ(Applied("truncate[10]", Type::Long(), Value(int64_t{-11})), Value(int64_t{-20}));
  EXPECT_EQ(Applied("truncate[50]", SourceType("decimal(9,2)"), Value(arrow::Decimal128(1065))),
            Value(arrow::Decimal128(1050)));
  EXPECT_EQ(Applied("truncate[10]", SourceType("decimal(9,2)"), Value(arrow::Decimal128(-1))),
            Value(arrow::Decimal128(-10)));
  EXPECT_EQ(Applied("truncate[3]", Type::String(), Value("iceberg")), Value("ice"));
  EXPECT_EQ(Applied("truncate[2]", Type::String(), Value("a\xf0\x90\x90\x80z")),
            Value("a\xf0\x90\x90\x80"));
  EXPECT_EQ(Applied("truncate[2]", Type::Binary(), Value("a\xf0\x90")), Value("a\xf0"));
}

TEST(Transform, TruncateBelowTheTypesRangeIsAnErrorAndNoWrongValue) {
  EXPECT_EQ(KindOf(T("truncate[10]").Apply(Type::Int(), Value(INT32_MIN)).status()),
            ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(T("truncate[10]").Apply(Type::Long(), Value(INT64_MIN)).status()),
            ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(T("truncate[10]")
                       .Apply(SourceType("decimal(2,0)"), Value(arrow::Decimal128(-99)))
                       .status()),
            ErrorKind::kInvalidArgument);
  const auto array = ArrayFromValue(Type::Int(), Value(INT32_MIN), 3, arrow::system_memory_pool());
  EXPECT_FALSE(T("truncate[10]").Apply(Type::Int(), **array, arrow::system_memory_pool()).ok());
}

TEST(Transform, TimesFloorBeforeTheEpoch) {
  const int64_t last_year = -1;  // 1969-12-31T23:59:59.999999
  for (const char* type : {"timestamp", "timestamptz", "timestamp_ns", "timestamptz_ns"}) {
    EXPECT_EQ(Applied("year", SourceType(type), Value(last_year)), Value(-1));
    EXPECT_EQ(Applied("month", SourceType(type), Value(last_year)), Value(-1));
    EXPECT_EQ(Applied("day", SourceType(type), Value(last_year)), Value(-1));
    EXPECT_EQ(Applied("hour", SourceType(type), Value(last_year)), Value(-1));
  }
  EXPECT_EQ(Applied("year", Type::Date(), Value(17501)), Value(47));
  EXPECT_EQ(Applied("month", Type::Date(), Value(17501)), Value(575));
  EXPECT_EQ(Applied("day", Type::Date(), Value(-7)), Value(-7));
  EXPECT_EQ(Applied("hour", Type::Timestamp(), Value(int64_t{1'512'151'975'038'194})),
            Value(420042));
  EXPECT_EQ(KindOf(T("hour").Apply(Type::Timestamp(), Value(INT64_MIN)).status()),
            ErrorKind::kInvalidArgument);
}

TEST(Transform, NullsStayNullAndVoidIsAlwaysNull) {
  EXPECT_TRUE(Applied("bucket[16]", Type::Int(), Value()).is_null());
  EXPECT_TRUE(Applied("void", Type::Int(), Value(3)).is_null());
  EXPECT_FALSE(T("year").Apply(Type::Int(), Value(3)).ok());
  EXPECT_FALSE(T("identity").Apply(Type::Int(), Value("a")).ok());
}

TEST(Transform, HumanStringsAreWrittenAsIcebergJavaWritesThem) {
  EXPECT_EQ(T("year").ToHumanString(Type::Date(), Value(47)), "2017");
  EXPECT_EQ(T("month").ToHumanString(Type::Date(), Value(575)), "2017-12");
  EXPECT_EQ(T("month").ToHumanString(Type::Date(), Value(-1)), "1969-12");
  EXPECT_EQ(T("day").ToHumanString(Type::Timestamp(), Value(17501)), "2017-12-01");
  EXPECT_EQ(T("hour").ToHumanString(Type::Timestamp(), Value(420042)), "2017-12-01-18");
  EXPECT_EQ(T("hour").ToHumanString(Type::Timestamp(), Value(-1)), "1969-12-31-23");
  EXPECT_EQ(T("bucket[16]").ToHumanString(Type::String(), Value(3)), "3");
  EXPECT_EQ(T("void").ToHumanString(Type::Int(), Value()), "null");
  const Transform identity = T("identity");
  EXPECT_EQ(identity.ToHumanString(Type::String(), Value("a/b c=d")), "a/b c=d");
  EXPECT_EQ(identity.ToHumanString(Type::Boolean(), Value(true)), "true");
  EXPECT_EQ(identity.ToHumanString(Type::Int(), Value()), "null");
  EXPECT_EQ(identity.ToHumanString(Type::Date(), Value(17501)), "2017-12-01");
  EXPECT_EQ(identity.ToHumanString(Type::Time(), Value(int64_t{36'775'038'194})),
            "10:12:55.038194");
  EXPECT_EQ(identity.ToHumanString(Type::Timestamptz(), Value(int64_t{1'512'151'975'038'194})),
            "2017-12-01T18:12:55.038194Z");
  EXPECT_EQ(identity.ToHumanString(Type::Timestamp(), Value(int64_t{1'512'123'175'038'194})),
            "2017-12-01T10:12:55.038194");
  EXPECT_EQ(identity.ToHumanString(Type::Binary(), Value("\1\2\3")), "AQID");
  EXPECT_EQ(identity.ToHumanString(SourceType("decimal(9,2)"), Value(arrow::Decimal128(-120))),
            "-1.20");
  EXPECT_EQ(T("truncate[2]").ToHumanString(Type::Binary(), Value("\1\2")), "AQI=");
}

// Random values of a type, with the edges more often than chance has them.
Value RandomValue(const Type& type, std::mt19937_64* random) {
  const auto bits = static_cast<int64_t>((*random)() >> ((*random)() % 64));
  const int64_t number = (*random)() % 2 == 0 ? bits : -bits;
  switch (type.id()) {
    case TypeId::kInt:
      return Value(std::max(static_cast<int32_t>(number), INT32_MIN + 2000));
    case TypeId::kDate:
      return Value(static_cast<int32_t>(number));
    case TypeId::kLong:
      return Value(std::max(number, INT64_MIN + 2000));
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return Value(number / 2);
    case TypeId::kTime:
      return Value(FloorModulo(number, kMicrosPerDay));
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return Value(number);
    case TypeId::kDecimal:
      return Value(arrow::Decimal128(number % 9'999'000));
    case TypeId::kUuid:
    case TypeId::kFixed: {
      std::string bytes(type.id() == TypeId::kUuid ? 16 : static_cast<size_t>(type.length()), 'x');
      for (char& c : bytes) c = static_cast<char>((*random)());
      return Value(bytes);
    }
    default: {
      static const char* const kPieces[] = {
          "a", "b", "z", "\xc3\xa9", "\xf0\x90\x90\x80", "\xed\x9f\xbf", "\x7f"};
      std::string text;
      for (uint64_t n = (*random)() % 8; n > 0; --n) text += kPieces[(*random)() % 7];
      return Value(text);
    }
  }
}

constexpr const char* kSources[] = {
    "int",         "long",         "date",           "time",          "timestamp",
    "timestamptz", "timestamp_ns", "timestamptz_ns", "decimal(7, 2)", "string",
    "uuid",        "fixed[3]",     "binary"};
constexpr const char* kTransforms[] = {"identity",    "bucket[1]",      "bucket[13]", "truncate[1]",
                                       "truncate[7]", "truncate[1000]", "year",       "month",
                                       "day",         "hour",           "void"};

TEST(TransformProperty, OrderIsPreservedWhereItIsPromised) {
  constexpr uint64_t kSeed = 20261130;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937_64 random(kSeed);
  for (const char* source : kSources) {
    for (const char* name : kTransforms) {
      const Type type = SourceType(source);
      const Transform transform = T(name);
      if (!transform.PreservesOrder() || !transform.CanTransform(type)) continue;
      const Type result = *transform.ResultType(type);
      for (int i = 0; i < 300; ++i) {
        Value low = RandomValue(type, &random);
        Value high = RandomValue(type, &random);
        if (CompareValues(type, low, high) > 0) std::swap(low, high);
        const Value a = *transform.Apply(type, low);
        const Value b = *transform.Apply(type, high);
        ASSERT_LE(CompareValues(result, a, b), 0)
            << name << " of " << ToString(type, low) << " and " << ToString(type, high);
        // Truncating again changes nothing.
        if (transform.kind() == TransformKind::kTruncate) {
          ASSERT_EQ(*transform.Apply(type, a), a);
        }
      }
    }
  }
}

std::shared_ptr<arrow::Array> ArrayOf(const Type& type, const std::vector<Value>& values) {
  arrow::ArrayVector pieces;
  for (const Value& value : values) {
    pieces.push_back(ArrayFromValue(type, value, 1, arrow::system_memory_pool()).ValueOrDie());
  }
  return arrow::Concatenate(pieces).ValueOrDie();
}

std::shared_ptr<arrow::Array> Encoded(const std::shared_ptr<arrow::Array>& values,
                                      std::mt19937_64* random, std::vector<int64_t>* picked) {
  arrow::Int16Builder indices;
  for (int i = 0; i < 40; ++i) {
    const auto index = static_cast<int16_t>((*random)() % static_cast<uint64_t>(values->length()));
    const bool null = (*random)() % 5 == 0;
    EXPECT_TRUE((null ? indices.AppendNull() : indices.Append(index)).ok());
    picked->push_back(null ? -1 : index);
  }
  const auto type = arrow::dictionary(arrow::int16(), values->type());
  return arrow::DictionaryArray::FromArrays(type, indices.Finish().ValueOrDie(), values)
      .ValueOrDie();
}

TEST(TransformProperty, ArraysGiveWhatValuesGive) {
  constexpr uint64_t kSeed = 20261130;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937_64 random(kSeed);
  for (const char* source : kSources) {
    const Type type = SourceType(source);
    for (const char* name : kTransforms) {
      const Transform transform = T(name);
      if (!transform.CanTransform(type)) continue;
      SCOPED_TRACE(std::string(name) + " of " + source);
      const Type result_type = *transform.ResultType(type);
      std::vector<Value> values;
      for (int i = 0; i < 30; ++i) {
        values.push_back(random() % 4 == 0 ? Value() : RandomValue(type, &random));
      }
      const auto whole = ArrayOf(type, values);
      for (const int64_t offset : {0, 3, 9}) {
        const auto array = whole->Slice(offset, 20);
        const auto result = transform.Apply(type, *array, arrow::system_memory_pool());
        ASSERT_TRUE(result.ok()) << result.status().ToString();
        ASSERT_TRUE((*result)->ValidateFull().ok());
        ASSERT_TRUE((*result)->type()->Equals(*ToArrowType(result_type)));
        for (int64_t i = 0; i < array->length(); ++i) {
          ASSERT_EQ(*ValueFromArrow(result_type, **result, i),
                    *transform.Apply(type, values[static_cast<size_t>(offset + i)]));
        }
      }
      std::vector<int64_t> picked;
      const auto encoded = Encoded(whole, &random, &picked);
      const auto decoded = transform.Apply(type, *encoded, arrow::system_memory_pool());
      ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
      ASSERT_TRUE((*decoded)->type()->Equals(*ToArrowType(result_type)));
      for (size_t i = 0; i < picked.size(); ++i) {
        const Value from = picked[i] < 0 ? Value() : values[static_cast<size_t>(picked[i])];
        ASSERT_EQ(*ValueFromArrow(result_type, **decoded, static_cast<int64_t>(i)),
                  *transform.Apply(type, from));
      }
    }
  }
}

TEST(Transform, ArraysOfAnotherFormAreRefused) {
  const auto array = arrow::MakeArrayOfNull(arrow::int64(), 2).ValueOrDie();
  const auto result = T("bucket[4]").Apply(Type::Int(), *array, arrow::system_memory_pool());
  EXPECT_EQ(KindOf(result.status()), ErrorKind::kInvalidArgument);
  const auto empty = arrow::MakeArrayOfNull(arrow::int32(), 0).ValueOrDie();
  EXPECT_EQ(
      T("bucket[4]").Apply(Type::Int(), *empty, arrow::system_memory_pool()).ValueOrDie()->length(),
      0);
}

}  // namespace
}  // namespace iceframe
