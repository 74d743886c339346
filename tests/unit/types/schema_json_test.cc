// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/schema_json.h"

#include <string>

#include <gtest/gtest.h>

namespace iceframe {
namespace {

Result<std::shared_ptr<const Schema>> Read(const std::string& text) {
  ICEFRAME_ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  return SchemaFromJson(json);
}

constexpr char kEveryKind[] = R"j(
{"type":"struct","schema-id":4,"fields":[
{"id":1,"name":"id","required":true,"type":"long","doc":"the key"},
{"id":2,"name":"d","required":false,"type":"decimal(9, 2)",
"initial-default":"14.20","write-default":"-0.01"},
{"id":3,"name":"l","required":true,
"type":{"type":"list","element-id":4,"element":"uuid","element-required":false}},
{"id":5,"name":"m","required":false,"type":{"type":"map","key-id":6,"key":"string","value-id":7,
"value":{"type":"struct","fields":[
{"id":8,"name":"x","required":true,"type":"timestamptz_ns"}]},"value-required":true}},
{"id":9,"name":"g","required":false,"type":"geography(srid:4269, karney)"},
{"id":10,"name":"v","required":false,"type":"variant"},
{"id":11,"name":"u","required":false,"type":"unknown"}],"identifier-field-ids":[1]})j";

TEST(SchemaJson, ReadsAndWritesEveryKindOfField) {
  std::string text = kEveryKind;
  std::erase(text, '\n');
  const auto schema = Read(text);
  ASSERT_TRUE(schema.ok()) << schema.status().ToString();
  EXPECT_EQ((*schema)->schema_id(), SchemaId(4));
  EXPECT_EQ((*schema)->FindField(2)->initial_default, Value(arrow::Decimal128(1420)));
  EXPECT_EQ((*schema)->FindField(1)->doc, "the key");
  EXPECT_EQ(SchemaToJson(**schema).Dump(), text);
}

TEST(SchemaJson, AMissingSchemaIdReadsAsZero) {
  const auto schema = Read(R"({"type":"struct","fields":[]})");
  ASSERT_TRUE(schema.ok());
  EXPECT_EQ((*schema)->schema_id(), SchemaId(0));
}

std::string WithField(const std::string& members) {
  return R"({"type":"struct","fields":[{"id":1,"name":"bad","required":true,)" + members + "}]}";
}

TEST(SchemaJson, RefusesWhatIsNoSchema) {
  for (const std::string& text :
       {std::string("[]"), std::string("{}"), std::string(R"({"type":"list","fields":[]})"),
        std::string(R"({"type":"struct","fields":{}})"),
        std::string(R"({"type":"struct","fields":[{"id":1,"name":"a","type":"int"}]})"),
        std::string(R"({"type":"struct","fields":[],"identifier-field-ids":[1]})"),
        std::string(R"({"type":"struct","fields":[{"id":0,"name":"a","required":true,)"
                    R"("type":"int"}]})"),
        WithField(R"("type":"varchar")"), WithField(R"("type":7)"),
        WithField(R"("type":{"type":"set"})"), WithField(R"("doc":"no type")"),
        WithField(R"("type":"int","initial-default":"x")")}) {
    const auto schema = Read(text);
    ASSERT_FALSE(schema.ok()) << text;
    EXPECT_EQ(KindOf(schema.status()), ErrorKind::kInvalidMetadata) << text;
  }
}

TEST(SchemaJson, ErrorsNameTheField) {
  const auto schema = Read(WithField(R"("type":"varchar")"));
  EXPECT_NE(schema.status().message().find("bad"), std::string::npos);
}

}  // namespace
}  // namespace iceframe
