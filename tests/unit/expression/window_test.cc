// SPDX-License-Identifier: Apache-2.0
// Aggregates and windows: text, types, and where they are refused.
#include "iceframe/expression/window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/expression/aggregate_catalogue.h"
#include "iceframe/expression/binder.h"
#include "iceframe/expression/expression_json.h"
#include "iceframe/expression/parse_expression.h"

namespace iceframe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::shared_ptr<const Schema> WindowSchema() {
  return *Schema::Make(
      SchemaId(0),
      {NestedField::Optional(1, "i", Type::Int()), NestedField::Optional(2, "l", Type::Long()),
       NestedField::Optional(3, "f", Type::Float()), NestedField::Optional(4, "d", Type::Double()),
       NestedField::Optional(5, "dec", *Type::Decimal(9, 2)),
       NestedField::Optional(6, "s", Type::String()), NestedField::Optional(7, "dt", Type::Date()),
       NestedField::Optional(8, "b", Type::Boolean()), NestedField::Optional(9, "u", Type::Uuid()),
       NestedField::Optional(10, "li", Type::List(NestedField::Optional(11, "", Type::Int())))});
}

std::string TypeOf(std::string_view text) {
  const auto bound = BindAggregate(*ParseExpression(text), *WindowSchema());
  return bound.ok() ? bound->type().ToString() : bound.status().message();
}
std::string BoundWindow(std::string_view text) {
  const auto bound = BindWindow(*ParseExpression(text), *WindowSchema());
  return bound.ok() ? bound->ToString() + ": " + bound->type().ToString()
                    : bound.status().message();
}

TEST(AggregateCatalogue, GivesTheTypesOfResults) {
  EXPECT_EQ(TypeOf("count(*)"), "long");
  EXPECT_EQ(TypeOf("count(li)"), "long");
  EXPECT_EQ(TypeOf("count(DISTINCT s)"), "long");
  EXPECT_EQ(TypeOf("sum(i)"), "long");
  EXPECT_EQ(TypeOf("sum(l + 1)"), "long");
  EXPECT_EQ(TypeOf("sum(f)"), "double");
  EXPECT_EQ(TypeOf("sum(dec)"), "decimal(38, 2)");
  EXPECT_EQ(TypeOf("avg(dec)"), "double");
  EXPECT_EQ(TypeOf("mean(i)"), "double");
  EXPECT_EQ(TypeOf("min(s)"), "string");
  EXPECT_EQ(TypeOf("max(dt)"), "date");
  EXPECT_EQ(TypeOf("max(b)"), "boolean");
  EXPECT_EQ(TypeOf("min(u)"), "uuid");
  EXPECT_EQ(TypeOf("sum(NULL)"), "long");
  const auto mean = BindAggregate(*ParseExpression("mean(i)"), *WindowSchema());
  EXPECT_EQ(mean->as<FunctionNode>()->name, "avg");
}

TEST(AggregateCatalogue, RefusesWhatHasNoSuchAggregate) {
  EXPECT_THAT(TypeOf("sum(s)"), HasSubstr("aggregate does not take this type: sum(string)"));
  EXPECT_THAT(TypeOf("min(li)"), HasSubstr("aggregate does not take this type: min(list"));
  EXPECT_THAT(TypeOf("sum(i, l)"), HasSubstr("wrong number of operands: sum with 2"));
  EXPECT_THAT(TypeOf("min()"), HasSubstr("wrong number of operands: min with 0"));
  EXPECT_THAT(TypeOf("sum(max(i))"), HasSubstr("an aggregate can't be taken of an aggregate"));
  EXPECT_THAT(TypeOf("sum(nope)"), HasSubstr("column does not exist: nope"));
  EXPECT_THAT(TypeOf("lower(s)"), HasSubstr("this is no aggregate"));
}

TEST(AggregateCatalogue, FindsCallsInTrees) {
  const Expression e = *ParseExpression("sum(i) / count(*) + sum(i) + lower(s)");
  EXPECT_THAT(CollectAggregates(e),
              ElementsAre(*ParseExpression("sum(i)"), *ParseExpression("count(*)")));
  EXPECT_FALSE(ContainsAggregate(*ParseExpression("lower(s)")));
  const Expression window = *ParseExpression("sum(sum(i)) OVER (ORDER BY max(l))");
  EXPECT_THAT(CollectAggregates(window),
              ElementsAre(*ParseExpression("sum(i)"), *ParseExpression("max(l)")));
  EXPECT_FALSE(ContainsAggregate(*ParseExpression("sum(i) OVER ()")));
}

TEST(Window, BindsCallAndKeys) {
  EXPECT_EQ(BoundWindow("row_number() OVER ()"), "row_number() OVER (): long");
  EXPECT_EQ(BoundWindow("rank() over (partition by s, dt order by i desc nulls first, l asc)"),
            "rank() OVER (PARTITION BY s, dt ORDER BY i DESC NULLS FIRST, l): long");
  EXPECT_EQ(BoundWindow("lag(s) OVER (ORDER BY i)"),
            "lag(s, LONG '1', STRING NULL) OVER (ORDER BY i): string");
  EXPECT_EQ(BoundWindow("lead(l, 2, 0) OVER (ORDER BY i)"),
            "lead(l, LONG '2', LONG '0') OVER (ORDER BY i): long");
  EXPECT_EQ(BoundWindow("mean(i) OVER (PARTITION BY i % 2)"),
            "avg(i) OVER (PARTITION BY i % 2): double");
  EXPECT_EQ(BoundWindow("count(*) OVER (PARTITION BY li)"),
            "count(*) OVER (PARTITION BY li): long");
}

TEST(Window, RefusesWhatHasNoMeaning) {
  EXPECT_THAT(BoundWindow("rank() OVER (PARTITION BY s)"), HasSubstr("a rank needs an order"));
  EXPECT_THAT(BoundWindow("dense_rank() OVER ()"), HasSubstr("(give order_by)"));
  EXPECT_THAT(BoundWindow("lower(s) OVER ()"), HasSubstr("OVER needs a window function: lower(s)"));
  EXPECT_THAT(BoundWindow("lag(i, -1) OVER (ORDER BY i)"), HasSubstr("0 or more"));
  EXPECT_THAT(BoundWindow("lag(i, l) OVER (ORDER BY i)"), HasSubstr("0 or more"));
  EXPECT_THAT(BoundWindow("lag(i, 1, l) OVER (ORDER BY i)"), HasSubstr("must be a literal"));
  EXPECT_THAT(BoundWindow("lag(i, 1, 3000000000) OVER (ORDER BY i)"),
              HasSubstr("no value of this type: int"));
  EXPECT_THAT(BoundWindow("rank(i) OVER (ORDER BY i)"), HasSubstr("wrong number of operands"));
  EXPECT_THAT(BoundWindow("sum(i) OVER (ORDER BY li)"), HasSubstr("sorted by this type"));
  EXPECT_THAT(BoundWindow("sum(i) OVER (ORDER BY rank() OVER (ORDER BY l))"),
              HasSubstr("a window function has no value of one row alone"));
  EXPECT_THAT(BoundWindow("i"), HasSubstr("this is no window"));
  const Expression bare(WindowNode{});
  EXPECT_FALSE(BindWindow(bare, *WindowSchema()).ok());
  EXPECT_FALSE(Bind(bare, *WindowSchema()).ok());
}

TEST(Window, PartsComeBackFromATree) {
  const Expression e =
      Over(Function("sum", {Col("i")}), {Col("s")}, {Desc(Col("l")), NullsFirst(Asc(Col("d")))});
  const auto* node = e.as<WindowNode>();
  ASSERT_NE(node, nullptr);
  EXPECT_EQ(WindowCall(*node), Function("sum", {Col("i")}));
  EXPECT_THAT(PartitionKeys(*node), ElementsAre(Col("s")));
  EXPECT_THAT(OrderKeys(*node), ElementsAre(Desc(Col("l")), NullsFirst(Asc(Col("d")))));
  EXPECT_EQ(ReferencedColumns(e), (std::vector<std::string>{"d", "i", "l", "s"}));
  EXPECT_FALSE(e == Over(Function("sum", {Col("i")}), {Col("s")},
                         {Asc(Col("l")), NullsFirst(Asc(Col("d")))}));
  EXPECT_FALSE(CanonicalForm(e) == CanonicalForm(Over(Function("sum", {Col("i")}),
                                                      {Col("s"), Col("l")}, {Asc(Col("d"))})));
  EXPECT_EQ(Over(As(Function("rank", {}), "r"), {}, {Asc(Col("i"))}).ToString(),
            "rank() OVER (ORDER BY i) AS r");
  EXPECT_EQ(*ExpressionFromJson(*ExpressionToJson(e)), e);
}

TEST(CheckRowWise, FiltersAndComputedColumnsRefuseAggregatesAndWindows) {
  const auto refused = [](std::string_view text) {
    const auto bound = BindPredicate(*ParseExpression(text), *WindowSchema());
    return bound.ok() ? std::string() : bound.status().message();
  };
  EXPECT_THAT(refused("sum(i) > 3"), HasSubstr("use it in select after group_by"));
  EXPECT_THAT(refused("i > 3 AND rank() OVER (ORDER BY i) = 1"), HasSubstr("use it in select"));
  EXPECT_THAT(refused("row_number() = 1"), HasSubstr("a window function needs OVER"));
}

TEST(ParseSortKey, ReadsDirectionAndPlaceOfNulls) {
  EXPECT_EQ(*ParseSortKey("name"), Asc(Col("name")));
  EXPECT_EQ(*ParseSortKey("name ASC"), Asc(Col("name")));
  EXPECT_EQ(*ParseSortKey("a + b desc"), Desc(Arithmetic(ArithmeticOp::kAdd, Col("a"), Col("b"))));
  EXPECT_EQ(*ParseSortKey("\"desc\" DESC NULLS FIRST"), NullsFirst(Desc(Col("desc"))));
  EXPECT_EQ(*ParseSortKey("a NULLS LAST"), Asc(Col("a")));
  EXPECT_EQ(ParseSortKeys("a, b DESC, c NULLS FIRST")->size(), 3U);
  for (const char* text : {"", "a DSC", "a NULLS", "a NULLS MAYBE", "a, b", "a DESC ASC", "a,"}) {
    EXPECT_FALSE(ParseSortKey(text).ok()) << text;
  }
  for (const char* text : {"a", "a DESC", "a + 1 NULLS FIRST", "lower(a) DESC NULLS FIRST"}) {
    EXPECT_EQ(ParseSortKey(text)->ToString(), text);
  }
}

}  // namespace
}  // namespace iceframe
