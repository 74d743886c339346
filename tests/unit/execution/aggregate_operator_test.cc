// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/aggregate_operator.h"

#include <algorithm>
#include <random>
#include <string>

#include "iceframe/expression/aggregate_catalogue.h"
#include "iceframe/expression/parse_expression.h"

#include "unit/execution/operator_testing.h"

namespace iceframe {
namespace {

const std::shared_ptr<const Schema>& SaleSchema() {
  static const std::shared_ptr<const Schema> schema =
      Schema::Make(SchemaId(0),
                   {NestedField::Optional(1, "shop", Type::String()),
                    NestedField::Optional(2, "amount", Type::Double()),
                    NestedField::Optional(3, "count", Type::Long()),
                    NestedField::Optional(4, "price", Type::Decimal(38, 2).ValueOrDie())})
          .ValueOrDie();
  return schema;
}

/// The operator that groups sales by the columns `keys` and makes those calls.
OperatorPtr GroupOf(const std::vector<std::string>& keys, const std::vector<std::string>& calls,
                    std::vector<BatchPtr> batches) {
  AggregateNode node;
  std::vector<NestedField> fields;
  for (const std::string& key : keys) {
    const NestedField& field = *SaleSchema()->FindField(key);
    node.keys.push_back({field, ColumnOf(field)});
    fields.push_back(field);
  }
  for (const std::string& text : calls) {
    const Expression parsed = ParseExpression(text).ValueOrDie();
    const Expression call = BindAggregate(parsed, *SaleSchema()).ValueOrDie();
    const auto id = static_cast<FieldId>(100 + fields.size());
    fields.push_back(NestedField::Optional(id, text, call.type()));
    node.calls.push_back({fields.back(), call});
  }
  PlanNode plan;
  plan.operation = std::move(node);
  plan.schema = Schema::Make(SchemaId(0), std::move(fields)).ValueOrDie();
  return MakeAggregateOperator(plan,
                               std::make_unique<RowsOperator>(SaleSchema(), std::move(batches)));
}

TEST(AggregateOperator, ManyGroupsComeInOrderOfFirstAppearance) {
  const auto schema = SaleSchema();
  std::mt19937 random(5);
  std::vector<BatchPtr> batches;
  std::vector<std::string> expected;
  for (int batch = 0; batch < 3; ++batch) {
    std::string shops = "[";
    std::string nulls = "[";
    for (int row = 0; row < 5000; ++row) {
      const std::string shop = "shop " + std::to_string(random() % 4000);
      shops += (row == 0 ? "\"" : ",\"") + shop + "\"";
      nulls += row == 0 ? "null" : ",null";
      if (std::ranges::find(expected, shop) == expected.end()) expected.push_back(shop);
    }
    shops += "]";
    nulls += "]";
    batches.push_back(BatchOf(*schema, {shops, nulls, nulls, nulls}));
  }
  const auto group = GroupOf({"shop"}, {"count(*)"}, std::move(batches));
  const BatchPtr groups = AllRows(group.get());
  ASSERT_EQ(groups->num_rows(), static_cast<int64_t>(expected.size()));
  const auto& shops = static_cast<const arrow::StringArray&>(*groups->column(0));
  int64_t num_rows = 0;
  for (int64_t i = 0; i < shops.length(); ++i) {
    ASSERT_EQ(shops.GetString(i), expected[static_cast<size_t>(i)]) << i;
    num_rows += static_cast<const arrow::Int64Array&>(*groups->column(1)).Value(i);
  }
  EXPECT_EQ(num_rows, 15'000);
}

TEST(AggregateOperator, GroupsComeInOrderOfFirstAppearanceOverBatches) {
  const auto schema = SaleSchema();
  const auto group = GroupOf(
      {"shop"}, {"count(*)", "sum(count)", "min(amount)", "count_distinct(count)"},
      {BatchOf(*schema,
               {R"(["b", null, "a"])", "[1, 2, 3]", "[10, 20, null]", "[null, null, null]"}),
       BatchOf(*schema,
               {R"(["a", "b", null])", "[0.5, 4, null]", "[7, 10, 5]", "[null, null, null]"})});
  const BatchPtr rows = AllRows(group.get());
  EXPECT_EQ(TextOf(*rows->column(0)), R"(["b",null,"a"])");
  EXPECT_EQ(TextOf(*rows->column(1)), "[2,2,2]");
  EXPECT_EQ(TextOf(*rows->column(2)), "[20,25,7]");
  EXPECT_EQ(TextOf(*rows->column(3)), "[1,2,0.5]");
  EXPECT_EQ(TextOf(*rows->column(4)), "[1,2,1]");
}

TEST(AggregateOperator, OneGroupOfNansAndOneOfZeros) {
  const auto group =
      GroupOf({"amount"}, {"count(*)"},
              {BatchOf(*SaleSchema(), {R"(["a", "a", "a", "a", "a"])", "[NaN, -0.0, NaN, 0.0, 1]",
                                       "[1, 1, 1, 1, 1]", "[null, null, null, null, null]"})});
  const BatchPtr rows = AllRows(group.get());
  EXPECT_EQ(TextOf(*rows->column(1)), "[2,2,1]");
}

TEST(AggregateOperator, WithoutKeysNoRowsAreOneRow) {
  const auto whole =
      GroupOf({}, {"count(*)", "count(shop)", "sum(count)", "avg(amount)", "max(shop)"}, {});
  const BatchPtr rows = AllRows(whole.get());
  ASSERT_EQ(rows->num_rows(), 1);
  EXPECT_EQ(TextOf(*rows->column(0)), "[0]");
  EXPECT_EQ(TextOf(*rows->column(1)), "[0]");
  for (int i = 2; i < rows->num_columns(); ++i) EXPECT_EQ(rows->column(i)->null_count(), 1) << i;
}

TEST(AggregateOperator, WithKeysNoRowsAreNoRows) {
  const auto group = GroupOf({"shop"}, {"sum(price)"}, {});
  const BatchPtr rows = AllRows(group.get());
  EXPECT_EQ(rows->num_rows(), 0);
  EXPECT_TRUE(rows->column(1)->type()->Equals(arrow::decimal128(38, 2)));
}

TEST(AggregateOperator, ASumThatDoesNotFitIsAnError) {
  constexpr char kMost[] = "[9223372036854775807, 1]";
  const auto longs =
      GroupOf({}, {"sum(count)"},
              {BatchOf(*SaleSchema(), {R"(["a", "b"])", "[0, 0]", kMost, "[null, null]"})});
  ASSERT_TRUE(longs->Open(OperationContext()).ok());
  const Status too_long = longs->Next().status();
  EXPECT_EQ(KindOf(too_long), ErrorKind::kInvalidArgument);
  EXPECT_NE(too_long.message().find("sum(count)"), std::string::npos) << too_long.message();

  const std::string nines(36, '9');
  const std::string decimals = "[\"" + nines + ".99\", \"0.01\"]";
  const auto wide =
      GroupOf({}, {"sum(price)"},
              {BatchOf(*SaleSchema(), {R"(["a", "b"])", "[0, 0]", "[0, 0]", decimals})});
  ASSERT_TRUE(wide->Open(OperationContext()).ok());
  EXPECT_EQ(KindOf(wide->Next().status()), ErrorKind::kInvalidArgument);
}

TEST(AggregateOperator, OverflowOnTheWayIsNoError) {
  const auto sum =
      GroupOf({}, {"sum(count)"},
              {BatchOf(*SaleSchema(), {R"(["a", "b", "c"])", "[0, 0, 0]",
                                       "[9223372036854775807, 1, -2]", "[null, null, null]"})});
  EXPECT_EQ(TextOf(*AllRows(sum.get())->column(0)), "[9223372036854775806]");
}

}  // namespace
}  // namespace iceframe
