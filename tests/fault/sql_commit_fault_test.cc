// SPDX-License-Identifier: Apache-2.0
// The SQL catalog's COMMIT fails while it writes its log: nobody can tell whether it landed until
// it is looked up.
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>

#include <gmock/gmock.h>
#include <sqlite3.h>

#include "session/lake.h"

namespace iceframe {
namespace {

using ::testing::HasSubstr;

std::atomic<int> num_failures_left{0};

bool IsLog(int fd) {
  std::error_code ignored;
  const auto path =
      std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), ignored).string();
  return path.ends_with("-wal");
}

bool MustFail(int fd) {
  if (num_failures_left.load() <= 0 || !IsLog(fd)) return false;
  --num_failures_left;
  errno = EIO;
  return true;
}

ssize_t FaultyWrite(int fd, const void* data, size_t size) {
  return MustFail(fd) ? -1 : write(fd, data, size);
}
ssize_t FaultyPwrite(int fd, const void* data, size_t size, off_t offset) {
  return MustFail(fd) ? -1 : pwrite(fd, data, size, offset);
}

class SqlCommitFault : public ::testing::Test {
 protected:
  void SetUp() override {
    vfs_ = sqlite3_vfs_find("unix");
    ASSERT_NE(vfs_, nullptr);
    Set("write", reinterpret_cast<sqlite3_syscall_ptr>(&FaultyWrite));
    Set("pwrite", reinterpret_cast<sqlite3_syscall_ptr>(&FaultyPwrite));
    Set("pwrite64", reinterpret_cast<sqlite3_syscall_ptr>(&FaultyPwrite));
    ASSERT_OK_AND_ASSIGN(session_, OpenLake(folder_.path()));
    CreateTableOptions options;
    options.properties = {{"commit.retry.min-wait-ms", "0"},
                          {"commit.retry.max-wait-ms", "1"},
                          {"commit.status-check.min-wait-ms", "0"},
                          {"commit.status-check.max-wait-ms", "1"}};
    ASSERT_OK(session_->CreateTable(session_->NewOperation(), "t", IdSchema(), options).status());
    ASSERT_OK(Append(0).status());
  }

  void TearDown() override {
    num_failures_left = 0;
    for (const char* name : {"write", "pwrite", "pwrite64"}) Set(name, nullptr);
  }

  // nullptr: the system's own again.
  void Set(const char* name, sqlite3_syscall_ptr call) const {
    if (vfs_->xGetSystemCall(vfs_, name) != nullptr) vfs_->xSetSystemCall(vfs_, name, call);
  }

  Result<WriteReport> Append(int64_t begin) {
    return session_->Append(session_->NewOperation(), "t", *Rows(begin, begin + 10), {});
  }

  size_t CountRows() {
    auto ids = ReadIds(*session_, "t");
    EXPECT_TRUE(ids.ok()) << ids.status().ToString();
    return ids.ok() ? ids->size() : 0;
  }

  TempFolder folder_;
  sqlite3_vfs* vfs_ = nullptr;
  std::shared_ptr<Session> session_;
};

TEST_F(SqlCommitFault, ACommitThatFailedOnceIsLookedUpAndMadeAgain) {
  num_failures_left = 1;
  ASSERT_OK(Append(10).status());
  EXPECT_EQ(num_failures_left.load(), 0) << "the log was never written";
  EXPECT_EQ(CountRows(), 20U);
}

TEST_F(SqlCommitFault, ACommitThatKeepsFailingIsUnknownAndKeepsItsFiles) {
  num_failures_left = 1'000'000;
  const Status status = Append(10).status();
  num_failures_left = 0;
  EXPECT_EQ(KindOf(status), ErrorKind::kCommitStateUnknown) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr("may or may not have landed"));
  size_t num_data_files = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder_.path() + "/warehouse")) {
    num_data_files += entry.path().extension() == ".parquet" ? 1 : 0;
  }
  EXPECT_EQ(num_data_files, 2U) << "nothing is deleted while it may still land";
  EXPECT_EQ(CountRows(), 10U);
  ASSERT_OK(Append(20).status());
  EXPECT_EQ(CountRows(), 20U);
}

}  // namespace
}  // namespace iceframe
