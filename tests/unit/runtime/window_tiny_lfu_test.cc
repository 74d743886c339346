// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "iceframe/runtime/window_tiny_lfu_internal.h"

namespace iceframe::internal {
namespace {

/// A cache of numbers, all policy and no values.
class Numbers {
 public:
  explicit Numbers(CacheAmount maximum) : policy(maximum) {}

  /// Whether it was there; it is asked for afterwards.
  bool Use(int number, int64_t weight = 1) {
    auto& item = items_[number];
    if (item != nullptr) {
      policy.Touch(item.get());
      return true;
    }
    item = std::make_unique<CacheItem>();
    item->hash = static_cast<uint64_t>(number) + 1;
    item->weight = weight;
    policy.Add(item.get());
    policy.Evict(policy.maximum(),
                 [&](CacheItem* gone) { items_.erase(static_cast<int>(gone->hash) - 1); });
    return false;
  }
  bool Has(int number) const { return items_.contains(number); }
  size_t size() const { return items_.size(); }

  WindowTinyLfu policy;

 private:
  std::map<int, std::unique_ptr<CacheItem>> items_;
};

TEST(WindowTinyLfu, HoldsBothLimitsAtOnce) {
  Numbers numbers({.bytes = 1000, .entries = 50});
  std::mt19937 random(3);
  for (int i = 0; i < 5000; ++i) {
    numbers.Use(static_cast<int>(random() % 300), 1 + static_cast<int64_t>(random() % 60));
    ASSERT_FALSE(numbers.policy.amount().Exceeds({1000, 50}));
    ASSERT_EQ(numbers.policy.amount().entries, static_cast<int64_t>(numbers.size()));
  }
}

TEST(WindowTinyLfu, ANewcomerHasToBeWantedMoreThanWhatItPushesOut) {
  Numbers numbers({.bytes = CacheAmount::kNoLimit, .entries = 100});
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 100; ++i) numbers.Use(i);
  }
  for (int i = 1000; i < 1200; ++i) numbers.Use(i);
  int num_left = 0;
  for (int i = 0; i < 100; ++i) num_left += numbers.Has(i) ? 1 : 0;
  EXPECT_GE(num_left, 99) << "one place is the window's";
  // Asked for again and again, one comes in.
  for (int i = 0; i < 12; ++i) {
    numbers.Use(5000);
    numbers.Use(6000 + i);
  }
  EXPECT_TRUE(numbers.Has(5000));
}

TEST(WindowTinyLfu, TheWindowGrowsWhereRecencyDecides) {
  Numbers numbers({.bytes = CacheAmount::kNoLimit, .entries = 512});
  const int64_t before = numbers.policy.window_maximum().entries;
  // Each number is used thrice, soon after another, and never again.
  for (int i = 0; i < 200000; ++i) {
    numbers.Use(i);
    numbers.Use(i - 100);
    numbers.Use(i - 200);
  }
  EXPECT_GT(numbers.policy.window_maximum().entries, 10 * before);
}

TEST(WindowTinyLfu, ListsItsItemsInTheOrderInWhichTheyWouldGo) {
  Numbers numbers({.bytes = 100000, .entries = CacheAmount::kNoLimit});
  for (int i = 0; i < 4; ++i) numbers.Use(i, 600);
  numbers.Use(0);
  std::vector<int> order;
  numbers.policy.ForEach([&](CacheItem* item) {
    order.push_back(static_cast<int>(item->hash) - 1);
    return order.size() < 4;
  });
  EXPECT_EQ(order, (std::vector<int>{1, 2, 0, 3}));
  EXPECT_EQ(numbers.policy.NextVictim()->hash, 2U);
}

TEST(WindowTinyLfu, WorksWithRoomForOneOrNone) {
  Numbers one({.bytes = CacheAmount::kNoLimit, .entries = 1});
  for (int i = 0; i < 10; ++i) {
    one.Use(i);
    EXPECT_TRUE(one.Has(i)) << "the newest one";
    EXPECT_EQ(one.size(), 1U);
  }
  Numbers none({.bytes = 0, .entries = 10});
  none.Use(1);
  EXPECT_EQ(none.size(), 0U);
}

}  // namespace
}  // namespace iceframe::internal
