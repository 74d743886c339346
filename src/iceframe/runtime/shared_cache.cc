// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/shared_cache.h"

#include <algorithm>
#include <exception>
#include <list>
#include <mutex>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "iceframe/runtime/fork.h"
#include "iceframe/runtime/metrics_registry.h"
#include "iceframe/runtime/wait.h"

namespace iceframe::internal {

namespace {

/// What an entry costs beside its key and value: list and table nodes, the holder.
constexpr int64_t kEntryOverhead = 256;

/// A value with its charge: both end with the last user, not with the entry.
struct Holder {
  std::shared_ptr<const void> value;
  MemoryReservation reservation;
};
using HolderPtr = std::shared_ptr<const Holder>;

std::shared_ptr<const void> ValueOf(const HolderPtr& holder) {
  return {holder, holder->value.get()};
}

struct Entry {
  std::string key;
  HolderPtr holder;
  int64_t weight = 0;
};

/// A load that runs, and its outcome once `done` was signalled.
struct Load {
  std::thread::id leader = std::this_thread::get_id();
  uint64_t fork_generation = ForkGeneration();
  WaitPoint done;
  Result<std::shared_ptr<const void>> outcome{Status::UnknownError("not loaded")};
};

/// Whether an error is about the leader's own operation, not about what was to be loaded.
bool IsLeadersOwn(const Status& status) {
  switch (KindOf(status)) {
    case ErrorKind::kCancelled:
    case ErrorKind::kTimeout:
    case ErrorKind::kResourceExhausted:
      return true;
    default:
      return false;
  }
}

class LruCache final : public SharedCacheCore {
 public:
  explicit LruCache(SharedCacheOptions options)
      : capacity_(options.capacity_bytes),
        budget_(
            (options.budget ? options.budget : MemoryBudget::Process())->MakeChild(options.name)),
        hits_metric_(Metric("hits", options.name)),
        misses_metric_(Metric("misses", options.name)),
        coalesced_metric_(Metric("coalesced", options.name)),
        evictions_metric_(Metric("evictions", options.name)),
        bytes_metric_(
            MetricsRegistry::Process().gauge("iceframe_cache_bytes", {{"tier", options.name}})) {}

  ~LruCache() override { bytes_metric_.Add(-num_bytes_); }

  void RegisterReclaimer() {
    reclaimer_ = budget_->AddReclaimer(
        ReclaimOrder::kCache, [weak = weak_from_this()](int64_t num_bytes) -> int64_t {
          auto self = std::static_pointer_cast<LruCache>(weak.lock());
          return self != nullptr ? self->GiveBack(num_bytes) : 0;
        });
  }

  Result<std::shared_ptr<const void>> GetOrLoad(const OperationContext& context,
                                                const std::string& key, const Loader& loader,
                                                bool* was_cached) override {
    if (was_cached != nullptr) *was_cached = true;
    while (true) {
      ICEFRAME_RETURN_NOT_OK(context.Check());
      std::shared_ptr<Load> load;
      bool leads = false;
      {
        std::lock_guard lock(mutex_);
        if (auto found = TouchLocked(key)) {
          ++stats_.hits;
          hits_metric_.Increment();
          return found;
        }
        std::shared_ptr<Load>& running = loads_[key];
        // A forked child has no threads that could end its parent's loads.
        leads = running == nullptr || running->fork_generation != ForkGeneration();
        if (leads) running = std::make_shared<Load>();
        load = running;
        const bool waits = !leads && MayWait(context, *load);
        stats_.misses += waits ? 0 : 1;
        stats_.coalesced += waits ? 1 : 0;
        (waits ? coalesced_metric_ : misses_metric_).Increment();
      }
      if (leads) {
        if (was_cached != nullptr) *was_cached = false;
        return RunLoad(key, load, loader);
      }
      if (!MayWait(context, *load)) {
        if (was_cached != nullptr) *was_cached = false;
        return RunGuarded(key, loader);
      }
      ICEFRAME_RETURN_NOT_OK(load->done.Wait(context));
      if (load->outcome.ok() || !IsLeadersOwn(load->outcome.status())) return load->outcome;
    }
  }

  std::shared_ptr<const void> Find(const std::string& key) override {
    std::lock_guard lock(mutex_);
    return TouchLocked(key);
  }

  void Put(const std::string& key, Value value) override { (void)Keep(key, std::move(value)); }

  void Grow(const std::string& key, int64_t num_bytes) override {
    std::list<Entry> removed;
    std::lock_guard lock(mutex_);
    auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    entries_.splice(entries_.begin(), entries_, found->second);
    found->second->weight += num_bytes;
    AddBytesLocked(num_bytes);
    EvictLocked(capacity_, &removed);
  }

  void Erase(const std::string& key) override {
    std::list<Entry> removed;
    std::lock_guard lock(mutex_);
    auto found = by_key_.find(key);
    if (found != by_key_.end()) RemoveLocked(found->second, &removed);
  }

  void Clear() override {
    std::list<Entry> removed;
    std::lock_guard lock(mutex_);
    while (!entries_.empty()) RemoveLocked(entries_.begin(), &removed);
  }

  SharedCacheStats stats() const override {
    std::lock_guard lock(mutex_);
    SharedCacheStats stats = stats_;
    stats.num_entries = static_cast<int64_t>(entries_.size());
    stats.num_bytes = num_bytes_;
    return stats;
  }

  const std::shared_ptr<MemoryBudget>& budget() const override { return budget_; }

 private:
  static Counter& Metric(std::string_view what, const std::string& name) {
    return MetricsRegistry::Process().counter(Concatenate("iceframe_cache_", what, "_total"),
                                              {{"tier", name}});
  }

  /// Not for the leader itself, which came back through its own loader, nor for io threads, which
  /// the leader may need.
  static bool MayWait(const OperationContext& context, const Load& load) {
    return load.leader != std::this_thread::get_id() && !context.executor->io()->OwnsThisThread();
  }

  std::shared_ptr<const void> TouchLocked(const std::string& key) {
    auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return ValueOf(found->second->holder);
  }

  Result<std::shared_ptr<const void>> RunLoad(const std::string& key,
                                              const std::shared_ptr<Load>& load,
                                              const Loader& loader) {
    load->outcome = RunGuarded(key, loader);
    {
      std::lock_guard lock(mutex_);
      auto running = loads_.find(key);
      if (running != loads_.end() && running->second == load) loads_.erase(running);
    }
    load->done.Signal();
    return load->outcome;
  }

  /// Loads and keeps. Waiters depend on its return, so nothing is thrown through it.
  Result<std::shared_ptr<const void>> RunGuarded(const std::string& key, const Loader& loader) {
    try {
      ICEFRAME_ASSIGN_OR_RETURN(Value loaded, loader());
      return Keep(key, std::move(loaded));
    } catch (const std::bad_alloc&) {
      return Error(ErrorKind::kResourceExhausted, "out of memory");
    } catch (const std::exception& error) {
      return Error(ErrorKind::kIo, "a load failed unexpectedly: ", error.what());
    } catch (...) {
      return Error(ErrorKind::kIo, "a load failed unexpectedly");
    }
  }

  std::shared_ptr<const void> Keep(const std::string& key, Value value) {
    const int64_t own = kEntryOverhead + 2 * static_cast<int64_t>(key.size());
    const bool fits = value.weight_bytes >= 0 && value.weight_bytes <= capacity_ - own;
    if (!fits || value.value == nullptr) return NotKept(std::move(value));
    const int64_t weight = value.weight_bytes + own;
    MakeRoom(weight);
    Result<MemoryReservation> reservation = MemoryReservation::Make(
        budget_, weight - std::clamp<int64_t>(value.charged_bytes, 0, value.weight_bytes));
    if (!reservation.ok()) return NotKept(std::move(value));
    auto holder = std::make_shared<const Holder>(Holder{value.value, std::move(*reservation)});

    std::list<Entry> removed;
    std::lock_guard lock(mutex_);
    auto taken = by_key_.find(key);
    if (taken != by_key_.end()) RemoveLocked(taken->second, &removed);
    entries_.push_front({key, holder, weight});
    by_key_[entries_.front().key] = entries_.begin();
    AddBytesLocked(weight);
    EvictLocked(capacity_, &removed);
    return ValueOf(holder);
  }

  std::shared_ptr<const void> NotKept(Value value) {
    std::lock_guard lock(mutex_);
    ++stats_.not_cached;
    return std::move(value.value);
  }

  /// Evicts before a new entry is charged, so that old and new never count at once.
  void MakeRoom(int64_t weight) {
    std::list<Entry> removed;
    std::lock_guard lock(mutex_);
    EvictLocked(capacity_ - weight, &removed);
  }

  void EvictLocked(int64_t most_bytes, std::list<Entry>* removed) {
    while (num_bytes_ > most_bytes && !entries_.empty()) {
      CountEvictionLocked();
      RemoveLocked(std::prev(entries_.end()), removed);
    }
  }

  /// Evicts what nobody else holds, least recently used first: the rest would free nothing.
  int64_t GiveBack(int64_t num_bytes) {
    std::list<Entry> removed;
    int64_t given = 0;
    std::lock_guard lock(mutex_);
    auto at = entries_.end();
    while (given < num_bytes && at != entries_.begin()) {
      auto entry = std::prev(at);
      if (entry->holder.use_count() > 1) {
        at = entry;
        continue;
      }
      given += entry->weight;
      CountEvictionLocked();
      RemoveLocked(entry, &removed);
    }
    return given;
  }

  void CountEvictionLocked() {
    ++stats_.evictions;
    evictions_metric_.Increment();
  }

  /// Moves an entry to `removed`, to be destroyed after the lock: values may be large.
  void RemoveLocked(std::list<Entry>::iterator entry, std::list<Entry>* removed) {
    by_key_.erase(entry->key);
    AddBytesLocked(-entry->weight);
    removed->splice(removed->end(), entries_, entry);
  }

  void AddBytesLocked(int64_t by) {
    num_bytes_ += by;
    bytes_metric_.Add(by);
  }

  const int64_t capacity_;
  const std::shared_ptr<MemoryBudget> budget_;
  Counter& hits_metric_;
  Counter& misses_metric_;
  Counter& coalesced_metric_;
  Counter& evictions_metric_;
  Gauge& bytes_metric_;

  // Nobody reserves memory while holding it: the reclaimer takes it too.
  mutable ForkSafeMutex mutex_;
  /// Most recently used first.
  std::list<Entry> entries_;
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;
  std::unordered_map<std::string, std::shared_ptr<Load>> loads_;
  SharedCacheStats stats_;
  int64_t num_bytes_ = 0;

  std::shared_ptr<MemoryBudget::ReclaimerRegistration> reclaimer_;
};

// All caches that live. Never destroyed: caches of the process outlast static objects.
struct LiveCaches {
  static LiveCaches& Instance() {
    static auto* instance = new LiveCaches;
    return *instance;
  }
  std::mutex mutex;
  std::vector<std::weak_ptr<SharedCacheCore>> caches;
};

}  // namespace

std::shared_ptr<SharedCacheCore> SharedCacheCore::Make(SharedCacheOptions options) {
  auto cache = std::make_shared<LruCache>(std::move(options));
  cache->RegisterReclaimer();
  LiveCaches& live = LiveCaches::Instance();
  std::lock_guard lock(live.mutex);
  std::erase_if(live.caches, [](const auto& other) { return other.expired(); });
  live.caches.push_back(cache);
  return cache;
}

}  // namespace iceframe::internal

namespace iceframe {

void ClearSharedCaches() {
  internal::LiveCaches& live = internal::LiveCaches::Instance();
  std::vector<std::weak_ptr<internal::SharedCacheCore>> caches;
  {
    std::lock_guard lock(live.mutex);
    caches = live.caches;
  }
  for (const auto& weak : caches) {
    if (auto cache = weak.lock()) cache->Clear();
  }
}

}  // namespace iceframe
