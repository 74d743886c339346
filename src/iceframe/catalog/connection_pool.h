// SPDX-License-Identifier: Apache-2.0
// Connections to one catalog: opened when they are needed, lent to one user at a time, kept for the
// next one.
//
//   Acquire ──▶ an idle one, the last given back first        (LIFO: what is not needed ages)
//           ──▶ else a new one, while there are fewer than allowed
//           ──▶ else a place in the line                      (FIFO: nobody is overtaken)
//   Release ──▶ to the first of the line, else it is idle; closed if too old or left unusable
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/runtime/clock.h"
#include "iceframe/runtime/fork.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/runtime/wait.h"

namespace iceframe {

/// A connection as a pool keeps it. Used by one thread at a time.
class PooledConnection {
 public:
  virtual ~PooledConnection() = default;
  /// Asks the other side for a sign of life.
  virtual Status Ping(const OperationContext& context) = 0;
  /// Undoes what a user left open, such as a transaction. After an error it is closed.
  virtual Status Reset() = 0;
};

struct ConnectionPoolOptions {
  /// The most connections that are kept.
  int max_size = 5;
  /// How many more there may be while they are needed; closed as they are given back.
  int max_overflow = 0;
  /// How many idle ones are kept however old their last use is.
  int min_idle = 0;
  /// A connection that was idle for longer is asked for a sign of life before it is lent.
  std::chrono::milliseconds validate_after{500};
  /// A connection is not lent any more after this time, less up to 2.5 % by chance, so that not all
  /// are opened anew at once. One that is in use stays.
  std::chrono::milliseconds max_lifetime = std::chrono::minutes(30);
  /// An idle one is closed after this time.
  std::chrono::milliseconds idle_timeout = std::chrono::minutes(10);
  /// One that is lent for longer counts as leaked.
  std::chrono::milliseconds leak_threshold = std::chrono::seconds(60);
  /// After so many failures to connect in a row callers fail at once, for one second and then for
  /// twice as long each time, up to 30 s; then one tries. 0: everyone tries.
  int max_connect_failures = 3;
};

/// A pool at one moment, and what happened in it so far.
struct ConnectionPoolStats {
  int max_size = 0;
  int num_used = 0;
  int num_idle = 0;
  /// Who waits for a connection.
  int num_waiting = 0;
  /// Of the used ones, those that are lent for longer than the leak threshold.
  int num_leaked = 0;
  int64_t num_lent = 0;
  int64_t num_opened = 0;
  int64_t num_closed = 0;
  /// Ended waits, by why nothing was lent.
  int64_t num_timeouts = 0;
  int64_t num_cancelled = 0;
  int64_t num_connect_failures = 0;
  /// Idle connections that gave no sign of life and were replaced.
  int64_t num_broken = 0;
};

class ConnectBreaker;
class ConnectionPool;
namespace internal {
struct PoolEntry;
}  // namespace internal

/// A connection on loan, given back when this is destroyed.
class ConnectionLease {
 public:
  ConnectionLease();
  ConnectionLease(ConnectionLease&& other) noexcept;
  ConnectionLease& operator=(ConnectionLease&& other) noexcept;
  ~ConnectionLease();

  explicit operator bool() const { return entry_ != nullptr; }
  PooledConnection& connection() const;
  /// Has it closed instead of kept: it is of no use any more.
  void Discard();
  /// Gives it back; nothing may be done with it afterwards.
  void Return();

 private:
  friend class ConnectionPool;
  ConnectionLease(std::shared_ptr<ConnectionPool> pool, std::unique_ptr<internal::PoolEntry> entry);

  std::shared_ptr<ConnectionPool> pool_;
  std::unique_ptr<internal::PoolEntry> entry_;
};

/// Thread-safe. After fork() the child has an empty pool; what it holds of its parent's is dropped
/// as it is given back.
class ConnectionPool : public std::enable_shared_from_this<ConnectionPool> {
 public:
  using Connect = std::function<Result<std::unique_ptr<PooledConnection>>(const OperationContext&)>;

  /// On whose behalf connections are taken; once it has ended, nothing is lent to it any more.
  struct Owner {
    std::atomic<bool> has_ended{false};
  };
  struct Request {
    std::chrono::milliseconds timeout = std::chrono::seconds(30);
    const Owner* owner = nullptr;
  };

  /// `name` says in errors whose connections these are.
  ConnectionPool(std::string name, Connect connect, const ConnectionPoolOptions& options = {},
                 Clock* clock = &Clock::System());
  ~ConnectionPool();
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  /// Errors: Timeout, which says how many are in use and who waits; Cancelled; what connecting
  /// gives; Unavailable at once after too many failures to connect.
  Result<ConnectionLease> Acquire(const OperationContext& context, const Request& request);
  /// An idle connection that needs no look at it, without waiting or connecting; else an empty
  /// lease.
  ConnectionLease TryAcquire();

  /// What changes holds for connections that are open too, as they are given back.
  void Configure(const ConnectionPoolOptions& options);
  ConnectionPoolOptions options() const;
  ConnectionPoolStats Stats() const;
  const std::string& name() const { return name_; }

  /// Closes what is idle; what is lent meanwhile is closed as it comes back.
  void CloseAll();
  /// Ends the waits of an owner: Unavailable.
  void EndWaits(Owner* owner);
  /// Closes idle connections that are too old and tells `context`'s log of leaks, each once.
  void Maintain(const OperationContext& context);

 private:
  friend class ConnectionLease;
  // Without a connection: a place in which one may be opened.
  using Entry = std::unique_ptr<internal::PoolEntry>;
  // Destroyed without the mutex.
  using Doomed = std::vector<std::unique_ptr<PooledConnection>>;
  using Time = Clock::SteadyTime;
  struct Waiter;

  Result<Entry> TakeTurn(const OperationContext& context, const Request& request);
  Result<Entry> WaitInLine(const OperationContext& context, const Request& request,
                           const std::shared_ptr<Waiter>& waiter);
  Status Ended() const;
  Status ErrorOfWait(const OperationContext& context, const Request& request) const;
  Status Open(const OperationContext& context, internal::PoolEntry* entry);
  void Release(Entry entry);

  // Below: with the mutex held.
  void LeaveParentLocked(Doomed* doomed);
  Entry TakeNowLocked(Time now, Doomed* doomed);
  void NoteUsedLocked(internal::PoolEntry* entry, Time now);
  bool IsWornOutLocked(const internal::PoolEntry& entry, Time now) const;
  void CloseLocked(internal::PoolEntry* entry, Doomed* doomed);
  void CloseOldIdleLocked(Time now, Doomed* doomed);
  int NumOpenLocked() const { return static_cast<int>(idle_.size() + used_.size()); }
  int LimitLocked() const { return options_.max_size + options_.max_overflow; }

  const std::string name_;
  const Connect connect_;
  Clock* const clock_;

  mutable internal::ForkSafeMutex mutex_;
  ConnectionPoolOptions options_;
  // The last one was given back last.
  std::vector<Entry> idle_;
  // Those that are being opened are among them.
  std::vector<internal::PoolEntry*> used_;
  std::deque<std::shared_ptr<Waiter>> line_;
  ConnectionPoolStats totals_;
  // What was opened in an older generation is closed as it comes back.
  int64_t generation_ = 0;
  uint64_t process_ = 0;
  const std::unique_ptr<ConnectBreaker> breaker_;
};

}  // namespace iceframe
