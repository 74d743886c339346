// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <thread>
#include <vector>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/execution/batch_hand_over_internal.h"

namespace iceframe {
namespace {

using internal::BatchHandOver;

/// Remembers what it was given, and on which threads.
class RecordingWriter : public DataFileWriter {
 public:
  Status Write(const OperationContext&, const arrow::RecordBatch& batch) override {
    EXPECT_EQ(++num_inside, 1);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    rows.push_back(batch.num_rows());
    threads.push_back(std::this_thread::get_id());
    --num_inside;
    if (throws) throw std::bad_alloc();
    if (batch.num_rows() == fails_at) return Error(ErrorKind::kIo, "disk full");
    return Status::OK();
  }
  Result<std::vector<DataFile>> Finish(const OperationContext&) override {
    return std::vector<DataFile>();
  }
  Status Abort(const OperationContext&) override { return Status::OK(); }
  int64_t num_rows() const override { return 0; }
  int64_t num_bytes() const override { return 0; }

  std::atomic<int> num_inside = 0;
  std::vector<int64_t> rows;
  std::vector<std::thread::id> threads;
  int64_t fails_at = -1;
  bool throws = false;
};

std::shared_ptr<arrow::RecordBatch> Rows(int64_t count) {
  return arrow::RecordBatch::Make(arrow::schema(arrow::FieldVector()), count, arrow::ArrayVector());
}

TEST(BatchHandOver, WritesInOrderOneAtATimeOnOtherThreads) {
  OperationContext context;
  RecordingWriter writer;
  BatchHandOver hand_over(context, &writer);
  for (int64_t i = 0; i < 50; ++i) ASSERT_TRUE(hand_over.Write(Rows(10'000 + i)).ok());
  ASSERT_TRUE(hand_over.Wait().ok());
  ASSERT_EQ(writer.rows.size(), 50U);
  for (int64_t i = 0; i < 50; ++i) EXPECT_EQ(writer.rows[static_cast<size_t>(i)], 10'000 + i);
  EXPECT_EQ(hand_over.num_rows(), 50 * 10'000 + 49 * 50 / 2);
  EXPECT_THAT(writer.threads, testing::Not(testing::Contains(std::this_thread::get_id())));
}

TEST(BatchHandOver, WritesSmallBatchesItself) {
  OperationContext context;
  RecordingWriter writer;
  BatchHandOver hand_over(context, &writer);
  ASSERT_TRUE(hand_over.Write(Rows(10'000)).ok());
  ASSERT_TRUE(hand_over.Write(Rows(10)).ok());
  EXPECT_EQ(writer.rows, (std::vector<int64_t>{10'000, 10}));
  EXPECT_EQ(writer.threads[1], std::this_thread::get_id());
}

TEST(BatchHandOver, IsSafeOnAThreadOfThePool) {
  OperationContext context;
  RecordingWriter writer;
  auto done = context.executor->cpu()->Submit([&] {
    BatchHandOver hand_over(context, &writer);
    const Status written = hand_over.Write(Rows(10'000));
    EXPECT_EQ(writer.rows.size(), 1U);
    return written;
  });
  EXPECT_TRUE(done.ValueOrDie().status().ok());
}

TEST(BatchHandOver, TellsOfAFailureWithTheNextBatchOrAtTheEnd) {
  OperationContext context;
  RecordingWriter writer;
  writer.fails_at = 10'001;
  BatchHandOver hand_over(context, &writer);
  ASSERT_TRUE(hand_over.Write(Rows(10'001)).ok());
  EXPECT_EQ(KindOf(hand_over.Write(Rows(10'002))), ErrorKind::kIo);
  EXPECT_EQ(writer.rows.size(), 1U);
  ASSERT_TRUE(hand_over.Write(Rows(10'001)).ok());
  EXPECT_EQ(KindOf(hand_over.Wait()), ErrorKind::kIo);
  writer.throws = true;
  ASSERT_TRUE(hand_over.Write(Rows(10'003)).ok());
  EXPECT_FALSE(hand_over.Wait().ok());
}

TEST(BatchHandOver, WaitsInItsEnd) {
  OperationContext context;
  RecordingWriter writer;
  {
    ASSERT_TRUE(BatchHandOver(context, &writer).Write(Rows(10'000)).ok());
  }
  EXPECT_EQ(writer.rows.size(), 1U);
}

}  // namespace
}  // namespace iceframe
