// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/yaml_config.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(YamlConfig, TakesEveryScalarAsText) {
  const Json tree = ParseYamlConfig(
                        "# comment\n"
                        "default-catalog: prod\n"
                        "catalog:\n"
                        "  prod:\n"
                        "    uri: http://127.0.0.1:8181\n"
                        "    on: yes\n"
                        "    quoted: \"a: b\"\n"
                        "    empty:\n")
                        .ValueOrDie();
  const Properties flat = FlattenConfig(tree).ValueOrDie();
  EXPECT_EQ(flat, (Properties{{"catalog.prod.empty", ""},
                              {"catalog.prod.on", "yes"},
                              {"catalog.prod.quoted", "a: b"},
                              {"catalog.prod.uri", "http://127.0.0.1:8181"},
                              {"default-catalog", "prod"}}));
}

TEST(YamlConfig, AnEmptyFileIsAnEmptyMapping) {
  EXPECT_TRUE(ParseYamlConfig("").ValueOrDie().members().empty());
  EXPECT_TRUE(ParseYamlConfig("# nothing\n").ValueOrDie().members().empty());
  EXPECT_TRUE(ParseYamlConfig("---\n").ValueOrDie().members().empty());
}

TEST(YamlConfig, RefusesWhatConfigurationDoesNotNeed) {
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  for (const std::string& text :
       {std::string("- a\n- b\n"), std::string("just text"), std::string("a: 1\na: 2\n"),
        std::string("a: &x 1\nb: *x\n"), std::string("a: !!int 1\n"),
        std::string("a: 1\n---\nb: 2\n"), std::string("a: [1, 2"), std::string("\xff\xfe\x00"),
        std::string("? [a, b]\n: c\n"), deep, "a: " + std::string(1100000, 'x')}) {
    const Status status = ParseYamlConfig(text).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kInvalidArgument) << text.substr(0, 30);
  }
}

TEST(YamlConfig, ErrorsTellThePlaceAndNotTheText) {
  const Status status = ParseYamlConfig("a: 1\nb: \"hunter2\n").status();
  EXPECT_THAT(status.message(), HasSubstr("line"));
  EXPECT_THAT(status.message(), Not(HasSubstr("hunter2")));
}

TEST(YamlConfig, FlatteningRefusesListsAndKeysGivenTwice) {
  EXPECT_FALSE(FlattenConfig(ParseYamlConfig("a: [b]\n").ValueOrDie()).ok());
  EXPECT_FALSE(FlattenConfig(ParseYamlConfig("a.b: 1\na:\n  b: 2\n").ValueOrDie()).ok());
}

}  // namespace
}  // namespace iceframe
