// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/fork.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <vector>

namespace iceframe {

namespace internal {

// Never destroyed: threads may still run while the process exits.
struct ForkRegistry {
  static ForkRegistry& Get() {
    static ForkRegistry& registry = *new ForkRegistry;
    return registry;
  }

  ForkRegistry() { pthread_atfork(&Prepare, &InParent, &InChild); }

  static void Prepare() {
    ForkRegistry& self = Get();
    self.mutex.lock();
    for (ForkListener* listener : self.listeners) listener->PrepareFork();
    for (ForkSafeMutex* m = self.first; m != nullptr; m = m->next_) m->lock();
  }

  static void UnlockAll(ForkRegistry& self) {
    for (ForkSafeMutex* m = self.first; m != nullptr; m = m->next_) m->unlock();
  }

  static void InParent() {
    ForkRegistry& self = Get();
    UnlockAll(self);
    for (ForkListener* listener : self.listeners) listener->AfterForkInParent();
    self.mutex.unlock();
  }

  static void InChild() {
    ForkRegistry& self = Get();
    self.generation.fetch_add(1);
    UnlockAll(self);
    for (ForkListener* listener : self.listeners) listener->AfterForkInChild();
    self.mutex.unlock();
  }

  std::mutex mutex;
  ForkSafeMutex* first = nullptr;
  std::vector<ForkListener*> listeners;
  std::atomic<uint64_t> generation{0};
};

ForkSafeMutex::ForkSafeMutex() {
  ForkRegistry& registry = ForkRegistry::Get();
  std::lock_guard lock(registry.mutex);
  next_ = registry.first;
  if (next_ != nullptr) next_->previous_ = this;
  registry.first = this;
}

ForkSafeMutex::~ForkSafeMutex() {
  ForkRegistry& registry = ForkRegistry::Get();
  std::lock_guard lock(registry.mutex);
  if (next_ != nullptr) next_->previous_ = previous_;
  (previous_ != nullptr ? previous_->next_ : registry.first) = next_;
}

void AddForkListener(ForkListener* listener) {
  ForkRegistry& registry = ForkRegistry::Get();
  std::lock_guard lock(registry.mutex);
  registry.listeners.push_back(listener);
}

void RemoveForkListener(ForkListener* listener) {
  ForkRegistry& registry = ForkRegistry::Get();
  std::lock_guard lock(registry.mutex);
  std::erase(registry.listeners, listener);
}

}  // namespace internal

uint64_t ForkGeneration() {
  return internal::ForkRegistry::Get().generation.load(std::memory_order_relaxed);
}

}  // namespace iceframe
