// SPDX-License-Identifier: Apache-2.0
#include "iceframe/query/predicate_pushdown.h"

#include <gtest/gtest.h>

#include "iceframe/expression/parse_expression.h"

namespace iceframe {
namespace {

PredicatePushdown Describe(const std::string& sql) {
  auto described = DescribePushdown(ParseExpression(sql).ValueOrDie());
  EXPECT_EQ(described.size(), 1) << sql;
  return described.at(0);
}

TEST(PredicatePushdown, AsksStatisticsForAColumnAgainstConstants) {
  for (const char* sql :
       {"age > 30", "30 <= age", "city IN ('Oslo', 'Rome')", "age IS NULL", "NOT (age = 3)",
        "name LIKE 'A%'", "age > 1 + 2", "active", "age < 3 OR age > 90", "age BETWEEN 3 AND 9"}) {
    for (const auto& pushdown : DescribePushdown(ParseExpression(sql).ValueOrDie())) {
      EXPECT_TRUE(pushdown.is_pushed) << sql;
      EXPECT_EQ(pushdown.reason, "") << sql;
      EXPECT_FALSE(pushdown.rewrite) << sql;
    }
  }
}

TEST(PredicatePushdown, SaysWhyRowsAreAsked) {
  for (const char* sql : {"lower(name) = 'ada'", "a > b", "name LIKE '%a'", "name ILIKE 'a%'",
                          "id % 2 = 0", "age < 3 OR lower(name) = 'ada'"}) {
    const PredicatePushdown pushdown = Describe(sql);
    EXPECT_FALSE(pushdown.is_pushed) << sql;
    EXPECT_NE(pushdown.reason, "") << sql;
    EXPECT_FALSE(pushdown.rewrite) << sql;
  }
}

TEST(PredicatePushdown, RewritesWhatIsComputedOfAColumn) {
  const std::pair<const char*, const char*> cases[] = {
      {"year(at) = 2024", "at >= DATE '2024-01-01' AND at < DATE '2025-01-01'"},
      {"2024 < year(at)", "at >= DATE '2025-01-01'"},
      {"date_trunc('month', at) = DATE '2024-12-01'",
       "at >= DATE '2024-12-01' AND at < DATE '2025-01-01'"},
      {"CAST(at AS DATE) <= DATE '2024-02-29'", "at < DATE '2024-03-01'"},
      {"CAST(id AS STRING) = '17'", "id = 17"},
      {"id + 1 > 10", "id > 9"},
      {"10 - id > 3", "id < 7"},
      {"id - 2 = 5", "id = 7"},
      {"abs(v) < 3", "v > -3 AND v < 3"},
      {"substring(name, 1, 2) = 'Ad'", "starts_with(name, 'Ad')"},
      {"age = 3 OR id + 1 = 2", "age = 3 OR id = 1"},
  };
  for (const auto& [sql, rewritten] : cases) {
    const PredicatePushdown pushdown = Describe(sql);
    EXPECT_FALSE(pushdown.is_pushed) << sql;
    ASSERT_TRUE(pushdown.rewrite) << sql;
    EXPECT_EQ(*pushdown.rewrite, ParseExpression(rewritten).ValueOrDie())
        << pushdown.rewrite->ToString();
  }
}

TEST(PredicatePushdown, LeavesAloneWhatOtherRowsWouldMeet) {
  for (const char* sql :
       {"CAST(id AS STRING) = '017'", "CAST(id AS STRING) > '5'", "year(at) = 99999",
        "date_trunc('month', at) = DATE '2024-12-02'", "substring(name, 1, 3) = 'Ad'",
        "abs(v) < -1", "id + 9223372036854775807 < -5"}) {
    EXPECT_FALSE(Describe(sql).rewrite) << sql << ": " << Describe(sql).rewrite->ToString();
  }
}

TEST(PredicatePushdown, NamesTheColumnsThatStatisticsAreAskedFor) {
  const Expression filter =
      ParseExpression("age > 30 AND lower(name) = 'ada' AND (a = 1 OR b = 2)").ValueOrDie();
  EXPECT_EQ(ComparedColumns(filter), (std::vector<std::string>{"age", "a", "b"}));
}

}  // namespace
}  // namespace iceframe
