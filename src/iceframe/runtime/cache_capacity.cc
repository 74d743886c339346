// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/cache_capacity.h"

#include <algorithm>
#include <mutex>

namespace iceframe {

const std::shared_ptr<CacheCapacity>& CacheCapacity::Process() {
  static const auto& process =
      *new std::shared_ptr<CacheCapacity>(std::make_shared<CacheCapacity>(kDefaultBytes));
  return process;
}

void CacheCapacity::set_max_bytes(int64_t max_bytes) {
  max_bytes_.store(max_bytes);
  Allow();
  Balance();
}

void CacheCapacity::Join(const std::shared_ptr<internal::CapacityMember>& member) {
  {
    std::lock_guard lock(mutex_);
    std::erase_if(members_, [](const auto& other) { return other.expired(); });
    members_.push_back(member);
  }
  Allow();
}

std::vector<std::shared_ptr<internal::CapacityMember>> CacheCapacity::Members() const {
  std::vector<std::shared_ptr<internal::CapacityMember>> members;
  std::lock_guard lock(mutex_);
  for (const auto& weak : members_) {
    if (auto member = weak.lock()) members.push_back(std::move(member));
  }
  return members;
}

/// A cache that was made for more than all together may hold was meant to hold it.
void CacheCapacity::Allow() {
  int64_t allowed = max_bytes_.load();
  for (const auto& member : Members()) allowed = std::max(allowed, member->own_capacity_bytes());
  allowed_bytes_.store(allowed);
}

void CacheCapacity::Balance() {
  while (used_bytes() > max_bytes()) {
    std::shared_ptr<internal::CapacityMember> coldest;
    Clock::SteadyTime oldest = Clock::SteadyTime::max();
    for (const auto& member : Members()) {
      const Clock::SteadyTime use = member->OldestUse();
      if (use >= oldest) continue;
      oldest = use;
      coldest = member;
    }
    if (coldest == nullptr) return;
    coldest->EvictOne();
  }
}

}  // namespace iceframe
