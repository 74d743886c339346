// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/shared_cache.h"

#include <atomic>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

namespace iceframe {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// A root of our own, to see the cache's bytes alone.
std::shared_ptr<MemoryBudget> MakeRoot(std::optional<int64_t> limit = {}) {
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

TEST(SharedCache, EvictsTheLeastRecentlyUsedAtItsCapacity) {
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 5000});
  for (const char* key : {"a", "b", "c"})
    cache.Put(key, {std::make_shared<std::string>(key), 1200});
  ASSERT_NE(cache.Find("a"), nullptr);
  cache.Put("d", {std::make_shared<std::string>("d"), 1200});
  EXPECT_EQ(cache.Find("b"), nullptr);
  EXPECT_NE(cache.Find("a"), nullptr);
  EXPECT_EQ(cache.stats().evictions, 1);
  EXPECT_LE(cache.stats().num_bytes, 5000);
  cache.Put("too large", {std::make_shared<std::string>("x"), 5000});
  EXPECT_EQ(cache.Find("too large"), nullptr);
  EXPECT_EQ(cache.stats().num_entries, 3) << "and nothing had to go for it";
}

TEST(SharedCache, AValueThatGrowsPushesOthersOut) {
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 5000});
  for (const char* key : {"a", "b", "c"})
    cache.Put(key, {std::make_shared<std::string>(key), 1200});
  const int64_t before = cache.stats().num_bytes;
  cache.Grow("a", 100);
  EXPECT_EQ(cache.stats().num_bytes, before + 100);
  EXPECT_EQ(cache.stats().evictions, 0);
  cache.Grow("a", 1200);
  EXPECT_EQ(cache.Find("b"), nullptr) << "the one that was used least recently";
  EXPECT_NE(cache.Find("a"), nullptr);
  EXPECT_LE(cache.stats().num_bytes, 5000);
  cache.Grow("a", 5000);
  EXPECT_EQ(cache.Find("a"), nullptr) << "too large by itself";
  cache.Grow("nobody", 5000);
  EXPECT_LE(cache.stats().num_bytes, 5000);
}

TEST(SharedCache, ValuesStayValidAndChargedWhileHeld) {
  auto root = MakeRoot();
  std::shared_ptr<const std::string> held;
  {
    SharedCache<std::string> cache({.name = "test", .capacity_bytes = 10000, .budget = root});
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
  auto root = MakeRoot(10000);
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 100000, .budget = root});
  OperationContext context;
  auto held = cache.GetOrLoad(context, "held", LoadText("v", 2000)).ValueOrDie();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(cache.GetOrLoad(context, std::to_string(i), LoadText("v", 2000)).ok());
  }
  auto scan = root->MakeChild("scan");
  ASSERT_TRUE(scan->Reserve(7000).ok());
  EXPECT_NE(cache.Find("held"), nullptr) << "evicting what is held would free nothing";
  EXPECT_EQ(cache.stats().num_entries, 1);
  EXPECT_FALSE(scan->Reserve(2000).ok());
  scan->Release(7000);
}

TEST(SharedCache, ReturnsUncachedWhatTheBudgetRefuses) {
  auto root = MakeRoot(1000);
  ASSERT_TRUE(root->Reserve(900).ok());
  SharedCache<std::string> cache({.name = "test", .capacity_bytes = 100000, .budget = root});
  OperationContext context;
  EXPECT_EQ(*cache.GetOrLoad(context, "k", LoadText("v", 500)).ValueOrDie(), "v");
  EXPECT_EQ(cache.Find("k"), nullptr);
  EXPECT_EQ(cache.stats().not_cached, 1);
  root->Release(900);
}

TEST(SharedCache, BytesOfItsPoolAreNotChargedTwice) {
  auto root = MakeRoot();
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
  for (int i = 0; i < 8; ++i) {
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
  EXPECT_EQ(cache.stats().hits + cache.stats().coalesced, 7);
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
      leader.cancel.WaitFor(milliseconds(10000));
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
  EXPECT_LT(steady_clock::now() - begin, milliseconds(500));
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

TEST(SharedCache, StaysWithinBudgetAndCapacityUnderLoadFromManyThreads) {
  auto root = MakeRoot(60000);
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
