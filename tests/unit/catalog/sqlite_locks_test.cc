// SPDX-License-Identifier: Apache-2.0
// Two copies of SQLite in one process on one database, as in Python with its own copy.
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "iceframe/catalog/sqlite_database_internal.h"
#include "iceframe/catalog/sqlite_locks_internal.h"

#include "support/temp_folder.h"

namespace iceframe {
namespace {

// The system's library: ours is a copy of it under another name.
class OtherSqlite {
 public:
  OtherSqlite() : library_(dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL)) {
    EXPECT_NE(library_, nullptr) << dlerror();
  }

  sqlite3* Open(const std::string& path) const {
    sqlite3* database = nullptr;
    EXPECT_EQ(Find<decltype(&sqlite3_open)>("sqlite3_open")(path.c_str(), &database), SQLITE_OK);
    return database;
  }
  int Execute(sqlite3* database, const char* sql) const {
    return Find<decltype(&sqlite3_exec)>("sqlite3_exec")(database, sql, nullptr, nullptr, nullptr);
  }
  void Close(sqlite3* database) const {
    EXPECT_EQ(Find<decltype(&sqlite3_close)>("sqlite3_close")(database), SQLITE_OK);
  }
  bool IsOther() const {
    return reinterpret_cast<void*>(Find<decltype(&sqlite3_open)>("sqlite3_open")) !=
           reinterpret_cast<void*>(&sqlite3_open);
  }

 private:
  template <typename Function>
  Function Find(const char* name) const {
    return reinterpret_cast<Function>(dlsym(library_, name));
  }
  void* library_;
};

class SqliteLocks : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = folder_.path() + "/catalog.db";
    database_ = SqliteDatabase::Make(path_).ValueOr(nullptr);
    ASSERT_NE(database_, nullptr);
    auto use = database_->Acquire(context_).ValueOrDie();
    if (!internal::HasOwnedSqliteLocks()) GTEST_SKIP() << "no open file description locks here";
    ASSERT_TRUE(use->Execute("CREATE TABLE t (value INTEGER)").ok());
  }

  // Asked as a stranger would ask: whether anyone holds the log's write lock, a byte of the file
  // that carries its index.
  bool IsWriteLocked() const {
    constexpr off_t kWriteLock = 120;
    const int fd = open((path_ + "-shm").c_str(), O_RDWR | O_CLOEXEC);
    EXPECT_GE(fd, 0);
    struct flock region{};
    region.l_type = F_WRLCK;
    region.l_whence = SEEK_SET;
    region.l_start = kWriteLock;
    region.l_len = 1;
    EXPECT_EQ(fcntl(fd, F_OFD_GETLK, &region), 0);
    // Not closed: that would drop the locks of the copy that has POSIX ones.
    strangers_.push_back(fd);
    return region.l_type != F_UNLCK;
  }

  TempFolder folder_;
  OperationContext context_;
  std::string path_;
  std::shared_ptr<SqliteDatabase> database_;
  mutable std::vector<int> strangers_;
};

TEST_F(SqliteLocks, AnotherCopyThatClosesTheFileLeavesOurWriteLock) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizers take no library with symbols of its own";
#endif
  const OtherSqlite other;
  ASSERT_TRUE(other.IsOther());
  auto use = database_->Acquire(context_).ValueOrDie();
  auto transaction = SqlTransaction::Begin(use.get()).ValueOrDie();
  ASSERT_TRUE(use->Execute("INSERT INTO t VALUES (1)").ok());
  ASSERT_TRUE(IsWriteLocked());

  sqlite3* theirs = other.Open(path_);
  EXPECT_EQ(other.Execute(theirs, "SELECT * FROM t"), SQLITE_OK);
  EXPECT_EQ(other.Execute(theirs, "BEGIN IMMEDIATE"), SQLITE_BUSY) << "two writers at once";
  other.Close(theirs);
  EXPECT_TRUE(IsWriteLocked()) << "dropped by the other copy";
  EXPECT_TRUE(transaction->Commit().status.ok());
  EXPECT_FALSE(IsWriteLocked());
}

TEST_F(SqliteLocks, ClosingOurConnectionsLeavesAnotherCopysWriteLock) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizers take no library with symbols of its own";
#endif
  const OtherSqlite other;
  sqlite3* theirs = other.Open(path_);
  ASSERT_EQ(other.Execute(theirs, "BEGIN IMMEDIATE; INSERT INTO t VALUES (2)"), SQLITE_OK);
  ASSERT_TRUE(IsWriteLocked());
  {
    OperationContext hurried;
    hurried.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
    auto use = database_->Acquire(hurried).ValueOrDie();
    EXPECT_EQ(KindOf(SqlTransaction::Begin(use.get()).status()), ErrorKind::kTimeout);
  }
  database_.reset();
  EXPECT_TRUE(IsWriteLocked()) << "dropped by us";
  EXPECT_EQ(other.Execute(theirs, "COMMIT"), SQLITE_OK);
  EXPECT_FALSE(IsWriteLocked());

  database_ = SqliteDatabase::Make(path_).ValueOrDie();
  auto use = database_->Acquire(context_).ValueOrDie();
  EXPECT_EQ(other.Execute(theirs, "INSERT INTO t VALUES (3)"), SQLITE_OK);
  const auto sum = use->Query("SELECT sum(value) FROM t").ValueOrDie();
  EXPECT_EQ(sum.at(0).at(0), "5");
  other.Close(theirs);
}

TEST_F(SqliteLocks, DescriptorsOfDeletedDatabasesAreNotKept) {
  const auto num_open = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  const auto open_and_delete = [&](int i) {
    const std::string path = folder_.path() + "/" + std::to_string(i) + ".db";
    auto database = SqliteDatabase::Make(path).ValueOrDie();
    {
      ASSERT_TRUE(database->Acquire(context_).ValueOrDie()->Execute("CREATE TABLE t (v)").ok());
    }
    database.reset();
    std::filesystem::remove(path);
  };
  open_and_delete(0);
  const auto before = num_open();
  for (int i = 1; i < 20; ++i) open_and_delete(i);
  EXPECT_LE(num_open(), before + 2);
}

}  // namespace
}  // namespace iceframe
