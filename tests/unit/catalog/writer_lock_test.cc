// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include <mutex>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/catalog/writer_lock_internal.h"

namespace iceframe {
namespace {

using ::testing::HasSubstr;

TEST(WriterLock, LetsOneInAtATime) {
  WriterLock lock;
  int count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 100; ++j) {
        ASSERT_TRUE(lock.Lock(OperationContext{}).ok());
        const std::unique_lock held(lock, std::adopt_lock);
        ++count;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(count, 400);
}

TEST(WriterLock, AWaitEndsWithTheTimeoutTheDeadlineOrACancel) {
  WriterLock lock;
  ASSERT_TRUE(lock.Lock(OperationContext{}).ok());
  OperationContext impatient;
  impatient.settings =
      std::make_shared<const Properties>(Properties{{"catalog.lock_timeout", "20ms"}});
  const Status status = lock.Lock(impatient);
  EXPECT_EQ(KindOf(status), ErrorKind::kTimeout);
  EXPECT_THAT(status.message(), HasSubstr("20 ms"));

  OperationContext hurried;
  hurried.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  EXPECT_EQ(KindOf(lock.Lock(hurried)), ErrorKind::kTimeout);

  OperationContext cancelled;
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    cancelled.cancel.Cancel();
  });
  EXPECT_EQ(KindOf(lock.Lock(cancelled)), ErrorKind::kCancelled);
  canceller.join();
  lock.unlock();
  EXPECT_TRUE(lock.Lock(OperationContext{}).ok());
}

TEST(WriterLock, AChildDoesNotInheritTheHold) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "at a fork libarrow's allocator takes more locks than TSan can note";
#endif
  WriterLock lock;
  ASSERT_TRUE(lock.Lock(OperationContext{}).ok());
  const pid_t child = ::fork();
  if (child == 0) {
    OperationContext hurried;
    hurried.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    ::_exit(lock.Lock(hurried).ok() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace iceframe
