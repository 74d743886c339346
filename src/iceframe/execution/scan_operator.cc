// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/scan_operator.h"

#include <set>
#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/execution/counted_scan_internal.h"
#include "iceframe/execution/table_read_internal.h"
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
  const OperationCounters* counters() const override { return stream_.counters().get(); }

 protected:
  Status DoOpen() override {
    if (scan_.filter.is_false() || scan_.limit == 0) return Status::OK();
    return stream_.Open(context(), ToTableRead(scan_, *schema()));
  }
  Result<BatchPtr> DoNext() override {
    ICEFRAME_ASSIGN_OR_RETURN(BatchPtr batch, stream_.Next());
    if (batch == nullptr) return batch;
    return MakeBatch(batch->num_rows(), batch->columns());
  }

 private:
  ScanNode scan_;
  CountedScan stream_;
};

}  // namespace

TableRead ToTableRead(const ScanNode& scan, const Schema& schema) {
  const auto& relation = static_cast<const TableRelation&>(*scan.relation);
  TableRead read;
  read.table = relation.table();
  read.options.version = relation.version();
  read.options.limit = scan.limit;
  // The same columns under the table's own ids.
  std::set<FieldId> ids;
  const auto collect = [&](const auto& self, const std::vector<NestedField>& fields) -> void {
    for (const NestedField& field : fields) {
      if (field.type.fields().empty()) ids.insert(field.id - scan.id_offset);
      self(self, field.type.fields());
    }
  };
  collect(collect, schema.fields());
  read.options.projection = relation.schema()->Select(ids);
  read.options.filter =
      RewriteExpression(scan.filter, [&](const Expression& e) -> std::optional<Expression> {
        const auto* column = e.as<ColumnNode>();
        if (column == nullptr) return std::nullopt;
        return Expression(ColumnNode{column->name, column->field_id - scan.id_offset}, e.type(),
                          /*is_bound=*/true);
      });
  return read;
}

OperatorPtr MakeScanOperator(const PlanNode& plan) { return std::make_unique<ScanOperator>(plan); }

}  // namespace iceframe
