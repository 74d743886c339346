// SPDX-License-Identifier: Apache-2.0
#include "unit/query/plan_testing.h"

namespace iceframe {
namespace {

TEST(ChooseBuildSide, BuildsOfTheSmallerSide) {
  const PlanPtr plan = PlanOf(Query("customers").Join(Query("orders"), On("key", "customer")));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: key, name, city, id, price, status
  Join (inner): key = customer
    Scan: customers [key, name, city]
    Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(ChooseBuildSide, plan), R"plan(
Project: key, name, city, id, price, status
  Project: key, name, city, id, customer, price, status
    Join (inner): customer = key
      Scan: orders [id, customer, price, status]
      Scan: customers [key, name, city]
)plan");
}

TEST(ChooseBuildSide, LeavesAJoinThatBuildsOfTheSmallerSide) {
  const PlanPtr plan =
      PlanOf(Query("orders").Join(Query("customers"), On("customer", "key"), JoinKind::kInner));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: id, customer, price, status, name, city
  Join (inner): customer = key
    Scan: orders [id, customer, price, status]
    Scan: customers [key, name, city]
)plan");
  EXPECT_EQ(After(ChooseBuildSide, plan), TextOf(plan));
}

TEST(ChooseBuildSide, LeavesSidesOfUnknownSize) {
  const PlanPtr plan = PlanOf(Query("notes").Join(Query("orders"), On("about", "id")));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: about, note, customer, price, status
  Join (inner): about = id
    Scan: notes [about, note]
    Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(ChooseBuildSide, plan), TextOf(plan));
}

TEST(ChooseBuildSide, LeavesOuterJoins) {
  const PlanPtr plan =
      PlanOf(Query("customers").Join(Query("orders"), On("key", "customer"), JoinKind::kLeft));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: key, name, city, id, price, status
  Join (left): key = customer
    Scan: customers [key, name, city]
    Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(ChooseBuildSide, plan), TextOf(plan));
}

TEST(ChooseBuildSide, KnowsThatALimitMakesASideSmall) {
  const PlanPtr plan =
      PlanOf(Query("orders").Limit(5).Join(Query("customers"), On("customer", "key")));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: id, customer, price, status, name, city
  Join (inner): customer = key
    Limit: 5
      Scan: orders [id, customer, price, status]
    Scan: customers [key, name, city]
)plan");
  EXPECT_EQ(After(ChooseBuildSide, plan), R"plan(
Project: id, customer, price, status, name, city
  Project: id, customer, price, status, key, name, city
    Join (inner): key = customer
      Scan: customers [key, name, city]
      Limit: 5
        Scan: orders [id, customer, price, status]
)plan");
}

}  // namespace
}  // namespace iceframe
