// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/memory_manager.h"

#include <atomic>
#include <thread>

#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/runtime/memory_budgets.h"
#include "iceframe/runtime/shared_cache.h"

namespace iceframe {
namespace {

using testing::HasSubstr;

/// A root of our own, so that tests don't see each other's bytes.
std::shared_ptr<MemoryBudget> MakeRoot(std::optional<int64_t> limit = {}) {
  return MemoryBudget::Process()->MakeChild("root", limit);
}

TEST(MemoryBudget, CountsInEveryNodeAbove) {
  auto session = MakeRoot();
  auto operation = session->MakeChild("operation");
  auto sibling = session->MakeChild("sibling");
  ASSERT_TRUE(operation->Reserve(100).ok());
  ASSERT_TRUE(sibling->Reserve(11).ok());
  EXPECT_EQ(operation->used_bytes(), 100);
  EXPECT_EQ(session->used_bytes(), 111);
  operation->Release(100);
  sibling->Release(11);
  EXPECT_EQ(session->used_bytes(), 0);
  EXPECT_EQ(session->peak_bytes(), 111);
}

TEST(MemoryBudget, RefusesAtTheLimitOfAnyNodeAndTakesNothingThen) {
  auto session = MakeRoot(100);
  auto operation = session->MakeChild("scan", 1000);
  ASSERT_TRUE(operation->Reserve(100).ok());
  const Status status = operation->Reserve(1);
  EXPECT_EQ(KindOf(status), ErrorKind::kResourceExhausted);
  EXPECT_TRUE(status.IsOutOfMemory());
  EXPECT_THAT(status.message(), HasSubstr("memory limit reached: root, asked by scan for 1 bytes, "
                                          "used 100, limit 100, peak 100"));
  EXPECT_EQ(operation->used_bytes(), 100);
  EXPECT_EQ(operation->peak_bytes(), 100) << "what was refused must not show in the peak";
  operation->Release(100);
}

TEST(MemoryBudget, TheLimitIsTheLeastHereAndAbove) {
  auto root = MakeRoot();
  auto session = root->MakeChild("session", 100);
  auto operation = session->MakeChild("scan");
  EXPECT_EQ(root->limit_bytes(), std::nullopt);
  EXPECT_EQ(operation->limit_bytes(), 100);
  EXPECT_EQ(session->MakeChild("wide", 1000)->limit_bytes(), 100);
  EXPECT_EQ(session->MakeChild("narrow", 10)->limit_bytes(), 10);
  root->set_limit_bytes(50);
  EXPECT_EQ(operation->limit_bytes(), 50);
}

TEST(MemoryBudget, TheRoomIsTheLeastHereAndAbove) {
  auto session = MakeRoot(100);
  auto operation = session->MakeChild("scan", 80);
  EXPECT_EQ(RoomBytes(*MakeRoot()), std::nullopt);
  EXPECT_EQ(RoomBytes(*operation), 80);
  ASSERT_TRUE(session->Reserve(50).ok());
  EXPECT_EQ(RoomBytes(*operation), 50);
  session->set_limit_bytes(10);
  EXPECT_EQ(RoomBytes(*operation), 0);
  session->Release(50);
}

TEST(MemoryBudget, AChildOfBothCountsInBothAndOnceAboveThem) {
  auto root = MakeRoot();
  auto session = root->MakeChild("session", 100);
  auto manager = root->MakeChild("manager", 60);
  auto operation = MakeChildOfBoth("operation", session, manager);
  EXPECT_EQ(operation->limit_bytes(), 60);
  auto scan = operation->MakeChild("scan");
  ASSERT_TRUE(scan->Reserve(50).ok());
  EXPECT_EQ(session->used_bytes(), 50);
  EXPECT_EQ(manager->used_bytes(), 50);
  EXPECT_EQ(root->used_bytes(), 50);
  EXPECT_THAT(scan->Reserve(11).message(), HasSubstr("memory limit reached: manager"));
  ASSERT_TRUE(session->Reserve(45).ok());
  EXPECT_THAT(scan->Reserve(6).message(), HasSubstr("memory limit reached: session"));
  EXPECT_EQ(root->used_bytes(), 95) << "what was refused was taken nowhere";
  // Never released, and the handles above are gone: given back in all with the last node.
  operation.reset();
  scan.reset();
  EXPECT_EQ(manager->used_bytes(), 0);
  EXPECT_EQ(session->used_bytes(), 45);
  auto of_one = MakeChildOfBoth("operation", session, session);
  ASSERT_TRUE(of_one->Reserve(5).ok());
  EXPECT_EQ(root->used_bytes(), 50);
}

TEST(MemoryBudget, AReclaimerOfAChildOfBothIsAskedByEither) {
  auto root = MakeRoot();
  auto session = root->MakeChild("session");
  auto manager = root->MakeChild("manager", 100);
  auto operation = MakeChildOfBoth("operation", session, manager);
  ASSERT_TRUE(operation->Reserve(100).ok());
  auto registration = operation->AddReclaimer(ReclaimOrder::kPrefetch, [&](int64_t num_bytes) {
    operation->Release(num_bytes);
    return num_bytes;
  });
  ASSERT_TRUE(manager->Reserve(30).ok());
  EXPECT_EQ(operation->used_bytes(), 70);
  manager->Release(30);
  operation->Release(70);
}

TEST(MemoryBudget, RefusesHugeAndNegativeSizes) {
  auto root = MakeRoot(10);
  EXPECT_EQ(KindOf(root->Reserve(std::numeric_limits<int64_t>::max())),
            ErrorKind::kResourceExhausted);
  EXPECT_EQ(KindOf(root->Reserve(-1)), ErrorKind::kInvalidArgument);
  auto unlimited = MakeRoot();
  ASSERT_TRUE(unlimited->Reserve(1).ok());
  EXPECT_FALSE(unlimited->Reserve(std::numeric_limits<int64_t>::max()).ok());
  unlimited->Release(1);
}

TEST(MemoryBudget, LimitCanBeLoweredBelowWhatIsUsed) {
  auto root = MakeRoot();
  ASSERT_TRUE(root->Reserve(50).ok());
  root->set_limit_bytes(10);
  EXPECT_FALSE(root->Reserve(1).ok());
  root->Release(45);
  EXPECT_TRUE(root->Reserve(5).ok());
  root->Release(10);
}

TEST(MemoryBudget, PoolChargesExactly) {
  auto root = MakeRoot(1000);
  arrow::MemoryPool* pool = root->pool();
  uint8_t* memory = nullptr;
  ASSERT_TRUE(pool->Allocate(300, &memory).ok());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % 64, 0U);
  EXPECT_EQ(root->used_bytes(), 300);
  ASSERT_TRUE(pool->Reallocate(300, 700, &memory).ok());
  EXPECT_EQ(root->used_bytes(), 700);
  EXPECT_TRUE(pool->Reallocate(700, 1001, &memory).IsOutOfMemory());
  EXPECT_EQ(root->used_bytes(), 700);
  ASSERT_TRUE(pool->Reallocate(700, 20, &memory).ok());
  EXPECT_EQ(root->used_bytes(), 20);
  EXPECT_EQ(pool->bytes_allocated(), 20);
  pool->Free(memory, 20);
  EXPECT_EQ(root->used_bytes(), 0);
  EXPECT_EQ(pool->max_memory(), 700);
  EXPECT_EQ(root->peak_bytes(), 700);
}

TEST(MemoryBudget, BothBlocksOfALargeReallocationAreCharged) {
  constexpr int64_t kMiB = 1 << 20;
  auto root = MakeRoot(5 * kMiB);
  arrow::MemoryPool* pool = root->pool();
  uint8_t* memory = nullptr;
  ASSERT_TRUE(pool->Allocate(2 * kMiB, &memory).ok());
  EXPECT_TRUE(pool->Reallocate(2 * kMiB, 4 * kMiB, &memory).IsOutOfMemory());
  EXPECT_TRUE(pool->Reallocate(2 * kMiB, 3 * kMiB, &memory).ok());
  EXPECT_EQ(root->used_bytes(), 3 * kMiB);
  pool->Free(memory, 3 * kMiB);
}

TEST(MemoryBudget, BuffersOutliveEveryHandle) {
  auto session = MakeRoot();
  auto operation = session->MakeChild("operation")->MakeChild("operator");
  auto buffer = arrow::AllocateResizableBuffer(64, operation->pool()).ValueOrDie();
  auto empty = arrow::AllocateResizableBuffer(0, operation->pool()).ValueOrDie();
  operation.reset();
  EXPECT_EQ(session->used_bytes(), 64);
  ASSERT_TRUE(buffer->Resize(6400).ok());
  buffer->mutable_data()[6399] = 1;
  EXPECT_EQ(session->used_bytes(), 6400);
  buffer.reset();
  empty.reset();
  EXPECT_EQ(session->used_bytes(), 0);
}

TEST(MemoryBudget, WhatWasNeverReleasedIsGivenBackWithItsNode) {
  auto session = MakeRoot();
  auto operation = session->MakeChild("operation");
  ASSERT_TRUE(operation->Reserve(7).ok());
  operation.reset();
  EXPECT_EQ(session->used_bytes(), 0);
}

TEST(MemoryBudget, BuildersFailCleanlyAtTheLimit) {
  auto root = MakeRoot(10000);
  {
    arrow::Int64Builder builder(root->pool());
    Status status;
    for (int i = 0; i < 100000 && status.ok(); ++i) status = builder.Append(i);
    EXPECT_TRUE(status.IsOutOfMemory()) << status;
  }
  EXPECT_EQ(root->used_bytes(), 0);
  EXPECT_LE(root->peak_bytes(), 10000);
}

TEST(MemoryBudget, NeverGoesOverTheLimitFromManyThreads) {
  constexpr int64_t kLimit = 1000;
  auto root = MakeRoot(kLimit);
  std::atomic<bool> stop{false};
  std::atomic<int64_t> most_seen{0};
  std::thread watcher([&] {
    while (!stop) most_seen = std::max(most_seen.load(), root->used_bytes());
  });
  std::atomic<int64_t> held{0};
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      auto operation = root->MakeChild("thread");
      for (int i = 0; i < 20000; ++i) {
        const int64_t size = 1 + (i * 7 + t) % 400;
        uint8_t* memory = nullptr;
        if (!operation->pool()->Allocate(size, &memory).ok()) continue;
        if (held.fetch_add(size) + size > kLimit) over = true;
        memory[size - 1] = 1;
        held.fetch_sub(size);
        operation->pool()->Free(memory, size);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  stop = true;
  watcher.join();
  EXPECT_FALSE(over);
  EXPECT_LE(most_seen, kLimit);
  EXPECT_EQ(root->used_bytes(), 0);
  EXPECT_LE(root->peak_bytes(), kLimit);
}

TEST(MemoryBudget, ArrowsDefaultPoolStaysIdle) {
  const int64_t before = arrow::default_memory_pool()->total_bytes_allocated();
  auto buffer = arrow::AllocateBuffer(1 << 20, MakeRoot()->pool()).ValueOrDie();
  EXPECT_EQ(arrow::default_memory_pool()->total_bytes_allocated(), before);
}

TEST(Reclaimer, IsAskedForWhatIsMissingBeforeAReservationIsRefused) {
  auto root = MakeRoot(100);
  auto cache = root->MakeChild("cache");
  auto scan = root->MakeChild("scan");
  ASSERT_TRUE(cache->Reserve(80).ok());
  int64_t asked = 0;
  auto registration = cache->AddReclaimer(ReclaimOrder::kCache, [&](int64_t num_bytes) {
    asked = num_bytes;
    cache->Release(num_bytes);
    return num_bytes;
  });
  EXPECT_TRUE(scan->Reserve(50).ok());
  EXPECT_EQ(asked, 30);
  EXPECT_EQ(cache->used_bytes(), 50);
  registration.reset();
  EXPECT_FALSE(scan->Reserve(1).ok());
  scan->Release(50);
  cache->Release(50);
}

TEST(Reclaimer, OnesBelowTheRefusingNodeGiveWayInOrder) {
  auto root = MakeRoot(100);
  auto session = root->MakeChild("session", 50);
  auto cache = root->MakeChild("cache");
  std::vector<std::string> asked;
  auto spill = session->AddReclaimer(ReclaimOrder::kSpill, [&](int64_t) {
    asked.push_back("spill");
    return int64_t{0};
  });
  auto prefetch = session->AddReclaimer(ReclaimOrder::kPrefetch, [&](int64_t) {
    asked.push_back("prefetch");
    return int64_t{0};
  });
  auto evict = cache->AddReclaimer(ReclaimOrder::kCache, [&](int64_t) {
    asked.push_back("cache");
    return int64_t{0};
  });
  ASSERT_TRUE(session->Reserve(50).ok());
  EXPECT_FALSE(session->Reserve(1).ok());
  EXPECT_THAT(asked, testing::ElementsAre("prefetch", "spill"))
      << "the cache is not under the node that refused";
  asked.clear();
  EXPECT_FALSE(cache->Reserve(60).ok());
  EXPECT_THAT(asked, testing::ElementsAre("prefetch", "cache", "spill"));
  asked.clear();
  EXPECT_FALSE(cache->Reserve(101).ok());
  EXPECT_TRUE(asked.empty()) << "more than the limit can't be made room for";
  session->Release(50);
}

TEST(LeaveRoomForCaches, CachesAreEmptiedBeforeALimitedNodeIsRefused) {
  constexpr int64_t kLimit = int64_t{1} << 20;
  const auto session = MemoryBudget::Process()->MakeChild("session", kLimit);
  LeaveRoomForCaches(session.get());
  SharedCache<std::string> cache({.name = "beside", .capacity_bytes = kLimit});
  const std::string text(100'000, 'x');
  for (int i = 0; i < 8; ++i) {
    cache.Put(std::to_string(i), {std::make_shared<std::string>(text), 100'000});
  }
  ASSERT_GE(CachesBudget()->used_bytes(), 800'000);
  EXPECT_LT(RoomBytes(*session).value(), kLimit - 800'000);

  EXPECT_TRUE(session->Reserve(500'000).ok());
  EXPECT_LE(session->used_bytes() + CachesBudget()->used_bytes(), kLimit);
  EXPECT_EQ(session->used_bytes(), 500'000) << "what caches hold is not said to be its own";
  EXPECT_GT(cache.stats().evictions.pressure, 0);
  session->Release(500'000);

  // What somebody holds can't be given back.
  const auto held = cache.Get(cache.Entries().front().key);
  cache.Clear();
  const Status refused = session->Reserve(kLimit - 50'000);
  EXPECT_EQ(KindOf(refused), ErrorKind::kResourceExhausted);
  EXPECT_THAT(refused.message(), HasSubstr("of caches"));
}

TEST(MemoryReservation, GivesBackAtTheEndOfItsScope) {
  auto root = MakeRoot(100);
  {
    auto reservation = MemoryReservation::Make(root, 40).ValueOrDie();
    ASSERT_TRUE(reservation.Resize(90).ok());
    EXPECT_FALSE(reservation.Resize(101).ok());
    EXPECT_EQ(reservation.num_bytes(), 90);
    ASSERT_TRUE(reservation.Resize(10).ok());
    MemoryReservation moved = std::move(reservation);
    EXPECT_EQ(root->used_bytes(), 10);
    moved = MemoryReservation::Make(root, 60).ValueOrDie();
    EXPECT_EQ(root->used_bytes(), 60);
  }
  EXPECT_EQ(root->used_bytes(), 0);
  EXPECT_EQ(KindOf(MemoryReservation::Make(root, 101).status()), ErrorKind::kResourceExhausted);
}

}  // namespace
}  // namespace iceframe
