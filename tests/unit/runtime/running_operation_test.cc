// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/running_operation.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <arrow/array/array_primitive.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/runtime/log_sink.h"
#include "iceframe/runtime/operation_state_internal.h"

#include "support/manual_clock.h"
#include "unit/runtime/sample_counts.h"

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr OperationKind kTest{"test"};

/// Keeps what it is told.
class Recorder final : public OperationObserver {
 public:
  Status OnBegin(const OperationStart& start) override {
    const std::lock_guard lock(mutex_);
    begins.push_back(start);
    return Status::OK();
  }
  Status OnEnd(const OperationEnd& end) override {
    const std::lock_guard lock(mutex_);
    ends.push_back(end);
    return Status::OK();
  }
  std::vector<OperationStart> begins;
  std::vector<OperationEnd> ends;

 private:
  std::mutex mutex_;
};

class RunningOperationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    context_.observers = std::make_shared<OperationObservers>();
    context_.observers->Add(recorder_);
  }

  RunningOperation Begin() { return RunningOperation::Begin(context_, kTest, {"default.t"}); }

  // The one end there must be.
  OperationEnd TheEnd() {
    EXPECT_EQ(recorder_->begins.size(), 1U);
    EXPECT_EQ(recorder_->ends.size(), 1U);
    return recorder_->ends.empty() ? OperationEnd{} : recorder_->ends[0];
  }

  std::shared_ptr<Recorder> recorder_ = std::make_shared<Recorder>();
  OperationContext context_;
};

TEST_F(RunningOperationTest, TellsWhatItWas) {
  ManualClock clock;
  context_.clock = &clock;
  {
    RunningOperation operation = Begin();
    EXPECT_EQ(recorder_->begins.size(), 1U);
    EXPECT_EQ(recorder_->begins[0].kind.name, "test");
    EXPECT_EQ(recorder_->begins[0].time_ms, clock.SystemNowMs());
    operation.context().counters->Add(LowCount::kLows, 7);
    operation.context().NoteTable("default.u");
    operation.context().NoteTable("default.t");
    operation.context().NotePlan([] { return std::string("Scan t"); });
    clock.Advance(std::chrono::milliseconds(5));
    operation.End(Status::OK());
    operation.End(Status::UnknownError("later"));
  }
  const OperationEnd end = TheEnd();
  EXPECT_EQ(end.outcome, OperationOutcome::kSucceeded);
  EXPECT_TRUE(end.status.ok());
  EXPECT_EQ(end.start.id, recorder_->begins[0].id);
  EXPECT_THAT(end.start.tables, ElementsAre("default.t", "default.u"));
  EXPECT_EQ(end.duration, std::chrono::milliseconds(5));
  EXPECT_EQ(end.counters.Get(LowCount::kLows), 7);
  EXPECT_EQ(end.plan(), "Scan t");
}

TEST_F(RunningOperationTest, EndsByWhatItsWorkReturns) {
  const auto ok =
      RunOperation(context_, kTest, {}, [](const OperationContext&) -> Result<int> { return 3; });
  EXPECT_EQ(*ok, 3);
  EXPECT_FALSE(RunOperation(context_, kTest, {}, [](const OperationContext&) {
                 return Status(Error(ErrorKind::kIo, "disk"));
               }).ok());
  ASSERT_EQ(recorder_->ends.size(), 2U);
  EXPECT_EQ(recorder_->ends[0].outcome, OperationOutcome::kSucceeded);
  EXPECT_EQ(recorder_->ends[1].outcome, OperationOutcome::kFailed);
  EXPECT_EQ(KindOf(recorder_->ends[1].status), ErrorKind::kIo);
}

TEST_F(RunningOperationTest, IsCancelledByItsStatusOrItsToken) {
  Begin().End(Error(ErrorKind::kCancelled, "stop"));
  {
    const RunningOperation operation = Begin();
    context_.cancel.Cancel();
  }
  ASSERT_EQ(recorder_->ends.size(), 2U);
  EXPECT_EQ(recorder_->ends[0].outcome, OperationOutcome::kCancelled);
  EXPECT_EQ(recorder_->ends[1].outcome, OperationOutcome::kCancelled);
  EXPECT_EQ(KindOf(recorder_->ends[1].status), ErrorKind::kCancelled);
}

TEST_F(RunningOperationTest, FailsByAnException) {
  EXPECT_THROW((void)RunOperation(context_, kTest, {},
                                  [](const OperationContext&) -> Status {
                                    throw std::runtime_error("the caller's");
                                  }),
               std::runtime_error);
  EXPECT_EQ(TheEnd().outcome, OperationOutcome::kFailed);
}

TEST_F(RunningOperationTest, EndsOnceWhereItWasMoved) {
  {
    RunningOperation first = Begin();
    const RunningOperation second = std::move(first);
    EXPECT_TRUE(first.is_part());
  }
  EXPECT_EQ(TheEnd().outcome, OperationOutcome::kDropped);
}

TEST_F(RunningOperationTest, WhatBeginsWithinIsPartOfIt) {
  {
    RunningOperation outer = Begin();
    {
      RunningOperation inner = RunningOperation::Begin(outer.context(), kTest, {"default.u"});
      EXPECT_TRUE(inner.is_part());
      inner.context().counters->Add(LowCount::kLows);
      inner.End(Status::UnknownError("an attempt"));
    }
    outer.End(Status::OK());
    // The context of an operation that has ended begins others.
    EXPECT_FALSE(RunningOperation::Begin(outer.context(), kTest).is_part());
  }
  ASSERT_EQ(recorder_->ends.size(), 2U);
  EXPECT_EQ(recorder_->ends[0].outcome, OperationOutcome::kSucceeded);
  EXPECT_THAT(recorder_->ends[0].start.tables, ElementsAre("default.t", "default.u"));
  EXPECT_EQ(recorder_->ends[0].counters.Get(LowCount::kLows), 1);
  EXPECT_EQ(recorder_->ends[1].counters.Get(LowCount::kLows), 0);
}

TEST_F(RunningOperationTest, CountsOfOneContextAreToldOnce) {
  for (int i = 1; i <= 2; ++i) {
    RunningOperation operation = Begin();
    operation.context().counters->Add(LowCount::kLows, i);
    operation.End(Status::OK());
  }
  EXPECT_EQ(context_.counters->Get(LowCount::kLows), 3);
  {
    const RunningOperation first = Begin();
    const RunningOperation second = Begin();
    first.context().counters->Add(LowCount::kLows, 10);
    second.context().counters->Add(LowCount::kLows, 20);
  }
  std::vector<int64_t> told;
  for (const OperationEnd& end : recorder_->ends) told.push_back(end.counters.Get(LowCount::kLows));
  EXPECT_THAT(told, ElementsAre(1, 2, 20, 10));
}

// -- readers --------------------------------------------------------------------------------

/// Gives `num_batches` batches, then the end or an error; counts when it is read and destroyed.
class CountingReader final : public arrow::RecordBatchReader {
 public:
  CountingReader(OperationContext context, int num_batches, Status last)
      : context_(std::move(context)), num_left_(num_batches), last_(std::move(last)) {}
  ~CountingReader() override { context_.counters->Add(HighCount::kHighs); }
  std::shared_ptr<arrow::Schema> schema() const override { return arrow::schema({}); }
  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    context_.counters->Add(LowCount::kLows);
    batch->reset();
    if (num_left_-- <= 0) return last_;
    *batch = arrow::RecordBatch::Make(schema(), 1, arrow::ArrayVector{});
    return Status::OK();
  }

 private:
  const OperationContext context_;
  int num_left_;
  const Status last_;
};

std::shared_ptr<arrow::RecordBatchReader> Open(const OperationContext& context, int num_batches,
                                               const Status& last = Status::OK()) {
  return StreamOperation(
             context, kTest, {},
             [&](const OperationContext& own) -> Result<std::shared_ptr<arrow::RecordBatchReader>> {
               return std::make_shared<CountingReader>(own, num_batches, last);
             })
      .ValueOr(nullptr);
}

TEST_F(RunningOperationTest, EndsWhenItsRowsAreRead) {
  const auto reader = Open(context_, 2);
  std::shared_ptr<arrow::RecordBatch> batch;
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(reader->ReadNext(&batch).ok());
  EXPECT_TRUE(recorder_->ends.empty());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(reader->ReadNext(&batch).ok());
    EXPECT_EQ(batch, nullptr);
  }
  EXPECT_EQ(TheEnd().outcome, OperationOutcome::kSucceeded);
  EXPECT_EQ(TheEnd().counters.Get(LowCount::kLows), 3);
  EXPECT_EQ(TheEnd().counters.Get(HighCount::kHighs), 1) << "what closing counts, counts";
}

TEST_F(RunningOperationTest, EndsWhenReadingFailsAndTheErrorComesAgain) {
  const auto reader = Open(context_, 1, Error(ErrorKind::kIo, "disk"));
  std::shared_ptr<arrow::RecordBatch> batch;
  ASSERT_TRUE(reader->ReadNext(&batch).ok());
  for (int i = 0; i < 2; ++i) EXPECT_EQ(KindOf(reader->ReadNext(&batch)), ErrorKind::kIo);
  EXPECT_TRUE(reader->Close().ok());
  EXPECT_EQ(TheEnd().outcome, OperationOutcome::kFailed);
}

TEST_F(RunningOperationTest, EndsWhenItsReaderIsDroppedOrClosed) {
  Open(context_, 2).reset();
  EXPECT_EQ(TheEnd().outcome, OperationOutcome::kDropped);
  EXPECT_EQ(TheEnd().counters.Get(HighCount::kHighs), 1);
  const auto reader = Open(context_, 2);
  EXPECT_TRUE(reader->Close().ok());
  EXPECT_TRUE(reader->Close().ok());
  ASSERT_EQ(recorder_->ends.size(), 2U);
  EXPECT_EQ(recorder_->ends[1].outcome, OperationOutcome::kDropped);
  std::shared_ptr<arrow::RecordBatch> batch;
  EXPECT_TRUE(reader->ReadNext(&batch).ok());
  EXPECT_EQ(batch, nullptr);
}

TEST_F(RunningOperationTest, EndsWhenOpeningFails) {
  const auto opened = StreamOperation(
      context_, kTest, {},
      [](const OperationContext&) -> Result<std::shared_ptr<arrow::RecordBatchReader>> {
        return Error(ErrorKind::kNotFound, "no such table");
      });
  EXPECT_FALSE(opened.ok());
  EXPECT_EQ(TheEnd().outcome, OperationOutcome::kFailed);
}

// -- observers ------------------------------------------------------------------------------

class Thrower final : public OperationObserver {
 public:
  Status OnBegin(const OperationStart&) override { throw std::runtime_error("from begin"); }
  Status OnEnd(const OperationEnd&) override { return Error(ErrorKind::kIo, "from end"); }
};

TEST_F(RunningOperationTest, ObserversThatFailChangeNothing) {
  std::vector<std::string> lines;
  context_.log = MakeLogSink([&](LogLevel level, std::string_view, std::string_view message) {
    EXPECT_EQ(level, LogLevel::kWarning);
    lines.emplace_back(message);
  });
  const auto thrower = std::make_shared<Thrower>();
  const auto second = std::make_shared<Recorder>();
  context_.observers->Add(thrower);
  context_.observers->Add(second);
  EXPECT_TRUE(
      RunOperation(context_, kTest, {}, [](const OperationContext&) { return Status::OK(); }).ok());
  EXPECT_EQ(TheEnd().outcome, OperationOutcome::kSucceeded);
  EXPECT_EQ(second->ends.size(), 1U);
  EXPECT_THAT(lines, ElementsAre(HasSubstr("from begin"), HasSubstr("from end")));
}

TEST_F(RunningOperationTest, AnObserverIsToldOnceAndNotAfterItsRemoval) {
  context_.observers->Add(recorder_);
  {
    const RunningOperation operation = Begin();
    const auto late = std::make_shared<Recorder>();
    context_.observers->Add(late);
    EXPECT_TRUE(context_.observers->Remove(recorder_.get()));
    EXPECT_FALSE(context_.observers->Remove(recorder_.get()));
  }
  EXPECT_EQ(recorder_->begins.size(), 1U);
  EXPECT_TRUE(recorder_->ends.empty());
}

TEST_F(RunningOperationTest, ObserversOfTheProcessHearOfAll) {
  const auto recorder = std::make_shared<Recorder>();
  OperationObservers::Process().Add(recorder);
  (void)RunningOperation::Begin(OperationContext(), kTest);
  EXPECT_TRUE(OperationObservers::Process().Remove(recorder.get()));
  (void)RunningOperation::Begin(OperationContext(), kTest);
  EXPECT_EQ(recorder->begins.size(), 1U);
  EXPECT_EQ(recorder->ends.size(), 1U);
}

// Registers and removes others, and begins an operation, while it is told.
class Meddler final : public OperationObserver {
 public:
  explicit Meddler(std::shared_ptr<OperationObservers> observers)
      : observers_(std::move(observers)) {}
  Status OnEnd(const OperationEnd&) override {
    if (std::exchange(has_meddled_, true)) return Status::OK();
    observers_->Add(std::make_shared<Recorder>());
    OperationContext context;
    context.observers = observers_;
    (void)RunningOperation::Begin(context, kTest);
    observers_->Remove(this);
    return Status::OK();
  }

 private:
  std::shared_ptr<OperationObservers> observers_;
  bool has_meddled_ = false;
};

TEST_F(RunningOperationTest, NoLockIsHeldWhileAnObserverIsTold) {
  context_.observers->Add(std::make_shared<Meddler>(context_.observers));
  (void)Begin();
  EXPECT_EQ(recorder_->ends.size(), 2U);
}

TEST_F(RunningOperationTest, ManyThreadsBeginEndRegisterAndRemove) {
  constexpr int kThreads = 8;
  constexpr int kOperations = 200;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kOperations; ++i) {
        const auto passing = std::make_shared<Recorder>();
        context_.observers->Add(passing);
        OperationContext context;
        context.observers = context_.observers;
        (void)RunOperation(context, kTest, {}, [](const OperationContext& own) {
          own.counters->Add(LowCount::kLows);
          return Status::OK();
        });
        context_.observers->Remove(passing.get());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(recorder_->begins.size(), size_t{kThreads * kOperations});
  ASSERT_EQ(recorder_->ends.size(), size_t{kThreads * kOperations});
  for (const OperationEnd& end : recorder_->ends) {
    EXPECT_EQ(end.counters.Get(LowCount::kLows), 1);
  }
}

// -- the end of the process -----------------------------------------------------------------

TEST_F(RunningOperationTest, WhatIsLeftWhenTheProcessExitsEndsOnceAsCancelled) {
  {
    RunningOperation operation = Begin();
    internal::EndLiveOperations();
    EXPECT_EQ(TheEnd().outcome, OperationOutcome::kCancelled);
    operation.End(Status::OK());
  }
  EXPECT_EQ(TheEnd().outcome, OperationOutcome::kCancelled);
}

TEST_F(RunningOperationTest, AChildProcessDoesNotEndItsParentsOperations) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizers' own locks and threads don't outlive a fork";
#endif
  std::optional<RunningOperation> operation = Begin();
  const pid_t child = fork();
  if (child == 0) {
    operation.reset();
    (void)RunningOperation::Begin(context_, kTest);
    _exit(recorder_->begins.size() == 2 && recorder_->ends.size() == 1 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(recorder_->ends.empty());
}

}  // namespace
}  // namespace iceframe
