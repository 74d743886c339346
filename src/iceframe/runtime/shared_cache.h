// SPDX-License-Identifier: Apache-2.0
// A cache of immutable things under the memory budget: footers, manifests, table metadata.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "iceframe/base/result.h"
#include "iceframe/runtime/memory_manager.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

struct SharedCacheOptions {
  /// Names the cache in the budget and, as label `tier`, in the metrics.
  std::string name;
  /// Never holds more, by the weights it is given.
  int64_t capacity_bytes = 0;
  /// The cache's node is made below this one; nullptr: below the process's.
  std::shared_ptr<MemoryBudget> budget = nullptr;
};

struct SharedCacheStats {
  int64_t hits = 0;
  /// Loads that were run.
  int64_t misses = 0;
  /// Callers that waited for another one's load instead of running their own.
  int64_t coalesced = 0;
  int64_t evictions = 0;
  /// Loads whose value was too large, or refused by the memory budget.
  int64_t not_cached = 0;
  int64_t num_entries = 0;
  int64_t num_bytes = 0;
};

/// What a loader gives to a SharedCache.
template <typename T>
struct CacheValue {
  std::shared_ptr<const T> value;
  /// All bytes that the value keeps alive.
  int64_t weight_bytes = 0;
  /// How many of them are charged to the cache's budget already, through its pool.
  int64_t charged_bytes = 0;
};

namespace internal {

/// SharedCache without its type.
class SharedCacheCore : public std::enable_shared_from_this<SharedCacheCore> {
 public:
  using Value = CacheValue<void>;
  using Loader = std::function<Result<Value>()>;

  static std::shared_ptr<SharedCacheCore> Make(SharedCacheOptions options);
  virtual ~SharedCacheCore() = default;
  virtual Result<std::shared_ptr<const void>> GetOrLoad(const OperationContext& context,
                                                        const std::string& key,
                                                        const Loader& loader, bool* was_cached) = 0;
  virtual std::shared_ptr<const void> Find(const std::string& key) = 0;
  virtual void Put(const std::string& key, Value value) = 0;
  virtual void Grow(const std::string& key, int64_t num_bytes) = 0;
  virtual void Erase(const std::string& key) = 0;
  virtual void Clear() = 0;
  virtual SharedCacheStats stats() const = 0;
  virtual const std::shared_ptr<MemoryBudget>& budget() const = 0;
};

}  // namespace internal

/// Keeps what was used last, up to a weight, and gives way when the budget is tight. What it
/// handed out stays valid, and charged, for as long as someone holds it. Thread-safe.
///
/// For immutable things only: a key's value never changes, so nothing is ever stale.
template <typename T>
class SharedCache {
 public:
  using Loader = std::function<Result<CacheValue<T>>()>;

  explicit SharedCache(SharedCacheOptions options)
      : core_(internal::SharedCacheCore::Make(std::move(options))) {}

  /// Returns the value of `key`, from `loader` if it is not here; of many callers at once one
  /// loads, on its own thread, and the others wait for it as long as their contexts let them.
  ///
  /// An error is handed to those who waited and not kept; a leader that was cancelled, timed out
  /// or ran out of memory fails alone. A value that the budget has no room for is returned
  /// without being kept. `was_cached` tells whether nothing had to be loaded for this call.
  ///
  /// A loader may wait for io threads and call ParallelFor, but not wait for cpu threads.
  Result<std::shared_ptr<const T>> GetOrLoad(const OperationContext& context,
                                             const std::string& key, const Loader& loader,
                                             bool* was_cached = nullptr) {
    auto load = [&loader]() -> Result<internal::SharedCacheCore::Value> {
      ICEFRAME_ASSIGN_OR_RETURN(CacheValue<T> loaded, loader());
      return internal::SharedCacheCore::Value{std::move(loaded.value), loaded.weight_bytes,
                                              loaded.charged_bytes};
    };
    ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<const void> value,
                              core_->GetOrLoad(context, key, load, was_cached));
    return std::static_pointer_cast<const T>(std::move(value));
  }

  /// Returns the value if it is here, or nullptr; counts as a use, but as no hit or miss.
  std::shared_ptr<const T> Find(const std::string& key) {
    return std::static_pointer_cast<const T>(core_->Find(key));
  }

  /// Keeps a value that was made some other way, e.g. just written.
  void Put(const std::string& key, CacheValue<T> value) {
    core_->Put(key, {std::move(value.value), value.weight_bytes, value.charged_bytes});
  }

  /// Adds to the weight of what `key` holds, if anything: a value that decodes more of itself when
  /// it is asked. Others, or itself, are evicted to stay within the capacity. The value charges
  /// what it grows by to the budget itself.
  void Grow(const std::string& key, int64_t num_bytes) { core_->Grow(key, num_bytes); }

  void Erase(const std::string& key) { core_->Erase(key); }
  void Clear() { core_->Clear(); }
  SharedCacheStats stats() const { return core_->stats(); }
  /// The cache's node: loaders allocate Arrow buffers from its pool and give their bytes as
  /// `charged_bytes`, so that they count here and not in the operation that loaded them.
  const std::shared_ptr<MemoryBudget>& budget() const { return core_->budget(); }

 private:
  std::shared_ptr<internal::SharedCacheCore> core_;
};

/// Empties every cache of the process. What was handed out stays valid.
void ClearSharedCaches();

}  // namespace iceframe
