// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/cache_capacity.h"

#include <string>

#include <gtest/gtest.h>

#include "iceframe/runtime/shared_cache.h"

namespace iceframe {
namespace {

using Texts = SharedCache<std::string>;

Texts MakeTier(const std::string& name, const std::shared_ptr<CacheCapacity>& shared,
               int64_t own = SharedCacheOptions::kAllOfShared) {
  return Texts({.name = name, .capacity_bytes = own, .shared = shared});
}

void PutMany(Texts* cache, int num_values, int64_t weight = 700) {
  for (int i = 0; i < num_values; ++i) {
    cache->Put(std::to_string(i), {std::make_shared<std::string>("v"), weight});
  }
}

TEST(CacheCapacity, CachesNeverHoldMoreTogether) {
  auto shared = std::make_shared<CacheCapacity>(20000);
  Texts footers = MakeTier("footers", shared);
  Texts results = MakeTier("results", shared, 15000);
  for (int i = 0; i < 100; ++i) {
    footers.Put(std::to_string(i), {std::make_shared<std::string>("v"), 10 * i});
    results.Put(std::to_string(i), {std::make_shared<std::string>("v"), 1500 - 10 * i});
    ASSERT_LE(shared->used_bytes(), 20000);
    ASSERT_EQ(shared->used_bytes(), footers.stats().num_bytes + results.stats().num_bytes);
    ASSERT_LE(results.stats().num_bytes, 15000);
  }
  EXPECT_GE(shared->used_bytes(), 18000);
}

TEST(CacheCapacity, WhatWasUsedLongestAgoGivesWay) {
  auto shared = std::make_shared<CacheCapacity>(20000);
  Texts cold = MakeTier("cold", shared);
  Texts hot = MakeTier("hot", shared);
  PutMany(&cold, 10);
  PutMany(&hot, 10);
  const int64_t before = hot.stats().num_entries;
  for (int i = 0; i < 10; ++i) hot.Find(std::to_string(i));
  Texts fresh = MakeTier("new", shared);
  PutMany(&fresh, 8);
  EXPECT_EQ(hot.stats().num_entries, before);
  EXPECT_EQ(fresh.stats().num_entries, 8);
  EXPECT_LT(cold.stats().num_entries, 5);
  EXPECT_LE(shared->used_bytes(), 20000);
}

TEST(CacheCapacity, MayChangeAndCachesFollow) {
  auto shared = std::make_shared<CacheCapacity>(20000);
  Texts cache = MakeTier("test", shared);
  PutMany(&cache, 15);
  EXPECT_EQ(cache.stats().num_entries, 15);
  shared->set_max_bytes(8000);
  EXPECT_LE(cache.stats().num_bytes, 8000);
  EXPECT_GT(cache.stats().num_bytes, 6000);
  cache.Put("large", {std::make_shared<std::string>("v"), 1000});
  EXPECT_EQ(cache.Find("large"), nullptr) << "an eighth is less now";
  shared->set_max_bytes(80000);
  PutMany(&cache, 60);
  EXPECT_EQ(cache.stats().num_entries, 60);
}

TEST(CacheCapacity, IsNoLessThanWhatOneCacheMayHoldByItself) {
  auto shared = std::make_shared<CacheCapacity>(10000);
  {
    Texts large = MakeTier("large", shared, 50000);
    PutMany(&large, 40);
    EXPECT_EQ(large.stats().num_entries, 40);
    EXPECT_EQ(shared->max_bytes(), 50000);
  }
  EXPECT_EQ(shared->used_bytes(), 0) << "a cache that is gone holds nothing";
  Texts small = MakeTier("small", shared);
  EXPECT_EQ(shared->max_bytes(), 10000);
}

}  // namespace
}  // namespace iceframe
