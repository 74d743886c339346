// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/sort_operator.h"

#include <array>
#include <cmath>
#include <limits>
#include <random>

#include <arrow/compute/api.h>

#include "unit/execution/operator_testing.h"

namespace iceframe {
namespace {

const std::shared_ptr<const Schema>& RowSchema() {
  static const std::shared_ptr<const Schema> schema =
      Schema::Make(SchemaId(0),
                   {NestedField::Optional(1, "number", Type::Double()),
                    NestedField::Optional(2, "price", Type::Decimal(9, 2).ValueOrDie()),
                    NestedField::Optional(3, "name", Type::String()),
                    NestedField::Required(4, "row", Type::Long()),
                    NestedField::Optional(5, "id", Type::Uuid())})
          .ValueOrDie();
  return schema;
}

constexpr std::array<FieldId, 4> kKeyColumns = {1, 2, 3, 5};

/// Few distinct values, so that there are ties; NaN, both zeros, and one value of `null_in` is
/// null.
std::vector<BatchPtr> RandomRows(std::mt19937* random, int num_batches, int64_t num_rows,
                                 uint32_t null_in = 8) {
  const auto schema = ToArrowSchema(*RowSchema(), /*with_field_ids=*/true).ValueOrDie();
  const std::vector<double> numbers = {
      -0.0, 0.0, 1.5, -3, 1e300, std::numeric_limits<double>::quiet_NaN(), -INFINITY, INFINITY};
  arrow::MemoryPool* pool = MemoryBudget::Process()->pool();
  std::vector<BatchPtr> batches;
  int64_t row = 0;
  for (int b = 0; b < num_batches; ++b) {
    arrow::DoubleBuilder number(pool);
    arrow::Decimal128Builder price(arrow::decimal128(9, 2), pool);
    arrow::StringBuilder name(pool);
    arrow::Int64Builder position(pool);
    arrow::FixedSizeBinaryBuilder id(arrow::fixed_size_binary(16), pool);
    const auto is_null = [&] { return (*random)() % null_in == 0; };
    for (int64_t i = 0; i < num_rows; ++i) {
      EXPECT_TRUE((is_null() ? number.AppendNull() : number.Append(numbers[(*random)() % 8])).ok());
      const auto cents = static_cast<int64_t>((*random)() % 100) - 50;
      EXPECT_TRUE((is_null() ? price.AppendNull() : price.Append(arrow::Decimal128(cents))).ok());
      const std::string text(1 + (*random)() % 2, static_cast<char>('a' + (*random)() % 4));
      EXPECT_TRUE((is_null() ? name.AppendNull() : name.Append(text)).ok());
      EXPECT_TRUE(id.Append(std::string(16, static_cast<char>(row % 256))).ok());
      EXPECT_TRUE(position.Append(row++).ok());
    }
    batches.push_back(
        arrow::RecordBatch::Make(schema, num_rows,
                                 {number.Finish().ValueOrDie(), price.Finish().ValueOrDie(),
                                  name.Finish().ValueOrDie(), position.Finish().ValueOrDie(),
                                  WithType(id.Finish().ValueOrDie(), schema->field(4)->type())}));
  }
  return batches;
}

BatchPtr SortOf(std::vector<BatchPtr> batches, std::vector<SortKey> keys,
                std::optional<int64_t> fetch) {
  PlanNode plan;
  plan.operation = SortNode{std::move(keys), fetch};
  plan.schema = RowSchema();
  const auto sort =
      MakeSortOperator(plan, std::make_unique<RowsOperator>(RowSchema(), std::move(batches)));
  return AllRows(sort.get());
}

SortKey KeyOf(FieldId id, bool descending, bool nulls_last) {
  return {ColumnOf(*RowSchema()->FindField(id)), descending, nulls_last};
}

TEST(SortOperator, TiesKeepTheirOrder) {
  const auto schema = RowSchema();
  const BatchPtr batch = BatchOf(*schema, {"[2, 1, 2, null, 1]", "[null, null, null, null, null]",
                                           R"(["a", "b", "c", "d", "e"])", "[0, 1, 2, 3, 4]",
                                           "[null, null, null, null, null]"});
  const BatchPtr sorted = SortOf({batch}, {KeyOf(1, false, true)}, std::nullopt);
  EXPECT_EQ(TextOf(*sorted->column(3)), "[1,4,0,2,3]");
}

TEST(SortOperator, FirstRowsAreThoseOfTheWholeOrder) {
  std::mt19937 random(20'261'128);
  for (int round = 0; round < 20; ++round) {
    const auto batches = RandomRows(&random, 2, 66'000, random() % 2 == 0 ? 8 : 3000);
    std::vector<SortKey> keys;
    for (size_t i = 0; i <= random() % 2; ++i) {
      keys.push_back(KeyOf(kKeyColumns[random() % 4], random() % 2, random() % 2));
    }
    const auto fetch = static_cast<int64_t>(1 + random() % 300);
    const BatchPtr all = SortOf(batches, keys, std::nullopt);
    const BatchPtr first = SortOf(batches, keys, fetch);
    EXPECT_TRUE(first->column(3)->Equals(all->Slice(0, fetch)->column(3)))
        << "round " << round << ", fetch " << fetch << ", by " << keys[0].ToString();
  }
}

TEST(SortOperator, NoRowsAreFirstOfNoRows) {
  EXPECT_EQ(SortOf({}, {KeyOf(1, false, true)}, 10)->num_rows(), 0);
  std::mt19937 random(1);
  EXPECT_EQ(SortOf(RandomRows(&random, 1, 10), {KeyOf(1, false, true)}, 0)->num_rows(), 0);
}

}  // namespace
}  // namespace iceframe
