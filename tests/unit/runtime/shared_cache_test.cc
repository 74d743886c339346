// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/shared_cache.h"

#include <atomic>
#include <functional>
#include <mutex>
#include <random>
#include <thread>

#include <gtest/gtest.h>

namespace iceframe {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// A root of our own, to see the cache's bytes alone.
std::shared_ptr<MemoryBudget> MakeCacheRoot(std::optional<int64_t> limit = {}) {
  return MemoryBudget::Process()->MakeChild("root", limit);
}

SharedCache<std::string>::Loader LoadText(std::string text, int64_t weight, int* loads = nullptr) {
  return [=]() -> Result<CacheValue<std::string>> {
    if (loads != nullptr) ++*loads;
    return CacheValue<std::string>{std::make_shared<const std::string>(text), weight};
  };
}

TEST(SharedCache, LoadsAKeyOnce) {
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 10000});
  OperationContext context;
  int loads = 0;
  bool was_cached = true;
  auto first = cache.GetOrLoad(context, "k", LoadText("v", 10, &loads), &was_cached).ValueOrDie();
  EXPECT_FALSE(was_cached);
  auto second = cache.GetOrLoad(context, "k", LoadText("w", 10, &loads), &was_cached).ValueOrDie();
  EXPECT_TRUE(was_cached);
  EXPECT_EQ(loads, 1);
  EXPECT_EQ(*second, "v");
  EXPECT_EQ(first.get(), second.get());
  EXPECT_EQ(cache.stats().hits, 1);
  EXPECT_EQ(cache.stats().misses, 1);
  EXPECT_EQ(cache.stats().num_entries, 1);
  EXPECT_EQ(*cache.Find("k"), "v");
  EXPECT_EQ(cache.Find("other"), nullptr);
}

TEST(SharedCache, EvictsWhatIsUsedLeastAtItsCapacity) {
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 16000});
  for (int i = 0; i < 10; ++i) {
    cache.Put(std::to_string(i), {std::make_shared<std::string>("v"), 1300});
  }
  ASSERT_EQ(cache.stats().num_entries, 10);
  ASSERT_NE(cache.Find("0"), nullptr);
  cache.Put("more", {std::make_shared<std::string>("d"), 1300});
  EXPECT_EQ(cache.Find("1"), nullptr);
  EXPECT_NE(cache.Find("0"), nullptr);
  EXPECT_EQ(cache.stats().evictions.size, 1);
  EXPECT_EQ(cache.stats().evictions.total(), 1);
  EXPECT_LE(cache.stats().num_bytes, 16000);
}

TEST(SharedCache, KeepsNothingOverAnEighthOfItself) {
  auto root = MakeCacheRoot();
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 16000, .budget = root});
  cache.Put("fits", {std::make_shared<std::string>("v"), 1600});
  cache.Put("too large", {std::make_shared<std::string>("x"), 2000});
  EXPECT_NE(cache.Find("fits"), nullptr);
  EXPECT_EQ(cache.Find("too large"), nullptr);
  EXPECT_EQ(cache.stats().refusals.too_large, 1);
  EXPECT_EQ(cache.stats().evictions.total(), 0) << "and nothing had to go for it";
  cache.Grow("fits", 1000);
  EXPECT_EQ(cache.Find("fits"), nullptr) << "too large by itself now";
  root->set_limit_bytes(8000);
  cache.Put("half", {std::make_shared<std::string>("v"), 1600});
  EXPECT_EQ(cache.Find("half"), nullptr) << "over an eighth of the memory there may be";
}

TEST(SharedCache, NeverHoldsMoreEntriesThanItMay) {
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 1 << 20, .max_entries = 3});
  for (int i = 0; i < 10; ++i) {
    cache.Put(std::to_string(i), {std::make_shared<std::string>("v"), 10});
    EXPECT_LE(cache.stats().num_entries, 3);
  }
  EXPECT_EQ(cache.stats().num_entries, 3);
  EXPECT_EQ(cache.stats().evictions.entries, 7);
  EXPECT_EQ(cache.stats().evictions.total(), 7);
  SharedCache<std::string> none({.name = "test", .capacity_bytes = 1 << 20, .max_entries = 0});
  none.Put("k", {std::make_shared<std::string>("v"), 10});
  EXPECT_EQ(none.stats().num_entries, 0);
}

TEST(SharedCache, AValueThatGrowsPushesOthersOut) {
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 16000});
  for (int i = 0; i < 10; ++i) {
    cache.Put(std::to_string(i), {std::make_shared<std::string>("v"), 1200});
  }
  const int64_t before = cache.stats().num_bytes;
  cache.Grow("9", 100);
  EXPECT_EQ(cache.stats().num_bytes, before + 100);
  EXPECT_EQ(cache.stats().evictions.total(), 0);
  for (int i = 0; i < 10; ++i) cache.Grow(std::to_string(i), 400);
  EXPECT_GT(cache.stats().evictions.size, 0);
  EXPECT_LE(cache.stats().num_bytes, 16000);
  EXPECT_GE(cache.stats().num_bytes, 12000);
  cache.Grow("nobody", 5000);
  EXPECT_LE(cache.stats().num_bytes, 16000);
}

TEST(SharedCache, ShrinksWhenItIsToldTo) {
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 16000});
  for (int i = 0; i < 10; ++i) {
    cache.Put(std::to_string(i), {std::make_shared<std::string>("v"), 1200});
  }
  cache.ShrinkTo(8000);
  EXPECT_LE(cache.stats().num_bytes, 8000);
  EXPECT_EQ(cache.stats().num_entries, 5);
  EXPECT_EQ(cache.stats().evictions.size, 5);
  cache.ShrinkTo(-1);
  EXPECT_EQ(cache.stats().num_entries, 0);
}

/// A clock that stands still until it is moved.
class HandClock final : public Clock {
 public:
  SteadyTime SteadyNow() const override { return SteadyTime(now); }
  int64_t SystemNowMs() const override { return 1'000'000 + milliseconds_since_start(); }
  std::chrono::milliseconds now{0};

 private:
  int64_t milliseconds_since_start() const { return now.count(); }
};

TEST(SharedCache, FindsNothingOlderThanItsMaxAge) {
  HandClock clock;
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 100000, .clock = &clock});
  cache.Put("ages", {std::make_shared<std::string>("v"), 10, 0, milliseconds(1000)});
  cache.Put("stays", {std::make_shared<std::string>("w"), 10});
  clock.now = milliseconds(999);
  EXPECT_NE(cache.Get("ages"), nullptr);
  EXPECT_EQ(cache.Entries().size(), 2U);
  clock.now = milliseconds(1000);
  EXPECT_EQ(cache.Entries().size(), 1U) << "what has expired is not listed";
  EXPECT_EQ(cache.Get("ages"), nullptr);
  EXPECT_NE(cache.Get("stays"), nullptr);
  EXPECT_EQ(cache.stats().evictions.expired, 1);
  EXPECT_EQ(cache.stats().hits, 2);
  EXPECT_EQ(cache.stats().misses, 1);
  EXPECT_EQ(cache.stats().num_entries, 1);
}

TEST(SharedCache, ACallerMayAskForSomethingYounger) {
  HandClock clock;
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 100000, .clock = &clock});
  OperationContext context;
  cache.Put("k", {std::make_shared<std::string>("old"), 10});
  clock.now = milliseconds(500);
  EXPECT_EQ(cache.Get("k", milliseconds(100)), nullptr);
  EXPECT_EQ(*cache.Get("k", milliseconds(501)), "old") << "it was too old for one caller only";
  bool was_cached = true;
  auto value = cache.GetOrLoad(context, "k", LoadText("new", 10), &was_cached, milliseconds(100));
  EXPECT_EQ(*value.ValueOrDie(), "new");
  EXPECT_FALSE(was_cached);
  EXPECT_EQ(*cache.Get("k", milliseconds(100)), "new");
  EXPECT_EQ(cache.stats().evictions.replaced, 1);
}

TEST(SharedCache, ListsItsEntriesAndErasesSomeOfThem) {
  HandClock clock;
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 100000, .clock = &clock});
  cache.Put("a", {std::make_shared<std::string>("1"), 10, 0, milliseconds(1000)});
  cache.Put("b", {std::make_shared<std::string>("2"), 10});
  const auto entries = cache.Entries();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[1].key, "a");
  EXPECT_EQ(*entries[1].value, "1");
  EXPECT_EQ(entries[1].created_at_ms, 1'000'000);
  EXPECT_EQ(entries[1].expires_at_ms, 1'001'000);
  EXPECT_EQ(entries[0].expires_at_ms, std::nullopt);
  EXPECT_GE(entries[0].weight_bytes, 10);
  const int64_t num_erased = cache.EraseIf([&](const CacheEntry<std::string>& entry) {
    if (entry.key == "b") cache.Put("b", {std::make_shared<std::string>("newer"), 10});
    return true;
  });
  EXPECT_EQ(num_erased, 1);
  EXPECT_EQ(*cache.Find("b"), "newer") << "a value that was not tested stays";
  EXPECT_EQ(cache.stats().evictions.invalidated, 1);
}

TEST(SharedCache, AllCachesOfTheProcessAreReportedTogether) {
  SharedCache<std::string> cache({.name = "reported", .capacity_bytes = 100000});
  cache.Put("a", {std::make_shared<std::string>("1"), 10});
  int num_found = 0;
  for (const NamedCacheStats& named : AllSharedCacheStats()) {
    if (named.name != "reported") continue;
    ++num_found;
    EXPECT_EQ(named.stats.num_entries, 1);
  }
  EXPECT_EQ(num_found, 1);
}

TEST(SharedCache, ValuesStayValidAndChargedWhileHeld) {
  auto root = MakeCacheRoot();
  std::shared_ptr<const std::string> held;
  {
    SharedCache<std::string> cache({.name = "test", .capacity_bytes = 100000, .budget = root});
    OperationContext context;
    held = cache.GetOrLoad(context, "k", LoadText("v", 1000)).ValueOrDie();
    ASSERT_TRUE(cache.GetOrLoad(context, "l", LoadText("v", 1000)).ok());
    EXPECT_GE(root->used_bytes(), 2000);
    cache.Clear();
    EXPECT_EQ(cache.stats().num_bytes, 0);
    EXPECT_GE(root->used_bytes(), 1000);
    EXPECT_LT(root->used_bytes(), 2000);
  }
  EXPECT_EQ(*held, "v");
  EXPECT_GE(root->used_bytes(), 1000);
  held.reset();
  EXPECT_EQ(root->used_bytes(), 0);
}

TEST(SharedCache, GivesWayWhenTheBudgetIsTight) {
  auto root = MakeCacheRoot(20000);
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 100000, .budget = root});
  OperationContext context;
  auto held = cache.GetOrLoad(context, "held", LoadText("v", 2000)).ValueOrDie();
  for (int i = 0; i < 7; ++i) {
    ASSERT_TRUE(cache.GetOrLoad(context, std::to_string(i), LoadText("v", 2000)).ok());
  }
  auto scan = root->MakeChild("scan");
  ASSERT_TRUE(scan->Reserve(17000).ok());
  EXPECT_NE(cache.Find("held"), nullptr) << "evicting what is held would free nothing";
  EXPECT_EQ(cache.stats().num_entries, 1);
  EXPECT_EQ(cache.stats().evictions.pressure, 7);
  EXPECT_FALSE(scan->Reserve(2000).ok());
  scan->Release(17000);
}

TEST(SharedCache, ReturnsUncachedWhatTheBudgetRefuses) {
  auto root = MakeCacheRoot(10000);
  ASSERT_TRUE(root->Reserve(9900).ok());
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 100000, .budget = root});
  OperationContext context;
  EXPECT_EQ(*cache.GetOrLoad(context, "k", LoadText("v", 500)).ValueOrDie(), "v");
  EXPECT_EQ(cache.Find("k"), nullptr);
  EXPECT_EQ(cache.stats().refusals.no_memory, 1);
  root->Release(9900);
}

TEST(SharedCache, BytesOfItsPoolAreNotChargedTwice) {
  auto root = MakeCacheRoot();
  SharedCache<arrow::Buffer> cache({.name = "test", .capacity_bytes = 100000, .budget = root});
  OperationContext context;
  ASSERT_TRUE(cache
                  .GetOrLoad(context, "k",
                             [&]() -> Result<CacheValue<arrow::Buffer>> {
                               ICEFRAME_ASSIGN_OR_RETURN(
                                   std::shared_ptr<arrow::Buffer> buffer,
                                   arrow::AllocateBuffer(6400, cache.budget()->pool()));
                               return CacheValue<arrow::Buffer>{buffer, 6400, 6400};
                             })
                  .ok());
  EXPECT_GE(root->used_bytes(), 6400);
  EXPECT_LT(root->used_bytes(), 7000);
  cache.Clear();
  EXPECT_EQ(root->used_bytes(), 0);
}

TEST(SharedCache, ManyCallersShareOneLoad) {
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 10000});
  std::atomic<int> loads{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 100; ++i) {
    threads.emplace_back([&] {
      OperationContext context;
      auto value = cache.GetOrLoad(context, "k", [&]() -> Result<CacheValue<std::string>> {
        ++loads;
        std::this_thread::sleep_for(milliseconds(50));
        return CacheValue<std::string>{std::make_shared<std::string>("v"), 1};
      });
      EXPECT_EQ(*value.ValueOrDie(), "v");
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(loads, 1);
  EXPECT_EQ(cache.stats().misses, 1);
  EXPECT_EQ(cache.stats().hits + cache.stats().coalesced, 99);
}

TEST(SharedCache, ErrorsAreHandedOutAndNotKept) {
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 10000});
  OperationContext context;
  auto fail = []() -> Result<CacheValue<std::string>> {
    return Error(ErrorKind::kInvalidMetadata, "broken");
  };
  EXPECT_EQ(KindOf(cache.GetOrLoad(context, "k", fail).status()), ErrorKind::kInvalidMetadata);
  auto raise = []() -> Result<CacheValue<std::string>> { throw std::runtime_error("raised"); };
  EXPECT_EQ(KindOf(cache.GetOrLoad(context, "k", raise).status()), ErrorKind::kIo);
  EXPECT_EQ(*cache.GetOrLoad(context, "k", LoadText("v", 1)).ValueOrDie(), "v");
}

TEST(SharedCache, ACancelledLeaderFailsAlone) {
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 10000});
  OperationContext leader;
  std::atomic<bool> loading{false};
  std::thread leads([&] {
    auto value = cache.GetOrLoad(leader, "k", [&]() -> Result<CacheValue<std::string>> {
      loading = true;
      leader.cancel.WaitFor(milliseconds(60000));
      return leader.cancel.Check();
    });
    EXPECT_EQ(KindOf(value.status()), ErrorKind::kCancelled);
  });
  while (!loading) std::this_thread::yield();
  std::thread canceller([&] {
    std::this_thread::sleep_for(milliseconds(20));
    leader.cancel.Cancel();
  });
  OperationContext waiter;
  EXPECT_EQ(*cache.GetOrLoad(waiter, "k", LoadText("v", 1)).ValueOrDie(), "v");
  leads.join();
  canceller.join();
}

/// Lets many callers ask at once, the first of whom loads until all others wait for it, and so on
/// for `num_waited_for` loads; returns how many got an error.
int NumErrors(const std::function<Result<CacheValue<std::string>>(int load)>& load,
              int num_waited_for = 1) {
  constexpr int kCallers = 8;
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 10000});
  std::atomic<int> num_loads{0};
  std::atomic<int> num_errors{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kCallers; ++i) {
    threads.emplace_back([&] {
      OperationContext context;
      auto value = cache.GetOrLoad(context, "k", [&]() -> Result<CacheValue<std::string>> {
        const int number = num_loads++;
        int num_waits = 0;
        for (int before = 0; before <= number; ++before) num_waits += kCallers - 1 - before;
        while (number < num_waited_for && cache.stats().coalesced < num_waits) {
          std::this_thread::yield();
        }
        return load(number);
      });
      num_errors += value.ok() ? 0 : 1;
    });
  }
  for (auto& thread : threads) thread.join();
  return num_errors;
}

TEST(SharedCache, ALeaderThatFailsFailsAlone) {
  const CacheValue<std::string> value{std::make_shared<std::string>("v"), 1};
  for (const ErrorKind kind : {ErrorKind::kIo, ErrorKind::kInvalidData, ErrorKind::kUnavailable}) {
    EXPECT_EQ(NumErrors([&](int load) -> Result<CacheValue<std::string>> {
                if (load == 0) return Error(kind, "this once");
                return value;
              }),
              1)
        << ToString(kind);
  }
  EXPECT_EQ(NumErrors([&](int load) -> Result<CacheValue<std::string>> {
              if (load < 3) return Error(ErrorKind::kIo, "these three times");
              return value;
            }),
            3);
}

TEST(SharedCache, WhatFailsForeverIsNotTriedByEverybody) {
  std::atomic<int> num_loads{0};
  EXPECT_EQ(NumErrors(
                [&](int) -> Result<CacheValue<std::string>> {
                  ++num_loads;
                  return Error(ErrorKind::kInvalidData, "damaged");
                },
                /*num_waited_for=*/2),
            8);
  EXPECT_EQ(num_loads, 2);
}

TEST(SharedCache, AWaiterCanBeCancelledWhileTheLoadGoesOn) {
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 10000});
  std::atomic<bool> loading{false};
  std::atomic<bool> release{false};
  std::thread leads([&] {
    OperationContext context;
    auto value = cache.GetOrLoad(context, "k", [&]() -> Result<CacheValue<std::string>> {
      loading = true;
      while (!release) std::this_thread::yield();
      return CacheValue<std::string>{std::make_shared<std::string>("v"), 1};
    });
    EXPECT_TRUE(value.ok());
  });
  while (!loading) std::this_thread::yield();
  OperationContext waiter;
  const auto begin = steady_clock::now();
  std::thread canceller([&] { waiter.cancel.Cancel(); });
  EXPECT_EQ(KindOf(cache.GetOrLoad(waiter, "k", LoadText("w", 1)).status()), ErrorKind::kCancelled);
  OperationContext timed;
  timed.deadline = steady_clock::now() + milliseconds(20);
  EXPECT_EQ(KindOf(cache.GetOrLoad(timed, "k", LoadText("w", 1)).status()), ErrorKind::kTimeout);
  EXPECT_LT(steady_clock::now() - begin, milliseconds(10000));
  release = true;
  leads.join();
  canceller.join();
  EXPECT_EQ(*cache.Find("k"), "v");
}

TEST(SharedCache, ALoaderThatComesBackToItsOwnKeyDoesNotHang) {
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 10000});
  OperationContext context;
  auto outer = [&]() -> Result<CacheValue<std::string>> {
    ICEFRAME_ASSIGN_OR_RETURN(auto inner, cache.GetOrLoad(context, "k", LoadText("inner", 1)));
    return CacheValue<std::string>{std::make_shared<std::string>("outer of " + *inner), 1};
  };
  EXPECT_EQ(*cache.GetOrLoad(context, "k", outer).ValueOrDie(), "outer of inner");
}

TEST(SharedCache, FillsItsBytesAndNeverMoreWithValuesOfAnySize) {
  constexpr int64_t kCapacity = 1 << 20;
  auto root = MakeCacheRoot();
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = kCapacity, .budget = root});
  std::mt19937_64 random(17);
  std::uniform_int_distribution<int64_t> weights(0, kCapacity / 128);
  for (int i = 0; i < 20000; ++i) {
    const std::string key = std::to_string(random() % 2000);
    if (cache.Get(key) == nullptr) {
      cache.Put(key, {std::make_shared<std::string>("v"), weights(random)});
    }
    const SharedCacheStats stats = cache.stats();
    ASSERT_LE(stats.num_bytes, kCapacity);
    ASSERT_EQ(root->used_bytes(), stats.num_bytes) << "all of it is charged, and nothing else";
    if (i > 5000) {
      ASSERT_GE(stats.num_bytes, kCapacity - kCapacity / 100);
    }
  }
  EXPECT_GT(cache.stats().evictions.size, 0);
}

TEST(SharedCache, WhatIsUsedOftenOutlastsAScan) {
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 1 << 24, .max_entries = 200});
  const auto use = [&](const std::string& key) {
    if (cache.Get(key) != nullptr) return true;
    cache.Put(key, {std::make_shared<std::string>("v"), 10});
    return false;
  };
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 100; ++i) use("hot " + std::to_string(i));
  }
  for (int i = 0; i < 1000; ++i) use("scanned " + std::to_string(i));
  int num_left = 0;
  for (int i = 0; i < 100; ++i) num_left += use("hot " + std::to_string(i)) ? 1 : 0;
  EXPECT_GE(num_left, 98);
}

TEST(SharedCache, StaysWithinBudgetAndCapacityUnderLoadFromManyThreads) {
  auto root = MakeCacheRoot(60000);
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 40000, .budget = root});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      OperationContext context;
      auto scan = root->MakeChild("scan");
      for (int i = 0; i < 3000; ++i) {
        const std::string key = std::to_string((i * 7 + t * 13) % 97);
        auto value = cache.GetOrLoad(context, key, LoadText(key, 100 + i % 3000));
        EXPECT_EQ(*value.ValueOrDie(), key);
        if (i % 5 == 0) {
          if (scan->Reserve(30000).ok()) scan->Release(30000);
        }
        if (i % 500 == 0) cache.Clear();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(root->peak_bytes(), 60000);
  EXPECT_LE(cache.stats().num_bytes, 40000);
  EXPECT_EQ(root->used_bytes(), cache.stats().num_bytes);
  cache.Clear();
  EXPECT_EQ(root->used_bytes(), 0);
}

}  // namespace
}  // namespace iceframe
