// SPDX-License-Identifier: Apache-2.0
#include "unit/query/plan_testing.h"

namespace iceframe {
namespace {

// Filters stand on their joins where this rule looks for them.
PlanPtr Pushed(const Query& query) { return PushFilters(PlanOf(query)).ValueOrDie(); }

TEST(TightenJoins, MakesALeftJoinInnerWhereNullsFail) {
  const PlanPtr plan = Pushed(Query("orders")
                                  .Join(Query("customers"), On("customer", "key"), JoinKind::kLeft)
                                  .Filter("city = 'Oslo'"));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: id, customer, price, status, name, city
  Filter: city = 'Oslo'
    Join (left): customer = key
      Scan: orders [id, customer, price, status]
      Scan: customers [key, name, city]
)plan");
  EXPECT_EQ(After(TightenJoins, plan), R"plan(
Project: id, customer, price, status, name, city
  Filter: city = 'Oslo'
    Join (inner): customer = key
      Scan: orders [id, customer, price, status]
      Scan: customers [key, name, city]
)plan");
}

TEST(TightenJoins, MakesARightJoinInnerWhereNullsFail) {
  const PlanPtr plan = Pushed(Query("orders")
                                  .Join(Query("customers"), On("customer", "key"), JoinKind::kRight)
                                  .Filter("price > 1"));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: id, key AS customer, price, status, name, city
  Filter: price > 1.0e0
    Join (right): customer = key
      Scan: orders [id, customer, price, status]
      Scan: customers [key, name, city]
)plan");
  EXPECT_EQ(After(TightenJoins, plan), R"plan(
Project: id, key AS customer, price, status, name, city
  Filter: price > 1.0e0
    Join (inner): customer = key
      Scan: orders [id, customer, price, status]
      Scan: customers [key, name, city]
)plan");
}

TEST(TightenJoins, MakesAFullJoinALeftOne) {
  const PlanPtr plan = Pushed(Query("orders")
                                  .Join(Query("customers"), On("customer", "key"), JoinKind::kFull)
                                  .Filter("price > 1"));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: id, coalesce(customer, key) AS customer, price, status, name, city
  Filter: price > 1.0e0
    Join (full): customer = key
      Scan: orders [id, customer, price, status]
      Scan: customers [key, name, city]
)plan");
  EXPECT_EQ(After(TightenJoins, plan), R"plan(
Project: id, coalesce(customer, key) AS customer, price, status, name, city
  Filter: price > 1.0e0
    Join (left): customer = key
      Scan: orders [id, customer, price, status]
      Scan: customers [key, name, city]
)plan");
}

TEST(TightenJoins, MakesAFullJoinARightOne) {
  const PlanPtr plan = Pushed(Query("orders")
                                  .Join(Query("customers"), On("customer", "key"), JoinKind::kFull)
                                  .Filter("city = 'Oslo'"));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: id, coalesce(customer, key) AS customer, price, status, name, city
  Filter: city = 'Oslo'
    Join (full): customer = key
      Scan: orders [id, customer, price, status]
      Scan: customers [key, name, city]
)plan");
  EXPECT_EQ(After(TightenJoins, plan), R"plan(
Project: id, coalesce(customer, key) AS customer, price, status, name, city
  Filter: city = 'Oslo'
    Join (right): customer = key
      Scan: orders [id, customer, price, status]
      Scan: customers [key, name, city]
)plan");
}

TEST(TightenJoins, MakesAFullJoinInnerWhereBothSidesMustBeThere) {
  const PlanPtr plan = Pushed(Query("orders")
                                  .Join(Query("customers"), On("customer", "key"), JoinKind::kFull)
                                  .Filter("price > 1 AND city = 'Oslo'"));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: id, coalesce(customer, key) AS customer, price, status, name, city
  Filter: price > 1.0e0 AND city = 'Oslo'
    Join (full): customer = key
      Scan: orders [id, customer, price, status]
      Scan: customers [key, name, city]
)plan");
  EXPECT_EQ(After(TightenJoins, plan), R"plan(
Project: id, coalesce(customer, key) AS customer, price, status, name, city
  Filter: price > 1.0e0 AND city = 'Oslo'
    Join (inner): customer = key
      Scan: orders [id, customer, price, status]
      Scan: customers [key, name, city]
)plan");
}

TEST(TightenJoins, LeavesAJoinWhoseNullsMayPass) {
  const PlanPtr plan = Pushed(Query("orders")
                                  .Join(Query("customers"), On("customer", "key"), JoinKind::kLeft)
                                  .Filter("city IS NULL OR city = 'Oslo'"));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: id, customer, price, status, name, city
  Filter: city IS NULL OR city = 'Oslo'
    Join (left): customer = key
      Scan: orders [id, customer, price, status]
      Scan: customers [key, name, city]
)plan");
  EXPECT_EQ(After(TightenJoins, plan), TextOf(plan));
}

TEST(TightenJoins, LeavesAJoinWhereAFunctionMayMakeSomethingOfNull) {
  const PlanPtr plan = Pushed(Query("orders")
                                  .Join(Query("customers"), On("customer", "key"), JoinKind::kLeft)
                                  .Filter("coalesce(city, 'Oslo') = 'Oslo'"));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: id, customer, price, status, name, city
  Filter: coalesce(city, 'Oslo') = 'Oslo'
    Join (left): customer = key
      Scan: orders [id, customer, price, status]
      Scan: customers [key, name, city]
)plan");
  EXPECT_EQ(After(TightenJoins, plan), TextOf(plan));
}

TEST(TightenJoins, LeavesAJoinFilteredOnTheSideThatItKeeps) {
  const PlanPtr plan = Pushed(Query("orders")
                                  .Join(Query("customers"), On("customer", "key"), JoinKind::kLeft)
                                  .Filter("price > 1"));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: id, customer, price, status, name, city
  Join (left): customer = key
    Scan: orders [id, customer, price, status], filter: price > 1.0e0
    Scan: customers [key, name, city]
)plan");
  EXPECT_EQ(After(TightenJoins, plan), TextOf(plan));
}

}  // namespace
}  // namespace iceframe
