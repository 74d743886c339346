// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/parse_expression.h"

#include "unit/query/plan_testing.h"

namespace iceframe {
namespace {

Expression Parse(std::string_view sql) { return ParseExpression(sql).ValueOrDie(); }

TEST(PruneColumns, ReadsWhatIsSelected) {
  const PlanPtr plan = PlanOf(Query("orders").Select({"price"}));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: price
  Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PruneColumns, plan), R"plan(
Project: price
  Scan: orders [price]
)plan");
}

TEST(PruneColumns, ReadsWhatAFilterNames) {
  const PlanPtr plan = PlanOf(Query("orders").Filter("status = 'new'").Select({"price"}));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: price
  Filter: status = 'new'
    Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PruneColumns, plan), R"plan(
Project: price
  Filter: status = 'new'
    Scan: orders [price, status]
)plan");
}

TEST(PruneColumns, ReadsJoinKeysAndDropsThemAfterwards) {
  const PlanPtr plan = PlanOf(Query("orders")
                                  .Join(Query("customers"), On("customer", "key"), JoinKind::kInner)
                                  .Select({"price", "city"}));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: price, city
  Project: id, customer, price, status, name, city
    Join (inner): customer = key
      Scan: orders [id, customer, price, status]
      Scan: customers [key, name, city]
)plan");
  EXPECT_EQ(After(PruneColumns, plan), R"plan(
Project: price, city
  Project: price, city
    Join (inner): customer = key
      Scan: orders [customer, price]
      Scan: customers [key, city]
)plan");
}

TEST(PruneColumns, ReadsWhatIsGroupedAndCounted) {
  const PlanPtr plan =
      PlanOf(Query("orders").GroupBy({"status"}).Select({"status", "sum(price) AS total"}));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: status, "sum(price)" AS total
  Aggregate: sum(price) by status
    Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PruneColumns, plan), R"plan(
Project: status, "sum(price)" AS total
  Aggregate: sum(price) by status
    Scan: orders [price, status]
)plan");
}

TEST(PruneColumns, ReadsNoColumnForACount) {
  const PlanPtr plan = PlanOf(Query("orders").Select({"count(*) AS rows"}));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: "count(*)" AS rows
  Aggregate: count(*)
    Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PruneColumns, plan), R"plan(
Project: "count(*)" AS rows
  Aggregate: count(*)
    Scan: orders []
)plan");
}

TEST(PruneColumns, DropsAWindowThatNobodyReads) {
  const PlanPtr plan = PlanOf(Query("orders")
                                  .WithColumn("place", Parse("row_number() OVER (ORDER BY price)"))
                                  .Select({"id"}));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: id
  Project: id, customer, price, status, "row_number() OVER (ORDER BY price)" AS place
    Window: row_number() OVER (ORDER BY price)
      Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PruneColumns, plan), R"plan(
Project: id
  Project: id
    Scan: orders [id]
)plan");
}

TEST(PruneColumns, DropsAnAggregateThatNobodyReads) {
  const PlanPtr plan = PlanOf(Query("orders")
                                  .GroupBy({"status"})
                                  .Select({"status", "sum(price) AS total"})
                                  .Select({"status"}));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: status
  Project: status, "sum(price)" AS total
    Aggregate: sum(price) by status
      Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PruneColumns, plan), R"plan(
Project: status
  Project: status
    Distinct: status
      Scan: orders [status]
)plan");
}

TEST(PruneColumns, ReadsWhatRowsAreOrderedBy) {
  const PlanPtr plan = PlanOf(Query("orders").OrderBy({"price"}).Select({"id"}));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: id
  Sort: price
    Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(PruneColumns, plan), R"plan(
Project: id
  Sort: price
    Scan: orders [id, price]
)plan");
}

}  // namespace
}  // namespace iceframe
