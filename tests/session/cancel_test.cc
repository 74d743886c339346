// SPDX-License-Identifier: Apache-2.0
// Cancelling while a file is waited for: at every step of a plan, a scan and an append the call
// ends, and leaves no task, file or reserved byte behind.
#include <chrono>
#include <filesystem>
#include <future>
#include <set>
#include <thread>

#include "iceframe/runtime/executor.h"

#include "session/lake.h"
#include "support/faulty_file_io.h"

namespace iceframe {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// What hangs would hang for ever; a busy machine takes its time.
constexpr milliseconds kLimit{60'000};
constexpr milliseconds kBeforeCancel{50};

std::set<std::string> FilesBelow(const std::string& folder) {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.insert(entry.path().string());
  }
  return files;
}

// Tasks end just after the call that waited for them has seen their results.
bool NothingRuns() {
  const auto until = steady_clock::now() + kLimit;
  while (Executor::Process().num_tasks() > 0 && steady_clock::now() < until) {
    std::this_thread::sleep_for(milliseconds(1));
  }
  return Executor::Process().num_tasks() == 0;
}

class CancelTest : public ::testing::Test {
 protected:
  using Work = std::function<Status(const OperationContext&)>;

  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(auto session, OpenLake(folder_.path()));
    ASSERT_OK(session->CreateTable(session->NewOperation(), "t", IdSchema(), {}).status());
    for (int64_t i = 0; i < 4; ++i) {
      const auto rows = Rows(1000 * i, 1000 * i + 1000);
      ASSERT_OK(session->Append(session->NewOperation(), "t", *rows, {}).status());
    }
  }

  // A session that knows nothing yet: what another one cached is read again.
  void OpenFresh() {
    ASSERT_OK_AND_ASSIGN(session_, OpenLake(folder_.path(), [this](std::shared_ptr<FileIO> io) {
                           return MakeFaultyFileIO(std::move(io), plan_);
                         }));
  }

  // Runs `work` with its file operation `step` hanging until it is cancelled.
  void HangAndCancel(int64_t step, const Work& work) {
    OpenFresh();
    plan_->Restart({.at_step = step, .action = FaultAction::kHang});
    OperationContext context = session_->NewOperation();
    auto status = std::async(std::launch::async, [&] { return work(context); });
    // It hangs there, or has ended by itself; on a busy machine either takes its time.
    while (plan_->num_steps() <= step &&
           status.wait_for(kBeforeCancel) != std::future_status::ready) {
    }
    std::this_thread::sleep_for(kBeforeCancel);
    const auto cancelled_at = steady_clock::now();
    context.cancel.Cancel();
    const Status ended = status.get();
    const auto took = steady_clock::now() - cancelled_at;
    // With what the process has cached, an operation may need fewer steps and end by itself.
    const bool was_reached = plan_->num_steps() > step;
    plan_->Restart({});
    EXPECT_LT(took, kLimit);
    if (was_reached) {
      EXPECT_EQ(KindOf(ended), ErrorKind::kCancelled) << ended.ToString();
    }
    num_cancelled_ += KindOf(ended) == ErrorKind::kCancelled ? 1 : 0;
    EXPECT_TRUE(NothingRuns());
    EXPECT_EQ(session_->memory()->used_bytes(), 0);
  }

  // How many file operations `work` has.
  int64_t CountSteps(const Work& work) {
    OpenFresh();
    plan_->Restart({});
    EXPECT_TRUE(work(session_->NewOperation()).ok());
    return plan_->num_steps();
  }

  TempFolder folder_;
  std::shared_ptr<FaultPlan> plan_ = std::make_shared<FaultPlan>();
  std::shared_ptr<Session> session_;
  int64_t num_cancelled_ = 0;
};

TEST_F(CancelTest, EndsAScanAtEveryStep) {
  const auto scan = [this](const OperationContext& context) -> Status {
    ICEFRAME_ASSIGN_OR_RETURN(auto reader, session_->Scan(context, "t", {}));
    return reader->ToTable().status();
  };
  const int64_t num_steps = CountSteps(scan);
  ASSERT_GE(num_steps, 6);
  for (int64_t step = 0; step < num_steps; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    HangAndCancel(step, scan);
  }
  EXPECT_GE(num_cancelled_, 4);
}

TEST_F(CancelTest, EndsParallelReadsAtEveryStep) {
  OpenFresh();
  ASSERT_OK(session_->CreateTable(session_->NewOperation(), "u", IdSchema(), {}).status());
  ASSERT_OK(session_->Append(session_->NewOperation(), "u", *Rows(0, 1000), {}).status());
  const auto read = [this](const OperationContext& context) -> Status {
    ICEFRAME_ASSIGN_OR_RETURN(auto tables, session_->ReadTables(context, {{"t"}, {"u"}, {"t"}}));
    for (const ReadOutcome& table : tables) ICEFRAME_RETURN_NOT_OK(table.status());
    return Status::OK();
  };
  const int64_t num_steps = CountSteps(read);
  ASSERT_GE(num_steps, 10);
  for (int64_t step = 0; step < num_steps; step += 2) {
    SCOPED_TRACE("step " + std::to_string(step));
    HangAndCancel(step, read);
  }
  EXPECT_GE(num_cancelled_, 4);
}

TEST_F(CancelTest, EndsAnAppendAtEveryStepAndLeavesNoFile) {
  const std::set<std::string> before = FilesBelow(folder_.path() + "/warehouse");
  const auto append = [this](const OperationContext& context) -> Status {
    return session_->Append(context, "t", *Rows(4000, 5000), {}).status();
  };
  // Learnt from an append to another table, so that this one stays as it is.
  OpenFresh();
  ASSERT_OK(session_->CreateTable(session_->NewOperation(), "other", IdSchema(), {}).status());
  const int64_t num_steps = CountSteps([this](const OperationContext& context) -> Status {
    return session_->Append(context, "other", *Rows(0, 1000), {}).status();
  });
  ASSERT_OK(session_->DropTable(session_->NewOperation(), "other", true));
  ASSERT_EQ(FilesBelow(folder_.path() + "/warehouse"), before);
  ASSERT_GE(num_steps, 6);
  for (int64_t step = 0; step < num_steps - 1; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    HangAndCancel(step, append);
    EXPECT_EQ(FilesBelow(folder_.path() + "/warehouse"), before);
  }
  ASSERT_OK_AND_ASSIGN(auto ids, ReadIds(*session_, "t"));
  EXPECT_EQ(ids.size(), 4000U);
}

// Batches of rows without an end.
class EndlessRows final : public arrow::RecordBatchReader {
 public:
  EndlessRows() { EXPECT_TRUE(Rows(0, 10'000)->ReadNext(&batch_).ok()); }
  std::shared_ptr<arrow::Schema> schema() const override { return batch_->schema(); }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    *batch = batch_;
    return arrow::Status::OK();
  }

 private:
  std::shared_ptr<arrow::RecordBatch> batch_;
};

TEST_F(CancelTest, EndsAnAppendThatIsBusy) {
  const std::set<std::string> before = FilesBelow(folder_.path() + "/warehouse");
  HangAndCancel(-1, [this](const OperationContext& context) -> Status {
    EndlessRows rows;
    return session_->Append(context, "t", rows, {}).status();
  });
  EXPECT_EQ(FilesBelow(folder_.path() + "/warehouse"), before);
}

TEST_F(CancelTest, EndsAScanThatIsBusy) {
  OpenFresh();
  ASSERT_OK(session_->Append(session_->NewOperation(), "t", *Rows(0, 1'000'000), {}).status());
  HangAndCancel(-1, [this](const OperationContext& context) -> Status {
    while (true) {
      ICEFRAME_ASSIGN_OR_RETURN(auto reader, session_->Scan(context, "t", {}));
      ICEFRAME_RETURN_NOT_OK(reader->ToTable().status());
    }
  });
}

}  // namespace
}  // namespace iceframe
