// SPDX-License-Identifier: Apache-2.0
#include "support/faulty_file_io.h"

#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace iceframe {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::ElementsAre;

class FaultyFileIOTest : public testing::Test {
 protected:
  std::string At(const std::string& name) const { return folder_.path() + "/" + name; }
  std::shared_ptr<FileIO> MakeIO() { return MakeFaultyFileIO(base_, plan_); }
  size_t CountFiles() { return base_->List(OperationContext(), folder_.path())->size(); }

  TempFolder folder_;
  OperationContext context_;
  std::shared_ptr<FileIO> base_ = MakeFileIO().ValueOrDie();
  std::shared_ptr<FaultPlan> plan_ = std::make_shared<FaultPlan>();
};

TEST_F(FaultyFileIOTest, CountsEveryStep) {
  auto io = MakeIO();
  ASSERT_TRUE(io->WriteAll(context_, At("x"), "12").ok());
  ASSERT_TRUE(io->ReadAll(context_, At("x")).ok());
  ASSERT_TRUE(io->ReadRangesAsync(context_, At("x"), {{0, 1}}).result().ok());
  ASSERT_TRUE(io->Delete(context_, At("x")).ok());
  EXPECT_THAT(plan_->steps(),
              ElementsAre("create " + At("x"), "write " + At("x"), "publish " + At("x"),
                          "published " + At("x"), "read " + At("x"), "read " + At("x"),
                          "delete " + At("x")));
}

TEST_F(FaultyFileIOTest, AFileIsThereAsAWholeOrNotWhateverStepFails) {
  for (FaultAction action :
       {FaultAction::kFail, FaultAction::kFailHalfway, FaultAction::kDoThenFail}) {
    for (int step = 0; step < 4; ++step) {
      plan_->Restart({.at_step = step, .action = action});
      const Status status = MakeIO()->WriteAll(context_, At("x"), "1234");
      EXPECT_EQ(KindOf(status), ErrorKind::kIo) << status;
      const bool published = step == 3 || (step == 2 && action == FaultAction::kDoThenFail);
      EXPECT_EQ(CountFiles(), published ? 1U : 0U) << plan_->steps().back();
      if (published) {
        EXPECT_EQ(base_->ReadAll(context_, At("x")).ValueOrDie()->ToString(), "1234");
      }
      ASSERT_TRUE(base_->Delete(context_, At("x")).ok());
    }
  }
}

TEST_F(FaultyFileIOTest, AKilledProcessLeavesTheWholeFileOrNothing) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "at a fork libarrow's allocator takes more locks than TSan can note";
#endif
  for (int step = 0; step < 4; ++step) {
    plan_->Restart({.at_step = step, .action = FaultAction::kKill});
    const pid_t child = fork();
    if (child == 0) {
      (void)MakeIO()->WriteAll(context_, At("x"), "1234");
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(CountFiles(), step == 3 ? 1U : 0U);
  }
}

TEST_F(FaultyFileIOTest, FaultsCanPersist) {
  plan_->Restart({.at_step = 1, .error = ErrorKind::kUnavailable, .persists = true});
  auto io = MakeIO();
  EXPECT_TRUE(io->Exists(context_, At("x")).ok());
  EXPECT_EQ(KindOf(io->Exists(context_, At("x")).status()), ErrorKind::kUnavailable);
  EXPECT_EQ(KindOf(io->Exists(context_, At("x")).status()), ErrorKind::kUnavailable);
}

TEST_F(FaultyFileIOTest, AHangingStoreCanBeLeft) {
  plan_->Restart({.at_step = 0, .action = FaultAction::kHang, .persists = true});
  auto io = MakeIO();
  const auto begin = steady_clock::now();
  std::thread canceller([&] {
    std::this_thread::sleep_for(milliseconds(30));
    context_.cancel.Cancel();
  });
  EXPECT_EQ(KindOf(io->ReadRangesAsync(context_, At("x"), {{0, 1}}).status()),
            ErrorKind::kCancelled);
  canceller.join();
  EXPECT_LT(steady_clock::now() - begin, milliseconds(10000));
}

}  // namespace
}  // namespace iceframe
