// SPDX-License-Identifier: Apache-2.0
// Appenders, compactors, an expirer, a merger of manifests and a deleter at one table: every row
// that was acknowledged is there once, and none that was deleted comes back.
#include <atomic>
#include <limits>
#include <thread>

#include "iceframe/expression/parse_expression.h"
#include "iceframe/maintenance/expire_snapshots.h"
#include "iceframe/maintenance/rewrite_data_files.h"
#include "iceframe/maintenance/rewrite_manifests.h"

#include "session/lake.h"
#include "support/sanitized.h"

namespace iceframe {
namespace {

constexpr int kNumAppenders = 3;
constexpr int64_t kRowsPerAppend = 10;
/// Rows from here on are deleted; they have partitions of their own.
constexpr int64_t kDeletedFrom = 1'000'000;

class MaintenanceTogether : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(auto session, OpenLake(folder_.path()));
    CreateTableOptions options;
    options.partition_by = {{"id", "truncate[100000]"}};
    options.properties["commit.retry.num-retries"] = "1000";
    options.properties["commit.retry.max-wait-ms"] = "50";
    ASSERT_OK(session->CreateTable(session->NewOperation(), "t", IdSchema(), options).status());
    for (int64_t i = 0; i < 4; ++i) ASSERT_OK(Append(*session, kDeletedFrom + i * kRowsPerAppend));
  }

  // Whoever is so slow that what it began from has expired meanwhile begins anew.
  static bool IsOutrun(const Status& status) { return KindOf(status) == ErrorKind::kNotFound; }

  static Status Append(Session& session, int64_t begin) {
    for (;;) {
      const Status status =
          session.Append(session.NewOperation(), "t", *Rows(begin, begin + kRowsPerAppend), {})
              .status();
      if (!IsOutrun(status)) return status;
    }
  }

  // Runs `work` on a thread with a session of its own, `again` and again until `is_done_`.
  void Start(const std::function<Status(Session&)>& work, bool again) {
    threads_.emplace_back([this, work, again] {
      const auto session = OpenLake(folder_.path());
      ASSERT_TRUE(session.ok()) << session.status().ToString();
      do {
        const Status status = work(**session);
        // Who gives way to others again and again says so; that is no failure of the table.
        const bool gave_way = KindOf(status) == ErrorKind::kCommitConflict ||
                              KindOf(status) == ErrorKind::kCommitRejected || IsOutrun(status);
        ASSERT_TRUE(status.ok() || (again && gave_way)) << status.ToString();
      } while (again && !is_done_);
    });
  }

  static Result<std::shared_ptr<const Table>> TableOf(Session& session) {
    return session.LoadTable(session.NewOperation(), "t");
  }

  static Status Compact(Session& session) {
    ICEFRAME_ASSIGN_OR_RETURN(const auto table, TableOf(session));
    RewriteDataFilesOptions options;
    options.min_input_files = 2;
    return RewriteDataFiles(session.NewOperation(), table, options).status();
  }

  static Status MergeManifests(Session& session) {
    ICEFRAME_ASSIGN_OR_RETURN(const auto table, TableOf(session));
    return RewriteManifests(session.NewOperation(), table).status();
  }

  static Status Expire(Session& session) {
    ICEFRAME_ASSIGN_OR_RETURN(const auto table, TableOf(session));
    ExpireOptions options;
    options.older_than_ms = std::numeric_limits<int64_t>::max();
    options.retain_last = 20;  // those that the others may be reading
    return ExpireSnapshots(session.NewOperation(), table, options).status();
  }

  static Status DeleteRows(Session& session) {
    const auto filter = ParseExpression("id >= " + std::to_string(kDeletedFrom));
    ICEFRAME_RETURN_NOT_OK(filter.status());
    for (;;) {
      const Status status =
          session.Overwrite(session.NewOperation(), "t", *Rows(0, 0), *filter, OverwriteOptions())
              .status();
      // What compaction wrote meanwhile is new to an overwrite, which checks for that.
      if (KindOf(status) != ErrorKind::kCommitRejected && !IsOutrun(status)) return status;
    }
  }

  TempFolder folder_;
  std::atomic<bool> is_done_ = false;
  std::vector<std::thread> threads_;
};

TEST_F(MaintenanceTogether, LosesDoublesAndRevivesNoRow) {
  const int64_t num_appends = kIsSanitized ? 4 : 12;
  for (const auto& work : {Compact, Compact, MergeManifests, Expire}) Start(work, true);
  std::vector<std::thread> maintainers = std::exchange(threads_, {});
  for (int64_t number = 0; number < kNumAppenders; ++number) {
    Start(
        [number, num_appends](Session& session) {
          for (int64_t i = 0; i < num_appends; ++i) {
            ICEFRAME_RETURN_NOT_OK(Append(session, number * 200'000 + i * kRowsPerAppend));
          }
          return Status::OK();
        },
        false);
  }
  Start(DeleteRows, false);
  for (std::thread& thread : threads_) thread.join();
  is_done_ = true;
  for (std::thread& thread : maintainers) thread.join();

  ASSERT_OK_AND_ASSIGN(auto session, OpenLake(folder_.path()));
  ASSERT_OK_AND_ASSIGN(auto ids, ReadIds(*session, "t"));
  std::ranges::sort(ids);
  std::vector<int64_t> expected;
  for (int64_t number = 0; number < kNumAppenders; ++number) {
    for (int64_t i = 0; i < num_appends * kRowsPerAppend; ++i) {
      expected.push_back(number * 200'000 + i);
    }
  }
  EXPECT_EQ(ids, expected);
}

}  // namespace
}  // namespace iceframe
