// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/scan_operator.h"

#include <set>
#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/execution/own_counters_internal.h"
#include "iceframe/expression/binder.h"
#include "iceframe/expression/rewrite.h"

namespace iceframe {

namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

class ScanOperator final : public Operator {
 public:
  explicit ScanOperator(const PlanNode& plan)
      : Operator(DescribeOperation(plan), plan.schema, {}), scan_(*plan.as<ScanNode>()) {}

  void OfferFilter(const Expression& predicate) override {
    // The first rows would be others.
    if (scan_.limit) return;
    scan_.filter = SimplifyFilter(
        Expression(AndNode{{scan_.filter, predicate}}, Type::Boolean(), /*is_bound=*/true));
  }
  const OperationCounters* counters() const override { return counters_.counters().get(); }

 protected:
  Status DoOpen() override {
    if (scan_.filter.is_false() || scan_.limit == 0) return Status::OK();
    ICEFRAME_ASSIGN_OR_RETURN(const RelationSource* source, SourceOf(scan_));
    return source->Open(counters_.Under(context()), ToRelationRead(scan_, *schema()))
        .Value(&stream_);
  }
  Result<BatchPtr> DoNext() override {
    if (stream_ == nullptr) return nullptr;
    ICEFRAME_ASSIGN_OR_RETURN(BatchPtr batch, stream_->Next());
    if (batch != nullptr) return MakeBatch(batch->num_rows(), batch->columns());
    stream_.reset();
    counters_.Tell();
    return nullptr;
  }

 private:
  ScanNode scan_;
  OwnCounters counters_;
  std::unique_ptr<BatchStream> stream_;
};

}  // namespace

RelationRead ToRelationRead(const ScanNode& scan, const Schema& schema) {
  // The same columns under the relation's own ids.
  std::set<FieldId> ids;
  const auto collect = [&](const auto& self, const std::vector<NestedField>& fields) -> void {
    for (const NestedField& field : fields) {
      if (field.type.fields().empty()) ids.insert(field.id - scan.id_offset);
      self(self, field.type.fields());
    }
  };
  collect(collect, schema.fields());
  return {scan.relation->schema->Select(ids), OverRelation(scan, scan.filter), scan.limit};
}

Expression OverRelation(const ScanNode& scan, const Expression& expression) {
  return RewriteExpression(expression, [&](const Expression& e) -> std::optional<Expression> {
    const auto* column = e.as<ColumnNode>();
    if (column == nullptr) return std::nullopt;
    return Expression(ColumnNode{column->name, column->field_id - scan.id_offset}, e.type(),
                      /*is_bound=*/true);
  });
}

Result<const RelationSource*> SourceOf(const ScanNode& scan) {
  if (scan.relation->source != nullptr) return scan.relation->source.get();
  return Error(ErrorKind::kUnsupported, "rows can't be read, only planned: ", scan.relation->name);
}

OperatorPtr MakeScanOperator(const PlanNode& plan) { return std::make_unique<ScanOperator>(plan); }

}  // namespace iceframe
