// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/avro_references.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "iceframe/base/result.h"
#include "iceframe/format/avro_schema.h"

namespace iceframe {
namespace {

std::string Whole(const std::string& schema, const std::vector<std::string>& others) {
  const std::string whole = WithReferencedTypes(schema, others).ValueOrDie();
  const auto parsed = AvroSchemaDocument::Parse(whole);
  EXPECT_TRUE(parsed.ok()) << parsed.status() << " in " << whole;
  return whole;
}

TEST(AvroReferences, WritesATypeOutWhereItIsNamedFirst) {
  EXPECT_EQ(Whole(R"({"type":"record","name":"Order","fields":[)"
                  R"({"name":"a","type":"shop.Customer"},)"
                  R"({"name":"b","type":["null","shop.Customer"]}]})",
                  {R"({"type":"record","name":"Customer","namespace":"shop",)"
                   R"("fields":[{"name":"id","type":"long"}]})"}),
            R"({"type":"record","name":"Order","fields":[)"
            R"({"name":"a","type":{"type":"record","name":"Customer","namespace":"shop",)"
            R"("fields":[{"name":"id","type":"long"}]}},)"
            R"({"name":"b","type":["null","shop.Customer"]}]})");
}

TEST(AvroReferences, FollowsReferencesOfReferences) {
  const std::string whole =
      Whole(R"({"type":"array","items":"a.Line"})",
            {R"({"type":"record","name":"a.Line","fields":[{"name":"c","type":"Color"}]})",
             R"({"type":"enum","name":"Color","namespace":"a","symbols":["RED"]})"});
  EXPECT_NE(whole.find("RED"), std::string::npos) << "named within its namespace: " << whole;
}

TEST(AvroReferences, NamesWithoutNamespaceStaySo) {
  const std::string whole =
      Whole(R"({"type":"record","name":"x.Order","fields":[{"name":"a","type":)"
            R"({"type":"map","values":"y.Pair"}}]})",
            {R"({"type":"record","name":"y.Pair","fields":[{"name":"b","type":"int"}]})",
             R"({"type":"fixed","name":"Hash","size":4})"});
  EXPECT_EQ(whole.find("Hash"), std::string::npos) << "nobody names it";
  // Within a namespace, a name without dots is of that namespace.
  const std::string other =
      WithReferencedTypes(
          R"({"type":"record","name":"x.Order","fields":[{"name":"a","type":"Hash"}]})",
          std::vector<std::string>{R"({"type":"fixed","name":"Hash","size":4})"})
          .ValueOrDie();
  EXPECT_EQ(other.find("size"), std::string::npos) << other;
}

TEST(AvroReferences, ATypeThatNamesItselfIsWrittenOnce) {
  Whole(R"(["null","Tree"])", {R"({"type":"record","name":"Tree","fields":[)"
                               R"({"name":"left","type":["null","Tree"]}]})"});
}

TEST(AvroReferences, RefusesWhatHasNoName) {
  for (const char* other : {"", "{", R"("int")", R"({"type":"array","items":"int"})",
                            R"({"type":"record","fields":[]})"}) {
    const auto whole = WithReferencedTypes(R"("x")", std::vector<std::string>{other});
    EXPECT_EQ(KindOf(whole.status()), ErrorKind::kInvalidData) << other;
  }
}

TEST(AvroReferences, RefusesChainsThatAreTooLong) {
  std::vector<std::string> others;
  for (int i = 0; i < 200; ++i) {
    const auto name = [](int number) { return "T" + std::to_string(number); };
    others.push_back(R"({"type":"record","name":")" + name(i) +
                     R"(","fields":[{"name":"a","type":")" + name(i + 1) + R"("}]})");
  }
  EXPECT_EQ(KindOf(WithReferencedTypes(R"("T0")", others).status()), ErrorKind::kInvalidData);
}

}  // namespace
}  // namespace iceframe
