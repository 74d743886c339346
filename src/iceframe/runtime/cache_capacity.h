// SPDX-License-Identifier: Apache-2.0
// The bytes that all caches of the process may hold together.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "iceframe/runtime/clock.h"
#include "iceframe/runtime/fork.h"

namespace iceframe {

namespace internal {

/// What a cache is to those it shares a capacity with. Thread-safe.
class CapacityMember {
 public:
  virtual ~CapacityMember() = default;
  /// What it may hold by itself.
  virtual int64_t own_capacity_bytes() const = 0;
  /// When the entry that it would part with next was used last; SteadyTime::max(): it has none.
  virtual Clock::SteadyTime OldestUse() const = 0;
  /// Parts with at least one entry, if it has any.
  virtual void EvictOne() = 0;
};

}  // namespace internal

/// One budget for many caches: metadata, manifests, footers, results, answers of files. Each may
/// have a capacity of its own below it; where the sum comes to more, the cache whose next victim
/// was used longest ago gives way. Thread-safe.
class CacheCapacity {
 public:
  static constexpr int64_t kDefaultBytes = int64_t{1} << 30;

  /// The one of all caches that are not given another.
  static const std::shared_ptr<CacheCapacity>& Process();

  explicit CacheCapacity(int64_t max_bytes) : max_bytes_(max_bytes), allowed_bytes_(max_bytes) {}

  /// What the caches may hold; never less than the largest one may by itself.
  int64_t max_bytes() const { return allowed_bytes_.load(std::memory_order_relaxed); }
  void set_max_bytes(int64_t max_bytes);
  int64_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }

  /// Below: for caches alone. What a member adds it takes off again; it holds no lock meanwhile.
  void Join(const std::shared_ptr<internal::CapacityMember>& member);
  void AddUsed(int64_t num_bytes) { used_bytes_.fetch_add(num_bytes, std::memory_order_relaxed); }
  /// Evicts until the caches fit into the capacity.
  void Balance();

 private:
  std::vector<std::shared_ptr<internal::CapacityMember>> Members() const;
  void Allow();

  std::atomic<int64_t> max_bytes_;
  std::atomic<int64_t> allowed_bytes_;
  std::atomic<int64_t> used_bytes_{0};
  mutable internal::ForkSafeMutex mutex_;
  std::vector<std::weak_ptr<internal::CapacityMember>> members_;
};

}  // namespace iceframe
