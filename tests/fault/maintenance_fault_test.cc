// SPDX-License-Identifier: Apache-2.0
// A compaction, a rewrite of manifests or an expiry that fails or whose process is killed at every
// step: afterwards the table has the rows that it had, running it again works, and what was left
// behind is found by the search for orphans.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <limits>

#include "iceframe/maintenance/expire_snapshots.h"
#include "iceframe/maintenance/remove_orphan_files.h"
#include "iceframe/maintenance/rewrite_data_files.h"
#include "iceframe/maintenance/rewrite_manifests.h"
#include "iceframe/runtime/shared_cache.h"

#include "session/lake.h"
#include "support/faulty_file_io.h"

namespace iceframe {
namespace {

struct Task {
  const char* name;
  Status (*run)(Session& session);
};

Result<std::shared_ptr<const Table>> TableOf(Session& session) {
  return session.LoadTable(session.NewOperation(), "t");
}

Status Compact(Session& session) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto table, TableOf(session));
  RewriteDataFilesOptions options;
  options.min_input_files = 2;
  return RewriteDataFiles(session.NewOperation(), table, options).status();
}

Status MergeManifests(Session& session) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto table, TableOf(session));
  return RewriteManifests(session.NewOperation(), table).status();
}

Status Expire(Session& session) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto table, TableOf(session));
  ExpireOptions options;
  options.older_than_ms = std::numeric_limits<int64_t>::max();
  options.retain_last = 1;
  return ExpireSnapshots(session.NewOperation(), table, options).status();
}

Result<std::vector<std::string>> Orphans(Session& session, bool dry_run) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto table, TableOf(session));
  RemoveOrphanFilesOptions options;
  options.older_than_ms = std::numeric_limits<int64_t>::max();
  options.dry_run = dry_run;
  options.allow_recent = true;
  ICEFRAME_ASSIGN_OR_RETURN(const auto report,
                            RemoveOrphanFiles(session.NewOperation(), table, options));
  return report.files;
}

class MaintenanceFault : public ::testing::TestWithParam<Task> {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(session_, OpenLake(folder_.path()));
    CreateTableOptions options;
    options.properties["commit.retry.max-wait-ms"] = "1";
    options.properties["commit.status-check.max-wait-ms"] = "1";
    ASSERT_OK(session_->CreateTable(session_->NewOperation(), "t", IdSchema(), options).status());
    Append();
  }

  void Append() {
    ASSERT_OK(session_->Append(session_->NewOperation(), "t", *Rows(num_rows_, num_rows_ + 10), {})
                  .status());
    num_rows_ += 10;
  }

  // A state in which each task has something to do.
  void Prepare() {
    Append();
    if (GetParam().run == Compact) return;
    ASSERT_OK(Compact(*session_));
    Append();
  }

  Status RunUnder(const std::shared_ptr<FaultPlan>& plan) {
    ClearSharedCaches();  // they would spare steps that were counted
    ICEFRAME_ASSIGN_OR_RETURN(auto session,
                              OpenLake(folder_.path(), [plan](std::shared_ptr<FileIO> io) {
                                return MakeFaultyFileIO(std::move(io), plan);
                              }));
    return GetParam().run(*session);
  }

  void CheckRows(const std::string& what) {
    ClearSharedCaches();
    auto ids = ReadIds(*session_, "t");
    ASSERT_TRUE(ids.ok()) << what << ": " << ids.status().ToString();
    std::ranges::sort(*ids);
    std::vector<int64_t> expected;
    for (int64_t id = 0; id < num_rows_; ++id) expected.push_back(id);
    ASSERT_EQ(*ids, expected) << what;
  }

  int64_t CountSteps() {
    Prepare();
    auto plan = std::make_shared<FaultPlan>();
    EXPECT_TRUE(RunUnder(plan).ok());
    return plan->num_steps();
  }

  // The same again without a fault, after which nothing but orphans is left to be removed.
  void RunAgain(const std::string& what) {
    const Status again = RunUnder(std::make_shared<FaultPlan>());
    EXPECT_TRUE(again.ok()) << what << ": " << again.ToString();
    const auto removed = Orphans(*session_, false);
    EXPECT_TRUE(removed.ok()) << what << ": " << removed.status().ToString();
    CheckRows(what + ", again");
  }

  void FailAtEveryStep(FaultAction action, bool persists) {
    const int64_t num_steps = CountSteps();
    ASSERT_GT(num_steps, 3);
    for (int64_t step = 0; step < num_steps && !HasFailure(); ++step) {
      Prepare();
      auto plan = std::make_shared<FaultPlan>(Fault{step, action, ErrorKind::kIo, persists});
      const Status status = RunUnder(plan);
      const auto steps = plan->steps();
      const std::string at =
          static_cast<size_t>(step) < steps.size() ? steps[static_cast<size_t>(step)] : "none";
      const std::string what = "step " + std::to_string(step) + " (" + at + ")";
      CheckRows(what);
      // A metadata file that is there, but said not to be, is the catalog's and stays.
      const bool may_leave_files = persists || at.starts_with("delete") || at.starts_with("list") ||
                                   at.starts_with("published") ||
                                   KindOf(status) == ErrorKind::kCommitStateUnknown ||
                                   GetParam().run == Expire;
      const auto orphans = Orphans(*session_, true);
      ASSERT_TRUE(orphans.ok()) << what << ": " << orphans.status().ToString();
      if (!may_leave_files) {
        EXPECT_TRUE(orphans->empty()) << what << " left " << orphans->front();
      }
      RunAgain(what);
    }
  }

  TempFolder folder_;
  std::shared_ptr<Session> session_;
  int64_t num_rows_ = 0;
};

TEST_P(MaintenanceFault, OneFailureAtAnyStepLosesNothing) {
  FailAtEveryStep(FaultAction::kFail, false);
}

TEST_P(MaintenanceFault, PersistentFailureFromAnyStepLosesNothing) {
  FailAtEveryStep(FaultAction::kFail, true);
}

TEST_P(MaintenanceFault, KillAtAnyStepLosesNothing) {
  const int64_t num_steps = CountSteps();
  for (int64_t step = 0; step < num_steps && !HasFailure(); ++step) {
    Prepare();
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto plan =
          std::make_shared<FaultPlan>(Fault{step, FaultAction::kKill, ErrorKind::kIo, false});
      _exit(RunUnder(plan).ok() ? 0 : 1);
    }
    int how = 0;
    ASSERT_EQ(waitpid(child, &how, 0), child);
    const std::string what = "kill at step " + std::to_string(step);
    EXPECT_TRUE(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL) << what << ": status " << how;
    CheckRows(what);
    RunAgain(what);
  }
}

INSTANTIATE_TEST_SUITE_P(Tasks, MaintenanceFault,
                         ::testing::Values(Task{"Compact", Compact},
                                           Task{"MergeManifests", MergeManifests},
                                           Task{"Expire", Expire}),
                         [](const auto& task) { return std::string(task.param.name); });

}  // namespace
}  // namespace iceframe
