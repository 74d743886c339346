// SPDX-License-Identifier: Apache-2.0
#include <mutex>

#include "iceframe/table/contention_internal.h"

namespace iceframe::internal {

ContendedTables& ContendedTables::Process() {
  static auto& tables = *new ContendedTables;
  return tables;
}

void ContendedTables::Remember(const std::string& table, Clock::SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (until_.size() >= kMaxTables) {
    std::erase_if(until_, [&](const auto& entry) { return entry.second <= now; });
  }
  if (until_.size() >= kMaxTables) until_.erase(until_.begin());
  until_.insert_or_assign(table, now + kMemory);
}

void ContendedTables::Forget(const std::string& table) {
  const std::lock_guard lock(mutex_);
  until_.erase(table);
}

bool ContendedTables::Contains(const std::string& table, Clock::SteadyTime now) const {
  const std::lock_guard lock(mutex_);
  const auto found = until_.find(table);
  return found != until_.end() && now < found->second;
}

}  // namespace iceframe::internal
