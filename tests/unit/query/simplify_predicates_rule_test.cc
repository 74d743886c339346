// SPDX-License-Identifier: Apache-2.0
#include "unit/query/plan_testing.h"

namespace iceframe {
namespace {

TEST(SimplifyPredicates, FoldsConstants) {
  const PlanPtr plan = PlanOf(Query("orders").Filter("price > 1 + 2 AND 1 = 1"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: price > CAST(1 + 2 AS DOUBLE) AND 1 = 1
  Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(SimplifyPredicates, plan), R"plan(
Filter: price > 3.0e0
  Scan: orders [id, customer, price, status]
)plan");
}

TEST(SimplifyPredicates, DropsAFilterThatKeepsAll) {
  const PlanPtr plan = PlanOf(Query("orders").Filter("1 = 1").Limit(3));
  EXPECT_EQ(TextOf(plan), R"plan(
Limit: 3
  Filter: 1 = 1
    Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(SimplifyPredicates, plan), R"plan(
Limit: 3
  Scan: orders [id, customer, price, status]
)plan");
}

TEST(SimplifyPredicates, KeepsAFilterThatKeepsNothing) {
  const PlanPtr plan = PlanOf(Query("orders").Filter("1 = 2"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: 1 = 2
  Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(SimplifyPredicates, plan), R"plan(
Filter: FALSE
  Scan: orders [id, customer, price, status]
)plan");
}

TEST(SimplifyPredicates, MakesOneListOfEqualities) {
  const PlanPtr plan = PlanOf(Query("orders").Filter("status = 'a' OR status = 'b'"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: status = 'a' OR status = 'b'
  Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(SimplifyPredicates, plan), R"plan(
Filter: status IN ('a', 'b')
  Scan: orders [id, customer, price, status]
)plan");
}

}  // namespace
}  // namespace iceframe
