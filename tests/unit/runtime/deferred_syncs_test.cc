// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/deferred_syncs.h"

#include <gtest/gtest.h>

#include "iceframe/runtime/operation_context.h"

namespace iceframe {
namespace {

TEST(DeferredSyncs, RunDoesEachKeyOnceAndForgetsIt) {
  DeferredSyncs syncs;
  int num_runs = 0;
  const auto sync = [&] {
    ++num_runs;
    return Status::OK();
  };
  ASSERT_TRUE(syncs.Add("/a", sync).ok());
  ASSERT_TRUE(syncs.Add("/a", sync).ok());
  ASSERT_TRUE(syncs.Add("/b", sync).ok());
  EXPECT_EQ(num_runs, 0);
  EXPECT_TRUE(syncs.Run().ok());
  EXPECT_EQ(num_runs, 2);
  EXPECT_TRUE(syncs.Run().ok());
  EXPECT_EQ(num_runs, 2);
  ASSERT_TRUE(syncs.Add("/a", sync).ok());
  EXPECT_TRUE(syncs.Run().ok());
  EXPECT_EQ(num_runs, 3) << "a file was added to the folder since";
}

TEST(DeferredSyncs, AFailureIsNotForgotten) {
  DeferredSyncs syncs;
  ASSERT_TRUE(syncs.Add("/a", [] { return Error(ErrorKind::kIo, "no space"); }).ok());
  EXPECT_EQ(KindOf(syncs.Run()), ErrorKind::kIo);
  EXPECT_EQ(KindOf(syncs.Run()), ErrorKind::kIo);
}

TEST(DeferredSyncs, ManyFoldersAreNotAllHeldOpen) {
  DeferredSyncs syncs;
  size_t num_runs = 0;
  for (size_t i = 0; i < DeferredSyncs::kMaxPending + 5; ++i) {
    ASSERT_TRUE(syncs
                    .Add(std::to_string(i),
                         [&] {
                           ++num_runs;
                           return Status::OK();
                         })
                    .ok());
  }
  EXPECT_EQ(num_runs, 5u);
}

TEST(DeferredSyncs, AContextWithoutThemHasNothingToRun) {
  EXPECT_TRUE(OperationContext().RunDeferredSyncs().ok());
}

}  // namespace
}  // namespace iceframe
