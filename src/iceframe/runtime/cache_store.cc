// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <mutex>
#include <utility>

#include "iceframe/runtime/cache_store_internal.h"
#include "iceframe/runtime/memory_budgets.h"

namespace iceframe::internal {

namespace {

/// What an entry costs beside its key and value: nodes of table and lists, counters, the holder.
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

bool IsOlderThan(std::optional<CacheAge> max_age, CacheAge age) {
  return max_age.has_value() && age >= *max_age;
}

Counter& Metric(std::string_view what, const std::string& name) {
  return MetricsRegistry::Process().counter(Concatenate("iceframe_cache_", what, "_total"),
                                            {{"tier", name}});
}

}  // namespace

struct CacheStore::Slot : CacheItem {
  std::string key;
  HolderPtr holder;
  MaxAge max_age;
  Clock::SteadyTime created;
  Clock::SteadyTime used;
  int64_t created_at_ms = 0;
};

std::shared_ptr<CacheStore> CacheStore::Make(SharedCacheOptions options) {
  auto store = std::make_shared<CacheStore>(std::move(options));
  store->reclaimer_ = store->budget_->AddReclaimer(
      ReclaimOrder::kCache, [weak = store->weak_from_this()](int64_t num_bytes) -> int64_t {
        auto self = weak.lock();
        return self != nullptr ? self->GiveBack(num_bytes) : 0;
      });
  store->shared_->Join(store);
  return store;
}

CacheStore::CacheStore(SharedCacheOptions options)
    : capacity_bytes_(options.capacity_bytes),
      max_entries_(options.max_entries.value_or(CacheAmount::kNoLimit)),
      clock_(*options.clock),
      budget_((options.budget ? options.budget : CachesBudget())->MakeChild(options.name)),
      shared_(options.shared ? options.shared : CacheCapacity::Process()),
      hits_metric_(Metric("hits", options.name)),
      misses_metric_(Metric("misses", options.name)),
      coalesced_metric_(Metric("coalesced", options.name)),
      evictions_metric_(Metric("evictions", options.name)),
      bytes_metric_(
          MetricsRegistry::Process().gauge("iceframe_cache_bytes", {{"tier", options.name}})),
      policy_(Maximum()) {}

CacheStore::~CacheStore() { AddBytes(-policy_.amount().bytes); }

CacheAmount CacheStore::Maximum() const {
  return {capacity_bytes_ >= 0 ? capacity_bytes_ : shared_->max_bytes(), max_entries_};
}

CacheStore::Slot* CacheStore::FindLocked(const std::string& key) const {
  const auto found = slots_.find(key);
  return found == slots_.end() ? nullptr : found->second.get();
}

CacheStore::ValuePtr CacheStore::Find(const std::string& key, MaxAge max_age, Counted counted) {
  const Clock::SteadyTime now = clock_.SteadyNow();
  Removed removed;
  std::lock_guard lock(mutex_);
  Slot* slot = FindLocked(key);
  if (slot != nullptr && IsOlderThan(slot->max_age, now - slot->created)) {
    RemoveLocked(slot, &stats_.evictions.expired, &removed);
    slot = nullptr;
  }
  if (slot == nullptr || IsOlderThan(max_age, now - slot->created)) {
    if (counted == Counted::kHitsAndMisses) {
      ++stats_.misses;
      misses_metric_.Increment();
    }
    return nullptr;
  }
  if (counted != Counted::kNot) {
    ++stats_.hits;
    hits_metric_.Increment();
  }
  slot->used = now;
  policy_.Touch(slot);
  return ValueOf(slot->holder);
}

void CacheStore::CountMiss() {
  std::lock_guard lock(mutex_);
  ++stats_.misses;
  misses_metric_.Increment();
}

void CacheStore::CountCoalesced() {
  std::lock_guard lock(mutex_);
  ++stats_.coalesced;
  coalesced_metric_.Increment();
}

/// By capacity and by what memory there may be at most.
int64_t CacheStore::LargestWeight() const {
  const int64_t capacity = std::min(Maximum().bytes, shared_->max_bytes());
  return std::min(capacity, budget_->limit_bytes().value_or(capacity)) / kLargestShare;
}

CacheStore::ValuePtr CacheStore::Keep(const std::string& key, Value value) {
  if (value.value == nullptr) return nullptr;
  const int64_t own = kEntryOverhead + 2 * static_cast<int64_t>(key.size());
  const bool fits = value.weight_bytes >= 0 && value.weight_bytes <= LargestWeight() - own;
  if (!fits || max_entries_ <= 0) return NotKept(std::move(value), &stats_.refusals.too_large);
  const int64_t weight = value.weight_bytes + own;
  Result<MemoryReservation> reservation = MemoryReservation::Make(
      budget_, weight - std::clamp<int64_t>(value.charged_bytes, 0, value.weight_bytes));
  if (!reservation.ok()) return NotKept(std::move(value), &stats_.refusals.no_memory);

  auto slot = std::make_unique<Slot>();
  slot->key = key;
  slot->weight = weight;
  slot->max_age = value.max_age;
  slot->created = clock_.SteadyNow();
  slot->used = slot->created;
  slot->created_at_ms = clock_.SystemNowMs();
  slot->holder = std::make_shared<const Holder>(Holder{value.value, std::move(*reservation)});
  ValuePtr kept = ValueOf(slot->holder);
  Removed removed;
  {
    std::lock_guard lock(mutex_);
    InsertLocked(std::move(slot), &removed);
  }
  shared_->Balance();
  return kept;
}

void CacheStore::InsertLocked(std::unique_ptr<Slot> slot, Removed* removed) {
  if (Slot* taken = FindLocked(slot->key); taken != nullptr) {
    RemoveLocked(taken, &stats_.evictions.replaced, removed);
  }
  Slot* item = slot.get();
  item->hash = std::hash<std::string_view>()(item->key);
  slots_.emplace(item->key, std::move(slot));
  if (const CacheAmount maximum = Maximum(); maximum.bytes != policy_.maximum().bytes) {
    policy_.set_maximum(maximum);
  }
  AddBytes(item->weight);
  policy_.Add(item);
  EvictLocked(policy_.maximum(), removed);
}

CacheStore::ValuePtr CacheStore::NotKept(Value value, int64_t* reason) {
  std::lock_guard lock(mutex_);
  ++*reason;
  return std::move(value.value);
}

void CacheStore::Grow(const std::string& key, int64_t num_bytes) {
  const int64_t largest = LargestWeight();
  Removed removed;
  {
    std::lock_guard lock(mutex_);
    Slot* slot = FindLocked(key);
    if (slot == nullptr) return;
    AddBytes(num_bytes);
    policy_.AddWeight(slot, num_bytes);
    if (slot->weight > largest) RemoveLocked(slot, &stats_.evictions.size, &removed);
    EvictLocked(policy_.maximum(), &removed);
  }
  shared_->Balance();
}

void CacheStore::EvictLocked(const CacheAmount& most, Removed* removed) {
  const bool too_many_bytes = policy_.amount().bytes > most.bytes;
  policy_.Evict(most, [&](CacheItem* item) {
    DropLocked(item, too_many_bytes ? &stats_.evictions.size : &stats_.evictions.entries, removed);
  });
}

void CacheStore::DropLocked(CacheItem* item, int64_t* reason, Removed* removed) {
  ++*reason;
  evictions_metric_.Increment();
  AddBytes(-item->weight);
  auto found = slots_.find(static_cast<Slot*>(item)->key);
  removed->push_back(std::move(found->second));
  slots_.erase(found);
}

void CacheStore::RemoveLocked(Slot* slot, int64_t* reason, Removed* removed) {
  policy_.Remove(slot);
  DropLocked(slot, reason, removed);
}

void CacheStore::Erase(const std::string& key) {
  Removed removed;
  std::lock_guard lock(mutex_);
  if (Slot* slot = FindLocked(key); slot != nullptr) {
    RemoveLocked(slot, &stats_.evictions.invalidated, &removed);
  }
}

int64_t CacheStore::EraseIf(const std::function<bool(const Entry&)>& test) {
  std::vector<Entry> entries = Entries();
  std::erase_if(entries, [&](const Entry& entry) { return !test(entry); });
  int64_t num_erased = 0;
  Removed removed;
  std::lock_guard lock(mutex_);
  for (const Entry& entry : entries) {
    Slot* slot = FindLocked(entry.key);
    // Another value of the key was not tested.
    if (slot == nullptr || slot->holder->value.get() != entry.value.get()) continue;
    RemoveLocked(slot, &stats_.evictions.invalidated, &removed);
    ++num_erased;
  }
  return num_erased;
}

void CacheStore::Clear() {
  Removed removed;
  std::lock_guard lock(mutex_);
  while (!slots_.empty()) {
    RemoveLocked(slots_.begin()->second.get(), &stats_.evictions.invalidated, &removed);
  }
}

void CacheStore::ShrinkTo(int64_t num_bytes) {
  Removed removed;
  std::lock_guard lock(mutex_);
  EvictLocked({std::max<int64_t>(num_bytes, 0), CacheAmount::kNoLimit}, &removed);
}

std::vector<CacheStore::Entry> CacheStore::Entries() const {
  const Clock::SteadyTime now = clock_.SteadyNow();
  std::vector<std::pair<Clock::SteadyTime, Entry>> found;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [key, slot] : slots_) {
      if (IsOlderThan(slot->max_age, now - slot->created)) continue;
      Entry entry{slot->key, ValueOf(slot->holder), slot->weight, slot->created_at_ms,
                  std::nullopt};
      if (slot->max_age.has_value()) {
        entry.expires_at_ms =
            slot->created_at_ms +
            std::chrono::duration_cast<std::chrono::milliseconds>(*slot->max_age).count();
      }
      found.emplace_back(slot->used, std::move(entry));
    }
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<Entry> entries;
  for (auto& [used, entry] : found) entries.push_back(std::move(entry));
  return entries;
}

SharedCacheStats CacheStore::stats() const {
  std::lock_guard lock(mutex_);
  SharedCacheStats stats = stats_;
  stats.num_entries = policy_.amount().entries;
  stats.num_bytes = policy_.amount().bytes;
  return stats;
}

/// Evicts entries in the policy's order, skipping those still held elsewhere: they free nothing.
int64_t CacheStore::GiveBack(int64_t num_bytes) {
  Removed removed;
  int64_t given = 0;
  std::lock_guard lock(mutex_);
  policy_.ForEach([&](CacheItem* item) {
    if (given >= num_bytes) return false;
    Slot* slot = static_cast<Slot*>(item);
    if (slot->holder.use_count() > 1) return true;
    given += slot->weight;
    RemoveLocked(slot, &stats_.evictions.pressure, &removed);
    return true;
  });
  return given;
}

Clock::SteadyTime CacheStore::OldestUse() const {
  std::lock_guard lock(mutex_);
  const CacheItem* victim = policy_.NextVictim();
  return victim != nullptr ? static_cast<const Slot*>(victim)->used : Clock::SteadyTime::max();
}

void CacheStore::EvictOne() {
  Removed removed;
  std::lock_guard lock(mutex_);
  EvictLocked({policy_.amount().bytes - 1, CacheAmount::kNoLimit}, &removed);
}

void CacheStore::AddBytes(int64_t by) {
  shared_->AddUsed(by);
  bytes_metric_.Add(by);
}

}  // namespace iceframe::internal
