// SPDX-License-Identifier: Apache-2.0
#include "iceframe/query/query_expressions.h"

#include <gtest/gtest.h>

namespace iceframe {
namespace {

using ColumnNames = std::vector<std::string>;

QueryExpressions Parsed(const QueryExpressions& query) { return ParseTexts(query).ValueOrDie(); }

TEST(QueryExpressions, NeedTheColumnsOfFiltersKeysAndAggregates) {
  const QueryExpressions query = Parsed({{Col("name"), Col("sum(price * amount) AS total")},
                                         {Greater(Col("age"), Lit(30))},
                                         {Col("city")}});
  EXPECT_EQ(NeededColumns(query), (ColumnNames{"name", "price", "amount", "city", "age"}));
  EXPECT_TRUE(HasAggregations(query));
}

TEST(QueryExpressions, NeedAllColumnsForAStarOrNoSelection) {
  EXPECT_EQ(NeededColumns({{}, {Greater(Col("age"), Lit(30))}, {}}), std::nullopt);
  EXPECT_EQ(NeededColumns({{Col("*")}, {}, {}}), std::nullopt);
  EXPECT_EQ(NeededColumns({{}, {}, {Col("city")}}), ColumnNames{"city"});
}

TEST(QueryExpressions, NeedNoColumnToCountRows) {
  const QueryExpressions query = Parsed({{Col("count(*)")}, {}, {}});
  EXPECT_EQ(NeededColumns(query), ColumnNames{});
  EXPECT_TRUE(HasAggregations(query));
}

TEST(QueryExpressions, TakeAKeyThatIsAnAliasForWhatItNames) {
  const QueryExpressions query = Parsed({{Col("year(at) AS y"), Col("count(*)")}, {}, {Col("y")}});
  EXPECT_EQ(NeededColumns(query), ColumnNames{"at"});
}

TEST(QueryExpressions, RefuseTextThatIsNoSql) {
  EXPECT_EQ(KindOf(ParseTexts({{Col("sum(price")}, {}, {}}).status()), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace iceframe
