// SPDX-License-Identifier: Apache-2.0
// What a shared cache holds: its entries, their charges and their figures.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "iceframe/runtime/cache_capacity.h"
#include "iceframe/runtime/metrics_registry.h"
#include "iceframe/runtime/shared_cache.h"
#include "iceframe/runtime/window_tiny_lfu_internal.h"

namespace iceframe::internal {

/// Keeps values by key under a capacity, a number of entries and a memory budget. Loads nothing.
/// Thread-safe.
class CacheStore final : public CapacityMember, public std::enable_shared_from_this<CacheStore> {
 public:
  using Value = CacheValue<void>;
  using Entry = CacheEntry<void>;
  using ValuePtr = std::shared_ptr<const void>;
  using MaxAge = std::optional<CacheAge>;

  static std::shared_ptr<CacheStore> Make(SharedCacheOptions options);
  explicit CacheStore(SharedCacheOptions options);
  ~CacheStore() override;

  /// How a call that finds something, or nothing, is counted.
  enum class Counted : uint8_t { kNot, kHitsAlone, kHitsAndMisses };
  ValuePtr Find(const std::string& key, MaxAge max_age, Counted counted);
  void CountMiss();
  void CountCoalesced();
  /// Returns the value, kept or not.
  ValuePtr Keep(const std::string& key, Value value);
  void Grow(const std::string& key, int64_t num_bytes);
  void Erase(const std::string& key);
  int64_t EraseIf(const std::function<bool(const Entry&)>& test);
  void Clear();
  void ShrinkTo(int64_t num_bytes);
  std::vector<Entry> Entries() const;
  SharedCacheStats stats() const;
  const std::shared_ptr<MemoryBudget>& budget() const { return budget_; }

  int64_t own_capacity_bytes() const override { return capacity_bytes_; }
  Clock::SteadyTime OldestUse() const override;
  void EvictOne() override;

 private:
  struct Slot;
  /// What went, to be destroyed after the lock: values may be large.
  using Removed = std::vector<std::unique_ptr<Slot>>;

  Slot* FindLocked(const std::string& key) const;
  int64_t LargestWeight() const;
  ValuePtr NotKept(Value value, int64_t* reason);
  void InsertLocked(std::unique_ptr<Slot> slot, Removed* removed);
  void EvictLocked(const CacheAmount& most, Removed* removed);
  /// Counts an item that the policy let go already.
  void DropLocked(CacheItem* item, int64_t* reason, Removed* removed);
  void RemoveLocked(Slot* slot, int64_t* reason, Removed* removed);
  int64_t GiveBack(int64_t num_bytes);
  void AddBytes(int64_t by);
  CacheAmount Maximum() const;

  const int64_t capacity_bytes_;
  const int64_t max_entries_;
  const Clock& clock_;
  const std::shared_ptr<MemoryBudget> budget_;
  const std::shared_ptr<CacheCapacity> shared_;
  Counter& hits_metric_;
  Counter& misses_metric_;
  Counter& coalesced_metric_;
  Counter& evictions_metric_;
  Gauge& bytes_metric_;

  // Nobody reserves memory while holding it: the reclaimer takes it too.
  mutable ForkSafeMutex mutex_;
  std::unordered_map<std::string_view, std::unique_ptr<Slot>> slots_;
  WindowTinyLfu policy_;
  SharedCacheStats stats_;

  std::shared_ptr<MemoryBudget::ReclaimerRegistration> reclaimer_;
};

}  // namespace iceframe::internal
