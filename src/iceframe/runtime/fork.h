// SPDX-License-Identifier: Apache-2.0
// Staying usable in the child after fork().
#pragma once

#include <cstdint>
#include <mutex>

namespace iceframe {

/// Returns how many forks lie between the first process that loaded iceframe and this one.
///
/// Whatever belongs to threads (work in flight, handles) is void once this number has changed.
uint64_t ForkGeneration();

namespace internal {

/// A mutex that is never left locked by a thread that fork() did not copy.
///
/// While one is held, no other one may be locked, made or destroyed: fork() takes them all.
class ForkSafeMutex {
 public:
  ForkSafeMutex();
  ~ForkSafeMutex();
  ForkSafeMutex(const ForkSafeMutex&) = delete;
  ForkSafeMutex& operator=(const ForkSafeMutex&) = delete;

  void lock() { mutex_.lock(); }
  bool try_lock() { return mutex_.try_lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  friend struct ForkRegistry;
  std::mutex mutex_;
  ForkSafeMutex* previous_ = nullptr;
  ForkSafeMutex* next_ = nullptr;
};

/// What to do around fork(), beside the mutexes. `child` runs in the child while all is locked.
class ForkListener {
 public:
  virtual void PrepareFork() = 0;
  virtual void AfterForkInParent() = 0;
  virtual void AfterForkInChild() = 0;

 protected:
  ~ForkListener() = default;
};

/// `listener` must stay until RemoveForkListener.
void AddForkListener(ForkListener* listener);
void RemoveForkListener(ForkListener* listener);

}  // namespace internal

}  // namespace iceframe
