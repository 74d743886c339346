// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/operation_counters.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "iceframe/runtime/operation_context.h"

#include "unit/runtime/sample_counts.h"

namespace iceframe {
namespace {

TEST(OperationCounters, LayersCountInBlocksOfTheirOwn) {
  constexpr auto kJoined = JoinCounters<LowCount, HighCount>();
  static_assert(kJoined.size() == 3);
  EXPECT_EQ(kJoined[0].name(), "lows");
  EXPECT_EQ(kJoined[2].name(), "other_highs");
  EXPECT_EQ(OperationCount(HighCount::kOthers).slot(), kMaxCounters - kCountersPerBlock + 1);
  OperationCounters counters;
  for (const OperationCount count : kJoined) counters.Add(count, 2 + count.slot());
  for (const OperationCount count : kJoined) {
    EXPECT_EQ(counters.Get(count), 2 + static_cast<int64_t>(count.slot()));
  }
}

TEST(OperationCounters, TellWhatWasCountedBetween) {
  OperationCounters counters;
  counters.Add(LowCount::kLows, 3);
  const CounterValues before = counters.Values();
  counters.Add(LowCount::kLows, 4);
  counters.Add(HighCount::kHighs);
  const CounterValues since = counters.Values() - before;
  EXPECT_EQ(since.Get(LowCount::kLows), 4);
  OperationCounters others;
  others.Add(since);
  EXPECT_EQ(others.Get(LowCount::kLows), 4);
  EXPECT_EQ(others.Get(HighCount::kHighs), 1);
}

TEST(OperationCounters, LoseNothingAmongThreads) {
  OperationCounters counters;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) counters.Add(HighCount::kHighs);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counters.Get(HighCount::kHighs), 8000);
}

TEST(OperationContext, CopiesShareCounters) {
  OperationContext context;
  OperationContext copy = context;
  copy.counters->Add(LowCount::kLows, 3);
  EXPECT_EQ(context.counters->Get(LowCount::kLows), 3);
}

}  // namespace
}  // namespace iceframe
