// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/catalog/sqlite_database_internal.h"

namespace iceframe {
namespace {

using ::testing::HasSubstr;

class SqliteDatabaseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("iceframe_sqlite_" + std::to_string(::getpid()) + "_" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::shared_ptr<SqliteDatabase> OpenCounter(const std::string& path) {
    auto database = SqliteDatabase::Make(path).ValueOrDie();
    auto use = database->Acquire(context_).ValueOrDie();
    EXPECT_TRUE(use->Execute("CREATE TABLE IF NOT EXISTS counter (value INTEGER)").ok());
    EXPECT_TRUE(use->Execute("INSERT INTO counter SELECT 0 WHERE NOT EXISTS "
                             "(SELECT 1 FROM counter)")
                    .ok());
    return database;
  }

  static Status Increment(SqliteDatabase& database, const OperationContext& context) {
    ICEFRAME_ASSIGN_OR_RETURN(auto use, database.Acquire(context));
    ICEFRAME_ASSIGN_OR_RETURN(auto transaction, SqlTransaction::Begin(use.get()));
    ICEFRAME_ASSIGN_OR_RETURN(const auto rows, use->Query("SELECT value FROM counter"));
    const std::string next = std::to_string(std::stoll(rows.at(0).at(0).value()) + 1);
    ICEFRAME_RETURN_NOT_OK(use->Execute("UPDATE counter SET value = ?", {next}).status());
    return transaction->Commit().status;
  }

  static int64_t Count(SqliteDatabase& database, const OperationContext& context) {
    return std::stoll(Ask(database, context, "SELECT value FROM counter"));
  }

  static std::string Ask(SqliteDatabase& database, const OperationContext& context,
                         const std::string& sql) {
    const auto rows = database.Acquire(context).ValueOrDie()->Query(sql).ValueOrDie();
    return rows.at(0).at(0).value();
  }

  std::string Path() const { return (folder_ / "c.db").string(); }

  std::filesystem::path folder_;
  OperationContext context_;
};

TEST_F(SqliteDatabaseTest, UsesAWriteAheadLogAndIsDurable) {
  auto database = OpenCounter(Path());
  EXPECT_EQ(Ask(*database, context_, "PRAGMA journal_mode"), "wal");
  EXPECT_EQ(Ask(*database, context_, "PRAGMA synchronous"), "2");
}

TEST_F(SqliteDatabaseTest, KeepsADatabaseInMemoryOverUses) {
  auto database = OpenCounter(":memory:");
  ASSERT_TRUE(Increment(*database, context_).ok());
  EXPECT_EQ(Count(*database, context_), 1);
}

TEST_F(SqliteDatabaseTest, ManyThreadsGetThrough) {
  for (const std::string& path : {Path(), std::string(":memory:")}) {
    auto database = OpenCounter(path);
    std::vector<std::thread> threads;
    std::atomic<int> failures{0};
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 25; ++j) {
          if (!Increment(*database, context_).ok()) ++failures;
        }
      });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(failures, 0);
    EXPECT_EQ(Count(*database, context_), 200);
  }
}

TEST_F(SqliteDatabaseTest, AWaitForTheLockEndsWithTheDeadlineOrACancel) {
  auto database = OpenCounter(Path());
  auto holder = database->Acquire(context_).ValueOrDie();
  auto transaction = SqlTransaction::Begin(holder.get()).ValueOrDie();

  OperationContext hurried;
  hurried.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
  EXPECT_EQ(KindOf(Increment(*database, hurried)), ErrorKind::kTimeout);

  const Properties settings = {{"catalog.lock_timeout", "30ms"}};
  OperationContext impatient;
  impatient.settings = std::make_shared<Properties>(settings);
  const Status status = Increment(*database, impatient);
  EXPECT_EQ(KindOf(status), ErrorKind::kTimeout);
  EXPECT_THAT(status.message(), HasSubstr("30 ms"));

  OperationContext cancelled;
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    cancelled.cancel.Cancel();
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(KindOf(Increment(*database, cancelled)), ErrorKind::kCancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
  canceller.join();
  transaction->Rollback();
}

TEST_F(SqliteDatabaseTest, WorksInAForkedChildAndItsParent) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "at a fork libarrow's allocator takes more locks than TSan can note";
#endif
  auto database = OpenCounter(Path());
  ASSERT_TRUE(Increment(*database, context_).ok());
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      OperationContext context;
      for (int j = 0; j < 25; ++j) {
        if (!Increment(*database, context).ok()) ::_exit(1);
      }
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (int j = 0; j < 25; ++j) EXPECT_TRUE(Increment(*database, context_).ok());
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  EXPECT_EQ(Count(*database, context_), 126);
}

TEST_F(SqliteDatabaseTest, AForkWaitsForRunningUses) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "at a fork libarrow's allocator takes more locks than TSan can note";
#endif
  auto database = OpenCounter(Path());
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  std::atomic<int64_t> done{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        if (Increment(*database, context_).ok()) ++done;
      }
    });
  }
  int64_t by_children = 0;
  for (int i = 0; i < 10; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      OperationContext context;
      ::_exit(Increment(*database, context).ok() ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ++by_children;
  }
  stop = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(Count(*database, context_), done + by_children);
}

TEST_F(SqliteDatabaseTest, SaysWhatCannotBeOpened) {
  const auto database = SqliteDatabase::Make((folder_ / "no" / "c.db").string()).ValueOrDie();
  const auto missing = database->Acquire(context_);
  EXPECT_EQ(KindOf(missing.status()), ErrorKind::kIo);
  EXPECT_THAT(missing.status().message(), HasSubstr("c.db"));
}

}  // namespace
}  // namespace iceframe
