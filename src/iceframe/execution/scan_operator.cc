// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/scan_operator.h"

#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/execution/own_counters_internal.h"
#include "iceframe/expression/binder.h"
#include "iceframe/expression/rewrite.h"
#include "iceframe/types/renumber.h"

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
    ICEFRAME_ASSIGN_OR_RETURN(const RelationRead read, ToRelationRead(scan_, schema()));
    return source->Open(counters_.Under(context()), read).Value(&stream_);
  }
  Result<BatchPtr> DoNext() override {
    if (stream_ == nullptr) return nullptr;
    ICEFRAME_ASSIGN_OR_RETURN(BatchPtr batch, stream_->Next());
    if (batch == nullptr) stream_.reset();
    counters_.Tell();
    return batch == nullptr ? batch : MakeBatch(batch->num_rows(), batch->columns());
  }

 private:
  ScanNode scan_;
  OwnCounters counters_;
  std::unique_ptr<BatchStream> stream_;
};

}  // namespace

Result<RelationRead> ToRelationRead(const ScanNode& scan,
                                    const std::shared_ptr<const Schema>& columns) {
  RelationRead read;
  read.columns = columns;
  if (scan.id_offset != 0 || !scan.metadata_ids.empty()) {
    ICEFRAME_ASSIGN_OR_RETURN(read.columns,
                              Renumber(*columns, [&](FieldId id) { return scan.RelationId(id); }));
  }
  read.rows = {.filter = OverRelation(scan, scan.filter), .limit = scan.limit};
  read.delivery = scan.delivery;
  return read;
}

Expression OverRelation(const ScanNode& scan, const Expression& expression) {
  return RewriteExpression(expression, [&](const Expression& e) -> std::optional<Expression> {
    const auto* column = e.as<ColumnNode>();
    if (column == nullptr) return std::nullopt;
    return Expression(ColumnNode{column->name, scan.RelationId(column->field_id)}, e.type(),
                      /*is_bound=*/true);
  });
}

Result<const RelationSource*> SourceOf(const ScanNode& scan) {
  if (scan.relation->source != nullptr) return scan.relation->source.get();
  return Error(ErrorKind::kUnsupported, "rows can't be read, only planned: ", scan.relation->name);
}

OperatorPtr MakeScanOperator(const PlanNode& plan) { return std::make_unique<ScanOperator>(plan); }

}  // namespace iceframe
