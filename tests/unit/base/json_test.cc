// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/json.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "iceframe/base/json_parser_internal.h"

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
  EXPECT_FALSE(Json::Parse(R"({"a":1,"\u0061":2})").ok());
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

TEST(Json, DepthIsCountedExactly) {
  EXPECT_TRUE(Json::Parse(std::string(100, '[') + std::string(100, ']')).ok());
  EXPECT_FALSE(Json::Parse(std::string(101, '[') + std::string(101, ']')).ok());
}

TEST(Json, RefusesMoreValuesThanMemoryShouldHold) {
  const Json::ItemVisitors none;
  EXPECT_TRUE(JsonParser("[0,{},[1]]", none, 5).Parse().ok());
  const Status status = JsonParser("[0,{},[1]]", none, 4).Parse().status();
  EXPECT_NE(status.message().find("too many values"), std::string::npos) << status.ToString();
}

TEST(Json, RefusesMalformedText) {
  for (const char* text :
       {"",        " ",      "{",         "{\"a\"",      "{\"a\":}", "{\"a\":1,}",
        "{a:1}",   "{,}",    "[",         "[1,]",        "[,1]",     "[1 2]",
        "[1}",     "]",      "nul",       "truee",       "[1] 2",    "01",
        "-",       "+1",     ".5",        "1.",          "1e",       "1e+",
        "0x1",     "NaN",    "'a'",       "\"",          "\"a",      "\"\\",
        "\"\\x\"", "\"\t\"", "\"\\u12\"", "\"\\u12G4\"", "\"\xff\"", "\xEF\xBB\xBF{}",
        "[1]//",   "\f1"}) {
    EXPECT_EQ(KindOf(Json::Parse(text).status()), ErrorKind::kInvalidMetadata) << text;
  }
  EXPECT_FALSE(Json::Parse(std::string_view("1\0", 2)).ok());
}

TEST(Json, SaysWhereTextIsMalformed) {
  const Status status = Json::Parse(R"({"a": [1, 2}})").status();
  EXPECT_NE(status.message().find("wanted a comma or ]: at byte 11"), std::string::npos)
      << status.ToString();
}

TEST(Json, EscapesAreResolved) {
  EXPECT_EQ(Json::Parse(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00")")->text(),
            "\"\\/\b\f\n\r\tA\u00e9\u20ac\U0001F600");
  EXPECT_EQ(Json::Parse(R"("\u0000")")->text(), std::string_view("\0", 1));
}

TEST(Json, HalfASurrogatePairIsRefused) {
  for (const char* text : {R"("\ud83d")", R"("\ude00")", R"("\ud83dx")", R"("\ud83d\n")",
                           R"("\ud83d\ud83d")", R"("\ud83d\u0041")"}) {
    EXPECT_FALSE(Json::Parse(text).ok()) << text;
  }
}

TEST(Json, NumbersTooLargeForADoubleAreKeptAsText) {
  const Json json = Json::Parse("[1e999]").ValueOrDie();
  EXPECT_EQ(json.Dump(), "[1e999]");
  EXPECT_FALSE(json.items()[0].AsDouble().ok());
}

TEST(Json, IntegersAreCheckedForRange) {
  EXPECT_FALSE(Json::Parse("2147483648")->AsInt32().ok());
  EXPECT_FALSE(Json::Parse("9223372036854775808")->AsInt64().ok());
  EXPECT_FALSE(Json::Parse("1.5")->AsInt64().ok());
}

}  // namespace
}  // namespace iceframe
