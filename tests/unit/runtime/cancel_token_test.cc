// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/cancel_token.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace iceframe {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

TEST(CancelToken, CopiesShareOneState) {
  CancelToken token;
  CancelToken copy = token;
  EXPECT_TRUE(copy.Check().ok());
  token.Cancel();
  token.Cancel();
  EXPECT_TRUE(copy.is_cancelled());
  EXPECT_EQ(KindOf(copy.Check()), ErrorKind::kCancelled);
  EXPECT_FALSE(CancelToken().is_cancelled());
}

TEST(CancelToken, WakesAWaiterAtOnce) {
  CancelToken token;
  const auto begin = steady_clock::now();
  std::thread canceller([&] {
    std::this_thread::sleep_for(milliseconds(20));
    token.Cancel();
  });
  EXPECT_TRUE(token.WaitFor(milliseconds(30000)));
  EXPECT_LT(steady_clock::now() - begin, milliseconds(10000));
  canceller.join();
}

TEST(CancelToken, WaitEndsWithItsDuration) {
  const auto begin = steady_clock::now();
  EXPECT_FALSE(CancelToken().WaitFor(milliseconds(20)));
  EXPECT_GE(steady_clock::now() - begin, milliseconds(20));
}

TEST(CancelToken, CallsBackOnceUnlessTheRegistrationEnded) {
  CancelToken token;
  std::atomic<int> kept{0};
  std::atomic<int> ended{0};
  auto registration = token.OnCancel([&] { ++kept; });
  token.OnCancel([&] { ++ended; }).reset();
  token.Cancel();
  token.Cancel();
  EXPECT_EQ(kept, 1);
  EXPECT_EQ(ended, 0);
  auto late = token.OnCancel([&] { ++kept; });
  EXPECT_EQ(kept, 2);
}

TEST(CancelToken, EndOfARegistrationWaitsForItsRunningCallback) {
  CancelToken token;
  std::atomic<bool> running{false};
  std::atomic<bool> ended{false};
  auto registration = token.OnCancel([&] {
    running = true;
    std::this_thread::sleep_for(milliseconds(30));
    ended = true;
  });
  std::thread canceller([&] { token.Cancel(); });
  while (!running) std::this_thread::yield();
  registration.reset();
  EXPECT_TRUE(ended);
  canceller.join();
}

}  // namespace
}  // namespace iceframe
