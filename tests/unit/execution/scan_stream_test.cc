// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/scan_stream.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include "unit/datafile/data_file_testing.h"

namespace iceframe {
namespace {

constexpr int64_t kRowsPerFile = 1000;

std::shared_ptr<const Schema> IdSchema() {
  return MakeSchema({NestedField::Required(1, "id", Type::Long())});
}

std::shared_ptr<arrow::RecordBatch> Ids(int64_t begin, int64_t end) {
  arrow::Int64Builder ids(MemoryBudget::Process()->pool());
  for (int64_t id = begin; id < end; ++id) EXPECT_TRUE(ids.Append(id).ok());
  return arrow::RecordBatch::Make(ToArrowSchema(*IdSchema()).ValueOrDie(), end - begin,
                                  {ids.Finish().ValueOrDie()});
}

class ScanStreamTest : public DataFileTest {
 protected:
  /// Files of consecutive ids, as tasks without a filter.
  void WriteTasks(int num_files) {
    for (int i = 0; i < num_files; ++i) {
      ScanTask task;
      task.data_file = WriteFile(IdSchema(), Ids(i * kRowsPerFile, (i + 1) * kRowsPerFile));
      tasks_.push_back(std::move(task));
    }
  }

  TaskSource Source() {
    return [this](const OperationContext&) -> Result<std::optional<ScanTask>> {
      if (num_pulled_ == tasks_.size()) return std::nullopt;
      return tasks_[num_pulled_++];
    };
  }

  std::unique_ptr<ScanStream> Open(TaskSource source, ScanStreamOptions options = {}) {
    auto read_options = [this](const ScanTask& task) -> Result<ReadOptions> {
      ReadOptions read = ReadAs(IdSchema());
      read.filter = task.residual;
      read.delivery.batch_rows = batch_rows_;
      return read;
    };
    return ScanStream::Make(context_, io_, std::move(source), read_options, std::move(options))
        .ValueOrDie();
  }

  Result<std::vector<int64_t>> ReadIds(ScanStream& stream) {
    std::vector<int64_t> ids;
    while (true) {
      ICEFRAME_ASSIGN_OR_RETURN(auto batch, stream.Next());
      if (batch == nullptr) return ids;
      EXPECT_GT(batch->num_rows(), 0);
      const auto& column = static_cast<const arrow::Int64Array&>(*batch->column(0));
      for (int64_t i = 0; i < column.length(); ++i) ids.push_back(column.Value(i));
    }
  }

  std::vector<ScanTask> tasks_;
  size_t num_pulled_ = 0;
  int64_t batch_rows_ = 64 * 1024;
};

std::vector<int64_t> Range(int64_t end) {
  std::vector<int64_t> ids(static_cast<size_t>(end));
  for (int64_t i = 0; i < end; ++i) ids[static_cast<size_t>(i)] = i;
  return ids;
}

ScanStreamOptions Unordered() {
  ScanStreamOptions options;
  options.delivery.ordered = false;
  return options;
}

ScanStreamOptions Limited(int64_t limit) {
  ScanStreamOptions options;
  options.limit = limit;
  return options;
}

TEST_F(ScanStreamTest, GivesRowsInTheOrderOfTasksAndFiles) {
  WriteTasks(40);
  auto stream = Open(Source());
  auto ids = ReadIds(*stream);
  ASSERT_TRUE(ids.ok()) << ids.status();
  EXPECT_EQ(*ids, Range(40 * kRowsPerFile));
}

TEST_F(ScanStreamTest, GivesEachRowOnceWithoutOrder) {
  WriteTasks(40);
  auto stream = Open(Source(), Unordered());
  auto ids = ReadIds(*stream);
  ASSERT_TRUE(ids.ok()) << ids.status();
  std::sort(ids->begin(), ids->end());
  EXPECT_EQ(*ids, Range(40 * kRowsPerFile));
}

TEST_F(ScanStreamTest, FetchesMoreFilesThanItHasThreadsToDecodeThem) {
  constexpr int kFiles = 24;
  WriteTasks(kFiles);
  ASSERT_TRUE(ReadIds(*Open(Source())).ok()) << "footers are cached now";
  io_ = std::make_shared<CountingFileIO>(io_);
  io_->HoldUntil(16);
  num_pulled_ = 0;
  auto ids = ReadIds(*Open(Source()));
  ASSERT_TRUE(ids.ok()) << ids.status();
  EXPECT_EQ(*ids, Range(kFiles * kRowsPerFile));
  EXPECT_EQ(io_->count(), kFiles) << "one request a file";
  EXPECT_GE(io_->max_in_flight(), 16);

  io_->Reset();
  num_pulled_ = 0;
  ScanStreamOptions little;
  little.delivery.max_prefetched_bytes = 1;
  ids = ReadIds(*Open(Source(), little));
  ASSERT_TRUE(ids.ok()) << ids.status();
  EXPECT_EQ(*ids, Range(kFiles * kRowsPerFile));
  EXPECT_LE(io_->max_in_flight(), context_.executor->num_cpu_threads());
}

TEST_F(ScanStreamTest, ALimitCutsTheLastBatchAndPlansNoFurther) {
  WriteTasks(40);
  auto stream = Open(Source(), Limited(2 * kRowsPerFile + 1));
  auto ids = ReadIds(*stream);
  ASSERT_TRUE(ids.ok()) << ids.status();
  EXPECT_EQ(*ids, Range(2 * kRowsPerFile + 1));
  EXPECT_EQ(num_pulled_, 3U);
}

TEST_F(ScanStreamTest, ALimitOfZeroPullsNothing) {
  WriteTasks(1);
  auto stream = Open(Source(), Limited(0));
  EXPECT_EQ(stream->Next().ValueOrDie(), nullptr);
  EXPECT_EQ(num_pulled_, 0U);
}

TEST_F(ScanStreamTest, AnErrorIsNeverFollowedByAnEnd) {
  WriteTasks(3);
  ASSERT_TRUE(io_->Delete(context_, tasks_[1].data_file.file_path).ok());
  auto stream = Open(Source());
  auto ids = ReadIds(*stream);
  EXPECT_EQ(KindOf(ids.status()), ErrorKind::kNotFound) << ids.status();
  EXPECT_EQ(KindOf(stream->Next().status()), ErrorKind::kNotFound);
}

TEST_F(ScanStreamTest, AnErrorOfPlanningIsNeverFollowedByAnEnd) {
  auto stream = Open([](const OperationContext&) -> Result<std::optional<ScanTask>> {
    return Error(ErrorKind::kInvalidMetadata, "no such manifest");
  });
  EXPECT_EQ(KindOf(stream->Next().status()), ErrorKind::kInvalidMetadata);
  EXPECT_EQ(KindOf(stream->Next().status()), ErrorKind::kInvalidMetadata);
}

TEST_F(ScanStreamTest, RowsOfFilesBeforeTheDamagedOneComeOut) {
  WriteTasks(3);
  ASSERT_TRUE(io_->Delete(context_, tasks_[2].data_file.file_path).ok());
  auto stream = Open(Source());
  int64_t num_rows = 0;
  Status end;
  while (end.ok()) {
    auto batch = stream->Next();
    end = batch.status();
    if (batch.ok()) num_rows += (*batch)->num_rows();
  }
  EXPECT_EQ(num_rows, 2 * kRowsPerFile);
}

TEST_F(ScanStreamTest, CancellingEndsItForGood) {
  WriteTasks(8);
  auto stream = Open(Source());
  ASSERT_TRUE(stream->Next().ok());
  context_.cancel.Cancel();
  EXPECT_EQ(KindOf(stream->Next().status()), ErrorKind::kCancelled);
  EXPECT_EQ(KindOf(stream->Next().status()), ErrorKind::kCancelled);
}

TEST_F(ScanStreamTest, DroppedMidwayItLeavesNothingCharged) {
  WriteTasks(40);
  auto stream = Open(Source());
  ASSERT_TRUE(stream->Next().ok());
  stream.reset();
  EXPECT_EQ(context_.memory->used_bytes(), 0);
}

TEST_F(ScanStreamTest, ReadsFileByFileWhereTheBudgetHasRoomForOneOnly) {
  WriteTasks(12);
  for (int round = 0; round < 20; ++round) {
    num_pulled_ = 0;
    context_.memory = MemoryBudget::Process()->MakeChild("tight", 40 * 1024);
    auto stream = Open(Source());
    auto ids = ReadIds(*stream);
    ASSERT_TRUE(ids.ok()) << ids.status();
    EXPECT_EQ(*ids, Range(12 * kRowsPerFile));
  }
}

TEST_F(ScanStreamTest, FilesThatGaveWayGoOnBehindTheRowsTheyDelivered) {
  batch_rows_ = 64;
  WriteTasks(12);
  for (int round = 0; round < 40; ++round) {
    num_pulled_ = 0;
    context_.memory = MemoryBudget::Process()->MakeChild("tight", 24 * 1024);
    ScanStreamOptions options;
    options.delivery.ordered = round % 2 == 0;
    auto stream = Open(Source(), options);
    auto ids = ReadIds(*stream);
    ASSERT_TRUE(ids.ok()) << ids.status();
    if (!options.delivery.ordered) std::sort(ids->begin(), ids->end());
    EXPECT_EQ(*ids, Range(12 * kRowsPerFile));
  }
}

// What a budget holds once those who read ahead have come to rest.
int64_t UsedBytesAtRest(const MemoryBudget& budget) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (Executor::Process().num_tasks() > 0 && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return budget.used_bytes();
}

TEST_F(ScanStreamTest, GivesUpWhatItReadAheadForOthersBelowTheLimit) {
  constexpr int kFiles = 12;
  constexpr int64_t kLimit = 400 * 1024;
  WriteTasks(kFiles);
  const auto session = MemoryBudget::Process()->MakeChild("session", kLimit);
  context_.memory = session->MakeChild("operation");
  auto stream = Open(Source());
  // What waits decoded and, by chance, the readers that made it: files that come to rest before the
  // window is full leave it open for the next call.
  constexpr int64_t kBatchBytes = kRowsPerFile * 8;
  int64_t num_taken = 0;
  int64_t held = 0;
  for (int pulled = 0; pulled < kFiles / 2 && held <= 3 * kBatchBytes; ++pulled) {
    num_taken += stream->Next().ValueOrDie()->num_rows();
    held = UsedBytesAtRest(*session);
  }
  ASSERT_GT(held, 3 * kBatchBytes) << "nothing was read ahead";
  // More than is left, but for what was read ahead: a batch of a file that is not next.
  auto other = session->MakeChild("other");
  const Status reserved = other->Reserve(kLimit - held + kBatchBytes / 2);
  EXPECT_TRUE(reserved.ok()) << reserved;
  other->Release(other->used_bytes());
  auto rest = ReadIds(*stream);
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_EQ(static_cast<int64_t>(rest->size()), kFiles * kRowsPerFile - num_taken)
      << "each row comes once, all the same";
}

TEST_F(ScanStreamTest, WhatWaitsDecodedIsAShareOfTheLimit) {
  constexpr int kFiles = 32;
  constexpr int64_t kLimit = 256 * 1024;
  WriteTasks(kFiles);
  context_.memory = MemoryBudget::Process()->MakeChild("tight", kLimit);
  auto stream = Open(Source());
  ASSERT_TRUE(stream->Next().ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LE(context_.memory->peak_bytes(), kLimit / 2)
      << "a consumer that takes its time finds room for itself";
}

TEST_F(ScanStreamTest, BatchesGetSmallerWhereOneDoesNotFit) {
  const auto schema = MakeSchema({NestedField::Required(1, "text", Type::String())});
  arrow::StringBuilder texts(MemoryBudget::Process()->pool());
  const std::string text(2000, 'x');
  for (int64_t row = 0; row < kRowsPerFile; ++row) ASSERT_TRUE(texts.Append(text).ok());
  ScanTask task;
  task.data_file =
      WriteFile(schema, arrow::RecordBatch::Make(ToArrowSchema(*schema).ValueOrDie(), kRowsPerFile,
                                                 {texts.Finish().ValueOrDie()}));
  tasks_ = {task};
  // A tenth of what the rows take at once.
  context_.memory = MemoryBudget::Process()->MakeChild("tight", 200 * 1024);
  auto read_options = [&](const ScanTask&) -> Result<ReadOptions> { return ReadAs(schema); };
  auto stream = ScanStream::Make(context_, io_, Source(), read_options, {}).ValueOrDie();
  int64_t num_rows = 0;
  while (true) {
    const auto batch = stream->Next();
    ASSERT_TRUE(batch.ok()) << batch.status();
    if (*batch == nullptr) break;
    num_rows += (*batch)->num_rows();
  }
  EXPECT_EQ(num_rows, kRowsPerFile);
}

TEST_F(ScanStreamTest, AFileThatNeverFitsIsAnError) {
  WriteTasks(2);
  context_.memory = MemoryBudget::Process()->MakeChild("tiny", 4 * 1024);
  auto stream = Open(Source());
  EXPECT_EQ(KindOf(stream->Next().status()), ErrorKind::kResourceExhausted);
}

}  // namespace
}  // namespace iceframe
