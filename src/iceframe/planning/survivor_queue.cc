// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "iceframe/planning/survivor_queue_internal.h"

namespace iceframe {
namespace {

/// For a heap whose front is the oldest.
struct IsNewer {
  const AppendOrder* order;
  bool operator()(const Survivors& left, const Survivors& right) const {
    return order->IsLess(right.oldest(), left.oldest());
  }
};

}  // namespace

bool Survivors::is_any_doubtful() const {
  return std::any_of(entries.begin(), entries.end(), [&](const AppendPosition& position) {
    return decisions.is_doubtful(static_cast<size_t>(position.entry));
  });
}

void SurvivorQueue::Push(Survivors survivors) {
  if (survivors.next == survivors.entries.size()) return;
  heap_.push_back(std::move(survivors));
  std::push_heap(heap_.begin(), heap_.end(), IsNewer{order_});
}

void SurvivorQueue::DropOldest() {
  std::pop_heap(heap_.begin(), heap_.end(), IsNewer{order_});
  Survivors first = std::move(heap_.back());
  heap_.pop_back();
  ++first.next;
  Push(std::move(first));
}

int64_t SurvivorQueue::num_rows() const {
  int64_t rows = 0;
  for (const Survivors& survivors : heap_) {
    for (size_t i = survivors.next; i < survivors.entries.size(); ++i) {
      rows += std::max<int64_t>(survivors.manifest->record_count(survivors.entries[i].entry), 0);
    }
  }
  return rows;
}

}  // namespace iceframe
