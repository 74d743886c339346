// SPDX-License-Identifier: Apache-2.0
// A cache of immutable things under the memory budget: footers, manifests, metadata, results.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/runtime/cache_capacity.h"
#include "iceframe/runtime/clock.h"
#include "iceframe/runtime/memory_manager.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

struct SharedCacheOptions {
  /// Names the cache in the budget and, as label `tier`, in the metrics.
  std::string name;
  /// As capacity: whatever the other caches leave of `shared`.
  static constexpr int64_t kAllOfShared = -1;

  /// Never holds more, by the weights it is given; nothing over an eighth of it is kept.
  int64_t capacity_bytes = 0;
  /// Never holds more entries; nullopt: bytes alone decide.
  std::optional<int64_t> max_entries = std::nullopt;
  /// The cache's node is made below this one; nullptr: below CachesBudget.
  std::shared_ptr<MemoryBudget> budget = nullptr;
  /// Tells the age of entries. Not owned.
  const Clock* clock = &Clock::System();
  /// What it and others may hold together; nullptr: that of the process.
  std::shared_ptr<CacheCapacity> shared = nullptr;
};

/// Entries that went, by what made them go.
struct CacheEvictions {
  int64_t size = 0;         ///< The bytes were needed for others.
  int64_t entries = 0;      ///< There were more than max_entries.
  int64_t expired = 0;      ///< Older than their max_age.
  int64_t pressure = 0;     ///< The memory budget asked for the bytes.
  int64_t invalidated = 0;  ///< Erase, EraseIf, Clear.
  int64_t replaced = 0;     ///< Another value was put under the key.

  int64_t total() const { return size + entries + expired + pressure + invalidated + replaced; }
};

/// Values that were not kept, by why.
struct CacheRefusals {
  int64_t too_large = 0;  ///< Over an eighth of the cache.
  int64_t no_memory = 0;  ///< The memory budget had no room for them.

  int64_t total() const { return too_large + no_memory; }
};

struct SharedCacheStats {
  int64_t hits = 0;
  /// Loads that were run, and calls of Get that found nothing.
  int64_t misses = 0;
  /// Callers that waited for another one's load instead of running their own.
  int64_t coalesced = 0;
  CacheEvictions evictions;
  CacheRefusals refusals;
  int64_t num_entries = 0;
  int64_t num_bytes = 0;
};

using CacheAge = std::chrono::nanoseconds;

/// What a loader gives to a SharedCache.
template <typename T>
struct CacheValue {
  std::shared_ptr<const T> value;
  /// All bytes that the value keeps alive.
  int64_t weight_bytes = 0;
  /// How many of them are charged to the cache's budget already, through its pool.
  int64_t charged_bytes = 0;
  /// Found no more once it is this old; nullopt: at any age.
  std::optional<CacheAge> max_age = std::nullopt;
};

/// One thing that a cache holds.
template <typename T>
struct CacheEntry {
  std::string key;
  std::shared_ptr<const T> value;
  int64_t weight_bytes = 0;
  /// Milliseconds since 1970 in UTC.
  int64_t created_at_ms = 0;
  std::optional<int64_t> expires_at_ms;
};

namespace internal {

/// SharedCache without its type.
class SharedCacheCore : public std::enable_shared_from_this<SharedCacheCore> {
 public:
  using Value = CacheValue<void>;
  using Entry = CacheEntry<void>;
  using Loader = std::function<Result<Value>()>;
  using MaxAge = std::optional<CacheAge>;

  static std::shared_ptr<SharedCacheCore> Make(SharedCacheOptions options);
  virtual ~SharedCacheCore() = default;
  virtual Result<std::shared_ptr<const void>> GetOrLoad(const OperationContext& context,
                                                        const std::string& key,
                                                        const Loader& loader, bool* was_cached,
                                                        MaxAge max_age) = 0;
  virtual std::shared_ptr<const void> Get(const std::string& key, MaxAge max_age) = 0;
  virtual std::shared_ptr<const void> Find(const std::string& key) = 0;
  virtual void Put(const std::string& key, Value value) = 0;
  virtual void Grow(const std::string& key, int64_t num_bytes) = 0;
  virtual void Erase(const std::string& key) = 0;
  virtual int64_t EraseIf(const std::function<bool(const Entry&)>& test) = 0;
  virtual void Clear() = 0;
  virtual void ShrinkTo(int64_t num_bytes) = 0;
  virtual std::vector<Entry> Entries() const = 0;
  virtual SharedCacheStats stats() const = 0;
  virtual const std::shared_ptr<MemoryBudget>& budget() const = 0;
};

}  // namespace internal

/// Keeps what is used most, up to a weight, and gives way when the budget is tight. What it
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
  /// An error is not kept. A leader that fails, or is cancelled, fails alone: one of those who
  /// waited leads then; what is wrong with the data itself, twice, is handed to all of them. A
  /// value that the budget has no room for is returned without being kept. `was_cached` tells
  /// whether nothing had to be loaded for this call. What is older than `max_age` is loaded anew
  /// and replaced.
  ///
  /// A loader may wait for io threads and call ParallelFor, but not wait for cpu threads.
  Result<std::shared_ptr<const T>> GetOrLoad(const OperationContext& context,
                                             const std::string& key, const Loader& loader,
                                             bool* was_cached = nullptr,
                                             std::optional<CacheAge> max_age = std::nullopt) {
    auto load = [&loader]() -> Result<internal::SharedCacheCore::Value> {
      ICEFRAME_ASSIGN_OR_RETURN(CacheValue<T> loaded, loader());
      return Untyped(std::move(loaded));
    };
    ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<const void> value,
                              core_->GetOrLoad(context, key, load, was_cached, max_age));
    return std::static_pointer_cast<const T>(std::move(value));
  }

  /// Returns the value if it is here and not older than `max_age`, or nullptr: a hit or a miss.
  std::shared_ptr<const T> Get(const std::string& key,
                               std::optional<CacheAge> max_age = std::nullopt) {
    return std::static_pointer_cast<const T>(core_->Get(key, max_age));
  }

  /// Returns the value if it is here, or nullptr; counts as a use, but as no hit or miss.
  std::shared_ptr<const T> Find(const std::string& key) {
    return std::static_pointer_cast<const T>(core_->Find(key));
  }

  /// Keeps a value that was made some other way, e.g. just written.
  void Put(const std::string& key, CacheValue<T> value) {
    core_->Put(key, Untyped(std::move(value)));
  }

  /// Adds to the weight of what `key` holds, if anything: a value that decodes more of itself when
  /// it is asked. Others, or itself, are evicted to stay within the capacity. The value charges
  /// what it grows by to the budget itself.
  void Grow(const std::string& key, int64_t num_bytes) { core_->Grow(key, num_bytes); }

  void Erase(const std::string& key) { core_->Erase(key); }
  /// Erases what `test` says, and returns how many that were. `test` is called without a lock,
  /// once for each entry that is here at the begin.
  int64_t EraseIf(const std::function<bool(const CacheEntry<T>&)>& test) {
    return core_->EraseIf(
        [&test](const internal::SharedCacheCore::Entry& entry) { return test(Typed(entry)); });
  }
  void Clear() { core_->Clear(); }
  /// Evicts for their size until no more than so many bytes are here.
  void ShrinkTo(int64_t num_bytes) { core_->ShrinkTo(num_bytes); }
  /// What is here and has not expired, most recently used first.
  std::vector<CacheEntry<T>> Entries() const {
    std::vector<CacheEntry<T>> entries;
    for (const auto& entry : core_->Entries()) entries.push_back(Typed(entry));
    return entries;
  }
  SharedCacheStats stats() const { return core_->stats(); }
  /// The cache's node: loaders allocate Arrow buffers from its pool and give their bytes as
  /// `charged_bytes`, so that they count here and not in the operation that loaded them.
  const std::shared_ptr<MemoryBudget>& budget() const { return core_->budget(); }

 private:
  static internal::SharedCacheCore::Value Untyped(CacheValue<T> value) {
    return {std::move(value.value), value.weight_bytes, value.charged_bytes, value.max_age};
  }
  static CacheEntry<T> Typed(const internal::SharedCacheCore::Entry& entry) {
    return {entry.key, std::static_pointer_cast<const T>(entry.value), entry.weight_bytes,
            entry.created_at_ms, entry.expires_at_ms};
  }

  std::shared_ptr<internal::SharedCacheCore> core_;
};

/// A cache that lives, and what it came to.
struct NamedCacheStats {
  std::string name;
  SharedCacheStats stats;
};

/// Returns the figures of every cache of the process, in the order they were made.
std::vector<NamedCacheStats> AllSharedCacheStats();

/// Empties every cache of the process. What was handed out stays valid.
void ClearSharedCaches();

}  // namespace iceframe
