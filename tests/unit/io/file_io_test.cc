// SPDX-License-Identifier: Apache-2.0
// What every store does, and what the routing between them does.
#include "iceframe/io/file_io.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/io/io_counters.h"
#include "iceframe/runtime/metrics_registry.h"

#include "support/temp_folder.h"

namespace iceframe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Text(const std::shared_ptr<arrow::Buffer>& buffer) { return buffer->ToString(); }

/// A server of S3 that has a bucket "bucket", from the environment: tests/python starts one.
Properties S3Properties() {
  const char* endpoint = std::getenv("ICEFRAME_TEST_S3_ENDPOINT");
  if (endpoint == nullptr) return {};
  return {{"s3.endpoint", endpoint},
          {"s3.access-key-id", "icetest"},
          {"s3.secret-access-key", "icetest-secret"}};
}

std::vector<std::string> Stores() {
  std::vector<std::string> stores = {"file", "memory"};
  if (!S3Properties().empty()) stores.emplace_back("s3");
  return stores;
}

/// Runs for each store; the parameter is its scheme.
class FileIOTest : public testing::TestWithParam<std::string> {
 protected:
  FileIOTest() {
    root_ = "file://" + folder_.path();
    if (GetParam() == "memory") root_ = "memory:/" + folder_.path();
    if (GetParam() == "s3") root_ = "s3://bucket" + folder_.path();
    context_.memory = MemoryBudget::Process()->MakeChild("test");
  }

  std::string At(const std::string& name) const { return root_ + "/" + name; }

  /// Objects of S3 can't be made exclusively; a name that is taken is seen by asking.
  bool is_exclusive() const { return GetParam() != "s3"; }

  TempFolder folder_;
  std::string root_;
  OperationContext context_;
  std::shared_ptr<FileIO> io_ = MakeFileIO({.properties = S3Properties()}).ValueOrDie();
};

TEST_P(FileIOTest, ReadsBackWhatWasWritten) {
  auto file = io_->Create(context_, At("a/b/c.txt")).ValueOrDie();
  ASSERT_TRUE(file->Write("hello ").ok());
  ASSERT_TRUE(file->Write(arrow::Buffer::FromString("world")).ok());
  EXPECT_EQ(file->num_bytes(), 11);
  EXPECT_FALSE(io_->Exists(context_, At("a/b/c.txt")).ValueOrDie()) << "visible before Close";
  ASSERT_TRUE(file->Close().ok());
  EXPECT_EQ(file->num_bytes(), 11);
  EXPECT_EQ(Text(io_->ReadAll(context_, At("a/b/c.txt")).ValueOrDie()), "hello world");
  EXPECT_EQ(Text(io_->ReadAll(context_, At("a/b/c.txt"), 5).ValueOrDie()), "hello");
  EXPECT_EQ(io_->Size(context_, At("a/b/c.txt")).ValueOrDie(), 11);
  EXPECT_TRUE(io_->Exists(context_, At("a/b/c.txt")).ValueOrDie());
  EXPECT_FALSE(io_->Exists(context_, At("a/b")).ValueOrDie()) << "a folder is no file";
}

TEST_P(FileIOTest, NeverOverwritesUnlessAsked) {
  ASSERT_TRUE(io_->WriteAll(context_, At("x"), "first").ok());
  const Status second = io_->WriteAll(context_, At("x"), "second");
  EXPECT_EQ(KindOf(second), ErrorKind::kAlreadyExists) << second;
  EXPECT_THAT(second.message(), HasSubstr(At("x")));
  EXPECT_EQ(Text(io_->ReadAll(context_, At("x")).ValueOrDie()), "first");
  ASSERT_TRUE(io_->WriteAll(context_, At("x"), "third", OverwriteMode::kOverwrite).ok());
  EXPECT_EQ(Text(io_->ReadAll(context_, At("x")).ValueOrDie()), "third");
  EXPECT_EQ(io_->List(context_, root_).ValueOrDie().size(), 1U) << "nothing else is left";
}

TEST_P(FileIOTest, ExactlyOneOfManyWritersOfOneLocationWins) {
  if (!is_exclusive()) GTEST_SKIP() << "of writers at the same time the last one stays";
  std::atomic<int> won{0};
  std::atomic<int> lost{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const Status status = io_->WriteAll(context_, At("race"), std::to_string(i));
      if (status.ok()) ++won;
      if (!status.ok() && KindOf(status) == ErrorKind::kAlreadyExists) ++lost;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, 7);
  EXPECT_EQ(io_->List(context_, root_).ValueOrDie().size(), 1U);
}

TEST_P(FileIOTest, AbortedAndForgottenFilesLeaveNothing) {
  auto aborted = io_->Create(context_, At("aborted")).ValueOrDie();
  ASSERT_TRUE(aborted->Write("x").ok());
  aborted->Abort();
  EXPECT_FALSE(aborted->Close().ok());
  EXPECT_FALSE(aborted->Write("y").ok());
  {
    auto forgotten = io_->Create(context_, At("forgotten")).ValueOrDie();
  }
  EXPECT_TRUE(io_->List(context_, root_).ValueOrDie().empty());
  EXPECT_EQ(context_.memory->used_bytes(), 0);
}

TEST_P(FileIOTest, ReadsRangesInTheOrderAskedEachOfItsLength) {
  std::string content;
  for (int i = 0; i < 200000; ++i) content.push_back(static_cast<char>('a' + i % 26));
  ASSERT_TRUE(io_->WriteAll(context_, At("r"), content).ok());
  const std::vector<ByteRange> ranges = {{199990, 10}, {0, 3}, {100, 0}, {50000, 70000}, {2, 2}};
  auto buffers = io_->ReadRanges(context_, At("r"), ranges).ValueOrDie();
  ASSERT_EQ(buffers.size(), ranges.size());
  for (size_t i = 0; i < ranges.size(); ++i) {
    EXPECT_EQ(Text(buffers[i]), content.substr(static_cast<size_t>(ranges[i].offset),
                                               static_cast<size_t>(ranges[i].length)));
  }
  EXPECT_TRUE(io_->ReadRanges(context_, At("r"), {}).ValueOrDie().empty());
  auto later = io_->ReadRangesAsync(context_, At("r"), {{1, 2}});
  EXPECT_EQ(Text(later.result().ValueOrDie()[0]), "bc");
}

TEST_P(FileIOTest, RangesBeyondTheEndAreErrorsBeforeAnythingIsAllocated) {
  ASSERT_TRUE(io_->WriteAll(context_, At("short"), "0123456789").ok());
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  for (ByteRange range : {ByteRange{0, 11}, ByteRange{10, 1}, ByteRange{11, 1},
                          ByteRange{5, kMax - 5}, ByteRange{0, int64_t{1} << 50}}) {
    const Status status = io_->ReadRanges(context_, At("short"), {{0, 1}, range}).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kIo) << status;
    EXPECT_THAT(status.message(), HasSubstr(At("short")));
  }
  EXPECT_EQ(KindOf(io_->ReadRanges(context_, At("short"), {{-1, 1}}).status()),
            ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(io_->ReadAll(context_, At("short"), 11).status()), ErrorKind::kIo);
  EXPECT_LE(context_.memory->peak_bytes(), 1 << 20);
}

TEST_P(FileIOTest, ErrorsNameTheMissingFile) {
  for (const Status& status :
       {io_->ReadAll(context_, At("no")).status(), io_->Size(context_, At("no/such")).status(),
        io_->ReadRanges(context_, At("no"), {{0, 1}}).status()}) {
    EXPECT_EQ(KindOf(status), ErrorKind::kNotFound);
    EXPECT_THAT(status.message(), HasSubstr(At("no")));
  }
  EXPECT_TRUE(io_->Delete(context_, At("no")).ok());
  EXPECT_TRUE(io_->Delete(context_, At("no/such")).ok());
  EXPECT_FALSE(io_->Exists(context_, At("no/such")).ValueOrDie());
  EXPECT_TRUE(io_->List(context_, At("no")).ValueOrDie().empty());
}

TEST_P(FileIOTest, ListsFilesAtAnyDepthByTheLocationsThatOpenThem) {
  for (const char* name : {"t/metadata/v1.json", "t/data/p=1/x.parquet", "t/data/y", "t2/z"}) {
    ASSERT_TRUE(io_->WriteAll(context_, At(name), "123").ok());
  }
  auto entries = io_->List(context_, At("t/")).ValueOrDie();
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.location < b.location; });
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].location, At("t/data/p=1/x.parquet"));
  EXPECT_EQ(entries[1].location, At("t/data/y"));
  EXPECT_EQ(entries[2].location, At("t/metadata/v1.json"));
  EXPECT_EQ(entries[0].size_in_bytes, 3);
  EXPECT_GT(entries[0].modified_ms, int64_t{1600000000000});
  ASSERT_TRUE(io_->Delete(context_, entries[0].location).ok());
  EXPECT_EQ(io_->List(context_, At("t")).ValueOrDie().size(), 2U);
}

TEST_P(FileIOTest, OddNamesAreTakenLiterally) {
  for (const char* name :
       {"p=a%2Fb/x", "sp ace#hash?q", "\xc3\xa9\xe2\x82\xac", "new\nline", "a..b"}) {
    ASSERT_TRUE(io_->WriteAll(context_, At(name), name).ok()) << name;
    EXPECT_EQ(Text(io_->ReadAll(context_, At(name)).ValueOrDie()), name);
  }
  EXPECT_EQ(io_->List(context_, root_).ValueOrDie().size(), 5U);
}

TEST_P(FileIOTest, CancelledAndExpiredOperationsDoNothing) {
  ASSERT_TRUE(io_->WriteAll(context_, At("x"), "1").ok());
  auto open = io_->Create(context_, At("open")).ValueOrDie();
  OperationContext expired = context_;
  expired.deadline = std::chrono::steady_clock::now();
  EXPECT_EQ(KindOf(io_->ReadAll(expired, At("x")).status()), ErrorKind::kTimeout);
  context_.cancel.Cancel();
  EXPECT_EQ(KindOf(io_->ReadAll(context_, At("x")).status()), ErrorKind::kCancelled);
  EXPECT_EQ(KindOf(io_->ReadRanges(context_, At("x"), {{0, 1}}).status()), ErrorKind::kCancelled);
  EXPECT_EQ(KindOf(io_->ReadRangesAsync(context_, At("x"), {{0, 1}}).status()),
            ErrorKind::kCancelled);
  EXPECT_EQ(KindOf(io_->Create(context_, At("y")).status()), ErrorKind::kCancelled);
  EXPECT_EQ(KindOf(open->Write("z")), ErrorKind::kCancelled);
  EXPECT_EQ(KindOf(open->Close()), ErrorKind::kCancelled);
  EXPECT_EQ(KindOf(io_->Delete(context_, At("x"))), ErrorKind::kCancelled);
  EXPECT_EQ(KindOf(io_->List(context_, root_).status()), ErrorKind::kCancelled);
}

TEST_P(FileIOTest, CountsRequestsOfTheOperationAndTheProcess) {
  Counter& reads = MetricsRegistry::Process().counter("iceframe_io_requests_total",
                                                      {{"scheme", GetParam()}, {"op", "read"}});
  Counter& bytes = MetricsRegistry::Process().counter("iceframe_io_bytes_total",
                                                      {{"scheme", GetParam()}, {"op", "write"}});
  const int64_t reads_before = reads.value();
  const int64_t bytes_before = bytes.value();
  ASSERT_TRUE(io_->WriteAll(context_, At("x"), "12345").ok());
  const int64_t asked = is_exclusive() ? 0 : 1;
  EXPECT_EQ(context_.counters->Get(IoCount::kIoRequests), asked + 1);
  ASSERT_TRUE(io_->ReadAll(context_, At("x")).ok());
  EXPECT_EQ(context_.counters->Get(IoCount::kIoRequests), asked + 2);
  EXPECT_EQ(reads.value() - reads_before, asked + 1);
  EXPECT_EQ(bytes.value() - bytes_before, 5);
}

TEST_P(FileIOTest, CallsFromIoThreadsDoNotWaitForOneAnother) {
  ASSERT_TRUE(io_->WriteAll(context_, At("x"), std::string(300000, 'x')).ok());
  auto executor = Executor::Make({.num_threads = 1, .num_io_threads = 1}).ValueOrDie();
  OperationContext context = context_;
  context.executor = executor.get();
  context.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  auto future = executor->io()
                    ->Submit([&]() -> Status {
                      ARROW_RETURN_NOT_OK(io_->ReadAll(context, At("x")));
                      return io_->ReadRanges(context, At("x"), {{0, 1}, {200000, 1}}).status();
                    })
                    .ValueOrDie();
  EXPECT_TRUE(future.status().ok()) << future.status();
}

INSTANTIATE_TEST_SUITE_P(Stores, FileIOTest, testing::ValuesIn(Stores()),
                         [](const auto& test) { return test.param; });

TEST(RoutingFileIO, NamesSchemesItCannotReach) {
  OperationContext context;
  auto io = MakeFileIO().ValueOrDie();
  for (const char* location : {"gs://b/k", "abfss://c@a/k", "hdfs://n/x"}) {
    const Status status = io->ReadAll(context, location).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kUnsupported);
    EXPECT_THAT(status.message(), HasSubstr("is not built yet: " + std::string(location)));
  }
  const Status unknown = io->Delete(context, "ftpx://host/x");
  EXPECT_EQ(KindOf(unknown), ErrorKind::kUnsupported);
  EXPECT_THAT(unknown.message(), HasSubstr("unknown scheme 'ftpx'"));
}

TEST(RoutingFileIO, KeepsToTheAllowedLocations) {
  OperationContext context;
  auto io = MakeFileIO({.allowed_locations = {"memory://only/here"}}).ValueOrDie();
  EXPECT_TRUE(io->WriteAll(context, "memory://only/here/x", "1", OverwriteMode::kOverwrite).ok());
  EXPECT_EQ(KindOf(io->WriteAll(context, "memory://only/herex", "1")), ErrorKind::kUnauthorized);
  EXPECT_EQ(KindOf(io->ReadAll(context, "/etc/passwd").status()), ErrorKind::kUnauthorized);
  EXPECT_EQ(KindOf(io->ReadAll(context, "memory://only/here/../x").status()),
            ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace iceframe
