// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/parse_expression.h"

#include "unit/query/plan_testing.h"

namespace iceframe {
namespace {

Expression ParseFilter(std::string_view sql) { return ParseExpression(sql).ValueOrDie(); }

TEST(PushFilters, GoesIntoTheScan) {
  const PlanPtr plan = PlanOf(Query("orders").Filter("price > 1").Filter("id < 5"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: id < LONG '5'
  Filter: price > 1.0e0
    Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PushFilters, plan), R"plan(
Scan: orders [id, customer, price, status], filter: price > 1.0e0 AND id < LONG '5'
)plan");
}

TEST(PushFilters, GoesThroughAComputedColumn) {
  const PlanPtr plan =
      PlanOf(Query("orders").WithColumn("double", ParseFilter("price * 2")).Filter("double > 10"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: double > 10.0e0
  Project: id, customer, price, status, price * 2.0e0 AS double
    Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PushFilters, plan), R"plan(
Project: id, customer, price, status, price * 2.0e0 AS double
  Scan: orders [id, customer, price, status], filter: price * 2.0e0 > 10.0e0
)plan");
}

TEST(PushFilters, GoesBelowAnOrdering) {
  const PlanPtr plan = PlanOf(Query("orders").OrderBy({"price"}).Filter("id < 5"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: id < LONG '5'
  Sort: price
    Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PushFilters, plan), R"plan(
Sort: price
  Scan: orders [id, customer, price, status], filter: id < LONG '5'
)plan");
}

TEST(PushFilters, StaysAboveALimit) {
  const PlanPtr plan = PlanOf(Query("orders").Limit(10).Filter("id < 5"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: id < LONG '5'
  Limit: 10
    Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PushFilters, plan), TextOf(plan));
}

TEST(PushFilters, StaysAboveAnOrderedLimit) {
  const PlanPtr plan = PlanOf(Query("orders").OrderBy({"price"}).Limit(10).Filter("id < 5"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: id < LONG '5'
  Limit: 10
    Sort: price
      Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PushFilters, plan), TextOf(plan));
}

TEST(PushFilters, GoesToTheSidesOfAnInnerJoin) {
  const PlanPtr plan = PlanOf(Query("orders")
                                  .Join(Query("customers"), On("customer", "key"), JoinKind::kInner)
                                  .Filter("price > 1 AND city = 'Oslo' AND status = name"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: price > 1.0e0 AND city = 'Oslo' AND status = name
  Project: id, customer, price, status, name, city
    Join (inner): customer = key
      Scan: orders [id, customer, price, status]
      Scan: customers [key, name, city]
)plan");
  EXPECT_EQ(After(PushFilters, plan), R"plan(
Project: id, customer, price, status, name, city
  Filter: status = name
    Join (inner): customer = key
      Scan: orders [id, customer, price, status], filter: price > 1.0e0
      Scan: customers [key, name, city], filter: city = 'Oslo'
)plan");
}

TEST(PushFilters, GoesToTheKeptSideOfALeftJoinOnly) {
  const PlanPtr plan = PlanOf(Query("orders")
                                  .Join(Query("customers"), On("customer", "key"), JoinKind::kLeft)
                                  .Filter("price > 1")
                                  .Filter("city IS NULL"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: city IS NULL
  Filter: price > 1.0e0
    Project: id, customer, price, status, name, city
      Join (left): customer = key
        Scan: orders [id, customer, price, status]
        Scan: customers [key, name, city]
)plan");
  EXPECT_EQ(After(PushFilters, plan), R"plan(
Project: id, customer, price, status, name, city
  Filter: city IS NULL
    Join (left): customer = key
      Scan: orders [id, customer, price, status], filter: price > 1.0e0
      Scan: customers [key, name, city]
)plan");
}

TEST(PushFilters, GoesToTheKeptSideOfARightJoinOnly) {
  const PlanPtr plan = PlanOf(Query("orders")
                                  .Join(Query("customers"), On("customer", "key"), JoinKind::kRight)
                                  .Filter("price IS NULL")
                                  .Filter("city = 'Oslo'"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: city = 'Oslo'
  Filter: price IS NULL
    Project: id, key AS customer, price, status, name, city
      Join (right): customer = key
        Scan: orders [id, customer, price, status]
        Scan: customers [key, name, city]
)plan");
  EXPECT_EQ(After(PushFilters, plan), R"plan(
Project: id, key AS customer, price, status, name, city
  Filter: price IS NULL
    Join (right): customer = key
      Scan: orders [id, customer, price, status]
      Scan: customers [key, name, city], filter: city = 'Oslo'
)plan");
}

TEST(PushFilters, GoesToNoSideOfAFullJoin) {
  const PlanPtr plan = PlanOf(Query("orders")
                                  .Join(Query("customers"), On("customer", "key"), JoinKind::kFull)
                                  .Filter("price IS NULL AND city = 'Oslo'"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: price IS NULL AND city = 'Oslo'
  Project: id, coalesce(customer, key) AS customer, price, status, name, city
    Join (full): customer = key
      Scan: orders [id, customer, price, status]
      Scan: customers [key, name, city]
)plan");
  EXPECT_EQ(After(PushFilters, plan), R"plan(
Project: id, coalesce(customer, key) AS customer, price, status, name, city
  Filter: price IS NULL AND city = 'Oslo'
    Join (full): customer = key
      Scan: orders [id, customer, price, status]
      Scan: customers [key, name, city]
)plan");
}

TEST(PushFilters, GoesToTheLeftOfASemiJoin) {
  const PlanPtr plan = PlanOf(Query("orders")
                                  .Join(Query("customers"), On("customer", "key"), JoinKind::kSemi)
                                  .Filter("price > 1"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: price > 1.0e0
  Join (semi): customer = key
    Scan: orders [id, customer, price, status]
    Scan: customers [key, name, city]
)plan");
  EXPECT_EQ(After(PushFilters, plan), R"plan(
Join (semi): customer = key
  Scan: orders [id, customer, price, status], filter: price > 1.0e0
  Scan: customers [key, name, city]
)plan");
}

TEST(PushFilters, GoesToTheLeftOfAnAntiJoin) {
  const PlanPtr plan = PlanOf(Query("orders")
                                  .Join(Query("customers"), On("customer", "key"), JoinKind::kAnti)
                                  .Filter("price > 1"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: price > 1.0e0
  Join (anti): customer = key
    Scan: orders [id, customer, price, status]
    Scan: customers [key, name, city]
)plan");
  EXPECT_EQ(After(PushFilters, plan), R"plan(
Join (anti): customer = key
  Scan: orders [id, customer, price, status], filter: price > 1.0e0
  Scan: customers [key, name, city]
)plan");
}

TEST(PushFilters, StaysAboveAJoinWhereItMayRaise) {
  // The text may be no number in rows that the join drops.
  const PlanPtr plan = PlanOf(Query("orders")
                                  .Join(Query("customers"), On("customer", "key"), JoinKind::kInner)
                                  .Filter("CAST(status AS int) > 1"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: CAST(status AS INT) > 1
  Project: id, customer, price, status, name, city
    Join (inner): customer = key
      Scan: orders [id, customer, price, status]
      Scan: customers [key, name, city]
)plan");
  EXPECT_EQ(After(PushFilters, plan), R"plan(
Project: id, customer, price, status, name, city
  Filter: CAST(status AS INT) > 1
    Join (inner): customer = key
      Scan: orders [id, customer, price, status]
      Scan: customers [key, name, city]
)plan");
}

TEST(PushFilters, GoesBelowAGroupingByItsKeys) {
  const PlanPtr plan = PlanOf(Query("orders")
                                  .GroupBy({"status"})
                                  .Select({"status", "sum(price) AS total"})
                                  .Filter("status = 'new' AND total > 5"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: status = 'new' AND total > 5.0e0
  Project: status, "sum(price)" AS total
    Aggregate: sum(price) by status
      Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PushFilters, plan), R"plan(
Project: status, "sum(price)" AS total
  Filter: "sum(price)" > 5.0e0
    Aggregate: sum(price) by status
      Scan: orders [id, customer, price, status], filter: status = 'new'
)plan");
}

TEST(PushFilters, StaysAboveAnAggregateWithoutKeys) {
  // Of nothing there still is one row.
  const PlanPtr plan = PlanOf(Query("orders").Select({"count(*) AS rows"}).Filter("1 = 2"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: 1 = 2
  Project: "count(*)" AS rows
    Aggregate: count(*)
      Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PushFilters, plan), R"plan(
Project: "count(*)" AS rows
  Filter: FALSE
    Aggregate: count(*)
      Scan: orders [id, customer, price, status]
)plan");
}

TEST(PushFilters, GoesBelowAWindowByItsPartition) {
  const PlanPtr plan =
      PlanOf(Query("orders")
                 .WithColumn("place",
                             ParseFilter("row_number() OVER (PARTITION BY status ORDER BY price)"))
                 .Filter("status = 'new' AND place < 3"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: status = 'new' AND place < LONG '3'
  Project: id, customer, price, status, "row_number() OVER (PARTITION BY status ORDER BY price)" AS place
    Window: row_number() OVER (PARTITION BY status ORDER BY price)
      Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PushFilters, plan), R"plan(
Project: id, customer, price, status, "row_number() OVER (PARTITION BY status ORDER BY price)" AS place
  Filter: "row_number() OVER (PARTITION BY status ORDER BY price)" < LONG '3'
    Window: row_number() OVER (PARTITION BY status ORDER BY price)
      Scan: orders [id, customer, price, status], filter: status = 'new'
)plan");
}

TEST(PushFilters, StaysAboveAWindowThatSeesTheRowsItDrops) {
  const PlanPtr plan =
      PlanOf(Query("orders")
                 .WithColumn("place",
                             ParseFilter("row_number() OVER (PARTITION BY status ORDER BY price)"))
                 .Filter("price > 1"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: price > 1.0e0
  Project: id, customer, price, status, "row_number() OVER (PARTITION BY status ORDER BY price)" AS place
    Window: row_number() OVER (PARTITION BY status ORDER BY price)
      Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PushFilters, plan), R"plan(
Project: id, customer, price, status, "row_number() OVER (PARTITION BY status ORDER BY price)" AS place
  Filter: price > 1.0e0
    Window: row_number() OVER (PARTITION BY status ORDER BY price)
      Scan: orders [id, customer, price, status]
)plan");
}

TEST(PushFilters, GoesBelowWindowsByTheKeysThatAllHave) {
  const PlanPtr plan =
      PlanOf(Query("orders")
                 .Select({"*", "count(*) OVER (PARTITION BY status, customer) AS a",
                          "count(*) OVER (PARTITION BY status) AS b"})
                 .Filter("status = 'new' AND customer = 7"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: status = 'new' AND customer = LONG '7'
  Project: id, customer, price, status, "count(*) OVER (PARTITION BY status, customer)" AS a, "count(*) OVER (PARTITION BY status)" AS b
    Window: count(*) OVER (PARTITION BY status, customer), count(*) OVER (PARTITION BY status)
      Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PushFilters, plan), R"plan(
Project: id, customer, price, status, "count(*) OVER (PARTITION BY status, customer)" AS a, "count(*) OVER (PARTITION BY status)" AS b
  Filter: customer = LONG '7'
    Window: count(*) OVER (PARTITION BY status, customer), count(*) OVER (PARTITION BY status)
      Scan: orders [id, customer, price, status], filter: status = 'new'
)plan");
}

TEST(PushFilters, GoesBelowDistinct) {
  const PlanPtr plan =
      PlanOf(Query("orders").Select({"status"}).Distinct().Filter("status = 'new'"));
  EXPECT_EQ(TextOf(plan), R"plan(
Filter: status = 'new'
  Distinct: status
    Project: status
      Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PushFilters, plan), R"plan(
Distinct: status
  Project: status
    Scan: orders [id, customer, price, status], filter: status = 'new'
)plan");
}

}  // namespace
}  // namespace iceframe
