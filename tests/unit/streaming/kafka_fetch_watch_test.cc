// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "iceframe/streaming/kafka_fetch_watch_internal.h"

namespace iceframe::internal {
namespace {

TEST(FetchWatch, SeesAQueueThatOnlyShrinks) {
  FetchWatch watch;
  EXPECT_FALSE(watch.IsRunningDry(0));
  EXPECT_FALSE(watch.IsRunningDry(1000));
  EXPECT_FALSE(watch.IsRunningDry(700));
  EXPECT_FALSE(watch.IsRunningDry(500));
  EXPECT_TRUE(watch.IsRunningDry(499));
}

TEST(FetchWatch, IsContentWhileTheQueueGrows) {
  FetchWatch watch;
  EXPECT_FALSE(watch.IsRunningDry(1000));
  EXPECT_FALSE(watch.IsRunningDry(600));
  EXPECT_FALSE(watch.IsRunningDry(700));
  EXPECT_FALSE(watch.IsRunningDry(400)) << "more than half of 700";
}

TEST(FetchWatch, TellsOncePerHalf) {
  FetchWatch watch;
  int told = 0;
  for (size_t queued = 100'000; queued > 0; --queued) told += watch.IsRunningDry(queued) ? 1 : 0;
  EXPECT_GE(told, 10);
  EXPECT_LE(told, 20);
}

}  // namespace
}  // namespace iceframe::internal
