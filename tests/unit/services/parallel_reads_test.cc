// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/parallel_reads.h"

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include "iceframe/runtime/executor.h"

namespace iceframe {
namespace {

using std::chrono::milliseconds;

std::shared_ptr<arrow::RecordBatch> OneRow(int64_t value) {
  arrow::Int64Builder builder(arrow::system_memory_pool());
  EXPECT_TRUE(builder.Append(value).ok());
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("n", arrow::int64())}), 1,
                                  {builder.Finish().ValueOr(nullptr)});
}

// Counts how many reads are open, and lets a test wait in them.
struct Gate {
  std::mutex mutex;
  int num_open = 0;
  int max_open = 0;
  std::atomic<int> num_begun = 0;

  void Enter() {
    ++num_begun;
    const std::lock_guard lock(mutex);
    max_open = std::max(max_open, ++num_open);
  }
  void Leave() {
    const std::lock_guard lock(mutex);
    --num_open;
  }
};

// Gives one row after a pause, which a cancel ends.
class SlowReader final : public arrow::RecordBatchReader {
 public:
  SlowReader(OperationContext context, int64_t value, milliseconds pause, Gate* gate)
      : context_(std::move(context)), batch_(OneRow(value)), pause_(pause), gate_(gate) {
    gate_->Enter();
  }
  ~SlowReader() override { gate_->Leave(); }
  std::shared_ptr<arrow::Schema> schema() const override { return batch_schema_; }
  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    if (batch_ != nullptr) ICEFRAME_RETURN_NOT_OK(context_.Sleep(pause_));
    *batch = std::exchange(batch_, nullptr);
    return Status::OK();
  }

 private:
  const OperationContext context_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  const std::shared_ptr<arrow::Schema> batch_schema_ = batch_->schema();
  const milliseconds pause_;
  Gate* gate_;
};

ParallelRead SlowRead(int64_t value, milliseconds pause, Gate* gate) {
  return {
      {"table", "t" + std::to_string(value)},
      [=](const OperationContext& context) -> Result<std::shared_ptr<arrow::RecordBatchReader>> {
        return std::make_shared<SlowReader>(context, value, pause, gate);
      }};
}

ParallelRead FailingRead(std::string name) {
  return {{"table", std::move(name)},
          [](const OperationContext&) -> Result<std::shared_ptr<arrow::RecordBatchReader>> {
            return Error(ErrorKind::kInvalidData, "a file is damaged: f");
          }};
}

int64_t ValueOf(const ReadOutcome& outcome) {
  const auto& chunk = *(*outcome)->column(0)->chunk(0);
  return static_cast<const arrow::Int64Array&>(chunk).Value(0);
}

TEST(ParallelReads, GiveOutcomesInTheirOrderAndKeepTheBound) {
  Gate gate;
  std::vector<ParallelRead> reads;
  // Those that are begun first end last.
  for (int i = 0; i < 12; ++i) reads.push_back(SlowRead(i, milliseconds(24 - 2 * i), &gate));
  const auto outcomes = ReadInParallel(OperationContext(), reads, {.max_parallel = 3});
  ASSERT_TRUE(outcomes.ok()) << outcomes.status().ToString();
  ASSERT_EQ(outcomes->size(), 12U);
  for (int i = 0; i < 12; ++i) EXPECT_EQ(ValueOf((*outcomes)[static_cast<size_t>(i)]), i);
  EXPECT_LE(gate.max_open, 3);
  EXPECT_GE(gate.max_open, 2);
  EXPECT_EQ(gate.num_open, 0);
}

TEST(ParallelReads, AreNoneOfNone) {
  const auto outcomes = ReadInParallel(OperationContext(), {});
  ASSERT_TRUE(outcomes.ok());
  EXPECT_TRUE(outcomes->empty());
}

TEST(ParallelReads, RefuseABoundBelowOne) {
  const auto outcomes = ReadInParallel(OperationContext(), {}, {.max_parallel = 0});
  EXPECT_EQ(KindOf(outcomes.status()), ErrorKind::kInvalidArgument);
}

TEST(ParallelReads, FailEachForItselfUnderItsName) {
  Gate gate;
  const std::vector<ParallelRead> reads = {FailingRead("a"), SlowRead(1, milliseconds(5), &gate),
                                           FailingRead("b")};
  const auto outcomes = ReadInParallel(OperationContext(), reads, {.max_parallel = 1});
  ASSERT_TRUE(outcomes.ok());
  EXPECT_EQ(KindOf((*outcomes)[0].status()), ErrorKind::kInvalidData);
  EXPECT_EQ(ContextOf((*outcomes)[0].status()), (std::vector<ErrorContext>{{"table", "a"}}));
  EXPECT_EQ(ValueOf((*outcomes)[1]), 1);
  EXPECT_EQ(ContextOf((*outcomes)[2].status()), (std::vector<ErrorContext>{{"table", "b"}}));
}

TEST(ParallelReads, StopTogetherWhenCancelled) {
  Gate gate;
  std::vector<ParallelRead> reads;
  for (int i = 0; i < 8; ++i) reads.push_back(SlowRead(i, milliseconds(60'000), &gate));
  const OperationContext context;
  auto outcomes = std::async(std::launch::async,
                             [&] { return ReadInParallel(context, reads, {.max_parallel = 2}); });
  while (gate.num_begun < 2) std::this_thread::sleep_for(milliseconds(1));
  CancelToken(context.cancel).Cancel();
  EXPECT_EQ(KindOf(outcomes.get().status()), ErrorKind::kCancelled);
  EXPECT_EQ(gate.num_begun, 2);
  EXPECT_EQ(gate.num_open, 0);
}

TEST(ParallelReads, StopTogetherAtTheDeadline) {
  Gate gate;
  OperationContext context;
  context.deadline = std::chrono::steady_clock::now() + milliseconds(20);
  const auto outcomes = ReadInParallel(context, {SlowRead(0, milliseconds(60'000), &gate)});
  EXPECT_EQ(KindOf(outcomes.status()), ErrorKind::kTimeout);
}

TEST(ParallelReads, TellHowManyHaveEnded) {
  Gate gate;
  OperationContext context;
  std::set<int64_t> done;
  context.progress = [&](const Progress& progress) {
    EXPECT_EQ(progress.total, 3);
    done.insert(progress.done);
  };
  const std::vector<ParallelRead> reads = {SlowRead(0, milliseconds(1), &gate), FailingRead("a"),
                                           SlowRead(2, milliseconds(1), &gate)};
  ASSERT_TRUE(ReadInParallel(context, reads).ok());
  EXPECT_EQ(done, (std::set<int64_t>{1, 2, 3}));
}

// More callers than there are threads for waiting, and calls inside of reads: callers get through
// alone.
TEST(ParallelReads, NestWithoutADeadlock) {
  Gate gate;
  OperationContext context;
  const auto nested = [&](int64_t value) {
    return ParallelRead{
        {"table", "outer"},
        [&gate,
         value](const OperationContext& own) -> Result<std::shared_ptr<arrow::RecordBatchReader>> {
          std::vector<ParallelRead> inner;
          for (int i = 0; i < 4; ++i) inner.push_back(SlowRead(value, milliseconds(1), &gate));
          ICEFRAME_ASSIGN_OR_RETURN(auto outcomes, ReadInParallel(own, inner));
          ICEFRAME_RETURN_NOT_OK(outcomes[3].status());
          return std::make_shared<arrow::TableBatchReader>(*outcomes[3]);
        }};
  };
  std::vector<ParallelRead> reads;
  for (int i = 0; i < 16; ++i) reads.push_back(nested(i));
  std::vector<std::future<Status>> callers;
  for (int i = 0; i < 8; ++i) {
    callers.push_back(std::async(std::launch::async, [&]() -> Status {
      ICEFRAME_ASSIGN_OR_RETURN(auto outcomes, ReadInParallel(context, reads));
      for (int64_t value = 0; value < 16; ++value) {
        const ReadOutcome& outcome = outcomes[static_cast<size_t>(value)];
        ICEFRAME_RETURN_NOT_OK(outcome.status());
        if (ValueOf(outcome) != value) return Status::UnknownError("rows of another read");
      }
      return Status::OK();
    }));
  }
  for (auto& caller : callers) EXPECT_TRUE(caller.get().ok());
}

}  // namespace
}  // namespace iceframe
