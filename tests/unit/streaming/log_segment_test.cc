// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/log_segment.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include "iceframe/runtime/memory_manager.h"
#include "iceframe/streaming/log_frame.h"
#include "iceframe/streaming/write_ahead_log.h"

#include "support/temp_folder.h"

namespace iceframe {
namespace {

const LogIdentity kIdentity{
    "7c5f1e1e-5a4b-4f2e-9d5f-0f3b1c2d3e4f", "db.events", "cat", "w", "run", 3};

arrow::MemoryPool* Pool() { return MemoryBudget::Process()->pool(); }

std::shared_ptr<arrow::RecordBatch> Rows(int64_t first, int64_t count) {
  arrow::Int64Builder ids(Pool());
  arrow::StringBuilder names(Pool());
  for (int64_t i = first; i < first + count; ++i) {
    EXPECT_TRUE(ids.Append(i).ok());
    EXPECT_TRUE(names.Append("name " + std::to_string(i)).ok());
  }
  const auto schema =
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8())});
  return arrow::RecordBatch::Make(schema, count, {*ids.Finish(), *names.Finish()});
}

LogRecord Record(int64_t sequence, int64_t count = 2) {
  return {Rows(sequence * 10, count), sequence, sequence, "t" + std::to_string(sequence)};
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// The last sequence of each record in all segments of a folder.
Result<std::vector<int64_t>> SequencesIn(const std::string& folder) {
  std::vector<int64_t> found;
  ICEFRAME_ASSIGN_OR_RETURN(const auto segments, internal::ListSegments(folder));
  for (const auto& segment : segments) {
    ICEFRAME_ASSIGN_OR_RETURN(auto reader, internal::SegmentReader::Open(segment.path, Pool()));
    while (true) {
      ICEFRAME_ASSIGN_OR_RETURN(const auto records, reader.Next());
      if (!records) break;
      for (const LogRecord& record : *records) found.push_back(record.last_sequence);
    }
  }
  return found;
}

class WriteAheadLogTest : public ::testing::Test {
 protected:
  Status Append(const std::vector<LogRecord>& records) {
    return log_.Append(records[0].rows->schema(), records, Pool());
  }
  std::string OnlySegment() const {
    return internal::ListSegments(folder_.path()).ValueOrDie().at(0).path;
  }

  const TempFolder folder_;
  WriteAheadLog log_{{.folder = folder_.path(), .identity = kIdentity, .first_segment = 4}};
};

TEST_F(WriteAheadLogTest, GivesBackWhatWasAppended) {
  ASSERT_TRUE(Append({Record(1), Record(2)}).ok());
  ASSERT_TRUE(Append({Record(3, 100)}).ok());
  EXPECT_EQ(OnlySegment(), folder_.path() + "/00000000000000000004.log");
  auto reader = internal::SegmentReader::Open(OnlySegment(), Pool()).ValueOrDie();
  ASSERT_TRUE(reader.identity());
  EXPECT_EQ(*reader.identity(), kIdentity);
  const auto first = reader.Next().ValueOrDie();
  ASSERT_TRUE(first && first->size() == 2);
  EXPECT_TRUE((*first)[1].rows->Equals(*Rows(20, 2)));
  EXPECT_EQ((*first)[1].token, "t2");
  const auto second = reader.Next().ValueOrDie();
  ASSERT_TRUE(second && second->size() == 1);
  EXPECT_TRUE((*second)[0].rows->Equals(*Rows(30, 100)));
  EXPECT_FALSE(reader.Next().ValueOrDie());
  EXPECT_EQ(log_.num_bytes(), static_cast<int64_t>(std::filesystem::file_size(OnlySegment())));
}

TEST_F(WriteAheadLogTest, MakesNoFileBeforeThereAreRows) {
  EXPECT_TRUE(internal::ListSegments(folder_.path()).ValueOrDie().empty());
}

TEST_F(WriteAheadLogTest, DropsSegmentsThatNobodyNeeds) {
  ASSERT_TRUE(Append({Record(1)}).ok());
  log_.Rotate();
  ASSERT_TRUE(Append({Record(2)}).ok());
  ASSERT_TRUE(log_.DropThrough(1).ok());
  EXPECT_EQ(SequencesIn(folder_.path()).ValueOrDie(), std::vector<int64_t>{2});
  // The one that is appended to stays until it is closed.
  ASSERT_TRUE(log_.DropThrough(2).ok());
  EXPECT_EQ(SequencesIn(folder_.path()).ValueOrDie(), std::vector<int64_t>{2});
  log_.Rotate();
  ASSERT_TRUE(log_.DropThrough(2).ok());
  EXPECT_TRUE(internal::ListSegments(folder_.path()).ValueOrDie().empty());
  EXPECT_EQ(log_.num_bytes(), 0);
  ASSERT_TRUE(Append({Record(3)}).ok());
  EXPECT_EQ(SequencesIn(folder_.path()).ValueOrDie(), std::vector<int64_t>{3});
}

// A process may end at any byte: what was synced before is there, what was not is not.
TEST_F(WriteAheadLogTest, PassesOverATornTailOfEveryLength) {
  ASSERT_TRUE(Append({Record(1)}).ok());
  const std::string path = OnlySegment();
  const size_t whole = ReadFile(path).size();
  ASSERT_TRUE(Append({Record(2), Record(3)}).ok());
  for (size_t size = ReadFile(path).size(); size-- > 0;) {
    std::filesystem::resize_file(path, size);
    const auto found = SequencesIn(folder_.path());
    ASSERT_TRUE(found.ok()) << size << found.status().message();
    EXPECT_EQ(*found, size < whole ? std::vector<int64_t>{} : std::vector<int64_t>{1}) << size;
  }
}

// Of what was written but not synced, a machine may keep any pages when it loses power.
TEST_F(WriteAheadLogTest, PassesOverPagesThatWereNotKept) {
  ASSERT_TRUE(Append({Record(1)}).ok());
  const std::string path = OnlySegment();
  const size_t whole = ReadFile(path).size();
  ASSERT_TRUE(Append({Record(2, 2000), Record(3, 2000)}).ok());
  const std::string bytes = ReadFile(path);
  for (size_t page = whole; page < bytes.size(); page += 4096) {
    std::string lost = bytes;
    lost.replace(page, std::min<size_t>(4096, bytes.size() - page),
                 std::min<size_t>(4096, bytes.size() - page), '\0');
    WriteFile(path, lost);
    const auto found = SequencesIn(folder_.path());
    ASSERT_TRUE(found.ok()) << page << found.status().message();
    EXPECT_EQ(*found, std::vector<int64_t>{1}) << page;
  }
}

TEST_F(WriteAheadLogTest, RefusesDamageBeforeWhatIsWhole) {
  ASSERT_TRUE(Append({Record(1)}).ok());
  const std::string path = OnlySegment();
  const size_t begin = ReadFile(path).size();
  ASSERT_TRUE(Append({Record(2)}).ok());
  const size_t end = ReadFile(path).size();
  ASSERT_TRUE(Append({Record(3)}).ok());
  const std::string bytes = ReadFile(path);
  for (size_t at = begin; at < end; ++at) {
    std::string damaged = bytes;
    damaged[at] ^= 0x20;
    WriteFile(path, damaged);
    const Status status = SequencesIn(folder_.path()).status();
    ASSERT_EQ(KindOf(status), ErrorKind::kInvalidData) << at << status.message();
    EXPECT_NE(status.message().find(path), std::string::npos) << status.message();
  }
}

TEST_F(WriteAheadLogTest, TellsRowsThatLookLikeAFrameFromFrames) {
  ASSERT_TRUE(Append({Record(1)}).ok());
  const std::string path = OnlySegment();
  // A torn frame that holds another log's whole one.
  const std::string other = internal::EncodeFrameHeader(99, {.number = 7});
  WriteFile(path, ReadFile(path) + std::string(40, 'x') + other);
  EXPECT_EQ(SequencesIn(folder_.path()).ValueOrDie(), std::vector<int64_t>{1});
}

/// A file on a disk that is full, or broken, when it is told so.
class FailingFile final : public AppendFile {
 public:
  FailingFile(std::unique_ptr<AppendFile> file, const Status* append, const Status* sync)
      : file_(std::move(file)), append_(append), sync_(sync) {}
  Status Append(std::string_view data) override {
    ICEFRAME_RETURN_NOT_OK(*append_);
    return file_->Append(data);
  }
  Status Sync() override {
    ICEFRAME_RETURN_NOT_OK(*sync_);
    return file_->Sync();
  }
  Status Truncate(int64_t num_bytes) override { return file_->Truncate(num_bytes); }
  int64_t num_bytes() const override { return file_->num_bytes(); }

 private:
  const std::unique_ptr<AppendFile> file_;
  const Status* const append_;
  const Status* const sync_;
};

class FailingLogTest : public ::testing::Test {
 protected:
  Status Append(int64_t sequence) {
    const LogRecord record = Record(sequence);
    return log_.Append(record.rows->schema(), {record}, Pool());
  }

  const TempFolder folder_;
  Status append_, sync_;
  WriteAheadLog log_{
      {.folder = folder_.path(),
       .identity = kIdentity,
       .make_file = [this](const std::string& path) -> Result<std::unique_ptr<AppendFile>> {
         ICEFRAME_ASSIGN_OR_RETURN(auto file, CreateAppendFile(path));
         return std::make_unique<FailingFile>(std::move(file), &append_, &sync_);
       }}};
};

TEST_F(FailingLogTest, GoesOnWhenTheDiskHasRoomAgain) {
  append_ = Error(ErrorKind::kResourceExhausted, "no space is left");
  EXPECT_EQ(KindOf(Append(1)), ErrorKind::kResourceExhausted);
  EXPECT_TRUE(internal::ListSegments(folder_.path()).ValueOrDie().empty());
  append_ = Status::OK();
  ASSERT_TRUE(Append(2).ok());
  append_ = Error(ErrorKind::kResourceExhausted, "no space is left");
  EXPECT_EQ(KindOf(Append(3)), ErrorKind::kResourceExhausted);
  append_ = Status::OK();
  ASSERT_TRUE(Append(4).ok());
  EXPECT_EQ(SequencesIn(folder_.path()).ValueOrDie(), (std::vector<int64_t>{2, 4}));
}

TEST_F(FailingLogTest, TakesNothingAfterAFailedSync) {
  ASSERT_TRUE(Append(1).ok());
  sync_ = Error(ErrorKind::kIo, "can't make file durable");
  EXPECT_EQ(KindOf(Append(2)), ErrorKind::kIo);
  sync_ = Status::OK();
  EXPECT_EQ(KindOf(Append(3)), ErrorKind::kIo);
  EXPECT_EQ(SequencesIn(folder_.path()).ValueOrDie(), std::vector<int64_t>{1});
}

}  // namespace
}  // namespace iceframe
