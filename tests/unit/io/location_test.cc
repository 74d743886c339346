// SPDX-License-Identifier: Apache-2.0
#include "iceframe/io/location.h"

#include <gtest/gtest.h>

namespace iceframe {
namespace {

std::string PathOf(std::string_view location) {
  auto parsed = ParseLocation(location);
  return parsed.ok() ? parsed->scheme + "|" + parsed->path : parsed.status().message();
}

TEST(ParseLocation, TakesEveryFormOfALocalFile) {
  EXPECT_EQ(PathOf("/a/b"), "file|/a/b");
  EXPECT_EQ(PathOf("//a//b/"), "file|/a/b");
  EXPECT_EQ(PathOf("file:/a/b"), "file|/a/b");
  EXPECT_EQ(PathOf("file:///a/b"), "file|/a/b");
  EXPECT_EQ(PathOf("FILE:///a/b"), "file|/a/b");
  EXPECT_EQ(PathOf("file:////a/b"), "file|/a/b");
  EXPECT_EQ(PathOf("file://localhost/a"), "file|/a");
}

TEST(ParseLocation, DecodesNothing) {
  EXPECT_EQ(PathOf("file:///w/p=a%2Fb%20c/x#y?z"), "file|/w/p=a%2Fb%20c/x#y?z");
  EXPECT_EQ(PathOf("/w/s3://odd:name"), "file|/w/s3:/odd:name");
  EXPECT_EQ(PathOf("/w/a..b/.c/d."), "file|/w/a..b/.c/d.");
}

TEST(ParseLocation, KeepsTheRestOfOtherSchemes) {
  EXPECT_EQ(PathOf("memory://w/t/x"), "memory|w/t/x");
  EXPECT_EQ(PathOf("S3://bucket//key"), "s3|bucket//key");
}

TEST(ParseLocation, RefusesWhatCanBeMisread) {
  for (const char* location :
       {"", "a/b", "./a", "file:a", "file://host/a", "file://", "/a/../b", "/a/./b", "/..",
        "memory://w/../x", "s3://b/..", "s3:b/k", ":/a", "1s://a"}) {
    auto parsed = ParseLocation(location);
    ASSERT_FALSE(parsed.ok()) << location;
    EXPECT_EQ(KindOf(parsed.status()), ErrorKind::kInvalidArgument) << location;
    EXPECT_NE(parsed.status().message().find(location), std::string::npos) << location;
  }
  EXPECT_FALSE(ParseLocation(std::string_view("/a\0b", 4)).ok());
}

TEST(IsWithin, ComparesWholeComponents) {
  EXPECT_TRUE(IsWithin("/a/b", "/a"));
  EXPECT_TRUE(IsWithin("/a", "/a"));
  EXPECT_TRUE(IsWithin("/a", "/"));
  EXPECT_FALSE(IsWithin("/ab", "/a"));
  EXPECT_FALSE(IsWithin("/", "/a"));
}

TEST(AllowedLocations, LetsThroughOnlyWhatIsBelowThem) {
  auto allowed = AllowedLocations::Make({"memory://w/db/", "file:///data//t/"}).ValueOrDie();
  auto check = [&](std::string_view location) {
    return allowed.Check(ParseLocation(location).ValueOrDie(), location);
  };
  EXPECT_TRUE(check("memory://w/db/t/x").ok());
  EXPECT_EQ(KindOf(check("memory://w/dbx")), ErrorKind::kUnauthorized);
  EXPECT_EQ(KindOf(check("s3://w/db/t")), ErrorKind::kUnauthorized);
  EXPECT_EQ(allowed.local_paths(), std::vector<std::string>{"/data/t"});
  EXPECT_TRUE(AllowedLocations::Make({}).ValueOrDie().allows_all());
  EXPECT_FALSE(AllowedLocations::Make({"relative"}).ok());
}

}  // namespace
}  // namespace iceframe
