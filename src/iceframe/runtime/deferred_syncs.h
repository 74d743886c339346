// SPDX-License-Identifier: Apache-2.0
// Syncs that an operation may put off and do together, as long as they are done before it relies
// on them.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "iceframe/base/result.h"

namespace iceframe {

/// Files written under a context that carries one of these are synced themselves, but the folder
/// that holds their names only in Run: once for many files. Whoever puts it into a context sees to
/// it that Run succeeds before anything durable names those files. Thread-safe.
class DeferredSyncs {
 public:
  using Sync = std::function<Status()>;

  /// Keeps `sync` for Run; one of a key that is kept already is dropped, as the kept one does for
  /// both. Beyond kMaxPending (each holds an open folder) it runs at once.
  Status Add(const std::string& key, Sync sync);
  /// Runs what is kept. After a failure every later Run fails too: the system tells of lost writes
  /// only once.
  Status Run();

  static constexpr size_t kMaxPending = 64;

 private:
  std::mutex mutex_;
  std::map<std::string, Sync> pending_;
  Status failed_;
};

}  // namespace iceframe
