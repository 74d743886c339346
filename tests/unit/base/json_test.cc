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
      R"({"a":[1,{ "a":[2]} , [3]],"b":[4],"c":"a","d":{"a":[5]},"e":{"not":"an array"}})";
  std::vector<std::string> seen;
  const auto visit = [&](const Json::Item& item) {
    seen.emplace_back(item.text);
    return Status::OK();
  };
  auto json = Json::Parse(text, {{"a", visit}, {"e", visit}});
  ASSERT_TRUE(json.ok()) << json.status().ToString();
  EXPECT_EQ(seen, (std::vector<std::string>{"1", R"({ "a":[2]})", "[3]"}));
  EXPECT_EQ(json->Dump(), R"({"a":[],"b":[4],"c":"a","d":{"a":[5]},"e":{"not":"an array"}})");
  const auto refuse = [](const Json::Item&) { return Error(ErrorKind::kUnsupported, "no"); };
  EXPECT_EQ(KindOf(Json::Parse(text, {{"b", refuse}}).status()), ErrorKind::kUnsupported);
}

// What is gone past must be as well formed as what is kept.
TEST(Json, GrammarOfVisitedItemsIsChecked) {
  const auto visit = [](const Json::Item&) { return Status::OK(); };
  const auto parse = [&](const std::string& item) {
    return Json::Parse(R"({"a":[)" + item + "]}", {{"a", visit}});
  };
  for (const char* item :
       {"1", R"("\u00e9\n")", R"({"a":{"b":[true,false,null,-1.5e3]}})", "{}", "[]", "{ }"}) {
    EXPECT_TRUE(parse(item).ok()) << item;
  }
  for (const char* item : {"1,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", R"({"a":{"b":[1 2]}})",
                           R"({"a":"\x"})", R"({"a":"\ud800"})", R"({"a":1,"a":2})",
                           R"({"a":1,"\u0061":2})", "tru", "01", "{\"a\":1]", "[1}", "\"open"}) {
    EXPECT_EQ(KindOf(parse(item).status()), ErrorKind::kInvalidMetadata) << item;
  }
  EXPECT_FALSE(parse(std::string(1000, '[') + std::string(1000, ']')).ok());
}

TEST(Json, IntegersOfVisitedItemsAreRead) {
  std::vector<std::optional<int64_t>> read;
  const auto visit = [&](const Json::Item& item) {
    for (const char* key : {"a", "b", "c"}) read.push_back(item.Integer(key));
    return Status::OK();
  };
  const std::string text =
      R"({"i":[{"a": -9223372036854775808 ,"b":7},{"a":9223372036854775808,"b":1.0,"c":"7"},7,)"
      R"({"c":[7],"b":null,"a":{}}]})";
  ASSERT_TRUE(Json::Parse(text, {{"i", visit}}).ok());
  const std::optional<int64_t> none;
  EXPECT_EQ(read, (std::vector<std::optional<int64_t>>{INT64_MIN, 7, none, none, none, none, none,
                                                       none, none, none, none, none}));
}

TEST(Json, MembersOfVisitedItemsArePicked) {
  std::vector<std::string> picked;
  const std::vector<std::string_view> keys = {"id", "time", "absent"};
  const auto visit = [&](const Json::Item& item) -> Status {
    ICEFRAME_ASSIGN_OR_RETURN(const Json json, item.Pick(keys));
    picked.push_back(json.Dump());
    return Status::OK();
  };
  const std::string text =
      R"({"a":[{"t":[{}],"\u0069d" : 7 ,"time":{"ms":[1]}},{"time":null},"id",[1, 2]]})";
  ASSERT_TRUE(Json::Parse(text, {{"a", visit}}).ok());
  EXPECT_EQ(picked, (std::vector<std::string>{R"({"id":7,"time":{"ms":[1]}})", R"({"time":null})",
                                              R"("id")", "[1,2]"}));
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
