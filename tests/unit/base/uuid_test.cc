// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/uuid.h"

#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include <gtest/gtest.h>

namespace iceframe {
namespace {

TEST(Uuid, TextRoundTrips) {
  const std::string text = "f79c3e09-677c-4bbd-a479-3f349cb785e7";
  ASSERT_TRUE(ParseUuid(text).has_value());
  EXPECT_EQ(ToString(*ParseUuid(text)), text);
  EXPECT_EQ(ParseUuid("F79C3E09-677C-4BBD-A479-3F349CB785E7"), ParseUuid(text));
  for (const char* bad :
       {"", "f79c3e09677c4bbda4793f349cb785e7", "f79c3e09-677c-4bbd-a479-3f349cb785eg",
        "f79c3e09-677c-4bbda-479-3f349cb785e7"}) {
    EXPECT_FALSE(ParseUuid(bad).has_value()) << bad;
  }
}

TEST(Uuid, RandomOnesDifferAndCarryTheVersion) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string text = NewUuid();
    EXPECT_EQ(text[14], '4');
    EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos);
    seen.insert(text);
  }
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(Uuid, TimeOrderedOnesSortByTime) {
  const std::string earlier = ToString(TimeOrderedUuid(1'700'000'000'000));
  const std::string later = ToString(TimeOrderedUuid(1'700'000'000'001));
  EXPECT_LT(earlier, later);
  EXPECT_EQ(earlier.substr(0, 13), "018bcfe5-6800");
  EXPECT_EQ(earlier[14], '7');
}

TEST(Uuid, AForkedChildDrawsOthers) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const Uuid uuid = RandomUuid();
    const bool written = write(pipe_ends[1], uuid.data(), uuid.size()) == 16;
    _exit(written ? 0 : 1);
  }
  const Uuid mine = RandomUuid();
  Uuid theirs{};
  ASSERT_EQ(read(pipe_ends[0], theirs.data(), theirs.size()), 16);
  int state = 0;
  waitpid(child, &state, 0);
  close(pipe_ends[0]);
  close(pipe_ends[1]);
  EXPECT_NE(mine, theirs);
}

}  // namespace
}  // namespace iceframe
