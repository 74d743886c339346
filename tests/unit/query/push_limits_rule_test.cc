// SPDX-License-Identifier: Apache-2.0
#include "unit/query/plan_testing.h"

namespace iceframe {
namespace {

TEST(PushLimits, GoesThroughAProjectionIntoTheScan) {
  const PlanPtr plan = PlanOf(Query("orders").Select({"price * 2 AS double"}).Limit(10));
  EXPECT_EQ(TextOf(plan), R"plan(
Limit: 10
  Project: price * 2.0e0 AS double
    Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PushLimits, plan), R"plan(
Limit: 10
  Project: price * 2.0e0 AS double
    Scan: orders [id, customer, price, status], limit: 10
)plan");
}

TEST(PushLimits, CountsTheOffset) {
  const PlanPtr plan = PlanOf(Query("orders").Limit(10).Offset(5));
  EXPECT_EQ(TextOf(plan), R"plan(
Limit: 10
  Limit: offset 5
    Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PushLimits, plan), R"plan(
Limit: 10
  Limit: 10 offset 5
    Scan: orders [id, customer, price, status], limit: 15
)plan");
}

TEST(PushLimits, MakesAnOrderingKeepTheFirstRows) {
  const PlanPtr plan = PlanOf(Query("orders").OrderBy({"price DESC"}).Limit(10));
  EXPECT_EQ(TextOf(plan), R"plan(
Limit: 10
  Sort: price DESC
    Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PushLimits, plan), R"plan(
Limit: 10
  TopK: 10 by price DESC
    Scan: orders [id, customer, price, status]
)plan");
}

TEST(PushLimits, TakesTheSmallestOfMany) {
  const PlanPtr plan = PlanOf(Query("orders").Limit(100).Select({"id"}).Limit(10));
  EXPECT_EQ(TextOf(plan), R"plan(
Limit: 10
  Project: id
    Limit: 100
      Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PushLimits, plan), R"plan(
Limit: 10
  Project: id
    Limit: 10
      Scan: orders [id, customer, price, status], limit: 10
)plan");
}

TEST(PushLimits, NeverSlipsUnderAnAggregate) {
  const PlanPtr plan =
      PlanOf(Query("orders").GroupBy({"status"}).Select({"status", "count(*) AS rows"}).Limit(2));
  EXPECT_EQ(TextOf(plan), R"plan(
Limit: 2
  Project: status, "count(*)" AS rows
    Aggregate: count(*) by status
      Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PushLimits, plan), TextOf(plan));
}

TEST(PushLimits, NeverSlipsUnderDistinct) {
  const PlanPtr plan = PlanOf(Query("orders").Select({"status"}).Distinct().Limit(2));
  EXPECT_EQ(TextOf(plan), R"plan(
Limit: 2
  Distinct: status
    Project: status
      Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PushLimits, plan), TextOf(plan));
}

TEST(PushLimits, NeverSlipsUnderAWindow) {
  const PlanPtr plan = PlanOf(Query("orders").Select({"id", "count(*) OVER () AS rows"}).Limit(2));
  EXPECT_EQ(TextOf(plan), R"plan(
Limit: 2
  Project: id, "count(*) OVER ()" AS rows
    Window: count(*) OVER ()
      Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PushLimits, plan), TextOf(plan));
}

TEST(PushLimits, NeverSlipsUnderAFilter) {
  const PlanPtr plan = PlanOf(Query("orders").Filter("price > 1").Limit(2));
  EXPECT_EQ(TextOf(plan), R"plan(
Limit: 2
  Filter: price > 1.0e0
    Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PushLimits, plan), TextOf(plan));
}

TEST(PushLimits, NeverSlipsUnderAJoin) {
  const PlanPtr plan = PlanOf(
      Query("orders").Join(Query("customers"), On("customer", "key"), JoinKind::kLeft).Limit(2));
  EXPECT_EQ(TextOf(plan), R"plan(
Limit: 2
  Project: id, customer, price, status, name, city
    Join (left): customer = key
      Scan: orders [id, customer, price, status]
      Scan: customers [key, name, city]
)plan");
  EXPECT_EQ(After(PushLimits, plan), TextOf(plan));
}

TEST(PushLimits, AnOffsetAloneChangesNothing) {
  const PlanPtr plan = PlanOf(Query("orders").Offset(5));
  EXPECT_EQ(TextOf(plan), R"plan(
Limit: offset 5
  Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PushLimits, plan), TextOf(plan));
}

}  // namespace
}  // namespace iceframe
