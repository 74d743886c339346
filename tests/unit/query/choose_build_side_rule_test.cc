// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <set>

#include "unit/query/plan_testing.h"

namespace iceframe {
namespace {

/// Figures by the names of relations and columns; counts the relations that it is asked about.
class PlainStatistics final : public ScanStatistics {
 public:
  std::optional<int64_t> RowsInFiles(const ScanNode& scan) const override {
    asked.insert(scan.relation->name);
    const auto found = rows.find(scan.relation->name);
    return found == rows.end() ? std::nullopt : std::optional(found->second);
  }
  std::optional<double> NumDistinct(const ScanNode& scan, FieldId id) const override {
    const auto found = distinct.find(scan.relation->name + "." + scan.columns->FindField(id)->name);
    return found == distinct.end() ? std::nullopt : std::optional(found->second);
  }

  std::map<std::string, int64_t> rows;
  std::map<std::string, double> distinct;
  mutable std::set<std::string> asked;
};

/// Why the rule changed the plan; empty: it did not.
std::vector<std::string> Reasons(const PlanPtr& plan, const ScanStatistics& statistics) {
  std::vector<std::string> reasons;
  const PlanPtr pushed = PushFilters(plan).ValueOrDie();
  const PlanPtr changed = ChooseBuildSide(pushed, {&statistics, &reasons}).ValueOrDie();
  EXPECT_EQ(changed == pushed, reasons.empty());
  return reasons;
}

PlanPtr FilteredOrders(const std::string& filter) {
  return PlanOf(Query("orders").Filter(filter).Join(Query("customers"), On("customer", "key")));
}

TEST(ChooseBuildSide, BuildsOfTheSideWhoseFilterLeavesFewRows) {
  PlainStatistics statistics;
  EXPECT_TRUE(Reasons(FilteredOrders("id < 10"), statistics).empty());
  EXPECT_EQ(statistics.asked, (std::set<std::string>{"orders"}));
  statistics.rows = {{"orders", 999}};
  EXPECT_EQ(Reasons(FilteredOrders("id < 10"), statistics),
            (std::vector<std::string>{
                "Join (inner): customer = key: the left side is built of, and its keys filter the "
                "right one: about 999 rows (orders: 999 rows in the files that its filter leaves) "
                "against about 1000 rows"}));
  statistics.rows = {{"orders", 1000}};
  EXPECT_TRUE(Reasons(FilteredOrders("id < 10"), statistics).empty());
}

TEST(ChooseBuildSide, CountsDifferentValuesOfWhatIsEqual) {
  PlainStatistics statistics;
  statistics.distinct = {{"orders.status", 10'000}};
  EXPECT_EQ(Reasons(FilteredOrders("status = 'open'"), statistics),
            (std::vector<std::string>{
                "Join (inner): customer = key: the left side is built of, and its keys filter the "
                "right one: about 100 rows (orders.status: about 10000 different values) against "
                "about 1000 rows"}));
  EXPECT_EQ(Reasons(FilteredOrders("status IN ('open', 'shut')"), statistics).size(), 1U);
  EXPECT_EQ(Reasons(FilteredOrders("status = 'open' OR status LIKE 's%'"), statistics).size(), 0U);
  EXPECT_EQ(Reasons(FilteredOrders("status = 'open' AND price > 1"), statistics).size(), 1U);
  statistics.distinct = {{"orders.status", 1000}};
  EXPECT_TRUE(Reasons(FilteredOrders("status = 'open'"), statistics).empty());
  statistics.distinct = {{"orders.status", std::nan("")}};
  EXPECT_TRUE(Reasons(FilteredOrders("status = 'open'"), statistics).empty());
}

TEST(ChooseBuildSide, GuessesAJoinsRowsByItsKeys) {
  // A hundred orders with one customer each: fewer than there are places.
  const Query few = Query("orders").Filter("id < 10");
  const PlanPtr plan = PlanOf(few.Join(Query("customers"), On("customer", "key"))
                                  .Join(Query("places"), On("customer", "id")));
  PlainStatistics statistics;
  statistics.rows = {{"orders", 100}};
  EXPECT_EQ(Reasons(plan, statistics).size(), 1U);
  statistics.distinct = {{"customers.key", 1000}};
  EXPECT_EQ(Reasons(plan, statistics).size(), 2U);
}

TEST(ChooseBuildSide, AsksOnlyForInnerJoins) {
  PlainStatistics statistics;
  statistics.rows = {{"orders", 1}};
  EXPECT_TRUE(Reasons(PlanOf(Query("orders").Filter("id < 10")), statistics).empty());
  EXPECT_TRUE(Reasons(PlanOf(Query("orders").Filter("id < 10").Join(
                          Query("customers"), On("customer", "key"), JoinKind::kLeft)),
                      statistics)
                  .empty());
  EXPECT_TRUE(statistics.asked.empty());
}

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
