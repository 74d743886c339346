// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/deferred_syncs.h"

#include <utility>

namespace iceframe {

Status DeferredSyncs::Add(const std::string& key, Sync sync) {
  {
    const std::lock_guard lock(mutex_);
    if (pending_.contains(key)) return Status::OK();
    if (pending_.size() < kMaxPending) {
      pending_.emplace(key, std::move(sync));
      return Status::OK();
    }
  }
  return sync();
}

Status DeferredSyncs::Run() {
  const std::lock_guard lock(mutex_);
  for (auto& [key, sync] : std::exchange(pending_, {})) {
    if (!failed_.ok()) break;
    failed_ = sync();
  }
  return failed_;
}

}  // namespace iceframe
