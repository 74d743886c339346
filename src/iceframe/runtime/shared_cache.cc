// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/shared_cache.h"

#include <algorithm>
#include <exception>
#include <limits>
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
/// Nothing that weighs more than one part in so many of the cache is kept.
constexpr int64_t kLargestShare = 8;

/// A value with its charge: both end with the last user, not with the entry.
struct Holder {
  std::shared_ptr<const void> value;
  MemoryReservation reservation;
};
using HolderPtr = std::shared_ptr<const Holder>;

std::shared_ptr<const void> ValueOf(const HolderPtr& holder) {
  return {holder, holder->value.get()};
}

struct Slot {
  std::string key;
  HolderPtr holder;
  int64_t weight = 0;
  std::optional<CacheAge> max_age;
  Clock::SteadyTime created;
  int64_t created_at_ms = 0;
};

bool IsOlderThan(std::optional<CacheAge> max_age, CacheAge age) {
  return max_age.has_value() && age >= *max_age;
}

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
        max_entries_(options.max_entries),
        clock_(*options.clock),
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
                                                bool* was_cached, MaxAge max_age) override {
    if (was_cached != nullptr) *was_cached = true;
    while (true) {
      ICEFRAME_RETURN_NOT_OK(context.Check());
      std::shared_ptr<Load> load;
      bool leads = false;
      {
        std::list<Slot> removed;
        std::lock_guard lock(mutex_);
        if (auto found = TouchLocked(key, max_age, &removed)) {
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

  std::shared_ptr<const void> Get(const std::string& key, MaxAge max_age) override {
    std::list<Slot> removed;
    std::lock_guard lock(mutex_);
    auto found = TouchLocked(key, max_age, &removed);
    ++(found != nullptr ? stats_.hits : stats_.misses);
    (found != nullptr ? hits_metric_ : misses_metric_).Increment();
    return found;
  }

  std::shared_ptr<const void> Find(const std::string& key) override {
    std::list<Slot> removed;
    std::lock_guard lock(mutex_);
    return TouchLocked(key, std::nullopt, &removed);
  }

  void Put(const std::string& key, Value value) override { (void)Keep(key, std::move(value)); }

  void Grow(const std::string& key, int64_t num_bytes) override {
    std::list<Slot> removed;
    std::lock_guard lock(mutex_);
    auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    entries_.splice(entries_.begin(), entries_, found->second);
    found->second->weight += num_bytes;
    AddBytesLocked(num_bytes);
    if (found->second->weight > LargestWeight()) {
      EvictLocked(found->second, &stats_.evictions.size, &removed);
    }
    EvictDownToLocked(capacity_, &removed);
  }

  void Erase(const std::string& key) override {
    std::list<Slot> removed;
    std::lock_guard lock(mutex_);
    auto found = by_key_.find(key);
    if (found != by_key_.end()) {
      EvictLocked(found->second, &stats_.evictions.invalidated, &removed);
    }
  }

  int64_t EraseIf(const std::function<bool(const Entry&)>& test) override {
    std::vector<Entry> entries = Entries();
    std::erase_if(entries, [&](const Entry& entry) { return !test(entry); });
    int64_t num_erased = 0;
    std::list<Slot> removed;
    std::lock_guard lock(mutex_);
    for (const Entry& entry : entries) {
      auto found = by_key_.find(entry.key);
      // Another value of the key was not tested.
      if (found == by_key_.end() || found->second->holder->value.get() != entry.value.get()) {
        continue;
      }
      EvictLocked(found->second, &stats_.evictions.invalidated, &removed);
      ++num_erased;
    }
    return num_erased;
  }

  void Clear() override {
    std::list<Slot> removed;
    std::lock_guard lock(mutex_);
    while (!entries_.empty()) {
      EvictLocked(entries_.begin(), &stats_.evictions.invalidated, &removed);
    }
  }

  std::vector<Entry> Entries() const override {
    const Clock::SteadyTime now = clock_.SteadyNow();
    std::vector<Entry> entries;
    std::lock_guard lock(mutex_);
    for (const Slot& slot : entries_) {
      if (IsOlderThan(slot.max_age, now - slot.created)) continue;
      Entry entry{slot.key, ValueOf(slot.holder), slot.weight, slot.created_at_ms, std::nullopt};
      if (slot.max_age.has_value()) {
        entry.expires_at_ms =
            slot.created_at_ms +
            std::chrono::duration_cast<std::chrono::milliseconds>(*slot.max_age).count();
      }
      entries.push_back(std::move(entry));
    }
    return entries;
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

  std::shared_ptr<const void> TouchLocked(const std::string& key, MaxAge max_age,
                                          std::list<Slot>* removed) {
    auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    const auto slot = found->second;
    if (slot->max_age.has_value() || max_age.has_value()) {
      const CacheAge age = clock_.SteadyNow() - slot->created;
      if (IsOlderThan(slot->max_age, age)) {
        EvictLocked(slot, &stats_.evictions.expired, removed);
        return nullptr;
      }
      if (IsOlderThan(max_age, age)) return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, slot);
    return ValueOf(slot->holder);
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

  /// By capacity and by what memory there may be at most.
  int64_t LargestWeight() const {
    return std::min(capacity_, budget_->limit_bytes().value_or(capacity_)) / kLargestShare;
  }

  std::shared_ptr<const void> Keep(const std::string& key, Value value) {
    const int64_t own = kEntryOverhead + 2 * static_cast<int64_t>(key.size());
    const bool fits = value.weight_bytes >= 0 && value.weight_bytes <= LargestWeight() - own;
    if (value.value == nullptr) return nullptr;
    if (!fits || max_entries_.value_or(1) <= 0) {
      return NotKept(std::move(value), &stats_.refusals.too_large);
    }
    const int64_t weight = value.weight_bytes + own;
    MakeRoom(weight);
    Result<MemoryReservation> reservation = MemoryReservation::Make(
        budget_, weight - std::clamp<int64_t>(value.charged_bytes, 0, value.weight_bytes));
    if (!reservation.ok()) return NotKept(std::move(value), &stats_.refusals.no_memory);
    auto holder = std::make_shared<const Holder>(Holder{value.value, std::move(*reservation)});

    std::list<Slot> removed;
    std::lock_guard lock(mutex_);
    auto taken = by_key_.find(key);
    if (taken != by_key_.end()) EvictLocked(taken->second, &stats_.evictions.replaced, &removed);
    entries_.push_front(
        {key, holder, weight, value.max_age, clock_.SteadyNow(), clock_.SystemNowMs()});
    by_key_[entries_.front().key] = entries_.begin();
    AddBytesLocked(weight);
    EvictDownToLocked(capacity_, &removed);
    return ValueOf(holder);
  }

  std::shared_ptr<const void> NotKept(Value value, int64_t* reason) {
    std::lock_guard lock(mutex_);
    ++*reason;
    return std::move(value.value);
  }

  /// Evicts before a new entry is charged, so that old and new never count at once.
  void MakeRoom(int64_t weight) {
    std::list<Slot> removed;
    std::lock_guard lock(mutex_);
    EvictDownToLocked(capacity_ - weight, &removed);
  }

  void EvictDownToLocked(int64_t most_bytes, std::list<Slot>* removed) {
    while (num_bytes_ > most_bytes && !entries_.empty()) {
      EvictLocked(std::prev(entries_.end()), &stats_.evictions.size, removed);
    }
    while (static_cast<int64_t>(entries_.size()) > max_entries_.value_or(kNoMaximum)) {
      EvictLocked(std::prev(entries_.end()), &stats_.evictions.entries, removed);
    }
  }

  /// Evicts what nobody else holds, least recently used first: the rest would free nothing.
  int64_t GiveBack(int64_t num_bytes) {
    std::list<Slot> removed;
    int64_t given = 0;
    std::lock_guard lock(mutex_);
    auto at = entries_.end();
    while (given < num_bytes && at != entries_.begin()) {
      auto slot = std::prev(at);
      if (slot->holder.use_count() > 1) {
        at = slot;
        continue;
      }
      given += slot->weight;
      EvictLocked(slot, &stats_.evictions.pressure, &removed);
    }
    return given;
  }

  void EvictLocked(std::list<Slot>::iterator slot, int64_t* reason, std::list<Slot>* removed) {
    ++*reason;
    evictions_metric_.Increment();
    RemoveLocked(slot, removed);
  }

  /// Moves an entry to `removed`, to be destroyed after the lock: values may be large.
  void RemoveLocked(std::list<Slot>::iterator slot, std::list<Slot>* removed) {
    by_key_.erase(slot->key);
    AddBytesLocked(-slot->weight);
    removed->splice(removed->end(), entries_, slot);
  }

  void AddBytesLocked(int64_t by) {
    num_bytes_ += by;
    bytes_metric_.Add(by);
  }

  static constexpr int64_t kNoMaximum = std::numeric_limits<int64_t>::max();

  const int64_t capacity_;
  const std::optional<int64_t> max_entries_;
  const Clock& clock_;
  const std::shared_ptr<MemoryBudget> budget_;
  Counter& hits_metric_;
  Counter& misses_metric_;
  Counter& coalesced_metric_;
  Counter& evictions_metric_;
  Gauge& bytes_metric_;

  // Nobody reserves memory while holding it: the reclaimer takes it too.
  mutable ForkSafeMutex mutex_;
  /// Most recently used first.
  std::list<Slot> entries_;
  std::unordered_map<std::string_view, std::list<Slot>::iterator> by_key_;
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

namespace {

std::vector<std::shared_ptr<internal::SharedCacheCore>> AllCaches() {
  internal::LiveCaches& live = internal::LiveCaches::Instance();
  std::vector<std::shared_ptr<internal::SharedCacheCore>> caches;
  std::lock_guard lock(live.mutex);
  for (const auto& weak : live.caches) {
    if (auto cache = weak.lock()) caches.push_back(std::move(cache));
  }
  return caches;
}

}  // namespace

std::vector<NamedCacheStats> AllSharedCacheStats() {
  std::vector<NamedCacheStats> all;
  for (const auto& cache : AllCaches()) all.push_back({cache->budget()->name(), cache->stats()});
  return all;
}

void ClearSharedCaches() {
  for (const auto& cache : AllCaches()) cache->Clear();
}

}  // namespace iceframe
