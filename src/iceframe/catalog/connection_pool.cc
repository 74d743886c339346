// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/connection_pool.h"

#include <algorithm>
#include <mutex>
#include <random>
#include <utility>

#include "iceframe/catalog/connect_breaker_internal.h"
#include "iceframe/catalog/pool_metrics_internal.h"

namespace iceframe {

namespace internal {

struct PoolEntry {
  std::unique_ptr<PooledConnection> connection;
  // Of the pool, when it was opened.
  int64_t generation = 0;
  uint64_t process = 0;
  Clock::SteadyTime end_of_life;
  Clock::SteadyTime taken_at;
  Clock::SteadyTime idle_since;
  bool is_discarded = false;
  bool is_leak_told = false;
};

}  // namespace internal

namespace {

using std::chrono::milliseconds;

// Long enough for "for ever", short enough to be added to a time.
constexpr milliseconds kLongestWait = std::chrono::hours(24 * 365);

double Seconds(Clock::SteadyTime::duration time) {
  return std::chrono::duration<double>(time).count();
}

// Up to 2.5 % less.
milliseconds WithJitter(milliseconds lifetime) {
  thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<int64_t> less(0, std::max<int64_t>(lifetime.count() / 40, 0));
  return lifetime - milliseconds(less(random));
}

}  // namespace

// -- leases ------------------------------------------------------------------------------------

ConnectionLease::ConnectionLease() = default;

ConnectionLease::ConnectionLease(std::shared_ptr<ConnectionPool> pool,
                                 std::unique_ptr<internal::PoolEntry> entry)
    : pool_(std::move(pool)), entry_(std::move(entry)) {}

ConnectionLease::ConnectionLease(ConnectionLease&& other) noexcept = default;

ConnectionLease& ConnectionLease::operator=(ConnectionLease&& other) noexcept {
  if (this != &other) {
    Return();
    pool_ = std::move(other.pool_);
    entry_ = std::move(other.entry_);
  }
  return *this;
}

ConnectionLease::~ConnectionLease() { Return(); }

PooledConnection& ConnectionLease::connection() const { return *entry_->connection; }

void ConnectionLease::Discard() { entry_->is_discarded = true; }

void ConnectionLease::Return() {
  if (entry_ != nullptr) pool_->Release(std::move(entry_));
  pool_.reset();
}

// -- the pool ----------------------------------------------------------------------------------

struct ConnectionPool::Waiter {
  explicit Waiter(const Owner* of) : owner(of) {}
  const Owner* const owner;
  internal::WaitPoint point;
  // Set under the pool's mutex before the point is signalled; else its owner has ended.
  Entry entry;
};

ConnectionPool::ConnectionPool(std::string name, Connect connect,
                               const ConnectionPoolOptions& options, Clock* clock)
    : name_(std::move(name)),
      connect_(std::move(connect)),
      clock_(clock),
      options_(options),
      process_(ForkGeneration()),
      breaker_(std::make_unique<ConnectBreaker>()) {
  // Made before the mutex is held: they have one of their own.
  (void)PoolMetrics::Get();
}

ConnectionPool::~ConnectionPool() {
  if (process_ == ForkGeneration()) PoolMetrics::Get().idle.Add(-std::ssize(idle_));
}

Result<ConnectionLease> ConnectionPool::Acquire(const OperationContext& context,
                                                const Request& request) {
  ICEFRAME_RETURN_NOT_OK(context.Check());
  const Time start = clock_->SteadyNow();
  ICEFRAME_ASSIGN_OR_RETURN(Entry entry, TakeTurn(context, request));
  // Gives the place back on errors.
  ConnectionLease lease(shared_from_this(), std::move(entry));
  internal::PoolEntry& taken = *lease.entry_;
  const bool is_unsure =
      taken.connection != nullptr && start - taken.idle_since > options().validate_after;
  if (is_unsure && !taken.connection->Ping(context).ok()) {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    taken.connection.reset();
    const std::lock_guard lock(mutex_);
    ++totals_.num_broken;
    ++totals_.num_closed;
  }
  if (taken.connection == nullptr) ICEFRAME_RETURN_NOT_OK(Open(context, &taken));
  PoolMetrics::Get().wait.Observe(Seconds(clock_->SteadyNow() - start));
  return lease;
}

ConnectionLease ConnectionPool::TryAcquire() {
  const Time now = clock_->SteadyNow();
  Doomed doomed;
  Entry entry;
  {
    const std::lock_guard lock(mutex_);
    LeaveParentLocked(&doomed);
    const bool is_ready = line_.empty() && !idle_.empty() &&
                          now - idle_.back()->idle_since <= options_.validate_after &&
                          !IsWornOutLocked(*idle_.back(), now);
    if (is_ready) entry = TakeNowLocked(now, &doomed);
  }
  if (entry == nullptr) return {};
  PoolMetrics::Get().wait.Observe(0);
  return {shared_from_this(), std::move(entry)};
}

Status ConnectionPool::Ended() const {
  return Error(ErrorKind::kUnavailable, "catalog pool is closed: ", name_);
}

Result<ConnectionPool::Entry> ConnectionPool::TakeTurn(const OperationContext& context,
                                                       const Request& request) {
  const Time now = clock_->SteadyNow();
  Doomed doomed;
  std::shared_ptr<Waiter> waiter;
  {
    const std::lock_guard lock(mutex_);
    LeaveParentLocked(&doomed);
    if (line_.empty()) {
      if (Entry entry = TakeNowLocked(now, &doomed)) return entry;
    }
    if (request.owner != nullptr && request.owner->has_ended) return Ended();
    waiter = std::make_shared<Waiter>(request.owner);
    line_.push_back(waiter);
  }
  return WaitInLine(context, request, waiter);
}

Result<ConnectionPool::Entry> ConnectionPool::WaitInLine(const OperationContext& context,
                                                         const Request& request,
                                                         const std::shared_ptr<Waiter>& waiter) {
  // Leaks are told when they hurt.
  Maintain(context);
  PoolMetrics::Get().pending.Add(1);
  OperationContext waiting = context;
  waiting.clock = &Clock::System();
  const Time until = waiting.clock->SteadyNow() + std::min(request.timeout, kLongestWait);
  waiting.deadline = std::min(context.deadline.value_or(until), until);
  const Status waited = waiter->point.Wait(waiting);
  PoolMetrics::Get().pending.Add(-1);
  {
    const std::lock_guard lock(mutex_);
    // It may have come with the last of the time.
    if (waiter->entry != nullptr) return std::move(waiter->entry);
    if (std::erase(line_, waiter) == 0) return Ended();
    ++(KindOf(waited) == ErrorKind::kTimeout ? totals_.num_timeouts : totals_.num_cancelled);
  }
  if (KindOf(waited) != ErrorKind::kTimeout) return waited;
  PoolMetrics::Get().timeouts.Increment();
  return ErrorOfWait(context, request);
}

Status ConnectionPool::ErrorOfWait(const OperationContext& context, const Request& request) const {
  const ConnectionPoolStats stats = Stats();
  const bool is_own_deadline = !context.Check().ok();
  std::string leaked;
  if (stats.num_leaked > 0) {
    leaked = internal::Concatenate(", ", stats.num_leaked, " of them for longer than ",
                                   options().leak_threshold.count(), " ms");
  }
  std::string after = is_own_deadline
                          ? "before the operation's deadline"
                          : internal::Concatenate("within ", request.timeout.count(), " ms");
  return Error(ErrorKind::kTimeout, "no connection came free ", after, ": ", name_, ": ",
               stats.num_used, " of ", stats.max_size, " are in use", leaked, ", ",
               stats.num_waiting,
               " more callers wait (give connections back sooner, or raise "
               "pool_size)");
}

Status ConnectionPool::Open(const OperationContext& context, internal::PoolEntry* entry) {
  const Time start = clock_->SteadyNow();
  ConnectionPoolOptions now_valid;
  {
    const std::lock_guard lock(mutex_);
    now_valid = options_;
    entry->generation = generation_;
    ICEFRAME_RETURN_NOT_OK(breaker_->Check(options_.max_connect_failures, start));
  }
  auto opened = connect_(context);
  const Time end = clock_->SteadyNow();
  {
    const std::lock_guard lock(mutex_);
    breaker_->Note(opened.status(), options_.max_connect_failures, end);
    ++(opened.ok() ? totals_.num_opened : totals_.num_connect_failures);
  }
  if (!opened.ok()) {
    PoolMetrics::Get().connect_failures.Increment();
    return opened.status();
  }
  PoolMetrics::Get().create.Observe(Seconds(end - start));
  entry->connection = std::move(opened).MoveValueUnsafe();
  entry->end_of_life = end + WithJitter(std::min(now_valid.max_lifetime, kLongestWait));
  return Status::OK();
}

void ConnectionPool::Release(Entry entry) {
  // The parent's: its pool is not this one.
  if (entry->process != ForkGeneration()) return;
  const bool was_open = entry->connection != nullptr;
  const bool is_usable = was_open && !entry->is_discarded && entry->connection->Reset().ok();
  const Time now = clock_->SteadyNow();
  if (was_open) PoolMetrics::Get().use.Observe(Seconds(now - entry->taken_at));
  Doomed doomed;
  std::shared_ptr<Waiter> next;
  {
    const std::lock_guard lock(mutex_);
    if (was_open && (!is_usable || IsWornOutLocked(*entry, now))) CloseLocked(entry.get(), &doomed);
    std::erase(used_, entry.get());
    PoolMetrics::Get().used.Add(-1);
    entry->idle_since = now;
    entry->is_discarded = false;
    if (!line_.empty() && NumOpenLocked() < LimitLocked()) {
      next = std::move(line_.front());
      line_.pop_front();
      NoteUsedLocked(entry.get(), now);
      next->entry = std::move(entry);
    } else if (entry->connection != nullptr) {
      idle_.push_back(std::move(entry));
      PoolMetrics::Get().idle.Add(1);
    }
    CloseOldIdleLocked(now, &doomed);
  }
  if (next != nullptr) next->point.Signal();
}

// -- with the mutex held -----------------------------------------------------------------------

void ConnectionPool::LeaveParentLocked(Doomed* doomed) {
  const uint64_t process = ForkGeneration();
  if (process == process_) return;
  process_ = process;
  const PoolMetrics& metrics = PoolMetrics::Get();
  metrics.idle.Add(-std::ssize(idle_));
  metrics.used.Add(-std::ssize(used_));
  metrics.pending.Add(-std::ssize(line_));
  for (const Entry& entry : idle_) doomed->push_back(std::move(entry->connection));
  idle_.clear();
  used_.clear();
  // Their threads were not copied.
  line_.clear();
  totals_ = {};
}

// An idle one, or a place; nullptr: the caller must wait.
ConnectionPool::Entry ConnectionPool::TakeNowLocked(Time now, Doomed* doomed) {
  Entry entry;
  while (!idle_.empty() && entry == nullptr) {
    entry = std::move(idle_.back());
    idle_.pop_back();
    PoolMetrics::Get().idle.Add(-1);
    if (!IsWornOutLocked(*entry, now)) break;
    CloseLocked(entry.get(), doomed);
    entry.reset();
  }
  if (entry == nullptr) {
    if (NumOpenLocked() >= LimitLocked()) return nullptr;
    entry = std::make_unique<internal::PoolEntry>();
  }
  NoteUsedLocked(entry.get(), now);
  return entry;
}

void ConnectionPool::NoteUsedLocked(internal::PoolEntry* entry, Time now) {
  entry->process = process_;
  entry->taken_at = now;
  entry->is_leak_told = false;
  used_.push_back(entry);
  ++totals_.num_lent;
  PoolMetrics::Get().used.Add(1);
}

bool ConnectionPool::IsWornOutLocked(const internal::PoolEntry& entry, Time now) const {
  const int most = line_.empty() ? options_.max_size : LimitLocked();
  return entry.generation != generation_ || now >= entry.end_of_life || NumOpenLocked() > most;
}

void ConnectionPool::CloseLocked(internal::PoolEntry* entry, Doomed* doomed) {
  doomed->push_back(std::move(entry->connection));
  ++totals_.num_closed;
}

// The oldest come first.
void ConnectionPool::CloseOldIdleLocked(Time now, Doomed* doomed) {
  const auto is_old = [&](const Entry& entry) {
    return now - entry->idle_since >= options_.idle_timeout || now >= entry->end_of_life;
  };
  while (std::ssize(idle_) > options_.min_idle && is_old(idle_.front())) {
    CloseLocked(idle_.front().get(), doomed);
    idle_.erase(idle_.begin());
    PoolMetrics::Get().idle.Add(-1);
  }
}

// -- seen from outside -------------------------------------------------------------------------

void ConnectionPool::Configure(const ConnectionPoolOptions& options) {
  std::vector<std::shared_ptr<Waiter>> served;
  Doomed doomed;
  {
    const std::lock_guard lock(mutex_);
    LeaveParentLocked(&doomed);
    options_ = options;
    while (!idle_.empty() && NumOpenLocked() > options_.max_size) {
      CloseLocked(idle_.front().get(), &doomed);
      idle_.erase(idle_.begin());
      PoolMetrics::Get().idle.Add(-1);
    }
    while (!line_.empty()) {
      Entry entry = TakeNowLocked(clock_->SteadyNow(), &doomed);
      if (entry == nullptr) break;
      line_.front()->entry = std::move(entry);
      served.push_back(std::move(line_.front()));
      line_.pop_front();
    }
  }
  for (const auto& waiter : served) waiter->point.Signal();
}

ConnectionPoolOptions ConnectionPool::options() const {
  const std::lock_guard lock(mutex_);
  return options_;
}

ConnectionPoolStats ConnectionPool::Stats() const {
  const Time now = clock_->SteadyNow();
  const std::lock_guard lock(mutex_);
  ConnectionPoolStats stats = totals_;
  stats.max_size = options_.max_size;
  if (process_ != ForkGeneration()) return {.max_size = options_.max_size};
  stats.num_used = static_cast<int>(used_.size());
  stats.num_idle = static_cast<int>(idle_.size());
  stats.num_waiting = static_cast<int>(line_.size());
  stats.num_leaked = static_cast<int>(std::ranges::count_if(
      used_, [&](const auto* entry) { return now - entry->taken_at > options_.leak_threshold; }));
  return stats;
}

void ConnectionPool::CloseAll() {
  Doomed doomed;
  const std::lock_guard lock(mutex_);
  LeaveParentLocked(&doomed);
  ++generation_;
  for (const Entry& entry : idle_) CloseLocked(entry.get(), &doomed);
  PoolMetrics::Get().idle.Add(-std::ssize(idle_));
  idle_.clear();
}

void ConnectionPool::EndWaits(Owner* owner) {
  owner->has_ended = true;
  std::vector<std::shared_ptr<Waiter>> ended;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(line_, [&](const auto& waiter) {
      if (waiter->owner != owner) return false;
      ended.push_back(waiter);
      return true;
    });
  }
  for (const auto& waiter : ended) waiter->point.Signal();
}

void ConnectionPool::Maintain(const OperationContext& context) {
  const Time now = clock_->SteadyNow();
  Doomed doomed;
  std::vector<std::chrono::milliseconds> leaks;
  {
    const std::lock_guard lock(mutex_);
    LeaveParentLocked(&doomed);
    CloseOldIdleLocked(now, &doomed);
    for (internal::PoolEntry* entry : used_) {
      if (entry->is_leak_told || now - entry->taken_at <= options_.leak_threshold) continue;
      entry->is_leak_told = true;
      leaks.push_back(std::chrono::duration_cast<milliseconds>(now - entry->taken_at));
    }
  }
  PoolMetrics::Get().leaks.Increment(std::ssize(leaks));
  for (const milliseconds time : leaks) {
    context.Log(LogLevel::kWarning, "pool", "connection was not given back for ", time.count(),
                " ms: ", name_);
  }
}

}  // namespace iceframe
