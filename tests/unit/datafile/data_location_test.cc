// SPDX-License-Identifier: Apache-2.0
#include "iceframe/datafile/data_location.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace iceframe {
namespace {

// What local file systems allow a folder's or file's name to have.
constexpr size_t kNameBytes = 255;

std::vector<std::string> Parts(std::string_view path) {
  std::vector<std::string> parts;
  for (;;) {
    const size_t slash = path.find('/');
    parts.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

size_t LongestPart(std::string_view path) {
  size_t longest = 0;
  for (const std::string& part : Parts(path)) longest = std::max(longest, part.size());
  return longest;
}

DataLocation Locations(const WriteProperties& properties = {}) {
  return DataLocation("/t", properties);
}

TEST(DataLocation, KeepsNamesThatFit) {
  const std::string fits = "k=" + std::string(kNameBytes - 2, 'a');
  EXPECT_EQ(Locations().Make(fits + "/n=1", "f.parquet"), "/t/data/" + fits + "/n=1/f.parquet");
  EXPECT_EQ(Locations().Make("", "f.parquet"), "/t/data/f.parquet");
}

TEST(DataLocation, ShortensOnlyTheNamesThatAreTooLong) {
  const std::string too_long = "k=" + std::string(kNameBytes - 1, 'a');
  const std::string location = Locations().Make("n=1/" + too_long + "/m=2", "f.parquet");
  const auto parts = Parts(location);
  ASSERT_EQ(parts.size(), 7U) << location;
  EXPECT_EQ(parts[3], "n=1");
  EXPECT_TRUE(parts[4].starts_with("k=aaaa")) << parts[4];
  EXPECT_LE(parts[4].size(), kNameBytes);
  EXPECT_EQ(parts[5], "m=2");
  EXPECT_EQ(parts[6], "f.parquet");
}

TEST(DataLocation, LongValuesThatBeginAlikeHaveFoldersOfTheirOwn) {
  const std::string start = "k=" + std::string(400, 'a');
  EXPECT_NE(Locations().Make(start + "b", "f"), Locations().Make(start + "c", "f"));
  EXPECT_EQ(Locations().Make(start + "b", "f"), Locations().Make(start + "b", "f"));
}

TEST(DataLocation, NeverCutsAPercentEscapeInTwo) {
  for (size_t shift = 0; shift < 3; ++shift) {
    std::string path = "k=" + std::string(shift, 'a');
    for (int i = 0; i < 200; ++i) path += "%C3";
    const std::string location = Locations().Make(path, "f");
    EXPECT_LE(LongestPart(location), kNameBytes);
    for (size_t i = location.find('%'); i != std::string::npos; i = location.find('%', i + 1)) {
      EXPECT_EQ(location.substr(i, 3), "%C3") << location;
    }
  }
}

TEST(DataLocation, TheObjectStorageLayoutShortensToo) {
  WriteProperties properties;
  properties.object_storage_layout = true;
  const std::string path = "k=" + std::string(1000, 'a');
  EXPECT_LE(LongestPart(Locations(properties).Make(path, "f.parquet")), kNameBytes);
}

}  // namespace
}  // namespace iceframe
