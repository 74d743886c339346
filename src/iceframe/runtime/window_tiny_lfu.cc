// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "iceframe/runtime/window_tiny_lfu_internal.h"

namespace iceframe::internal {

namespace {

using Region = CacheItem::Region;

constexpr double kWindowShare = 0.01;
constexpr double kProtectedShareOfMain = 0.8;
/// Window and protected space together: the climber moves the border between them.
constexpr double kMovableShare = kWindowShare + (1 - kWindowShare) * kProtectedShareOfMain;
constexpr double kFirstStep = 0.0625;
constexpr double kStepDecay = 0.98;
/// A change of the hit rate that makes the climber take large steps again.
constexpr double kRestartChange = 0.05;
/// From this frequency on a refused candidate gets in now and then: counters may collide, and
/// somebody may have made them.
constexpr int kWarmFrequency = 6;
constexpr uint64_t kWarmOdds = 127;

int64_t ShareOf(int64_t whole, double share, int64_t least) {
  if (whole == CacheAmount::kNoLimit) return whole;
  return std::max(static_cast<int64_t>(std::llround(static_cast<double>(whole) * share)), least);
}

}  // namespace

void CacheItemList::PushBack(CacheItem* item) {
  item->previous = back_;
  item->next = nullptr;
  (back_ != nullptr ? back_->next : front_) = item;
  back_ = item;
  amount_.bytes += item->weight;
  ++amount_.entries;
}

void CacheItemList::PushFront(CacheItem* item) {
  item->previous = nullptr;
  item->next = front_;
  (front_ != nullptr ? front_->previous : back_) = item;
  front_ = item;
  amount_.bytes += item->weight;
  ++amount_.entries;
}

void CacheItemList::Remove(CacheItem* item) {
  (item->previous != nullptr ? item->previous->next : front_) = item->next;
  (item->next != nullptr ? item->next->previous : back_) = item->previous;
  item->previous = nullptr;
  item->next = nullptr;
  amount_.bytes -= item->weight;
  --amount_.entries;
}

void CacheItemList::MoveToBack(CacheItem* item) {
  if (back_ == item) return;
  Remove(item);
  PushBack(item);
}

WindowTinyLfu::WindowTinyLfu(CacheAmount maximum)
    : maximum_(maximum), window_share_(kWindowShare), step_(-kFirstStep) {
  Resize();
}

void WindowTinyLfu::set_maximum(CacheAmount maximum) {
  maximum_ = maximum;
  Resize();
}

void WindowTinyLfu::Resize() {
  const double protected_share = kMovableShare - window_share_;
  window_maximum_ = {ShareOf(maximum_.bytes, window_share_, 1),
                     ShareOf(maximum_.entries, window_share_, 1)};
  protected_maximum_ = {ShareOf(maximum_.bytes, protected_share, 0),
                        ShareOf(maximum_.entries, protected_share, 0)};
}

CacheAmount WindowTinyLfu::amount() const {
  CacheAmount sum;
  for (const CacheItemList& list : lists_) {
    sum.bytes += list.amount().bytes;
    sum.entries += list.amount().entries;
  }
  return sum;
}

void WindowTinyLfu::Move(CacheItem* item, Region to) {
  ListOf(item->region).Remove(item);
  item->region = to;
  ListOf(to).PushBack(item);
}

void WindowTinyLfu::EnsureSketch() {
  // As long as all fits, nobody asks how often something was used.
  const CacheAmount now = amount();
  if (now.entries >= maximum_.entries / 2) {
    sketch_.EnsureCapacity(maximum_.entries);
  } else if (now.bytes >= maximum_.bytes / 2) {
    sketch_.EnsureCapacity(now.entries);
  }
}

void WindowTinyLfu::Add(CacheItem* item) {
  item->region = Region::kWindow;
  CacheItemList& window = ListOf(Region::kWindow);
  // What is larger than the window asks for the main space at once.
  if (item->weight > window_maximum_.bytes) {
    window.PushFront(item);
  } else {
    window.PushBack(item);
  }
  EnsureSketch();
  sketch_.Increment(item->hash);
  ++num_misses_;
}

void WindowTinyLfu::Touch(CacheItem* item) {
  sketch_.Increment(item->hash);
  ++num_hits_;
  if (item->region == Region::kProbation && item->weight <= protected_maximum_.bytes) {
    Move(item, Region::kProtected);
    Demote();
  } else {
    ListOf(item->region).MoveToBack(item);
  }
  Climb();
}

void WindowTinyLfu::AddWeight(CacheItem* item, int64_t by) {
  item->weight += by;
  ListOf(item->region).AddWeight(by);
}

void WindowTinyLfu::Remove(CacheItem* item) { ListOf(item->region).Remove(item); }

void WindowTinyLfu::Evict(const CacheAmount& most, const std::function<void(CacheItem*)>& evicted) {
  CacheItem* candidate = EmptyWindow();
  EvictMain(candidate,
            {std::min(most.bytes, maximum_.bytes), std::min(most.entries, maximum_.entries)},
            evicted);
  Climb();
}

/// Moves what the window has no room for to probation; returns the first of it.
CacheItem* WindowTinyLfu::EmptyWindow() {
  CacheItem* first = nullptr;
  CacheItemList& window = ListOf(Region::kWindow);
  while (window.amount().Exceeds(window_maximum_) && window.front() != nullptr) {
    CacheItem* item = window.front();
    Move(item, Region::kProbation);
    if (first == nullptr) first = item;
  }
  return first;
}

void WindowTinyLfu::EvictMain(CacheItem* candidate, const CacheAmount& most,
                              const std::function<void(CacheItem*)>& evicted) {
  CacheItem* victim = ListOf(Region::kProbation).front();
  const auto evict = [&](CacheItem** item) {
    CacheItem* gone = *item;
    *item = gone->next;
    Remove(gone);
    evicted(gone);
  };
  bool asked_window = false;
  while (amount().Exceeds(most)) {
    if (candidate == nullptr && !asked_window) {
      candidate = ListOf(Region::kWindow).front();
      asked_window = true;
    }
    if (victim == nullptr) victim = NextVictim();
    if (victim == nullptr) break;
    if (candidate == nullptr) {
      evict(&victim);
    } else if (candidate == victim) {
      victim = victim->next;
      evict(&candidate);
      candidate = nullptr;
    } else if (candidate->weight <= most.bytes && Admits(*candidate, *victim)) {
      candidate = candidate->next;
      evict(&victim);
    } else {
      evict(&candidate);
    }
  }
}

bool WindowTinyLfu::Admits(const CacheItem& candidate, const CacheItem& victim) {
  const int candidates = sketch_.Frequency(candidate.hash);
  if (candidates > sketch_.Frequency(victim.hash)) return true;
  if (candidates < kWarmFrequency) return false;
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return (random_ & kWarmOdds) == 0;
}

/// Moves what the protected space has no room for back to probation.
void WindowTinyLfu::Demote() {
  CacheItemList& kept = ListOf(Region::kProtected);
  while (kept.amount().Exceeds(protected_maximum_) && kept.front() != nullptr) {
    Move(kept.front(), Region::kProbation);
  }
}

/// After each sample of uses: moves on as long as the hit rate rises, else turns round.
void WindowTinyLfu::Climb() {
  const int64_t num_uses = num_hits_ + num_misses_;
  if (!sketch_.is_counting()) {
    num_hits_ = 0;
    num_misses_ = 0;
    return;
  }
  if (num_uses < sketch_.sample_size()) return;
  const double hit_rate = static_cast<double>(num_hits_) / static_cast<double>(num_uses);
  const double change = hit_rate - last_hit_rate_;
  const double by = change >= 0 ? step_ : -step_;
  step_ = std::abs(change) >= kRestartChange ? std::copysign(kFirstStep, by) : kStepDecay * by;
  last_hit_rate_ = hit_rate;
  num_hits_ = 0;
  num_misses_ = 0;
  window_share_ = std::clamp(window_share_ + by, 0.0, kMovableShare);
  Resize();
  Demote();
  CacheItemList& window = ListOf(Region::kWindow);
  while (window.amount().Exceeds(window_maximum_) && window.front() != nullptr) {
    Move(window.front(), Region::kProbation);
  }
  // A window that grew fills up from the main space, so that what it takes in is not lost.
  while (true) {
    CacheItem* item = ListOf(Region::kProbation).front();
    if (item == nullptr) item = ListOf(Region::kProtected).front();
    if (item == nullptr) break;
    const CacheAmount then{window.amount().bytes + item->weight, window.amount().entries + 1};
    if (then.Exceeds(window_maximum_)) break;
    Move(item, Region::kWindow);
  }
}

CacheItem* WindowTinyLfu::NextVictim() const {
  for (const Region region : {Region::kProbation, Region::kProtected, Region::kWindow}) {
    if (CacheItem* item = ListOf(region).front(); item != nullptr) return item;
  }
  return nullptr;
}

void WindowTinyLfu::ForEach(const std::function<bool(CacheItem*)>& visit) const {
  for (const Region region : {Region::kProbation, Region::kProtected, Region::kWindow}) {
    CacheItem* item = ListOf(region).front();
    while (item != nullptr) {
      CacheItem* next = item->next;
      if (!visit(item)) return;
      item = next;
    }
  }
}

}  // namespace iceframe::internal
