// SPDX-License-Identifier: Apache-2.0
// How often operators ask whether to go on: with 64 Ki rows between two questions, and what a
// million rows take of each step, Ctrl-C is answered at once.
#include <atomic>
#include <functional>
#include <limits>

#include "iceframe/execution/aggregate_operator.h"
#include "iceframe/execution/join_operator.h"
#include "iceframe/execution/sort_operator.h"
#include "iceframe/execution/window_operator.h"
#include "iceframe/expression/parse_expression.h"
#include "iceframe/expression/window.h"

#include "unit/execution/operator_testing.h"

namespace iceframe {
namespace {

constexpr int64_t kBatchRows = 64 * 1024;
constexpr int64_t kBatches = 16;  // a million rows

/// Each check of an operation with a deadline asks for the time.
class CountingClock final : public Clock {
 public:
  SteadyTime SteadyNow() const override {
    return ++num_asked_ < stop_at_ ? SteadyTime::min() : SteadyTime::max();
  }
  int64_t SystemNowMs() const override { return 0; }
  int64_t num_asked() const { return num_asked_; }
  void StopAt(int64_t check) { stop_at_ = check; }

 private:
  mutable std::atomic<int64_t> num_asked_ = 0;
  int64_t stop_at_ = std::numeric_limits<int64_t>::max();
};

std::shared_ptr<const Schema> NumbersSchema(FieldId first_id, const std::string& suffix) {
  return Schema::Make(SchemaId(0), {NestedField::Optional(first_id, "key" + suffix, Type::Long()),
                                    NestedField::Optional(FieldId(first_id + 1), "text" + suffix,
                                                          Type::String())})
      .ValueOrDie();
}

/// A million rows whose keys are all different and in no order.
std::vector<arrow::ArrayVector> MakeNumbers() {
  std::vector<arrow::ArrayVector> batches;
  int64_t row = 0;
  for (int64_t b = 0; b < kBatches; ++b) {
    arrow::Int64Builder keys(MemoryBudget::Process()->pool());
    arrow::StringBuilder texts(MemoryBudget::Process()->pool());
    for (int64_t i = 0; i < kBatchRows; ++i, ++row) {
      const int64_t key = row * 7919 % (kBatches * kBatchRows);
      EXPECT_TRUE(keys.Append(key).ok());
      EXPECT_TRUE(texts.Append("text " + std::to_string(key)).ok());
    }
    batches.push_back({keys.Finish().ValueOrDie(), texts.Finish().ValueOrDie()});
  }
  return batches;
}

std::unique_ptr<Operator> NumberOperator(const std::shared_ptr<const Schema>& schema) {
  static const std::vector<arrow::ArrayVector> columns = MakeNumbers();
  const auto arrow_schema = ToArrowSchema(*schema, /*with_field_ids=*/true).ValueOrDie();
  std::vector<BatchPtr> batches;
  for (const auto& batch : columns) {
    batches.push_back(arrow::RecordBatch::Make(arrow_schema, kBatchRows, batch));
  }
  return std::make_unique<RowsOperator>(schema, std::move(batches));
}

const std::shared_ptr<const Schema>& NumberSchema() {
  static const auto schema = NumbersSchema(FieldId(1), "");
  return schema;
}
SortKey ByColumn(FieldId id) { return {ColumnOf(*NumberSchema()->FindField(id)), false, true}; }

std::unique_ptr<Operator> Sort(std::vector<SortKey> keys, std::optional<int64_t> fetch) {
  PlanNode plan;
  plan.operation = SortNode{std::move(keys), fetch};
  plan.schema = NumberSchema();
  return MakeSortOperator(plan, NumberOperator(NumberSchema()));
}

std::unique_ptr<Operator> Window(const std::string& text) {
  const Expression call = ParseExpression(text).ValueOrDie();
  const Expression window = BindWindow(call, *NumberSchema()).ValueOrDie();
  std::vector<NestedField> fields = NumberSchema()->fields();
  fields.push_back(NestedField::Optional(FieldId(9), "w", window.type()));
  PlanNode plan;
  plan.operation = WindowPlanNode{{{fields.back(), window}}};
  plan.schema = Schema::Make(SchemaId(0), fields).ValueOrDie();
  return MakeWindowOperator(plan, NumberOperator(NumberSchema()));
}

std::unique_ptr<Operator> Join() {
  const auto right = NumbersSchema(FieldId(11), "_right");
  JoinNode node;
  node.left_keys = {ColumnOf(*NumberSchema()->FindField(FieldId(1)))};
  node.right_keys = {ColumnOf(*right->FindField(FieldId(11)))};
  std::vector<NestedField> fields = NumberSchema()->fields();
  for (const NestedField& field : right->fields()) fields.push_back(field);
  PlanNode plan;
  plan.operation = std::move(node);
  plan.schema = Schema::Make(SchemaId(0), fields).ValueOrDie();
  return MakeJoinOperator(plan, NumberOperator(NumberSchema()), NumberOperator(right));
}

std::unique_ptr<Operator> Distinct() {
  AggregateNode node;
  node.keys = PassThrough(*NumberSchema());
  PlanNode plan;
  plan.operation = std::move(node);
  plan.schema = NumberSchema();
  return MakeAggregateOperator(plan, NumberOperator(NumberSchema()));
}

Status RunAll(Operator* root, CountingClock* clock) {
  OperationContext context;
  context.clock = clock;
  context.deadline = Clock::SteadyTime::max();
  ICEFRAME_RETURN_NOT_OK(root->Open(context));
  while (true) {
    ICEFRAME_ASSIGN_OR_RETURN(const BatchPtr batch, root->Next());
    if (batch == nullptr) return Status::OK();
    EXPECT_LE(batch->num_rows(), kBatchRows);
  }
}

struct Step {
  const char* name;
  std::function<std::unique_ptr<Operator>()> make;
  /// Checks per million rows: one a batch of the input, of what is computed, and of the output.
  int64_t wanted;
};

TEST(CancelChecks, EveryOperatorAsksOften) {
  const std::vector<Step> steps = {
      // Reading, chunks and four merges, handing out.
      {"sort", [] { return Sort({ByColumn(FieldId(1))}, std::nullopt); }, 6 * kBatches},
      {"sort by text", [] { return Sort({ByColumn(FieldId(2))}, std::nullopt); }, 6 * kBatches},
      {"first rows", [] { return Sort({ByColumn(FieldId(1))}, 100); }, kBatches},
      {"many first rows", [] { return Sort({ByColumn(FieldId(1))}, 500'000); }, 6 * kBatches},
      // And numbering peers, where partitions start, the ranks.
      {"rank", [] { return Window("rank() OVER (ORDER BY key)"); }, 9 * kBatches},
      {"lag", [] { return Window("lag(text) OVER (ORDER BY key)"); }, 9 * kBatches},
      {"running sum", [] { return Window("sum(key) OVER (ORDER BY key)"); }, 10 * kBatches},
      // Both sides, the index twice, the join filter, handing out.
      {"join", [] { return Join(); }, 6 * kBatches},
      // Reading and handing out.
      {"distinct", [] { return Distinct(); }, 2 * kBatches},
  };
  for (const Step& step : steps) {
    CountingClock clock;
    const auto root = step.make();
    const Status status = RunAll(root.get(), &clock);
    ASSERT_TRUE(status.ok()) << step.name << ": " << status.ToString();
    EXPECT_GE(clock.num_asked(), step.wanted) << step.name;
    CountingClock stopping;
    stopping.StopAt(clock.num_asked() / 2);
    const auto stopped = step.make();
    EXPECT_EQ(KindOf(RunAll(stopped.get(), &stopping)), ErrorKind::kTimeout) << step.name;
    EXPECT_EQ(stopping.num_asked(), clock.num_asked() / 2)
        << step.name << " went on after it was stopped";
  }
}

}  // namespace
}  // namespace iceframe
