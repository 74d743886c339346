// SPDX-License-Identifier: Apache-2.0
// An append, or a transaction, that fails or whose process is killed at every step: afterwards the
// table is readable and holds all of the write or nothing of it, and the next write works.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>

#include "iceframe/execution/transaction_writes.h"
#include "iceframe/runtime/shared_cache.h"

#include "session/lake.h"
#include "support/faulty_file_io.h"

namespace iceframe {
namespace {

/// Writes ten rows from `begin` on into the table t.
using WriteRows = Status (*)(Session&, int64_t begin);

Status AppendTen(Session& session, int64_t begin) {
  return session.Append(session.NewOperation(), "t", *Rows(begin, begin + 10), {}).status();
}

// Two appends and a property in one commit.
Status CommitTen(Session& session, int64_t begin) {
  const OperationContext context = session.NewOperation();
  ICEFRAME_ASSIGN_OR_RETURN(auto table, session.LoadTable(context, "t"));
  Transaction transaction(context, table);
  ICEFRAME_RETURN_NOT_OK(AppendRows(context, transaction, *Rows(begin, begin + 5)).status());
  ICEFRAME_RETURN_NOT_OK(transaction.UpdateProperties(context, {{"last", std::to_string(begin)}}));
  ICEFRAME_RETURN_NOT_OK(AppendRows(context, transaction, *Rows(begin + 5, begin + 10)).status());
  return transaction.Commit(context).status();
}

class WriteFault : public ::testing::TestWithParam<WriteRows> {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(auto session, OpenLake(folder_.path()));
    ASSERT_OK(session->CreateTable(session->NewOperation(), "t", IdSchema(), {}).status());
    ASSERT_OK(session->Append(session->NewOperation(), "t", *Rows(0, 10), {}).status());
  }

  static FileIOWrapper Around(std::shared_ptr<FaultPlan> plan) {
    return [plan](std::shared_ptr<FileIO> io) { return MakeFaultyFileIO(std::move(io), plan); };
  }

  Status WriteUnder(const std::shared_ptr<FaultPlan>& plan, int64_t begin) {
    ICEFRAME_ASSIGN_OR_RETURN(auto session, OpenLake(folder_.path(), Around(plan)));
    return GetParam()(*session, begin);
  }

  int64_t CountSteps() {
    auto plan = std::make_shared<FaultPlan>();
    ClearSharedCaches();
    EXPECT_TRUE(WriteUnder(plan, next_begin_).ok());
    next_begin_ += 10;
    return plan->num_steps();
  }

  // Whether the write at `begin` landed; the rows before it are all there, each once.
  bool CheckTable(int64_t begin, const std::string& what) {
    auto session = OpenLake(folder_.path()).ValueOr(nullptr);
    EXPECT_NE(session, nullptr) << what;
    auto ids = ReadIds(*session, "t");
    EXPECT_TRUE(ids.ok()) << what << ": " << ids.status().ToString();
    if (!ids.ok()) return false;
    const std::set<int64_t> distinct(ids->begin(), ids->end());
    EXPECT_EQ(distinct.size(), ids->size()) << what << ": a row is there twice";
    size_t num_new = 0;
    for (int64_t id = begin; id < begin + 10; ++id) num_new += distinct.count(id);
    EXPECT_TRUE(num_new == 0 || num_new == 10) << what << ": part of a write is there";
    EXPECT_EQ(ids->size(), expected_rows_ + num_new) << what;
    expected_rows_ = ids->size();
    if (GetParam() == CommitTen) {
      const auto table = session->LoadTable(session->NewOperation(), "t").ValueOr(nullptr);
      const Properties& properties = table->metadata()->properties;
      const auto last = properties.find("last");
      const bool is_noted = last != properties.end() && last->second == std::to_string(begin);
      EXPECT_EQ(is_noted, num_new == 10)
          << what << ": rows without the property, or it without them";
    }
    return num_new == 10;
  }

  void WriteNext(const std::string& what) {
    next_begin_ += 10;
    const Status status = WriteUnder(std::make_shared<FaultPlan>(), next_begin_);
    EXPECT_TRUE(status.ok()) << what << ": " << status.ToString();
    EXPECT_TRUE(CheckTable(next_begin_, what + ", next write"));
    next_begin_ += 10;
  }

  void FailAtEveryStep(FaultAction action, bool persists) {
    const int64_t num_steps = CountSteps();
    ASSERT_GT(num_steps, 5);
    CheckTable(next_begin_, "before");
    for (int64_t step = 0; step < num_steps; ++step) {
      auto plan = std::make_shared<FaultPlan>(Fault{step, action, ErrorKind::kIo, persists});
      const Status status = WriteUnder(plan, next_begin_);
      const std::string what = "step " + std::to_string(step) + " (" +
                               (plan->steps().empty() ? "none" : plan->steps().back()) + ")";
      const bool landed = CheckTable(next_begin_, what);
      // What was acknowledged is there; what was refused for sure is not.
      if (status.ok()) {
        EXPECT_TRUE(landed) << what;
      }
      if (!status.ok() && KindOf(status) != ErrorKind::kCommitStateUnknown) {
        EXPECT_FALSE(landed) << what << ": " << status.ToString();
      }
      WriteNext(what);
    }
  }

  TempFolder folder_;
  int64_t next_begin_ = 10;
  size_t expected_rows_ = 10;
};

TEST_P(WriteFault, OneFailureAtAnyStepLosesNothing) {
  expected_rows_ += 10;  // the counting run's
  FailAtEveryStep(FaultAction::kFail, false);
}

TEST_P(WriteFault, PersistentFailureFromAnyStepLosesNothing) {
  expected_rows_ += 10;
  FailAtEveryStep(FaultAction::kFail, true);
}

TEST_P(WriteFault, AStepThatIsDoneButReportedAsFailedLosesNothing) {
  expected_rows_ += 10;
  FailAtEveryStep(FaultAction::kDoThenFail, false);
}

TEST_P(WriteFault, AShortWriteAtAnyStepLosesNothing) {
  expected_rows_ += 10;
  FailAtEveryStep(FaultAction::kFailHalfway, false);
}

TEST_P(WriteFault, KillAtAnyStepLosesNothing) {
  const int64_t num_steps = CountSteps();
  expected_rows_ += 10;
  CheckTable(next_begin_, "before");
  for (int64_t step = 0; step < num_steps; ++step) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto plan =
          std::make_shared<FaultPlan>(Fault{step, FaultAction::kKill, ErrorKind::kIo, false});
      ClearSharedCaches();  // they would spare steps that were counted
      const Status status = WriteUnder(plan, next_begin_);
      _exit(status.ok() ? 0 : 1);
    }
    int how = 0;
    ASSERT_EQ(waitpid(child, &how, 0), child);
    const std::string what = "kill at step " + std::to_string(step);
    const bool was_killed = WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL;
    EXPECT_TRUE(was_killed) << what << ": status " << how;
    CheckTable(next_begin_, what);
    WriteNext(what);
  }
}

INSTANTIATE_TEST_SUITE_P(Writes, WriteFault, ::testing::Values(AppendTen, CommitTen),
                         [](const auto& write) {
                           return write.param == AppendTen ? "Append" : "Transaction";
                         });

}  // namespace
}  // namespace iceframe
