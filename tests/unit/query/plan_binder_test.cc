// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "iceframe/expression/parse_expression.h"

#include "unit/query/plan_testing.h"

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Names(const Query& query) {
  const PlanPtr plan = PlanOf(query);
  std::vector<std::string> names;
  for (const NestedField& field : plan->schema->fields()) names.push_back(field.name);
  return names;
}

std::string ErrorOf(const Query& query) {
  PlainRelations relations;
  const auto plan = BindQuery(query, &relations);
  EXPECT_FALSE(plan.ok()) << ToString(*plan);
  return plan.ok() ? "" : plan.status().message();
}

const Query kBoundOrders("orders");
const Query kCustomers("customers");

TEST(PlanBinder, AnEqualNameOfTheOtherSideGetsAnEnding) {
  EXPECT_THAT(Names(kBoundOrders.Join(kBoundOrders, On("id", "id"))),
              ElementsAre("id", "customer", "price", "status", "customer_right", "price_right",
                          "status_right"));
}

TEST(PlanBinder, KeysThatAreNotMergedBothComeOut) {
  JoinOn on = On("customer", "key");
  on.merge_keys = false;
  EXPECT_THAT(Names(kBoundOrders.Join(kCustomers, on)),
              ElementsAre("id", "customer", "price", "status", "key", "name", "city"));
}

TEST(PlanBinder, SemiAndAntiJoinsKeepTheLeftColumns) {
  for (const JoinKind kind : {JoinKind::kSemi, JoinKind::kAnti}) {
    EXPECT_THAT(Names(kBoundOrders.Join(kCustomers, On("customer", "key"), kind)),
                ElementsAre("id", "customer", "price", "status"));
  }
}

TEST(PlanBinder, ATableMayStandInAPlanTwice) {
  const PlanPtr plan = PlanOf(kBoundOrders.Join(kBoundOrders, On("id", "customer")));
  std::set<FieldId> ids;
  for (const NestedField& field : plan->schema->fields()) {
    EXPECT_TRUE(ids.insert(field.id).second) << field.name;
  }
}

TEST(PlanBinder, NestedColumnsMayComeOutTwiceAndBeKeys) {
  const Query places("places");
  EXPECT_THAT(
      Names(places.Select({"at", "lag(at) OVER (ORDER BY id) AS before", "at AS again",
                           "CASE WHEN id > 1 THEN at END AS some", "coalesce(NULL, at) AS first"})),
      ElementsAre("at", "before", "again", "some", "first"));
  EXPECT_THAT(Names(places.GroupBy({"at"}).Select({"at", "count_distinct(at) AS n"})),
              ElementsAre("at", "n"));
  EXPECT_THAT(Names(places.Select({"at"}).Distinct()), ElementsAre("at"));
  EXPECT_THAT(ErrorOf(places.OrderBy({{Col("at")}})),
              HasSubstr("order_by a column of type struct"));
}

TEST(PlanBinder, GroupByBelongsToTheSelectOnEitherSide) {
  const Query before = kBoundOrders.GroupBy({"status"}).Select({"status", "sum(price) AS total"});
  const Query after = kBoundOrders.Select({"status", "sum(price) AS total"}).GroupBy({"status"});
  EXPECT_EQ(TextOf(PlanOf(before)), TextOf(PlanOf(after)));
}

TEST(PlanBinder, AFilterAndAnOrderMayNameWhatASelectLeftOut) {
  EXPECT_THAT(Names(kBoundOrders.Select({"id"}).Filter("price > 1").OrderBy({"status"})),
              ElementsAre("id"));
}

TEST(PlanBinder, WithColumnTakesThePlaceOfItsNamesake) {
  EXPECT_THAT(Names(kBoundOrders.WithColumn("price", ParseExpression("price * 2").ValueOrDie())),
              ElementsAre("id", "customer", "price", "status"));
}

TEST(PlanBinder, AnUnknownColumnIsToldWithTheNearestName) {
  EXPECT_THAT(ErrorOf(kBoundOrders.Select({"prise"})), HasSubstr("price"));
  EXPECT_THAT(ErrorOf(kBoundOrders.Filter("statsu = 'a'")), HasSubstr("status"));
  EXPECT_THAT(ErrorOf(kBoundOrders.Join(kCustomers, On("customer", "kye"))), HasSubstr("key"));
}

TEST(PlanBinder, AColumnBesideAggregatesMustBeGrouped) {
  EXPECT_THAT(ErrorOf(kBoundOrders.Select({"status", "sum(price)"})), HasSubstr("status"));
}

TEST(PlanBinder, AFilterHasNoAggregateOfItsOwn) {
  EXPECT_NE(ErrorOf(kBoundOrders.Filter("sum(price) > 1")), "");
}

TEST(PlanBinder, ATextThatCannotBeParsedIsToldWhenBound) {
  EXPECT_THAT(ErrorOf(kBoundOrders.Filter("price >").Limit(1)), HasSubstr("price >"));
}

TEST(PlanBinder, NegativeLimitsAndOffsetsAreRefused) {
  EXPECT_THAT(ErrorOf(kBoundOrders.Limit(-1)), HasSubstr("-1"));
  EXPECT_THAT(ErrorOf(kBoundOrders.Offset(-2)), HasSubstr("-2"));
}

TEST(PlanBinder, JoinKeysOfTypesThatCannotMeetAreRefused) {
  EXPECT_THAT(ErrorOf(kBoundOrders.Join(kCustomers, On("id", "name"))),
              HasSubstr("long and string"));
}

TEST(PlanBinder, AnUnknownTableIsTheResolversError) {
  EXPECT_EQ(ErrorOf(Query("nowhere")), "no such table: nowhere");
  EXPECT_EQ(ErrorOf(kBoundOrders.Join(Query("nowhere"), On("id", "id"))), "no such table: nowhere");
}

}  // namespace
}  // namespace iceframe
