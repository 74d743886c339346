// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/http_schema_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Result<std::shared_ptr<SchemaRegistry>> Make(const std::string& url) {
  HttpSchemaRegistryOptions options;
  options.url = url;
  return MakeHttpSchemaRegistry({}, options);
}

TEST(HttpSchemaRegistry, RefusesWhatIsNoUrl) {
  for (const std::string url : {"", "registry:8081", "ftp://registry", "http://", "file:///etc",
                                "http://registry/?a=b", "http://registry /"}) {
    const auto registry = Make(url);
    ASSERT_FALSE(registry.ok()) << url;
    EXPECT_EQ(KindOf(registry.status()), ErrorKind::kInvalidArgument) << url;
  }
  EXPECT_TRUE(Make("https://registry:8081/path/").ok());
}

TEST(HttpSchemaRegistry, ShowsNoPassword) {
  const auto registry = Make("http://user:secret@registry");
  ASSERT_FALSE(registry.ok());
  EXPECT_THAT(registry.status().ToString(), HasSubstr("give user and password apart"));
  EXPECT_THAT(registry.status().ToString(), Not(HasSubstr("secret")));
}

TEST(RegistryAnswer, IsReadWithAndWithoutAType) {
  const auto avro = ParseRegistryAnswer(R"({"schema": "\"long\""})");
  ASSERT_TRUE(avro.ok()) << avro.status().ToString();
  EXPECT_EQ(avro->schema.kind, RegisteredSchema::Kind::kAvro);
  EXPECT_EQ(avro->schema.text, "\"long\"");
  const auto json =
      ParseRegistryAnswer(R"({"id": 7, "schemaType": "JSON", "schema": "{}", "references": []})");
  ASSERT_TRUE(json.ok()) << json.status().ToString();
  EXPECT_EQ(json->schema.kind, RegisteredSchema::Kind::kJson);
  EXPECT_TRUE(json->references.empty());
}

TEST(RegistryAnswer, NamesWhatItRefersTo) {
  const auto answer = ParseRegistryAnswer(
      R"({"schema": "x", "references": [{"name": "a.B", "subject": "b/value", "version": 3}]})");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->references, (std::vector<SchemaReference>{{"b/value", 3}}));
}

TEST(RegistryAnswer, IsRefusedWhereItSaysSomethingElse) {
  for (const std::string body :
       {"", "<html>", "[]", "{}", R"({"schema": 7})", R"({"schema": "x", "schemaType": 1})",
        R"({"schema": "x", "references": [{"name": "a"}]})"}) {
    const auto schema = ParseRegistryAnswer(body);
    ASSERT_FALSE(schema.ok()) << body;
    EXPECT_EQ(KindOf(schema.status()), ErrorKind::kInvalidArgument) << body;
  }
  const auto schema = ParseRegistryAnswer(R"({"schema": "x", "schemaType": "THRIFT"})");
  EXPECT_EQ(KindOf(schema.status()), ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace iceframe
