// SPDX-License-Identifier: Apache-2.0
#include "support/counting_file_io.h"

#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace iceframe {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class CountingFileIOTest : public testing::Test {
 protected:
  CountingFileIOTest() {
    EXPECT_TRUE(base_->WriteAll(context_, At("x"), std::string(4000000, 'x')).ok());
  }
  std::string At(const std::string& name) const { return folder_.path() + "/" + name; }

  TempFolder folder_;
  OperationContext context_;
  std::shared_ptr<FileIO> base_ = MakeFileIO().ValueOrDie();
};

TEST_F(CountingFileIOTest, CountsEachCoalescedRangeAndTheirDepth) {
  CountingFileIO io(base_);
  io.HoldUntil(20);
  std::vector<ByteRange> ranges;
  for (int i = 0; i < 20; ++i) ranges.push_back({i * 100000, 10});
  ranges.push_back({20, 0});
  ranges.push_back({5, 10});
  auto buffers = io.ReadRanges(context_, At("x"), ranges).ValueOrDie();
  ASSERT_EQ(buffers.size(), ranges.size());
  EXPECT_EQ(buffers[3]->size(), 10);
  EXPECT_EQ(buffers[20]->size(), 0);
  EXPECT_EQ(io.count(RequestKind::kGet), 20);
  EXPECT_GE(io.max_in_flight(), 16);
  EXPECT_EQ(io.sequential_depth(), 1);
  ASSERT_TRUE(io.ReadAll(context_, At("x"), 10).ok());
  ASSERT_TRUE(io.Exists(context_, At("y")).ok());
  EXPECT_EQ(io.sequential_depth(), 3);
  EXPECT_EQ(io.count(RequestKind::kHead), 1);
  // With the slash, since the random name of the folder may hold any letter.
  EXPECT_EQ(io.count(RequestKind::kHead, "/y"), 1);
  EXPECT_EQ(io.count(RequestKind::kHead, "/x"), 0);
  io.Reset();
  ASSERT_TRUE(io.WriteAll(context_, At("z"), "1").ok());
  ASSERT_TRUE(io.Delete(context_, At("z")).ok());
  EXPECT_EQ(io.count(), 2);
  EXPECT_EQ(io.count(RequestKind::kPut), 1);
}

TEST_F(CountingFileIOTest, SlowReadsEndWithACancel) {
  CountingFileIO io(base_, milliseconds(60000));
  std::vector<ByteRange> ranges;
  for (int i = 0; i < 50; ++i) ranges.push_back({i * 70000, 10});
  const auto begin = steady_clock::now();
  std::thread canceller([&] {
    std::this_thread::sleep_for(milliseconds(50));
    context_.cancel.Cancel();
  });
  EXPECT_EQ(KindOf(io.ReadRanges(context_, At("x"), ranges).status()), ErrorKind::kCancelled);
  canceller.join();
  EXPECT_LT(steady_clock::now() - begin, milliseconds(10000));
  OperationContext timed;
  timed.deadline = steady_clock::now() + milliseconds(50);
  EXPECT_EQ(KindOf(io.ReadAll(timed, At("x")).status()), ErrorKind::kTimeout);
  EXPECT_LT(steady_clock::now() - begin, milliseconds(20000));
}

}  // namespace
}  // namespace iceframe
