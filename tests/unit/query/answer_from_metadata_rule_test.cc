// SPDX-License-Identifier: Apache-2.0
#include "unit/query/plan_testing.h"

namespace iceframe {
namespace {

TEST(AnswerFromMetadata, TakesCountsAndExtremesOfAScan) {
  const PlanPtr plan =
      PlanOf(Query("orders").Select({"count(*) AS n", "min(id) AS first", "max(status) AS last"}));
  EXPECT_EQ(TextOf(plan), R"plan(
Project: "count(*)" AS n, "min(id)" AS first, "max(status)" AS last
  Aggregate: count(*), min(id), max(status)
    Scan: orders [id, customer, price, status]
)plan");
  EXPECT_EQ(After(AnswerFromMetadata, plan), R"plan(
Project: "count(*)" AS n, "min(id)" AS first, "max(status)" AS last
  Aggregate: count(*), min(id), max(status) (from metadata where exact)
    Scan: orders [id, customer, price, status]
)plan");
}

TEST(AnswerFromMetadata, LeavesWhatMetadataCanNotKnow) {
  const Query queries[] = {
      Query("orders").GroupBy({"status"}).Select({"status", "max(id)"}),
      Query("orders").Select({"min(id + 1)"}),
      Query("orders").Select({"min(id)", "sum(price)"}),
      Query("orders").Select({"count(customer)"}),
      Query("orders").Select({"count(DISTINCT id)"}),
      Query("orders").Limit(3).Select({"max(id)"}),
      Query("orders").Distinct(),
      Query("orders").Join(Query("customers"), On("customer", "key")).Select({"max(id)"}),
  };
  for (const Query& query : queries) {
    const PlanPtr plan = Optimize(PlanOf(query)).ValueOrDie();
    EXPECT_EQ(TextOf(plan).find("from metadata"), std::string::npos) << TextOf(plan);
  }
}

TEST(AnswerFromMetadata, KeepsTheFilterOfTheScanAndCanBeLeftOut) {
  const PlanPtr plan = PlanOf(Query("orders").Filter("status = 'new'").Select({"max(id)"}));
  EXPECT_EQ(TextOf(Optimize(plan).ValueOrDie()), R"plan(
Project: "max(id)"
  Aggregate: max(id) (from metadata where exact)
    Scan: orders [id], filter: status = 'new'
)plan");
  EXPECT_EQ(TextOf(Optimize(plan, {"answer_from_metadata"}).ValueOrDie()), R"plan(
Project: "max(id)"
  Aggregate: max(id)
    Scan: orders [id], filter: status = 'new'
)plan");
}

}  // namespace
}  // namespace iceframe
