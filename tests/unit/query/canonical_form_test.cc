// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "unit/query/plan_testing.h"

namespace iceframe {
namespace {

std::string FormOf(const Query& query) {
  return CanonicalForm(Optimize(PlanOf(query)).ValueOrDie());
}

const Query kOrders("orders");

TEST(PlanCanonicalForm, IsEqualForOneMeaningWrittenInTwoWays) {
  EXPECT_EQ(FormOf(kOrders.Filter("price > 1 AND id < 5")),
            FormOf(kOrders.Filter("id < 5").Filter("price > 0 + 1")));
  EXPECT_EQ(FormOf(kOrders.Filter("status = 'a' OR status = 'b'")),
            FormOf(kOrders.Filter("status IN ('b', 'a')")));
}

TEST(PlanCanonicalForm, DiffersWithWhatComesOut) {
  const Query customers("customers");
  const std::vector<Query> queries = {
      kOrders,
      customers,
      kOrders.Limit(1),
      kOrders.Limit(2),
      kOrders.Limit(2).Offset(1),
      kOrders.Filter("id < 5"),
      kOrders.Filter("id < 6"),
      kOrders.Filter("status = '5'"),
      kOrders.Select({"id"}),
      kOrders.Select({"customer"}),
      kOrders.Select({"id AS customer"}),
      kOrders.Select({"status"}).Distinct(),
      kOrders.Select({"count(*)"}),
      kOrders.Select({"count(price)"}),
      kOrders.GroupBy({"status"}).Select({"count(price)"}),
      kOrders.OrderBy({"id"}),
      kOrders.OrderBy({"id DESC"}),
      kOrders.OrderBy({"id NULLS FIRST"}),
      kOrders.Select({"rank() OVER (ORDER BY id)"}),
      kOrders.Select({"rank() OVER (ORDER BY price)"}),
      kOrders.Join(customers, On("customer", "key")),
      kOrders.Join(customers, On("id", "key")),
      kOrders.Join(customers, On("customer", "key"), JoinKind::kLeft),
      kOrders.Join(customers, On("customer", "key"), JoinKind::kAnti),
  };
  std::set<std::string> forms;
  for (const Query& query : queries) {
    EXPECT_TRUE(forms.insert(FormOf(query)).second) << TextOf(PlanOf(query));
  }
}

}  // namespace
}  // namespace iceframe
