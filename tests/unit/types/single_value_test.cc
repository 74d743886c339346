// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/single_value.h"

#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "iceframe/types/value_text.h"

namespace iceframe {
namespace {

Type ValueType(const char* text) { return Type::ParsePrimitive(text).ValueOrDie(); }

std::string Bytes(const char* hex) { return *BytesFromHex(hex); }

void ExpectBytes(const char* type, const Value& value, const char* hex) {
  const auto bytes = ToSingleValueBytes(ValueType(type), value);
  ASSERT_TRUE(bytes.ok()) << bytes.status().ToString();
  EXPECT_EQ(BytesToHex(*bytes), hex) << type;
  const auto read = FromSingleValueBytes(ValueType(type), *bytes);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, value) << type;
}

TEST(SingleValueBytes, EveryTypeHasTheSpecsForm) {
  ExpectBytes("boolean", Value(true), "01");
  ExpectBytes("boolean", Value(false), "00");
  ExpectBytes("int", Value(-2), "feffffff");
  ExpectBytes("long", Value(int64_t{1}), "0100000000000000");
  ExpectBytes("float", Value(-0.0F), "00000080");
  ExpectBytes("double", Value(1.0), "000000000000f03f");
  ExpectBytes("date", Value(1), "01000000");
  ExpectBytes("timestamp_ns", Value(int64_t{-1}), "ffffffffffffffff");
  ExpectBytes("string", Value("é"), "c3a9");
  ExpectBytes("string", Value(""), "");
  ExpectBytes("uuid", Value(Bytes("f79c3e09677c4bbda4793f349cb785e7")),
              "f79c3e09677c4bbda4793f349cb785e7");
  ExpectBytes("fixed[3]", Value("abc"), "616263");
  ExpectBytes("binary", Value(Bytes("00ff")), "00ff");
}

TEST(SingleValueBytes, DecimalsTakeTheFewestBytes) {
  ExpectBytes("decimal(9,2)", Value(arrow::Decimal128(0)), "00");
  ExpectBytes("decimal(9,2)", Value(arrow::Decimal128(127)), "7f");
  ExpectBytes("decimal(9,2)", Value(arrow::Decimal128(128)), "0080");
  ExpectBytes("decimal(9,2)", Value(arrow::Decimal128(-128)), "80");
  ExpectBytes("decimal(9,2)", Value(arrow::Decimal128(-129)), "ff7f");
  ExpectBytes("decimal(9,2)", Value(arrow::Decimal128(1420)), "058c");
}

TEST(SingleValueBytes, NaNIsKept) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto bytes = ToSingleValueBytes(Type::Double(), Value(nan));
  ASSERT_TRUE(bytes.ok());
  EXPECT_TRUE(std::isnan(FromSingleValueBytes(Type::Double(), *bytes)->get<double>()));
}

TEST(SingleValueBytes, NarrowerBytesFromBeforeAPromotionAreWidened) {
  EXPECT_EQ(*FromSingleValueBytes(Type::Long(), Bytes("feffffff")), Value(int64_t{-2}));
  EXPECT_EQ(*FromSingleValueBytes(Type::Double(), Bytes("0000803f")), Value(1.0));
  EXPECT_EQ(*FromSingleValueBytes(ValueType("decimal(38,2)"), Bytes("ff7f")),
            Value(arrow::Decimal128(-129)));
  EXPECT_EQ(*FromSingleValueBytes(Type::Timestamp(), Bytes("ffffffff")),
            Value(int64_t{-86'400'000'000}));
  EXPECT_EQ(*FromSingleValueBytes(Type::TimestampNs(), Bytes("01000000")),
            Value(int64_t{86'400'000'000'000}));
}

TEST(SingleValueBytes, ADateOutOfATimestampsRangeIsAnError) {
  EXPECT_EQ(KindOf(FromSingleValueBytes(Type::Timestamp(), Bytes("ffffff7f")).status()),
            ErrorKind::kInvalidData);
  EXPECT_EQ(KindOf(FromSingleValueBytes(Type::TimestampNs(), Bytes("ffffff00")).status()),
            ErrorKind::kInvalidData);
}

TEST(SingleValueBytes, RedundantSignBytesOfADecimalAreAccepted) {
  EXPECT_EQ(*FromSingleValueBytes(ValueType("decimal(9,2)"), Bytes("0000058c")),
            Value(arrow::Decimal128(1420)));
}

TEST(SingleValueBytes, LengthsThatATypeCannotHaveAreErrors) {
  for (const char* name :
       {"boolean", "int", "long", "float", "double", "date", "time", "timestamp", "timestamptz",
        "timestamp_ns", "timestamptz_ns", "uuid", "fixed[5]", "decimal(38,0)"}) {
    const Type type = ValueType(name);
    for (size_t length : {0U, 2U, 3U, 7U, 9U, 15U, 17U, 1000U}) {
      if (type.id() == TypeId::kDecimal && length >= 1 && length <= 16) continue;
      const auto value = FromSingleValueBytes(type, std::string(length, 'x'));
      ASSERT_FALSE(value.ok()) << name << " " << length;
      EXPECT_EQ(KindOf(value.status()), ErrorKind::kInvalidData);
      EXPECT_NE(value.status().message().find(std::to_string(length)), std::string::npos);
    }
  }
  EXPECT_FALSE(FromSingleValueBytes(Type::Timestamptz(), Bytes("01000000")).ok());
  EXPECT_FALSE(FromSingleValueBytes(Type::Time(), Bytes("01000000")).ok());
}

TEST(SingleValueBytes, ValuesThatATypeCannotHoldAreErrors) {
  EXPECT_FALSE(FromSingleValueBytes(Type::String(), "\xff\xfe").ok());
  EXPECT_FALSE(FromSingleValueBytes(ValueType("decimal(2,0)"), Bytes("64")).ok());
  EXPECT_FALSE(ToSingleValueBytes(Type::Int(), Value()).ok());
  EXPECT_FALSE(ToSingleValueBytes(Type::Int(), Value("a")).ok());
  EXPECT_FALSE(ToSingleValueBytes(ValueType("decimal(2,0)"), Value(arrow::Decimal128(100))).ok());
  EXPECT_FALSE(FromSingleValueBytes(Type::Unknown(), "").ok());
}

void ExpectJson(const Type& type, const Value& value, const char* text) {
  const auto json = ToSingleValueJson(type, value);
  ASSERT_TRUE(json.ok()) << json.status().ToString();
  EXPECT_EQ(json->Dump(), text);
  const auto read = FromSingleValueJson(type, Json::Parse(text).ValueOrDie());
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, value) << text;
}

TEST(SingleValueJson, EveryTypeHasTheSpecsForm) {
  ExpectJson(Type::Boolean(), Value(true), "true");
  ExpectJson(Type::Int(), Value(34), "34");
  ExpectJson(Type::Long(), Value(INT64_MIN), "-9223372036854775808");
  ExpectJson(Type::Float(), Value(0.1F), "0.1");
  ExpectJson(Type::Double(), Value(-0.0), "-0.0");
  ExpectJson(Type::Double(), Value(std::numeric_limits<double>::quiet_NaN()), "\"NaN\"");
  ExpectJson(ValueType("decimal(9,2)"), Value(arrow::Decimal128(1420)), "\"14.20\"");
  ExpectJson(Type::Date(), Value(17486), "\"2017-11-16\"");
  ExpectJson(Type::Time(), Value(int64_t{81'068'123'456}), "\"22:31:08.123456\"");
  ExpectJson(Type::Timestamp(), Value(int64_t{1'510'871'468'123'456}),
             "\"2017-11-16T22:31:08.123456\"");
  ExpectJson(Type::Timestamptz(), Value(int64_t{1'510'871'468'123'456}),
             "\"2017-11-16T22:31:08.123456+00:00\"");
  ExpectJson(Type::TimestampNs(), Value(int64_t{1'510'871'468'123'456'789}),
             "\"2017-11-16T22:31:08.123456789\"");
  ExpectJson(Type::TimestamptzNs(), Value(int64_t{1'510'871'468'123'456'789}),
             "\"2017-11-16T22:31:08.123456789+00:00\"");
  ExpectJson(Type::String(), Value("iceberg"), "\"iceberg\"");
  ExpectJson(Type::Uuid(), Value(Bytes("f79c3e09677c4bbda4793f349cb785e7")),
             "\"f79c3e09-677c-4bbd-a479-3f349cb785e7\"");
  ExpectJson(ValueType("fixed[4]"), Value(Bytes("00010203")), "\"00010203\"");
  ExpectJson(Type::Binary(), Value(Bytes("000102ff")), "\"000102ff\"");
}

TEST(SingleValueJson, NestedTypesAreKeyedByFieldId) {
  ExpectJson(Type::Struct({NestedField::Optional(1, "a", Type::Int()),
                           NestedField::Optional(2, "b", Type::String())}),
             Value::FromNested({Value(1), Value("bar")}), R"({"1":1,"2":"bar"})");
  ExpectJson(Type::Struct({NestedField::Optional(1, "a", Type::Int())}),
             Value::FromNested({Value()}), "{}");
  ExpectJson(Type::List(NestedField::Optional(1, "", Type::Int())),
             Value::FromNested({Value(1), Value(), Value(3)}), "[1,null,3]");
  ExpectJson(Type::Map(NestedField::Required(1, "", Type::String()),
                       NestedField::Optional(2, "", Type::Int())),
             Value::FromNested({Value("a"), Value(1), Value("b"), Value()}),
             R"({"keys":["a","b"],"values":[1,null]})");
}

TEST(SingleValueJson, OtherOffsetsAreTheSameInstant) {
  const Json json = Json::String("2017-11-17T00:31:08.123456+02:00");
  EXPECT_EQ(*FromSingleValueJson(Type::Timestamptz(), json), Value(int64_t{1'510'871'468'123'456}));
}

TEST(SingleValueJson, WhatIsNotOfTheTypeIsRefused) {
  const auto refuse = [](const Type& type, const char* text) {
    const auto value = FromSingleValueJson(type, Json::Parse(text).ValueOrDie());
    ASSERT_FALSE(value.ok()) << type.ToString() << " " << text;
    EXPECT_EQ(KindOf(value.status()), ErrorKind::kInvalidMetadata);
  };
  refuse(Type::Int(), "2147483648");
  refuse(Type::Int(), "1.5");
  refuse(Type::Int(), "\"1\"");
  refuse(Type::Boolean(), "1");
  refuse(Type::Float(), "1e39");
  refuse(Type::Float(), "\"1\"");
  refuse(Type::Timestamp(), "\"2017-11-16T22:31:08+00:00\"");
  refuse(Type::Timestamptz(), "\"2017-11-16T22:31:08\"");
  refuse(Type::Timestamp(), "\"2017-11-16T22:31:08.1234567\"");
  refuse(Type::TimestampNs(), "\"5000-11-16T22:31:08\"");
  refuse(ValueType("decimal(4,2)"), "\"123.45\"");
  refuse(ValueType("decimal(4,2)"), "\"1.234\"");
  refuse(ValueType("decimal(4,2)"), "1.23");
  refuse(ValueType("fixed[4]"), "\"000102\"");
  refuse(Type::Uuid(), "\"f79c3e09\"");
  refuse(Type::Binary(), "\"0\"");
  refuse(Type::Variant(), "1");
  refuse(Type::Unknown(), "1");
  refuse(Type::Struct({NestedField::Optional(1, "a", Type::Int())}), R"({"7":1})");
  refuse(Type::Map(NestedField::Required(1, "", Type::Int()),
                   NestedField::Optional(2, "", Type::Int())),
         R"({"keys":[1],"values":[]})");
  EXPECT_TRUE(FromSingleValueJson(Type::Variant(), Json::Null())->is_null());
}

TEST(SingleValueProperty, BytesAndJsonRoundTrip) {
  constexpr uint64_t kSeed = 20261130;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 5000; ++i) {
    const auto bits = static_cast<int64_t>(random() >> (random() % 64));
    const auto number = random() % 2 == 0 ? bits : -bits;
    const auto small = static_cast<int32_t>(number);
    float as_float = 0;
    std::memcpy(&as_float, &small, sizeof(as_float));
    double as_double = 0;
    std::memcpy(&as_double, &number, sizeof(as_double));
    arrow::Decimal128 decimal(static_cast<int64_t>(random() % 100'000'000'000'000'000ULL),
                              random());
    if (random() % 2 == 0) decimal.Negate();
    const std::pair<Type, Value> cases[] = {
        {Type::Int(), Value(small)},
        {Type::Date(), Value(small)},
        {Type::Long(), Value(number)},
        {Type::Timestamp(), Value(number)},
        {Type::Timestamptz(), Value(number)},
        {Type::TimestampNs(), Value(number)},
        {Type::TimestamptzNs(), Value(number)},
        {Type::Float(), Value(as_float)},
        {Type::Double(), Value(as_double)},
        {ValueType("decimal(38,7)"), Value(decimal)},
        {Type::Binary(), Value(std::string(reinterpret_cast<const char*>(&number), 8))}};
    for (const auto& [type, value] : cases) {
      if (!Fits(type, value)) continue;
      const auto bytes = ToSingleValueBytes(type, value);
      ASSERT_TRUE(bytes.ok());
      ASSERT_EQ(*FromSingleValueBytes(type, *bytes), value) << ToString(type, value);
      const auto json = ToSingleValueJson(type, value);
      ASSERT_TRUE(json.ok());
      const auto parsed = Json::Parse(json->Dump());
      ASSERT_TRUE(parsed.ok()) << json->Dump();
      const auto read = FromSingleValueJson(type, *parsed);
      ASSERT_TRUE(read.ok()) << read.status().ToString();
      ASSERT_EQ(*read, value) << ToString(type, value);
    }
  }
}

}  // namespace
}  // namespace iceframe
