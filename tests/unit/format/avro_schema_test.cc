// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/avro_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

std::string ErrorOf(std::string_view text) {
  auto parsed = AvroSchemaDocument::Parse(text);
  return parsed.ok() ? "" : parsed.status().message();
}

TEST(AvroSchema, KeepsIcebergsProperties) {
  auto document = AvroSchemaDocument::Parse(R"({"type":"record","name":"r","fields":[
    {"name":"a","field-id":1,"type":{"type":"array","element-id":2,"items":"int"}},
    {"name":"b","field-id":3,"type":{"type":"map","key-id":4,"value-id":5,"values":"long"}},
    {"name":"c","field-id":6,"type":{"type":"array","logicalType":"map","items":
      {"type":"record","name":"k7_v8","fields":[{"name":"key","type":"int","field-id":7},
                                                {"name":"value","type":"bytes","field-id":8}]}}},
    {"name":"d","type":{"type":"long","logicalType":"timestamp-micros","adjust-to-utc":true}},
    {"name":"e","type":["null",{"type":"fixed","name":"dec","size":4,"logicalType":"decimal",
                                "precision":9,"scale":2}]}]})");
  ASSERT_TRUE(document.ok()) << document.status();
  const auto& fields = (*document)->root().fields;
  ASSERT_EQ(fields.size(), 5u);
  EXPECT_EQ(fields[0].field_id, 1);
  EXPECT_EQ(fields[0].type->element_id, 2);
  EXPECT_EQ(fields[1].type->key_id, 4);
  EXPECT_EQ(fields[1].type->value_id, 5);
  EXPECT_EQ(fields[2].type->logical_type, "map");
  EXPECT_EQ(fields[2].type->items->fields[1].field_id, 8);
  EXPECT_EQ(fields[3].type->adjust_to_utc, true);
  EXPECT_EQ(fields[3].field_id, std::nullopt);
  const AvroSchema& decimal = *fields[4].type->branches[1];
  EXPECT_EQ(decimal.kind, AvroKind::kFixed);
  EXPECT_EQ(decimal.size, 4);
  EXPECT_EQ(decimal.precision, 9);
  EXPECT_EQ(decimal.scale, 2);
}

TEST(AvroSchema, NamedTypesAreFoundAgain) {
  auto document = AvroSchemaDocument::Parse(R"({"type":"record","name":"Node","namespace":"a.b",
    "fields":[{"name":"next","type":["null","Node"]},
              {"name":"hash","type":{"type":"fixed","name":"md5","size":16}},
              {"name":"again","type":"a.b.md5"}]})");
  ASSERT_TRUE(document.ok()) << document.status();
  const AvroSchema& root = (*document)->root();
  EXPECT_EQ(root.name, "a.b.Node");
  EXPECT_EQ(root.fields[0].type->branches[1], &root);
  EXPECT_EQ(root.fields[2].type, root.fields[1].type);
}

TEST(AvroSchema, ATypeDefinedTwiceIsTaken) {
  EXPECT_EQ(ErrorOf(R"({"type":"record","name":"r","fields":[
    {"name":"a","type":{"type":"fixed","name":"f","size":2}},
    {"name":"b","type":{"type":"fixed","name":"f","size":2}}]})"),
            "");
}

TEST(AvroSchema, LeastSizesAreKnown) {
  const auto min_size = [](std::string_view text) {
    return (*AvroSchemaDocument::Parse(text))->root().min_size;
  };
  EXPECT_EQ(min_size(R"("null")"), 0);
  EXPECT_EQ(min_size(R"("double")"), 8);
  EXPECT_EQ(min_size(R"(["null","double"])"), 1);
  EXPECT_EQ(min_size(R"({"type":"record","name":"r","fields":[
    {"name":"a","type":"float"},{"name":"b","type":"string"}]})"),
            5);
  // A type inside itself without an end has no datum; no bound is claimed.
  EXPECT_EQ(min_size(R"({"type":"record","name":"r","fields":[{"name":"a","type":"r"}]})"), 0);
}

TEST(AvroSchema, RefusesWhatIsNoSchema) {
  EXPECT_NE(ErrorOf(""), "");
  EXPECT_NE(ErrorOf("7"), "");
  EXPECT_THAT(ErrorOf(R"("nosuch")"), testing::HasSubstr("nosuch"));
  EXPECT_NE(ErrorOf("[]"), "");
  EXPECT_NE(ErrorOf(R"([["null"],"int"])"), "");
  EXPECT_NE(ErrorOf(R"({"type":"record","name":"r"})"), "");
  EXPECT_NE(ErrorOf(R"({"type":"record","name":"r","fields":[{"name":"a"}]})"), "");
  EXPECT_NE(ErrorOf(R"({"type":"fixed","name":"f","size":-1})"), "");
  EXPECT_NE(ErrorOf(R"({"type":"fixed","name":"f","size":9223372036854775807})"), "");
  EXPECT_NE(ErrorOf(R"({"type":"array"})"), "");
  EXPECT_NE(ErrorOf(R"({"type":"record","name":"r","fields":
    [{"name":"a","type":"int","field-id":"x"}]})"),
            "");
}

TEST(AvroSchema, DeepNestingIsRefusedWithoutCrashing) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += R"({"type":"array","items":)";
  EXPECT_NE(ErrorOf(text + "\"int\"" + std::string(100000, '}')), "");
}

TEST(AvroSchema, NamesAreMadeValid) {
  EXPECT_EQ(SanitizeAvroName("plain_1"), "plain_1");
  EXPECT_EQ(SanitizeAvroName("a:b"), "a_x3Ab");
  EXPECT_EQ(SanitizeAvroName("9lives"), "_9lives");
  EXPECT_EQ(SanitizeAvroName("a b.c-d"), "a_x20b_x2Ec_x2Dd");
  EXPECT_EQ(SanitizeAvroName("\xe2\x98\x83"), "_x2603");
  EXPECT_EQ(SanitizeAvroName("\xf0\x9f\x98\x80"), "_xD83D_xDE00");
  EXPECT_EQ(SanitizeAvroName(""), "_");
  EXPECT_EQ(SanitizeAvroName("\xff"), "_xFF");
}

}  // namespace
}  // namespace iceframe
