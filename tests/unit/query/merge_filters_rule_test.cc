// SPDX-License-Identifier: Apache-2.0
#include "unit/query/plan_testing.h"

namespace iceframe {
namespace {

TEST(MergeFilters, MakesOneOfTwo) {
  const PlanPtr plan = PlanOf(Query("orders").Filter("price > 1").Filter("id < 5"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: id < LONG '5'
  Filter: price > 1.0e0
    Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(MergeFilters, plan), R"plan(
Filter: price > 1.0e0 AND id < LONG '5'
  Scan: orders [id, customer, price, status]
)plan");
}

TEST(MergeFilters, LeavesThoseOnBothSidesOfALimit) {
  const PlanPtr plan = PlanOf(Query("orders").Filter("price > 1").Limit(3).Filter("id < 5"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: id < LONG '5'
  Limit: 3
    Filter: price > 1.0e0
      Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(MergeFilters, plan), TextOf(plan));
}

}  // namespace
}  // namespace iceframe
