// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/shared_cache.h"

#include <exception>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "iceframe/runtime/cache_store_internal.h"
#include "iceframe/runtime/fork.h"
#include "iceframe/runtime/wait.h"

namespace iceframe::internal {

namespace {

/// A load that runs, and its outcome once `done` was signalled.
struct Load {
  std::thread::id leader = std::this_thread::get_id();
  uint64_t fork_generation = ForkGeneration();
  WaitPoint done;
  Result<std::shared_ptr<const void>> outcome{Status::UnknownError("not loaded")};
};

/// Whether an error may not happen to the next one who loads: it is about the leader's own
/// operation, or about that moment.
bool MayPass(const Status& status) {
  switch (KindOf(status)) {
    case ErrorKind::kCancelled:
    case ErrorKind::kTimeout:
    case ErrorKind::kResourceExhausted:
    case ErrorKind::kIo:
    case ErrorKind::kUnavailable:
      return true;
    default:
      return false;
  }
}

/// A store whose keys are loaded by one caller each.
class LoadingCache final : public SharedCacheCore {
 public:
  explicit LoadingCache(SharedCacheOptions options)
      : store_(CacheStore::Make(std::move(options))) {}

  Result<std::shared_ptr<const void>> GetOrLoad(const OperationContext& context,
                                                const std::string& key, const Loader& loader,
                                                bool* was_cached, MaxAge max_age) override {
    if (was_cached != nullptr) *was_cached = true;
    // What fails for two leaders is taken to fail for everybody.
    int others_failures = 0;
    while (true) {
      ICEFRAME_RETURN_NOT_OK(context.Check());
      if (auto found = store_->Find(key, max_age, CacheStore::Counted::kHitsAlone)) return found;
      const auto [load, leads] = JoinLoad(key);
      if (leads) {
        // One that has just ended may have left it.
        if (auto found = store_->Find(key, max_age, CacheStore::Counted::kHitsAlone)) {
          return EndLoad(key, load, found);
        }
      }
      if (leads || !MayWait(context, *load)) {
        store_->CountMiss();
        if (was_cached != nullptr) *was_cached = false;
        auto outcome = RunGuarded(key, loader);
        return leads ? EndLoad(key, load, std::move(outcome)) : outcome;
      }
      store_->CountCoalesced();
      ICEFRAME_RETURN_NOT_OK(load->done.Wait(context));
      if (load->outcome.ok()) return load->outcome;
      if (!MayPass(load->outcome.status()) && ++others_failures == 2) return load->outcome;
    }
  }

  std::shared_ptr<const void> Get(const std::string& key, MaxAge max_age) override {
    return store_->Find(key, max_age, CacheStore::Counted::kHitsAndMisses);
  }
  std::shared_ptr<const void> Find(const std::string& key) override {
    return store_->Find(key, std::nullopt, CacheStore::Counted::kNot);
  }
  void Put(const std::string& key, Value value) override {
    (void)store_->Keep(key, std::move(value));
  }
  void Grow(const std::string& key, int64_t num_bytes) override { store_->Grow(key, num_bytes); }
  void Erase(const std::string& key) override { store_->Erase(key); }
  int64_t EraseIf(const std::function<bool(const Entry&)>& test) override {
    return store_->EraseIf(test);
  }
  void Clear() override { store_->Clear(); }
  void ShrinkTo(int64_t num_bytes) override { store_->ShrinkTo(num_bytes); }
  std::vector<Entry> Entries() const override { return store_->Entries(); }
  SharedCacheStats stats() const override { return store_->stats(); }
  const std::shared_ptr<MemoryBudget>& budget() const override { return store_->budget(); }

 private:
  struct Joined {
    std::shared_ptr<Load> load;
    bool leads;
  };

  Joined JoinLoad(const std::string& key) {
    std::lock_guard lock(mutex_);
    std::shared_ptr<Load>& running = loads_[key];
    // A forked child has no threads that could end its parent's loads.
    const bool leads = running == nullptr || running->fork_generation != ForkGeneration();
    if (leads) running = std::make_shared<Load>();
    return {running, leads};
  }

  Result<std::shared_ptr<const void>> EndLoad(const std::string& key,
                                              const std::shared_ptr<Load>& load,
                                              Result<std::shared_ptr<const void>> outcome) {
    load->outcome = std::move(outcome);
    {
      std::lock_guard lock(mutex_);
      auto running = loads_.find(key);
      if (running != loads_.end() && running->second == load) loads_.erase(running);
    }
    load->done.Signal();
    return load->outcome;
  }

  /// Not for the leader itself, which came back through its own loader, nor for io threads, which
  /// the leader may need.
  static bool MayWait(const OperationContext& context, const Load& load) {
    return load.leader != std::this_thread::get_id() && !context.executor->io()->OwnsThisThread();
  }

  /// Loads and keeps. Waiters depend on its return, so nothing is thrown through it.
  Result<std::shared_ptr<const void>> RunGuarded(const std::string& key, const Loader& loader) {
    try {
      ICEFRAME_ASSIGN_OR_RETURN(Value loaded, loader());
      return store_->Keep(key, std::move(loaded));
    } catch (const std::bad_alloc&) {
      return Error(ErrorKind::kResourceExhausted, "out of memory");
    } catch (const std::exception& error) {
      return Error(ErrorKind::kIo, "a load failed unexpectedly: ", error.what());
    } catch (...) {
      return Error(ErrorKind::kIo, "a load failed unexpectedly");
    }
  }

  const std::shared_ptr<CacheStore> store_;
  ForkSafeMutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Load>> loads_;
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
  auto cache = std::make_shared<LoadingCache>(std::move(options));
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
