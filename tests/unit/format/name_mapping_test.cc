// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/name_mapping.h"

#include <gtest/gtest.h>

namespace iceframe {
namespace {

TEST(NameMapping, IsMadeOfASchemasNamesAtEveryDepth) {
  auto schema = *Schema::Make(
      SchemaId(0),
      {NestedField::Optional(1, "id", Type::Long()),
       NestedField::Optional(
           2, "tags",
           Type::List(NestedField::Optional(
               3, "element", Type::Struct({NestedField::Optional(4, "x", Type::Int())}))))});
  NameMapping mapping = MakeNameMapping(*schema);
  ASSERT_NE(mapping.Find({"tags", "element", "x"}), nullptr);
  EXPECT_EQ(mapping.Find({"tags", "element", "x"})->field_id, 4);
  EXPECT_EQ(mapping.Find({"tags", "x"}), nullptr);
  EXPECT_EQ(mapping.Find({"nothing"}), nullptr);
  auto again = NameMappingFromJson(NameMappingToJson(mapping));
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_EQ(*again, mapping);
}

TEST(NameMapping, ReadsSeveralNamesAndNoId) {
  auto mapping = NameMappingFromJson(
      R"([{"field-id":1,"names":["id","record_id"]},{"names":["location"],"fields":[{"field-id":4,"names":["lat"]}]}])");
  ASSERT_TRUE(mapping.ok()) << mapping.status().ToString();
  EXPECT_EQ(mapping->Find({"record_id"})->field_id, 1);
  EXPECT_FALSE(mapping->Find({"location"})->field_id.has_value());
  EXPECT_EQ(mapping->Find({"location", "lat"})->field_id, 4);
}

TEST(NameMapping, RefusesDoubles) {
  EXPECT_FALSE(NameMappingFromJson("{}").ok());
  EXPECT_FALSE(NameMappingFromJson("[1]").ok());
  EXPECT_FALSE(NameMappingFromJson(R"([{"names":["a"]},{"names":["a"]}])").ok());
  EXPECT_FALSE(
      NameMappingFromJson(R"([{"field-id":1,"names":["a"]},{"field-id":1,"names":["b"]}])").ok());
}

}  // namespace
}  // namespace iceframe
