// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/operation_observer.h"

#include <algorithm>
#include <mutex>

namespace iceframe {

namespace {

bool Holds(const internal::ObserverList& list, const OperationObserver* observer) {
  return std::any_of(list.begin(), list.end(),
                     [&](const auto& entry) { return entry->observer.get() == observer; });
}

}  // namespace

std::string_view ToString(OperationOutcome outcome) {
  switch (outcome) {
    case OperationOutcome::kSucceeded:
      return "ok";
    case OperationOutcome::kFailed:
      return "error";
    case OperationOutcome::kCancelled:
      return "cancelled";
    case OperationOutcome::kDropped:
      return "dropped";
  }
  return "error";
}

OperationObservers& OperationObservers::Process() {
  static OperationObservers& observers = *new OperationObservers;
  return observers;
}

// Lists are never changed but replaced, and freed without the lock: an observer's destructor is
// anybody's code.
void OperationObservers::Add(std::shared_ptr<OperationObserver> observer) {
  auto entry = std::make_shared<internal::RegisteredObserver>(std::move(observer));
  std::shared_ptr<const internal::ObserverList> old;
  const std::lock_guard lock(mutex_);
  if (Holds(*list_, entry->observer.get())) return;
  auto longer = std::make_shared<internal::ObserverList>(*list_);
  longer->push_back(std::move(entry));
  old = std::exchange(list_, std::move(longer));
}

bool OperationObservers::Remove(const OperationObserver* observer) {
  std::shared_ptr<const internal::ObserverList> old;
  const std::lock_guard lock(mutex_);
  if (!Holds(*list_, observer)) return false;
  auto shorter = std::make_shared<internal::ObserverList>();
  for (const auto& entry : *list_) {
    if (entry->observer.get() == observer) {
      entry->is_registered = false;
    } else {
      shorter->push_back(entry);
    }
  }
  old = std::exchange(list_, std::move(shorter));
  return true;
}

std::shared_ptr<const internal::ObserverList> OperationObservers::list() const {
  const std::lock_guard lock(mutex_);
  return list_;
}

}  // namespace iceframe
