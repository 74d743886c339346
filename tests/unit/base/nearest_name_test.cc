// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/nearest_name.h"

#include <gtest/gtest.h>

namespace iceframe {
namespace {

TEST(NearestName, FindsTheNameWithTheFewestEdits) {
  EXPECT_EQ(NearestName("warehose", {"uri", "warehouse", "token"}), "warehouse");
  EXPECT_EQ(NearestName("tokne", {"uri", "type", "token"}), "token");
}

TEST(NearestName, CountsASwapAsOneEditAndIgnoresCase) {
  EXPECT_EQ(NearestName("RUI", {"ru", "uri"}), "ru");
  EXPECT_EQ(NearestName("URI", {"urn", "uri"}), "uri");
  EXPECT_EQ(NearestName("tpye", {"tape", "type"}), "type");
}

TEST(NearestName, TakesTheFirstOfEqualsAndNothingFromNothing) {
  EXPECT_EQ(NearestName("ab", {"ac", "ad"}), "ac");
  EXPECT_EQ(NearestName("ab", {}), "");
  EXPECT_EQ(NearestName("", {"abc", "a"}), "a");
}

TEST(NearName, IsNothingWhereTheNearestIsFar) {
  EXPECT_EQ(NearName("idd", {"city", "id"}), "id");
  EXPECT_EQ(NearName("ID", {"city", "id"}), "id");
  EXPECT_EQ(NearName("zz", {"g", "v", "f"}), "");
  EXPECT_EQ(NearName("elsewhere", {"id", "city"}), "");
  EXPECT_EQ(NearName("i", {}), "");
  EXPECT_EQ(NearName(std::string(200, 'a'), {"a"}), "");
}

}  // namespace
}  // namespace iceframe
