// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/aggregate_operator.h"

#include <algorithm>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "iceframe/execution/evaluated_parts_internal.h"
#include "iceframe/execution/file_answer_key_internal.h"
#include "iceframe/execution/grouped_aggregates_internal.h"
#include "iceframe/expression/aggregate_catalogue.h"
#include "iceframe/types/offset_reach.h"

namespace iceframe {

namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

/// Whether the sums depend on where files end.
bool HasSumOfFloats(const AggregateNode& node) {
  return std::ranges::any_of(node.calls, [](const AggregateCall& call) {
    const AggregateId id = AsAggregate(call.call)->id;
    if (id != AggregateId::kSum && id != AggregateId::kAvg) return false;
    const TypeId operand = call.call.operands()[0].type().id();
    return operand == TypeId::kFloat || operand == TypeId::kDouble;
  });
}

class AggregateOperator final : public Operator, private FileListener {
 public:
  AggregateOperator(const PlanNode& plan, std::vector<OperatorPtr> inputs,
                    const PlanResources& resources)
      : Operator(DescribeOperation(plan), plan.schema, std::move(inputs)),
        node_(*plan.as<AggregateNode>()) {
    if (GroupedAggregates::CanExport(node_)) answers_ = WantAnswers("groups", plan, resources);
  }

 protected:
  Status DoOpen() override {
    if (answers_.store != nullptr || HasSumOfFloats(node_)) {
      const bool is_by_file = input().ListenToFiles(this, answers_);
      if (!is_by_file) answers_.store.reset();
    }
    ICEFRAME_ASSIGN_OR_RETURN(total_, NewGroups());
    ICEFRAME_RETURN_NOT_OK(StartFile());
    return OpenInputs();
  }

  Result<BatchPtr> DoNext() override {
    if (result_ == nullptr) ICEFRAME_RETURN_NOT_OK(Compute());
    const int64_t num_rows = NumRowsWithin(*result_, next_row_, kOutputRows, batch_bytes());
    if (num_rows == 0) return nullptr;
    const BatchPtr slice = result_->Slice(next_row_, num_rows);
    next_row_ += num_rows;
    return MakeBatch(num_rows, slice->columns());
  }

 private:
  Result<std::unique_ptr<GroupedAggregates>> NewGroups() const {
    return GroupedAggregates::Make(node_, context().memory, batch_bytes());
  }

  Status Compute() {
    ICEFRAME_RETURN_NOT_OK(ForEachPart(&input(), GroupedAggregates::Operands(node_), batch_bytes(),
                                       pool(),
                                       [&](const EvaluatedPart& part) { return Consume(part); }));
    if (of_file_ != nullptr) ICEFRAME_RETURN_NOT_OK(MergeFile(""));
    ICEFRAME_ASSIGN_OR_RETURN(result_, total_->Finish(context()));
    total_.reset();
    if (result_ != nullptr) return Status::OK();
    // Nothing came: no groups, of the right types.
    return EmptyBatch(*schema(), pool()).Value(&result_);
  }

  Status Consume(const EvaluatedPart& part) {
    if (of_file_ == nullptr) return total_->Consume(part);
    ICEFRAME_RETURN_NOT_OK(of_file_->Consume(part));
    // Too much to be kept, and so not worth grouping twice: the rest of the file's rows goes on
    // from there.
    const int64_t num_columns = static_cast<int64_t>(node_.keys.size() + node_.calls.size());
    const int64_t least_bytes = of_file_->num_groups() * num_columns * kLeastBytesOfValue;
    return least_bytes > answers_.store->max_answer_bytes() ? MergeFile("") : Status::OK();
  }

  Status StartFile() {
    total_->StartFile();
    if (answers_.store == nullptr) return Status::OK();
    return NewGroups().Value(&of_file_);
  }

  /// Adds what the file gave to the total; `key`: where it may be kept.
  Status MergeFile(const std::string& key) {
    ICEFRAME_ASSIGN_OR_RETURN(const arrow::RecordBatchVector groups, of_file_->Export(context()));
    of_file_.reset();
    if (!key.empty()) answers_.store->Put(key, groups);
    for (const BatchPtr& batch : groups) ICEFRAME_RETURN_NOT_OK(total_->Merge(*batch));
    return Status::OK();
  }

  Status EndFile(const std::string& key) override {
    if (of_file_ != nullptr) ICEFRAME_RETURN_NOT_OK(MergeFile(key));
    return StartFile();
  }

  Status TakeAnswer(const KeptAnswer& answer) override {
    for (const BatchPtr& batch : answer->batches) ICEFRAME_RETURN_NOT_OK(total_->Merge(*batch));
    total_->StartFile();
    return Status::OK();
  }

  /// Values have as many bytes at least, one way or the other.
  static constexpr int64_t kLeastBytesOfValue = 4;

  AggregateNode node_;
  /// Without store: files have no answers here.
  WantedAnswers answers_;
  std::unique_ptr<GroupedAggregates> total_;
  /// Of the file that is being read, if its answer is to be kept.
  std::unique_ptr<GroupedAggregates> of_file_;
  // A row per group, perhaps in wide columns.
  BatchPtr result_;
  int64_t next_row_ = 0;
};

}  // namespace

OperatorPtr MakeAggregateOperator(const PlanNode& plan, OperatorPtr input,
                                  const PlanResources& resources) {
  return std::make_unique<AggregateOperator>(plan, Inputs(std::move(input)), resources);
}

}  // namespace iceframe
