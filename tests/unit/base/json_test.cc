// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/json.h"

#include <string>

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
