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

}  // namespace
}  // namespace iceframe
