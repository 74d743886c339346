// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "iceframe/io/request_retries_internal.h"

namespace iceframe::internal {
namespace {

TEST(RequestRetries, WaitLongerEachTimeUpToALimit) {
  EXPECT_EQ(RetryDelay(0, 0).count(), 0);
  EXPECT_EQ(RetryDelay(0, 0.5).count(), 25);
  EXPECT_EQ(RetryDelay(3, 0.5).count(), 200);
  EXPECT_EQ(RetryDelay(60, 0.5).count(), 2500);
  EXPECT_TRUE(MayRetry(6));
  EXPECT_FALSE(MayRetry(7));
}

TEST(RequestRetries, EndWithTheBudgetAndComeBackWithSuccess) {
  RetryBudget budget;
  for (int i = 0; i < RetryBudget::kCapacity / RetryBudget::kPerRetry; ++i) {
    EXPECT_TRUE(budget.Take());
  }
  EXPECT_FALSE(budget.Take());
  for (int i = 0; i < RetryBudget::kPerRetry; ++i) budget.GiveBack();
  EXPECT_TRUE(budget.Take());
  EXPECT_FALSE(budget.Take());
}

}  // namespace
}  // namespace iceframe::internal
