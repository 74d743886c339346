// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/json_columns.h"

#include <gtest/gtest.h>

namespace iceframe {
namespace {

std::string TypeText(const std::string& json) {
  const std::optional<Type> type = TypeOfJson(Json::Parse(json).ValueOrDie());
  return type ? type->ToString() : "none";
}

TEST(JsonColumns, TypesOfValues) {
  EXPECT_EQ(TypeText("true"), "boolean");
  EXPECT_EQ(TypeText("12"), "long");
  EXPECT_EQ(TypeText("1.0"), "double");
  EXPECT_EQ(TypeText("1e3"), "double");
  EXPECT_EQ(TypeText("\"2024-01-01\""), "string");
  EXPECT_EQ(TypeText("[1,null,2.5]"), "list<double>");
  EXPECT_EQ(TypeText(R"({"a":1,"b":{"c":[true]},"n":null})"),
            "struct<0: a: optional long, 0: b: optional struct<0: c: optional list<boolean>>>");
  EXPECT_EQ(TypeText(R"([{"a":1},{"b":"x"},{"a":1.5}])"),
            "list<struct<0: a: optional double, 0: b: optional string>>");
  for (const char* nothing :
       {"null", "[]", "{}", "[null,[]]", R"({"a":null})", "[{}]", "99999999999999999999"}) {
    EXPECT_EQ(TypeText(nothing), "none") << nothing;
  }
}

std::string Widened(std::vector<NestedField> fields, SchemaEvolution evolution,
                    const std::string& json) {
  AddColumnsOf(Json::Parse(json).ValueOrDie(), evolution, &fields);
  return Type::Struct(fields).ToString();
}

NestedField Field(FieldId id, Type type) { return NestedField::Optional(id, "v", std::move(type)); }

TEST(JsonColumns, WidensOnlyWhereAskedTo) {
  const std::vector<NestedField> fields = {Field(1, Type::Int())};
  EXPECT_EQ(Widened(fields, SchemaEvolution::kAddColumns, R"({"v":3000000000,"w":1})"),
            "struct<1: v: optional int, 0: w: optional long>");
  EXPECT_EQ(Widened(fields, SchemaEvolution::kWiden, R"({"v":3000000000})"),
            "struct<1: v: optional long>");
  EXPECT_EQ(Widened(fields, SchemaEvolution::kWiden, R"({"v":7})"), "struct<1: v: optional int>");
  EXPECT_EQ(Widened(fields, SchemaEvolution::kWiden, R"({"v":"x"})"), "struct<1: v: optional int>");
  EXPECT_EQ(Widened({Field(1, Type::Long())}, SchemaEvolution::kWiden, R"({"v":1.5})"),
            "struct<1: v: optional long>");
}

TEST(JsonColumns, WidensFloatsAndDecimals) {
  const std::vector<NestedField> real = {Field(1, Type::Float())};
  EXPECT_EQ(Widened(real, SchemaEvolution::kWiden, R"({"v":0.1})"), "struct<1: v: optional float>");
  EXPECT_EQ(Widened(real, SchemaEvolution::kWiden, R"({"v":1e300})"),
            "struct<1: v: optional double>");
  EXPECT_EQ(Widened(real, SchemaEvolution::kWiden, R"({"v":16777217})"),
            "struct<1: v: optional double>");
  EXPECT_EQ(Widened(real, SchemaEvolution::kWiden, R"({"v":1e999})"),
            "struct<1: v: optional float>");
  const std::vector<NestedField> money = {Field(1, Type::Decimal(5, 2).ValueOrDie())};
  EXPECT_EQ(Widened(money, SchemaEvolution::kWiden, R"({"v":-12345.5})"),
            "struct<1: v: optional decimal(7, 2)>");
  EXPECT_EQ(Widened(money, SchemaEvolution::kWiden, R"({"v":1.005})"),
            "struct<1: v: optional decimal(5, 2)>");
  EXPECT_EQ(Widened({Field(1, Type::Unknown())}, SchemaEvolution::kWiden, R"({"v":[1]})"),
            "struct<1: v: optional list<long>>");
}

TEST(JsonColumns, WidensInsideOfNestedColumns) {
  const Type place = Type::Struct({NestedField::Optional(2, "lat", Type::Float())});
  EXPECT_EQ(
      Widened({Field(1, Type::List(NestedField::Optional(3, "element", place)))},
              SchemaEvolution::kWiden, R"({"v":[{"lat":1},{"lat":1e300,"name":"x"}]})"),
      "struct<1: v: optional list<struct<2: lat: optional double, 0: name: optional string>>>");
  EXPECT_EQ(Widened({Field(1, Type::Map(NestedField::Required(3, "key", Type::String()),
                                        NestedField::Optional(4, "value", place)))},
                    SchemaEvolution::kAddColumns, R"({"v":{"k":{"name":"x"}}})"),
            "struct<1: v: optional map<string, struct<2: lat: optional float, 0: name: optional "
            "string>>>");
}

}  // namespace
}  // namespace iceframe
