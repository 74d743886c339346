// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "iceframe/table/commit_policy_internal.h"

namespace iceframe::internal {
namespace {

TEST(CommitPolicy, PatienceIsForConflictsAndForWhatNobodySet) {
  TableMetadata metadata;
  OperationContext context;
  const CommitPolicy usual = ReadCommitPolicy(context, metadata, false).ValueOrDie();
  EXPECT_EQ(usual.num_retries, 4);
  EXPECT_EQ(usual.max_failures, 4);
  EXPECT_EQ(usual.max_wait, Milliseconds(60'000));

  const CommitPolicy patient = ReadCommitPolicy(context, metadata, true).ValueOrDie();
  EXPECT_EQ(patient.num_retries, 200);
  EXPECT_EQ(patient.max_failures, 4);
  EXPECT_EQ(patient.max_wait, Milliseconds(2'000));

  metadata.properties = {{"commit.retry.num-retries", "7"}};
  EXPECT_EQ(ReadCommitPolicy(context, metadata, true).ValueOrDie().num_retries, 7);
  EXPECT_EQ(ReadCommitPolicy(context, metadata, true).ValueOrDie().max_failures, 7);
  metadata.properties = {{"commit.retry.min-wait-ms", "3000"}};
  EXPECT_EQ(ReadCommitPolicy(context, metadata, true).ValueOrDie().max_wait, Milliseconds(3'000));
  metadata.properties = {{"commit.retry.max-wait-ms", "10"}};
  EXPECT_EQ(ReadCommitPolicy(context, metadata, true).ValueOrDie().max_wait, Milliseconds(10));
}

}  // namespace
}  // namespace iceframe::internal
