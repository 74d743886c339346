// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/connection_pool.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <mutex>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/manual_clock.h"
#include "support/sanitized.h"

namespace iceframe {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A server whose connections are counted and can be made to fail.
struct Server {
  std::atomic<int> num_open{0};
  std::atomic<int> most_open{0};
  std::atomic<int> num_opened{0};
  std::atomic<int> num_pings{0};
  std::atomic<bool> is_away{false};
  std::atomic<bool> has_dropped_all{false};
};

class Connection final : public PooledConnection {
 public:
  explicit Connection(Server* server) : number(++server->num_opened), server_(server) {
    const int open = ++server_->num_open;
    int most = server_->most_open;
    while (open > most && !server_->most_open.compare_exchange_weak(most, open)) {
    }
  }
  ~Connection() override { --server_->num_open; }
  Status Ping(const OperationContext& /*context*/) override {
    ++server_->num_pings;
    return server_->has_dropped_all ? Status::IOError("gone") : Status::OK();
  }
  Status Reset() override { return reset_status; }

  const int number;
  Status reset_status;

 private:
  Server* server_;
};

class ConnectionPoolTest : public ::testing::Test {
 protected:
  std::shared_ptr<ConnectionPool> Make(const ConnectionPoolOptions& options) {
    const auto connect =
        [server = &server_](const OperationContext&) -> Result<std::unique_ptr<PooledConnection>> {
      if (server->is_away) return Error(ErrorKind::kUnavailable, "server is away");
      return std::make_unique<Connection>(server);
    };
    return std::make_shared<ConnectionPool>("test server", connect, options, &clock_);
  }

  ConnectionLease Take(ConnectionPool& pool) {
    auto lease = pool.Acquire(context_, {.timeout = std::chrono::minutes(5)});
    EXPECT_TRUE(lease.ok()) << lease.status().ToString();
    return lease.ok() ? std::move(lease).MoveValueUnsafe() : ConnectionLease();
  }

  static int NumberOf(const ConnectionLease& lease) {
    return static_cast<Connection&>(lease.connection()).number;
  }

  static void AwaitWaiting(const ConnectionPool& pool, int number) {
    while (pool.Stats().num_waiting != number) std::this_thread::yield();
  }

  Server server_;
  ManualClock clock_;
  OperationContext context_;
};

TEST_F(ConnectionPoolTest, OpensWhenNeededAndLendsTheLastGivenBackFirst) {
  const auto pool = Make({});
  EXPECT_EQ(server_.num_opened, 0);
  ConnectionLease first = Take(*pool);
  ConnectionLease second = Take(*pool);
  EXPECT_EQ(server_.num_open, 2);
  first.Return();
  second.Return();
  EXPECT_EQ(NumberOf(Take(*pool)), 2);
  EXPECT_EQ(NumberOf(pool->TryAcquire()), 2);
  const ConnectionPoolStats stats = pool->Stats();
  EXPECT_EQ(stats.num_idle, 2);
  EXPECT_EQ(stats.num_used, 0);
  EXPECT_EQ(stats.num_opened, 2);
  EXPECT_EQ(stats.num_lent, 4);
  EXPECT_EQ(server_.num_pings, 0);
}

TEST_F(ConnectionPoolTest, ServesItsLineInOrder) {
  constexpr int kThreads = kIsSanitized ? 100 : 1000;
  for (const int size : {1, 5}) {
    const auto pool = Make({.max_size = size});
    std::vector<ConnectionLease> held;
    for (int i = 0; i < size; ++i) held.push_back(Take(*pool));
    std::mutex mutex;
    std::vector<int> served;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        const ConnectionLease lease = Take(*pool);
        const std::lock_guard lock(mutex);
        served.push_back(i);
      });
      AwaitWaiting(*pool, i + 1);
    }
    held.clear();
    for (auto& thread : threads) thread.join();
    ASSERT_EQ(served.size(), static_cast<size_t>(kThreads));
    // Who was served and has not told so yet holds one of the other connections.
    for (int place = 0; place < kThreads; ++place) {
      EXPECT_LE(served[static_cast<size_t>(place)], place + size - 1);
    }
    EXPECT_EQ(pool->Stats().num_waiting, 0);
  }
  EXPECT_LE(server_.most_open, 6);
}

TEST_F(ConnectionPoolTest, NobodyOvertakesTheLine) {
  const auto pool = Make({.max_size = 1});
  ConnectionLease held = Take(*pool);
  std::vector<int> served;
  std::latch tried(1);
  std::thread waiter([&] {
    const ConnectionLease lease = Take(*pool);
    served.push_back(NumberOf(lease));
    tried.wait();
  });
  AwaitWaiting(*pool, 1);
  held.Return();
  // Handed over already: it was never idle.
  EXPECT_FALSE(pool->TryAcquire());
  tried.count_down();
  waiter.join();
  EXPECT_THAT(served, ElementsAre(1));
}

TEST_F(ConnectionPoolTest, AWaitEndsWithItsTimeoutACancelOrTheDeadline) {
  const auto pool = Make({.max_size = 1});
  const ConnectionLease held = Take(*pool);
  const auto late = pool->Acquire(context_, {.timeout = milliseconds(20)});
  EXPECT_EQ(KindOf(late.status()), ErrorKind::kTimeout);
  EXPECT_THAT(late.status().message(),
              HasSubstr("within 20 ms: test server: 1 of 1 are in use, 0 more callers wait"));

  OperationContext cancelled;
  std::thread waiter([&] {
    const auto lease = pool->Acquire(cancelled, {.timeout = std::chrono::minutes(5)});
    EXPECT_EQ(KindOf(lease.status()), ErrorKind::kCancelled);
  });
  AwaitWaiting(*pool, 1);
  cancelled.cancel.Cancel();
  waiter.join();

  OperationContext hurried;
  hurried.deadline = std::chrono::steady_clock::now() + milliseconds(20);
  EXPECT_EQ(KindOf(pool->Acquire(hurried, {.timeout = std::chrono::minutes(5)}).status()),
            ErrorKind::kTimeout);
  const ConnectionPoolStats stats = pool->Stats();
  EXPECT_EQ(stats.num_waiting, 0);
  EXPECT_EQ(stats.num_timeouts, 2);
  EXPECT_EQ(stats.num_cancelled, 1);
}

TEST_F(ConnectionPoolTest, ClosesWhatIsOldOrWasIdleForLong) {
  const auto pool = Make({.max_size = 3,
                          .min_idle = 1,
                          .validate_after = std::chrono::hours(9),
                          .max_lifetime = std::chrono::minutes(30),
                          .idle_timeout = std::chrono::minutes(10)});
  {
    ConnectionLease first = Take(*pool);
    ConnectionLease second = Take(*pool);
    ConnectionLease third = Take(*pool);
  }
  EXPECT_EQ(pool->Stats().num_idle, 3);
  clock_.Advance(std::chrono::minutes(11));
  // One of them is used meanwhile; of the others one may stay.
  Take(*pool).Return();
  EXPECT_EQ(pool->Stats().num_idle, 1);
  ConnectionLease used = Take(*pool);
  const int number = NumberOf(used);
  clock_.Advance(std::chrono::minutes(31));
  // In use it stays, given back it goes.
  EXPECT_EQ(server_.num_open, 1);
  used.Return();
  EXPECT_EQ(server_.num_open, 0);
  EXPECT_NE(NumberOf(Take(*pool)), number);
}

TEST_F(ConnectionPoolTest, ReplacesIdleConnectionsThatAreBroken) {
  const auto pool = Make({.validate_after = milliseconds(500)});
  Take(*pool).Return();
  server_.has_dropped_all = true;
  // Not looked at before its time.
  EXPECT_EQ(NumberOf(Take(*pool)), 1);
  clock_.Advance(milliseconds(501));
  EXPECT_FALSE(pool->TryAcquire());
  EXPECT_EQ(NumberOf(Take(*pool)), 2);
  EXPECT_EQ(server_.num_open, 1);
  EXPECT_EQ(pool->Stats().num_broken, 1);
}

TEST_F(ConnectionPoolTest, ClosesWhatIsDiscardedOrCannotBeReset) {
  const auto pool = Make({.max_size = 1});
  ConnectionLease lease = Take(*pool);
  lease.Discard();
  lease.Return();
  EXPECT_EQ(server_.num_open, 0);
  lease = Take(*pool);
  static_cast<Connection&>(lease.connection()).reset_status = Status::IOError("gone");
  std::thread waiter([&] { EXPECT_EQ(NumberOf(Take(*pool)), 3); });
  AwaitWaiting(*pool, 1);
  lease.Return();
  waiter.join();
  EXPECT_EQ(pool->Stats().num_closed, 2);
}

TEST_F(ConnectionPoolTest, AFailureToConnectLeavesItsPlaceToTheNext) {
  const auto pool = Make({.max_size = 1, .max_connect_failures = 0});
  server_.is_away = true;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(KindOf(pool->Acquire(context_, {}).status()), ErrorKind::kUnavailable);
  }
  EXPECT_EQ(pool->Stats().num_used, 0);
  EXPECT_EQ(pool->Stats().num_connect_failures, 5);
  server_.is_away = false;
  EXPECT_EQ(NumberOf(Take(*pool)), 1);
}

TEST_F(ConnectionPoolTest, KeepsCallersFromAServerThatIsAway) {
  const auto pool = Make({.max_connect_failures = 3});
  server_.is_away = true;
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(pool->Acquire(context_, {}).ok());
  server_.is_away = false;
  const Status refused = pool->Acquire(context_, {}).status();
  EXPECT_EQ(KindOf(refused), ErrorKind::kUnavailable);
  EXPECT_THAT(refused.message(), HasSubstr("server is away (3 failures in a row"));
  EXPECT_EQ(server_.num_opened, 0);
  // After the pause one tries; a failure doubles the pause.
  server_.is_away = true;
  clock_.Advance(milliseconds(1000));
  EXPECT_FALSE(pool->Acquire(context_, {}).ok());
  server_.is_away = false;
  clock_.Advance(milliseconds(1000));
  EXPECT_FALSE(pool->Acquire(context_, {}).ok());
  clock_.Advance(milliseconds(1000));
  EXPECT_TRUE(pool->Acquire(context_, {}).ok());
  EXPECT_EQ(pool->Stats().num_connect_failures, 4);
}

TEST_F(ConnectionPoolTest, TellsOfLeaksOnceAndHealsWhenTheyComeBack) {
  const auto pool = Make({.max_size = 10, .leak_threshold = std::chrono::seconds(60)});
  std::vector<std::string> lines;
  context_.log = MakeLogSink(
      [&](LogLevel, std::string_view, std::string_view line) { lines.emplace_back(line); });
  std::vector<ConnectionLease> leaked;
  for (int i = 0; i < 50; ++i) {
    ConnectionLease lease = Take(*pool);
    if (i % 10 == 9) leaked.push_back(std::move(lease));
  }
  pool->Maintain(context_);
  EXPECT_TRUE(lines.empty());
  clock_.Advance(std::chrono::seconds(61));
  EXPECT_EQ(pool->Stats().num_leaked, 5);
  pool->Maintain(context_);
  pool->Maintain(context_);
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_THAT(lines[0], HasSubstr("connection was not given back for 61000 ms: test server"));
  leaked.clear();
  EXPECT_EQ(pool->Stats().num_leaked, 0);
  EXPECT_EQ(pool->Stats().num_used, 0);
}

TEST_F(ConnectionPoolTest, GrowsForThoseWhoWaitAndShrinksAsConnectionsComeBack) {
  const auto pool = Make({.max_size = 1});
  ConnectionLease first = Take(*pool);
  std::atomic<int> num_served{0};
  std::vector<std::thread> threads;
  std::atomic<bool> may_go{false};
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      const ConnectionLease lease = Take(*pool);
      ++num_served;
      while (!may_go) std::this_thread::yield();
    });
  }
  AwaitWaiting(*pool, 3);
  pool->Configure({.max_size = 2, .max_overflow = 2});
  while (num_served < 3) std::this_thread::yield();
  EXPECT_EQ(server_.num_open, 4);
  may_go = true;
  for (auto& thread : threads) thread.join();
  first.Return();
  EXPECT_EQ(server_.num_open, 2);
  pool->Configure({.max_size = 1});
  EXPECT_EQ(server_.num_open, 1);
}

TEST_F(ConnectionPoolTest, ClosesAllAndEndsTheWaitsOfOneOwner) {
  const auto pool = Make({.max_size = 1});
  ConnectionLease held = Take(*pool);
  ConnectionPool::Owner owner;
  std::thread ended([&] {
    const auto lease =
        pool->Acquire(context_, {.timeout = std::chrono::minutes(5), .owner = &owner});
    EXPECT_EQ(KindOf(lease.status()), ErrorKind::kUnavailable);
    EXPECT_THAT(lease.status().message(), HasSubstr("catalog pool is closed: test server"));
  });
  AwaitWaiting(*pool, 1);
  std::thread served([&] { EXPECT_EQ(NumberOf(Take(*pool)), 2); });
  AwaitWaiting(*pool, 2);
  pool->EndWaits(&owner);
  ended.join();
  pool->CloseAll();
  held.Return();
  served.join();
  EXPECT_EQ(pool->Stats().num_closed, 1);
}

TEST_F(ConnectionPoolTest, ManyThreadsShareFewConnections) {
  const auto pool = Make({.max_size = 3});
  std::atomic<int> num_using{0};
  std::atomic<int> most_using{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 300; ++j) {
        ConnectionLease lease = j % 3 == 0 ? pool->TryAcquire() : ConnectionLease();
        if (!lease) lease = Take(*pool);
        const int now = ++num_using;
        int most = most_using;
        while (now > most && !most_using.compare_exchange_weak(most, now)) {
        }
        if ((i + j) % 17 == 0) lease.Discard();
        --num_using;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(most_using, 3);
  // What is discarded is closed beside the opening of what takes its place.
  EXPECT_LE(server_.most_open, 6);
  const ConnectionPoolStats stats = pool->Stats();
  EXPECT_EQ(stats.num_lent, 16 * 300);
  EXPECT_EQ(stats.num_used, 0);
  EXPECT_EQ(stats.num_opened - stats.num_closed, stats.num_idle);
}

TEST_F(ConnectionPoolTest, AForkedChildHasAnEmptyPool) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "at a fork libarrow's allocator takes more locks than TSan can note";
#endif
  const auto pool = Make({.max_size = 2});
  ConnectionLease held = Take(*pool);
  Take(*pool).Return();
  const pid_t child = ::fork();
  if (child == 0) {
    // What is the parent's does not take the child's places.
    const ConnectionLease first = Take(*pool);
    const ConnectionLease second = Take(*pool);
    held.Return();
    const ConnectionPoolStats stats = pool->Stats();
    ::_exit(stats.num_used == 2 && stats.num_idle == 0 && stats.num_opened == 2 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(pool->Stats().num_used, 1);
  held.Return();
  EXPECT_EQ(pool->Stats().num_idle, 2);
}

}  // namespace
}  // namespace iceframe
