// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/executor.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/runtime/fork.h"
#include "iceframe/runtime/memory_manager.h"
#include "iceframe/runtime/metrics_registry.h"

namespace iceframe {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::unique_ptr<Executor> MakeExecutor(int num_threads, int num_io_threads = 4) {
  return Executor::Make({.num_threads = num_threads, .num_io_threads = num_io_threads})
      .ValueOrDie();
}

/// Waits until it holds, on a busy machine for long; what never does is told by the test.
template <typename Condition>
void WaitUntil(const Condition& condition) {
  const auto end = steady_clock::now() + milliseconds(60000);
  while (!condition() && steady_clock::now() < end) std::this_thread::sleep_for(milliseconds(1));
}

TEST(ParallelFor, CallsEachIndexOnce) {
  auto executor = MakeExecutor(3);
  std::vector<std::atomic<int>> calls(1000);
  auto count_call = [&](int64_t i) {
    ++calls[static_cast<size_t>(i)];
    return Status::OK();
  };
  ASSERT_TRUE(executor->ParallelFor(1000, count_call, CancelToken()).ok());
  for (const auto& count : calls) EXPECT_EQ(count, 1);
  EXPECT_TRUE(executor->ParallelFor(0, count_call, CancelToken()).ok());
  EXPECT_TRUE(executor->ParallelFor(-1, count_call, CancelToken()).ok());
}

TEST(ParallelFor, KeepsToItsBound) {
  auto executor = MakeExecutor(8);
  int bound = 2;
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  auto task = [&](int64_t) {
    const int inside = ++now;
    int seen = most;
    while (seen < inside && !most.compare_exchange_weak(seen, inside)) {
    }
    // The first ones wait for as many as there may be, however late their threads get a turn.
    WaitUntil([&] { return most >= bound; });
    std::this_thread::sleep_for(milliseconds(1));
    --now;
    return Status::OK();
  };
  ASSERT_TRUE(executor->ParallelFor(50, task, CancelToken(), 2).ok());
  EXPECT_EQ(most, 2);
  bound = 1;
  most = 0;
  ASSERT_TRUE(executor->ParallelFor(10, task, CancelToken(), 1).ok());
  EXPECT_EQ(most, 1);
}

TEST(ParallelFor, ReturnsTheFirstErrorByIndexAndStartsNoMore) {
  auto executor = MakeExecutor(4);
  std::atomic<int> calls{0};
  const Status status = executor->ParallelFor(
      100000,
      [&](int64_t i) -> Status {
        ++calls;
        if (i == 3) std::this_thread::sleep_for(milliseconds(20));
        if (i >= 3) return Error(ErrorKind::kIo, "failed at ", i);
        return Status::OK();
      },
      CancelToken());
  EXPECT_EQ(status.message(), "failed at 3");
  EXPECT_LT(calls, 1000);
}

TEST(ParallelFor, TurnsExceptionsIntoErrors) {
  auto executor = MakeExecutor(2);
  const Status status =
      executor->ParallelFor(4, [](int64_t) -> Status { throw std::bad_alloc(); }, CancelToken());
  EXPECT_EQ(KindOf(status), ErrorKind::kResourceExhausted);
}

TEST(ParallelFor, IsSafeFromInsideATaskAtAnyDepth) {
  auto executor = MakeExecutor(2);
  std::atomic<int> leaves{0};
  std::function<Status(int)> recurse = [&](int depth) -> Status {
    if (depth == 0) {
      ++leaves;
      return Status::OK();
    }
    return executor->ParallelFor(
        4, [&, depth](int64_t) { return recurse(depth - 1); }, CancelToken());
  };
  ASSERT_TRUE(recurse(5).ok());
  EXPECT_EQ(leaves, 1024);
}

TEST(ParallelFor, GetsThroughWhileEveryThreadIsBusy) {
  auto executor = MakeExecutor(1);
  std::atomic<bool> release{false};
  auto blocker = executor->cpu()->Submit([&] {
    while (!release) std::this_thread::yield();
    return Status::OK();
  });
  std::atomic<int> calls{0};
  EXPECT_TRUE(executor
                  ->ParallelFor(
                      100,
                      [&](int64_t) {
                        ++calls;
                        return Status::OK();
                      },
                      CancelToken())
                  .ok());
  EXPECT_EQ(calls, 100);
  release = true;
  blocker->Wait();
}

TEST(ParallelFor, StopsWhenCancelled) {
  auto executor = MakeExecutor(2);
  CancelToken cancel;
  std::atomic<int> calls{0};
  const auto begin = steady_clock::now();
  const Status status = executor->ParallelFor(
      1000000,
      [&](int64_t) {
        if (++calls == 10) cancel.Cancel();
        std::this_thread::sleep_for(milliseconds(1));
        return Status::OK();
      },
      cancel);
  EXPECT_EQ(KindOf(status), ErrorKind::kCancelled);
  EXPECT_LT(calls, 100000);
  EXPECT_LT(steady_clock::now() - begin, milliseconds(60000));
}

TEST(ParallelFor, UsesSeveralThreads) {
  auto executor = MakeExecutor(3);
  const auto caller = std::this_thread::get_id();
  std::mutex mutex;
  std::set<std::thread::id> threads;
  auto task = [&](int64_t) {
    {
      std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
    }
    WaitUntil([&] {
      std::lock_guard lock(mutex);
      return threads.size() >= 2 && threads.contains(caller);
    });
    return Status::OK();
  };
  ASSERT_TRUE(executor->ParallelFor(64, task, CancelToken()).ok());
  EXPECT_GE(threads.size(), 2U);
  EXPECT_TRUE(threads.contains(caller)) << "the caller helps";
}

TEST(ParallelForIo, KeepsAsManyWaitingAsThereAreIoThreads) {
  auto executor = MakeExecutor(1, 16);
  std::mutex mutex;
  int waiting = 0;
  int most = 0;
  const auto end = steady_clock::now() + milliseconds(30000);
  auto task = [&](int64_t) {
    std::unique_lock lock(mutex);
    most = std::max(most, ++waiting);
    while (most < 16 && steady_clock::now() < end) {
      lock.unlock();
      std::this_thread::sleep_for(milliseconds(1));
      lock.lock();
    }
    --waiting;
    return Status::OK();
  };
  ASSERT_TRUE(executor->ParallelForIo(34, task, CancelToken()).ok());
  EXPECT_GE(most, 16);
  EXPECT_LE(most, 17) << "the caller helps";
}

TEST(Executor, RunsArrowFuturesOnItsThreads) {
  auto executor = MakeExecutor(2);
  auto* cpu = executor->cpu();
  EXPECT_FALSE(cpu->OwnsThisThread());
  auto future = cpu->Submit([cpu] { return cpu->OwnsThisThread(); }).ValueOrDie();
  EXPECT_TRUE(future.result().ValueOrDie());
  auto other = executor->io()->Submit([cpu] { return cpu->OwnsThisThread(); }).ValueOrDie();
  EXPECT_FALSE(other.result().ValueOrDie());
}

TEST(Executor, StartsIoThreadsOnlyAsNeededUpToItsCapacity) {
  auto executor = MakeExecutor(1, 3);
  std::atomic<int> inside{0};
  std::atomic<bool> release{false};
  std::vector<arrow::Future<>> futures;
  for (int i = 0; i < 5; ++i) {
    futures.push_back(executor->io()
                          ->Submit([&] {
                            ++inside;
                            while (!release) std::this_thread::sleep_for(milliseconds(1));
                            --inside;
                          })
                          .ValueOrDie());
  }
  WaitUntil([&] { return inside >= 3; });
  std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(inside, 3);
  release = true;
  for (auto& future : futures) future.Wait();
}

TEST(Executor, CountsATaskThatGoesOnInAnotherPool) {
  const auto executor = MakeExecutor(1, 1);
  std::atomic<int> hops_left = 20000;
  const std::function<void()> hop = [&] {
    const int left = --hops_left;
    if (left == 0) return;
    ASSERT_TRUE((left % 2 == 0 ? executor->cpu() : executor->io())->Spawn([&] { hop(); }).ok());
  };
  ASSERT_TRUE(executor->cpu()->Spawn([&] { hop(); }).ok());
  while (executor->num_tasks() > 0) {
  }
  EXPECT_EQ(hops_left, 0);
  WaitUntil([&] { return hops_left == 0 && executor->num_tasks() == 0; });
}

TEST(Executor, CapacityFollowsConfigure) {
  auto executor = MakeExecutor(1, 1);
  ASSERT_TRUE(executor->Configure({.num_threads = 5, .num_io_threads = 7}).ok());
  EXPECT_EQ(executor->num_cpu_threads(), 5);
  EXPECT_EQ(executor->cpu()->GetCapacity(), 5);
  EXPECT_EQ(executor->num_io_threads(), 7);
  EXPECT_EQ(KindOf(executor->Configure({.num_threads = -1})), ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(executor->Configure({.num_io_threads = 0})), ErrorKind::kInvalidArgument);
  EXPECT_GE(Executor::Process().num_cpu_threads(), 1);
}

TEST(Executor, SkipsTasksWhoseArrowStopTokenWasStopped) {
  auto executor = MakeExecutor(1);
  arrow::StopSource source;
  source.RequestStop();
  std::atomic<bool> ran{false};
  auto future = executor->cpu()->Submit(source.token(), [&] { ran = true; }).ValueOrDie();
  EXPECT_TRUE(future.status().IsCancelled());
  EXPECT_FALSE(ran);
}

TEST(Executor, EndWaitsForQueuedTasks) {
  std::atomic<int> ran{0};
  {
    auto executor = MakeExecutor(1);
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(executor->cpu()
                      ->Spawn([&] {
                        std::this_thread::sleep_for(milliseconds(1));
                        ++ran;
                      })
                      .ok());
    }
  }
  EXPECT_EQ(ran, 20);
}

/// Runs `body` in a forked child; returns its exit status, -1 if it did not end in 60 s.
int RunForked(const std::function<bool()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body() ? 0 : 1);
  int status = 0;
  for (int i = 0; i < 6000; ++i) {
    if (waitpid(child, &status, WNOHANG) == child) return status;
    std::this_thread::sleep_for(milliseconds(10));
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return -1;
}

TEST(Fork, ChildWorksWhileTheParentsThreadsAreBusy) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizers' own locks and threads don't outlive a fork";
#endif
  auto& executor = Executor::Process();
  std::atomic<bool> stop{false};
  std::vector<arrow::Future<>> busy;
  for (int i = 0; i < 6; ++i) {
    auto* pool = i % 2 == 0 ? executor.cpu() : executor.io();
    busy.push_back(pool->Submit([&stop] {
                         while (!stop) {
                           MetricsRegistry::Process().counter("test_fork_total").Increment();
                           auto node = MemoryBudget::Process()->MakeChild("busy");
                           (void)node->AddReclaimer(ReclaimOrder::kCache,
                                                    [](int64_t) { return int64_t{0}; });
                         }
                       })
                       .ValueOrDie());
  }
  const uint64_t generation = ForkGeneration();
  for (int i = 0; i < 20; ++i) {
    const int status = RunForked([&] {
      if (ForkGeneration() != generation + 1) return false;
      std::atomic<int> calls{0};
      auto task = [&](int64_t) {
        ++calls;
        MetricsRegistry::Process().counter("test_fork_total").Increment();
        return Status::OK();
      };
      if (!executor.ParallelFor(100, task, CancelToken()).ok() || calls != 100) return false;
      auto future = executor.io()->Submit([] { return 42; });
      return future.ok() && future->result().ValueOr(0) == 42;
    });
    ASSERT_EQ(status, 0);
  }
  EXPECT_EQ(ForkGeneration(), generation);
  stop = true;
  for (auto& future : busy) future.Wait();
}

TEST(ProcessExit, EndsCleanlyWithWorkInFlight) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        auto& executor = Executor::Process();
        for (int i = 0; i < 100; ++i) {
          (void)executor.cpu()->Spawn([] {
            while (!IsProcessExiting()) std::this_thread::sleep_for(milliseconds(1));
          });
        }
        std::this_thread::sleep_for(milliseconds(20));
        exit(3);
      },
      testing::ExitedWithCode(3), "");
}

TEST(ProcessExit, LetsAFuturesCallbacksEnd) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        // The callback is added by the running task, so Arrow's own statics are made late.
        Executor& executor = Executor::Process();
        std::atomic<bool> started = false;
        ASSERT_TRUE(executor.io()
                        ->Spawn([&started] {
                          started = true;
                          std::this_thread::sleep_for(milliseconds(50));
                          auto future = arrow::Future<>::Make();
                          future.AddCallback([](const arrow::Status&) {});
                          future.MarkFinished();
                        })
                        .ok());
        arrow::Future<>::Make().AddCallback([](const arrow::Status&) {});
        while (!started) std::this_thread::yield();
        std::exit(0);
      },
      testing::ExitedWithCode(0), "");
}

TEST(ProcessExit, CanBeginBeforeTheProcessExits) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        std::atomic<bool> started{false};
        std::atomic<bool> ended{false};
        (void)Executor::Process().cpu()->Spawn([&] {
          started = true;
          while (!IsProcessExiting()) std::this_thread::sleep_for(milliseconds(1));
          ended = true;
        });
        WaitUntil([&] { return started.load(); });
        BeginProcessExit();
        const Status late = Executor::Process().cpu()->Spawn([] {});
        const Status loop =
            Executor::Process().ParallelFor(2, [](int64_t) { return Status::OK(); }, CancelToken());
        exit(ended && KindOf(late) == ErrorKind::kCancelled && KindOf(loop) == ErrorKind::kCancelled
                 ? 5
                 : 6);
      },
      testing::ExitedWithCode(5), "");
}

TEST(ProcessExit, DoesNotHangOnATaskThatNeverEnds) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        (void)Executor::Process().io()->Spawn(
            [] { std::this_thread::sleep_for(milliseconds(60000)); });
        std::this_thread::sleep_for(milliseconds(20));
        exit(4);
      },
      testing::ExitedWithCode(4), "");
}

/// Shows how many threads a pool of Arrow's has started.
struct ArrowPoolProbe : arrow::internal::ThreadPool {
  static int NumThreads(arrow::internal::ThreadPool* pool) {
    return (pool->*(&ArrowPoolProbe::GetActualCapacity))();
  }
};

TEST(Executor, ArrowsOwnCpuPoolStaysIdle) {
  ASSERT_TRUE(Executor::Process()
                  .ParallelFor(
                      100, [](int64_t) { return Status::OK(); }, CancelToken())
                  .ok());
  EXPECT_EQ(ArrowPoolProbe::NumThreads(arrow::internal::GetCpuThreadPool()), 0);
}

}  // namespace
}  // namespace iceframe
