// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "unit/query/plan_testing.h"

namespace iceframe {
namespace {

Query ParisOrders() {
  return Query("customers")
      .Join(Query("orders"), On("key", "customer"), JoinKind::kLeft)
      .Filter("city = 'Paris' AND price > 10")
      .OrderBy({"price DESC"})
      .Select({"name", "price"})
      .Limit(3);
}

TEST(Optimizer, RulesFeedOneAnother) {
  EXPECT_EQ(TextOf(Optimize(PlanOf(ParisOrders())).ValueOrDie()), R"plan(
Limit: 3
  Project: name, price
    TopK: 3 by price DESC
      Project: name, price
        Project: name, price
          Join (inner): customer = key
            Scan: orders [customer, price], filter: price > 10.0e0
            Scan: customers [key, name], filter: city = 'Paris'
)plan");
}

TEST(Optimizer, LeavesOutTheRulesThatAreNamed) {
  std::set<std::string> all;
  for (const Rule& rule : AllRules()) all.emplace(rule.name);
  const PlanPtr plan = PlanOf(ParisOrders());
  EXPECT_EQ(Optimize(plan, all).ValueOrDie(), plan);
  all.erase("push_limits");
  EXPECT_EQ(TextOf(Optimize(plan, all).ValueOrDie()), After(PushLimits, plan));
}

TEST(Optimizer, KeepsColumnsWithTheirIdsInOrder) {
  const PlanPtr plan = PlanOf(ParisOrders());
  const PlanPtr optimized = Optimize(plan).ValueOrDie();
  ASSERT_EQ(optimized->schema->fields().size(), plan->schema->fields().size());
  for (size_t i = 0; i < plan->schema->fields().size(); ++i) {
    EXPECT_EQ(optimized->schema->fields()[i].id, plan->schema->fields()[i].id);
    EXPECT_EQ(optimized->schema->fields()[i].name, plan->schema->fields()[i].name);
  }
}

TEST(Optimizer, TellsWhatEachRuleChanged) {
  std::vector<RuleEffect> effects;
  const Query query = Query("orders").Filter("price > 10").Select({"id"});
  ASSERT_TRUE(Optimize(PlanOf(query), {}, &effects).ok());
  ASSERT_EQ(effects.size(), 2U);
  EXPECT_EQ(effects[0].rule, "push_filters");
  EXPECT_EQ(effects[0].before,
            (std::vector<std::string>{"Filter: price > 10.0e0",
                                      "Scan: orders [id, customer, price, status]"}));
  EXPECT_EQ(effects[0].after,
            (std::vector<std::string>{
                "Scan: orders [id, customer, price, status], filter: price > 10.0e0"}));
  EXPECT_EQ(effects[1].rule, "prune_columns");
  EXPECT_EQ(effects[1].after,
            (std::vector<std::string>{"Scan: orders [id], filter: price > 10.0e0"}));

  effects.clear();
  ASSERT_TRUE(Optimize(PlanOf(Query("orders")), {}, &effects).ok());
  EXPECT_TRUE(effects.empty());
}

TEST(Optimizer, NamesARuleThatItDoesNotHave) {
  const auto optimized = Optimize(PlanOf(ParisOrders()), {"push_filter"});
  ASSERT_FALSE(optimized.ok());
  EXPECT_EQ(optimized.status().message(), "there is no such rule: push_filter");
}

}  // namespace
}  // namespace iceframe
