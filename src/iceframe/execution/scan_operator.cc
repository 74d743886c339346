// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/scan_operator.h"

#include <optional>
#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/execution/file_answer_key_internal.h"
#include "iceframe/execution/file_rows_internal.h"
#include "iceframe/execution/own_counters_internal.h"
#include "iceframe/expression/binder.h"
#include "iceframe/expression/rewrite.h"
#include "iceframe/types/renumber.h"

namespace iceframe {

namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

class ScanOperator final : public Operator {
 public:
  ScanOperator(const PlanNode& plan, const PlanResources& resources)
      : Operator(DescribeOperation(plan), plan.schema, {}),
        scan_(*plan.as<ScanNode>()),
        rows_wanted_(WantAnswers("rows", plan, resources)) {
    // All of a file's rows would be the file again; the first of them are none of a file's.
    if (scan_.filter.is_true() || scan_.limit) rows_wanted_.store.reset();
  }

  void OfferFilter(const Expression& predicate) override {
    // The first rows would be others.
    if (scan_.limit) return;
    // The filter is of this run alone.
    rows_wanted_.store.reset();
    scan_.filter = SimplifyFilter(
        Expression(AndNode{{scan_.filter, predicate}}, Type::Boolean(), /*is_bound=*/true));
  }
  void OfferFirstRows(const FirstRows& first) override {
    if (!scan_.limit) first_ = first;
  }
  bool ListenToFiles(FileListener* listener, const WantedAnswers& answers) override {
    listener_ = listener;
    listener_wants_ = answers;
    // Each file has one answer.
    if (answers.store != nullptr) rows_wanted_.store.reset();
    return true;
  }
  const OperationCounters* counters() const override { return counters_.counters().get(); }

 protected:
  Status DoOpen() override {
    if (scan_.filter.is_false() || scan_.limit == 0) return Status::OK();
    ICEFRAME_ASSIGN_OR_RETURN(const RelationSource* source, SourceOf(scan_));
    ICEFRAME_ASSIGN_OR_RETURN(RelationRead read, ToRelationRead(scan_, schema()));
    const OperationContext own = counters_.Under(context());
    const bool keeps_rows = rows_wanted_.store != nullptr;
    if (listener_ != nullptr || keeps_rows) {
      ICEFRAME_ASSIGN_OR_RETURN(
          auto files, source->OpenFiles(own, read, keeps_rows ? rows_wanted_ : listener_wants_));
      if (files != nullptr) {
        files_.emplace(std::move(files), listener_, rows_wanted_.store,
                       BatchLimits{scan_.delivery.batch_rows, batch_bytes()});
        return Status::OK();
      }
    }
    if (first_) {
      read.first = first_;
      read.first->key = OverRelation(scan_, first_->key);
    }
    return source->Open(own, read).Value(&stream_);
  }
  Result<BatchPtr> DoNext() override {
    BatchPtr batch;
    if (files_) {
      ICEFRAME_ASSIGN_OR_RETURN(batch, files_->Next());
    } else if (stream_ != nullptr) {
      ICEFRAME_ASSIGN_OR_RETURN(batch, stream_->Next());
    }
    counters_.Tell();
    if (batch != nullptr) return MakeBatch(batch->num_rows(), batch->columns());
    files_.reset();
    stream_.reset();
    return nullptr;
  }

 private:
  ScanNode scan_;
  std::optional<FirstRows> first_;
  OwnCounters counters_;
  /// Without store: rows are neither taken from answers nor kept.
  WantedAnswers rows_wanted_;
  FileListener* listener_ = nullptr;
  WantedAnswers listener_wants_;
  /// One of the two, once there is something to read.
  std::optional<FileRows> files_;
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

OperatorPtr MakeScanOperator(const PlanNode& plan, const PlanResources& resources) {
  return std::make_unique<ScanOperator>(plan, resources);
}

}  // namespace iceframe
