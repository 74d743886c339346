// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/join_operator.h"

#include "unit/execution/operator_testing.h"

namespace iceframe {
namespace {

const std::shared_ptr<const Schema>& LeftSchema() {
  static const std::shared_ptr<const Schema> schema =
      Schema::Make(SchemaId(0), {NestedField::Optional(1, "key", Type::Double()),
                                 NestedField::Optional(2, "left", Type::String())})
          .ValueOrDie();
  return schema;
}
const std::shared_ptr<const Schema>& RightSchema() {
  static const std::shared_ptr<const Schema> schema =
      Schema::Make(SchemaId(0), {NestedField::Optional(11, "key_right", Type::Double()),
                                 NestedField::Optional(12, "right", Type::String())})
          .ValueOrDie();
  return schema;
}

/// The rows of a join on the first columns as "left-right", "." where a side has none.
std::vector<std::string> Join(JoinKind kind, const std::vector<BatchPtr>& left,
                              const std::vector<BatchPtr>& right) {
  const bool left_only = kind == JoinKind::kSemi || kind == JoinKind::kAnti;
  JoinNode node;
  node.kind = kind;
  if (kind != JoinKind::kCross) {
    node.left_keys = {ColumnOf(*LeftSchema()->FindField(FieldId(1)))};
    node.right_keys = {ColumnOf(*RightSchema()->FindField(FieldId(11)))};
  }
  std::vector<NestedField> fields = LeftSchema()->fields();
  if (!left_only) {
    for (const NestedField& field : RightSchema()->fields()) fields.push_back(field);
  }
  PlanNode plan;
  plan.operation = std::move(node);
  plan.schema = Schema::Make(SchemaId(0), std::move(fields)).ValueOrDie();
  const auto join = MakeJoinOperator(plan, std::make_unique<RowsOperator>(LeftSchema(), left),
                                     std::make_unique<RowsOperator>(RightSchema(), right));
  const BatchPtr rows = AllRows(join.get());
  const auto text = [&](int column, int64_t row) -> std::string {
    const auto& values = static_cast<const arrow::StringArray&>(*rows->column(column));
    return values.IsNull(row) ? "." : values.GetString(row);
  };
  std::vector<std::string> pairs;
  for (int64_t row = 0; row < rows->num_rows(); ++row) {
    pairs.push_back(left_only ? text(1, row) : text(1, row) + "-" + text(3, row));
  }
  return pairs;
}

std::vector<BatchPtr> Left() {
  return {BatchOf(*LeftSchema(), {"[1, null, 2]", R"(["a", "b", "c"])"}),
          BatchOf(*LeftSchema(), {"[NaN, -0.0, 3]", R"(["d", "e", "f"])"})};
}
std::vector<BatchPtr> Right() {
  return {BatchOf(*RightSchema(), {"[1, 1, null]", R"(["p", "q", "r"])"}),
          BatchOf(*RightSchema(), {"[NaN, 0.0, 9]", R"(["s", "t", "u"])"})};
}

using PairRows = std::vector<std::string>;

TEST(JoinOperator, NullMeetsNothingNanMeetsNanAndZeroMeetsZero) {
  EXPECT_EQ(Join(JoinKind::kInner, Left(), Right()), (PairRows{"a-p", "a-q", "d-s", "e-t"}));
}

TEST(JoinOperator, OuterKindsKeepLoneRows) {
  EXPECT_EQ(Join(JoinKind::kLeft, Left(), Right()),
            (PairRows{"a-p", "a-q", "b-.", "c-.", "d-s", "e-t", "f-."}));
  EXPECT_EQ(Join(JoinKind::kRight, Left(), Right()),
            (PairRows{"a-p", "a-q", "d-s", "e-t", ".-r", ".-u"}));
  EXPECT_EQ(Join(JoinKind::kFull, Left(), Right()),
            (PairRows{"a-p", "a-q", "b-.", "c-.", "d-s", "e-t", "f-.", ".-r", ".-u"}));
}

TEST(JoinOperator, SemiAndAntiKeepLeftRowsOnce) {
  EXPECT_EQ(Join(JoinKind::kSemi, Left(), Right()), (PairRows{"a", "d", "e"}));
  EXPECT_EQ(Join(JoinKind::kAnti, Left(), Right()), (PairRows{"b", "c", "f"}));
}

TEST(JoinOperator, CrossJoinsEveryRowWithEveryRow) {
  EXPECT_EQ(Join(JoinKind::kCross, {Left()[0]}, {Right()[0]}).size(), 9U);
}

TEST(JoinOperator, ASideWithoutRows) {
  EXPECT_EQ(Join(JoinKind::kInner, Left(), {}), PairRows());
  EXPECT_EQ(Join(JoinKind::kLeft, Left(), {}).size(), 6U);
  EXPECT_EQ(Join(JoinKind::kAnti, Left(), {}).size(), 6U);
  EXPECT_EQ(Join(JoinKind::kSemi, Left(), {}), PairRows());
  EXPECT_EQ(Join(JoinKind::kFull, {}, Right()).size(), 6U);
  EXPECT_EQ(Join(JoinKind::kRight, {}, Right()).size(), 6U);
}

TEST(JoinOperator, OneRowMayHaveMorePartnersThanABatchHolds) {
  std::string keys = "[1";
  std::string names = "[\"x\"";
  for (int i = 1; i < 2000; ++i) {
    keys += ", 1";
    names += ", \"x\"";
  }
  const std::vector<BatchPtr> right(35, BatchOf(*RightSchema(), {keys + "]", names + "]"}));
  EXPECT_EQ(Join(JoinKind::kInner, Left(), right).size(), 70'000U);
}

}  // namespace
}  // namespace iceframe
