// SPDX-License-Identifier: Apache-2.0
// Which entries a cache keeps: W-TinyLFU, weighted by bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>

#include "iceframe/runtime/frequency_sketch_internal.h"

namespace iceframe::internal {

/// How much of a cache: two measures, each with its own limit.
struct CacheAmount {
  static constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

  int64_t bytes = 0;
  int64_t entries = 0;

  bool Exceeds(const CacheAmount& most) const {
    return bytes > most.bytes || entries > most.entries;
  }
};

/// The part of an entry that the policy looks after: in one of its lists at a time.
struct CacheItem {
  enum class Region : uint8_t { kWindow, kProbation, kProtected };

  uint64_t hash = 0;
  int64_t weight = 0;
  Region region = Region::kWindow;
  CacheItem* previous = nullptr;
  CacheItem* next = nullptr;
};

/// Items by their use, the one to go first in front. Owns nothing.
class CacheItemList {
 public:
  CacheItem* front() const { return front_; }
  const CacheAmount& amount() const { return amount_; }
  void PushBack(CacheItem* item);
  void PushFront(CacheItem* item);
  void Remove(CacheItem* item);
  void MoveToBack(CacheItem* item);
  void AddWeight(int64_t by) { amount_.bytes += by; }

 private:
  CacheItem* front_ = nullptr;
  CacheItem* back_ = nullptr;
  CacheAmount amount_;
};

/// Keeps what is used often and lately. New items enter a small window, by recency; one that leaves
/// it has to have been used more often than the item it would push out of the main space, which is
/// a segmented LRU. How large the window is follows the rate of hits, by hill climbing.
///
///     new → [ window ] → [ probation ] ⇄ [ protected ]
///                           ↓ the less frequent of a candidate and a victim goes
///
/// After "TinyLFU: A Highly Efficient Cache Admission Policy" and "Adaptive Software Cache
/// Management" (Einziger, Friedman, Manes), as Caffeine does it. Not thread-safe.
class WindowTinyLfu {
 public:
  explicit WindowTinyLfu(CacheAmount maximum);

  /// Takes an item in, with its hash and weight; the amount may exceed the maximum until Evict.
  void Add(CacheItem* item);
  /// Counts a use of an item that is in.
  void Touch(CacheItem* item);
  void AddWeight(CacheItem* item, int64_t by);
  void Remove(CacheItem* item);
  /// Removes items until no more than `most` and the maximum are left, and hands each to `evicted`.
  void Evict(const CacheAmount& most, const std::function<void(CacheItem*)>& evicted);

  /// The item that would go next if nothing were to come in; nullptr: none is left.
  CacheItem* NextVictim() const;
  /// Calls `visit` for every item in the order in which they would go, until it says false. The
  /// item that it is called for may be removed meanwhile.
  void ForEach(const std::function<bool(CacheItem*)>& visit) const;

  CacheAmount amount() const;
  const CacheAmount& maximum() const { return maximum_; }
  void set_maximum(CacheAmount maximum);
  const CacheAmount& window_maximum() const { return window_maximum_; }

 private:
  CacheItemList& ListOf(CacheItem::Region region) { return lists_[static_cast<int>(region)]; }
  const CacheItemList& ListOf(CacheItem::Region region) const {
    return lists_[static_cast<int>(region)];
  }
  void Move(CacheItem* item, CacheItem::Region to);
  void EnsureSketch();
  CacheItem* EmptyWindow();
  void EvictMain(CacheItem* candidate, const CacheAmount& most,
                 const std::function<void(CacheItem*)>& evicted);
  bool Admits(const CacheItem& candidate, const CacheItem& victim);
  void Demote();
  void Climb();
  void Resize();

  CacheAmount maximum_;
  CacheAmount window_maximum_;
  CacheAmount protected_maximum_;
  CacheItemList lists_[3];
  FrequencySketch sketch_;

  // Of the hill climber: shares of the maximum.
  double window_share_;
  double step_;
  double last_hit_rate_ = 0;
  int64_t num_hits_ = 0;
  int64_t num_misses_ = 0;
  uint64_t random_ = 0x9e3779b97f4a7c15;
};

}  // namespace iceframe::internal
