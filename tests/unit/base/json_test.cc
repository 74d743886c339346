// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/json.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace iceframe {
namespace {

TEST(Json, RoundTripKeepsOrderNumbersAndText) {
  const std::string text =
      R"({"b":1,"a":[9223372036854775807,-1.50e10,true,null,"x\"\\\n\u0001é"],"c":{}})";
  ASSERT_TRUE(Json::Parse(text).ok());
  EXPECT_EQ(Json::Parse(text)->Dump(), text);
}

TEST(Json, ScalarDocuments) {
  EXPECT_EQ(Json::Parse("42")->AsInt64().ValueOr(0), 42);
  EXPECT_EQ(Json::Parse(" \"a\" ")->AsString().ValueOr(""), "a");
  EXPECT_TRUE(Json::Parse("null")->is_null());
}

TEST(Json, RefusesDuplicateKeys) {
  EXPECT_EQ(KindOf(Json::Parse(R"({"a":1,"a":2})").status()), ErrorKind::kInvalidMetadata);
  for (int count : {5, 23, 24, 25, 60}) {
    std::string text = "{";
    for (int i = 0; i < count; ++i) text += "\"k" + std::to_string(i) + "\":1,";
    EXPECT_TRUE(Json::Parse(text + "\"new\":1}").ok()) << count;
    for (int again : {0, count / 2, count - 1}) {
      EXPECT_FALSE(Json::Parse(text + "\"k" + std::to_string(again) + "\":1}").ok()) << count;
    }
  }
}

TEST(Json, ItemsOfLongArraysAreVisitedAndNotKept) {
  const std::string text =
      R"({"a":[1,{"a":[2]},[3]],"b":[4],"c":"a","d":{"a":[5]},"e":{"not":"an array"}})";
  std::vector<std::string> seen;
  const auto visit = [&](const Json& item) {
    seen.push_back(item.Dump());
    return Status::OK();
  };
  auto json = Json::Parse(text, {{"a", visit}, {"e", visit}});
  ASSERT_TRUE(json.ok()) << json.status().ToString();
  EXPECT_EQ(seen, (std::vector<std::string>{"1", R"({"a":[2]})", "[3]"}));
  EXPECT_EQ(json->Dump(), R"({"a":[],"b":[4],"c":"a","d":{"a":[5]},"e":{"not":"an array"}})");
  const auto refuse = [](const Json&) { return Error(ErrorKind::kUnsupported, "no"); };
  EXPECT_EQ(KindOf(Json::Parse(text, {{"b", refuse}}).status()), ErrorKind::kUnsupported);
  EXPECT_FALSE(Json::Parse(R"({"a":[1,}]})", {{"a", visit}}).ok());
  const std::string deep = R"({"a":)" + std::string(1000, '[') + std::string(1000, ']') + "}";
  EXPECT_FALSE(Json::Parse(deep, {{"a", visit}}).ok());
}

TEST(Json, RefusesDeepNestingWithoutCrashing) {
  const std::string text = std::string(100000, '[') + std::string(100000, ']');
  EXPECT_FALSE(Json::Parse(text).ok());
}

TEST(Json, RefusesMalformedText) {
  for (const char* text : {"", "{", "{\"a\"", "[1,]", "{\"a\":01}", "nul", "[1] 2", "\"\xff\""}) {
    EXPECT_FALSE(Json::Parse(text).ok()) << text;
  }
}

TEST(Json, IntegersAreCheckedForRange) {
  EXPECT_FALSE(Json::Parse("2147483648")->AsInt32().ok());
  EXPECT_FALSE(Json::Parse("9223372036854775808")->AsInt64().ok());
  EXPECT_FALSE(Json::Parse("1.5")->AsInt64().ok());
}

}  // namespace
}  // namespace iceframe
