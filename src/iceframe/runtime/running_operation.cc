// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/running_operation.h"

#include <exception>
#include <optional>
#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/runtime/operation_state_internal.h"
#include "iceframe/runtime/runtime_counters.h"

namespace iceframe {

namespace {

OperationOutcome OutcomeOf(const Status& status) {
  if (status.ok()) return OperationOutcome::kSucceeded;
  return KindOf(status) == ErrorKind::kCancelled ? OperationOutcome::kCancelled
                                                 : OperationOutcome::kFailed;
}

/// A reader whose end is an operation's.
class OperationReader final : public arrow::RecordBatchReader {
 public:
  OperationReader(RunningOperation operation, std::shared_ptr<arrow::RecordBatchReader> reader)
      : operation_(std::move(operation)), reader_(std::move(reader)), schema_(reader_->schema()) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    if (reader_ == nullptr) return failure_;
    const Status status = reader_->ReadNext(batch);
    if (status.ok() && *batch != nullptr) {
      if (operation_) {
        operation_->context().counters->Add(RuntimeCount::kRowsReturned, (*batch)->num_rows());
      }
      return status;
    }
    // An error comes again, so that missing rows never look like the end.
    failure_ = status;
    reader_.reset();
    End(status);
    return status;
  }

  Status Close() override {
    if (reader_ == nullptr) return Status::OK();
    const Status status = reader_->Close();
    reader_.reset();
    // Without a word on success: what was not read is dropped.
    std::optional<RunningOperation> dropped = std::exchange(operation_, std::nullopt);
    if (!status.ok() && dropped) dropped->End(status);
    return status;
  }

 private:
  void End(const Status& status) {
    if (operation_) operation_->End(status);
    operation_.reset();
  }

  // Ends after the reader: what still runs for it counts.
  std::optional<RunningOperation> operation_;
  std::shared_ptr<arrow::RecordBatchReader> reader_;
  std::shared_ptr<arrow::Schema> schema_;
  Status failure_;
};

}  // namespace

RunningOperation::RunningOperation(OperationContext context,
                                   std::shared_ptr<internal::OperationState> state)
    : context_(std::move(context)),
      state_(std::move(state)),
      num_exceptions_(std::uncaught_exceptions()) {}

RunningOperation RunningOperation::Begin(const OperationContext& context, OperationKind kind,
                                         std::vector<std::string> tables) {
  OperationContext own = context;
  if (context.operation != nullptr && !context.operation->has_ended()) {
    for (std::string& table : tables) context.NoteTable(std::move(table));
    return {std::move(own), nullptr};
  }
  if (own.counters->is_taken_.exchange(true, std::memory_order_acq_rel)) {
    own.counters = std::make_shared<OperationCounters>();
    own.counters->is_taken_ = true;
  }
  own.operation = std::make_shared<internal::OperationState>(context, own.counters);
  std::shared_ptr<internal::OperationState> state = own.operation;
  state->Begin(kind, std::move(tables));
  return {std::move(own), std::move(state)};
}

RunningOperation::~RunningOperation() {
  if (state_ == nullptr) return;
  if (std::uncaught_exceptions() > num_exceptions_) {
    state_->End(OperationOutcome::kFailed, Status::UnknownError("an exception was thrown"));
  } else if (state_->is_cancelled()) {
    state_->End(OperationOutcome::kCancelled, Error(ErrorKind::kCancelled, "cancelled"));
  } else {
    state_->End(OperationOutcome::kDropped, Status::OK());
  }
}

void RunningOperation::End(const Status& status) {
  if (state_ != nullptr) state_->End(OutcomeOf(status), status);
}

OperationKind KindOf(const OperationContext& context) {
  return context.operation == nullptr ? OperationKind{"none"} : context.operation->kind();
}

void NoteRedactedPlan(const OperationContext& context, LazyText plan) {
  if (context.operation != nullptr) context.operation->NoteRedactedPlan(std::move(plan));
}

void NoteDetail(const OperationContext& context, std::shared_ptr<const OperationDetail> detail) {
  if (context.operation != nullptr) context.operation->NoteDetail(std::move(detail));
}

std::shared_ptr<arrow::RecordBatchReader> EndWithReader(
    RunningOperation operation, std::shared_ptr<arrow::RecordBatchReader> reader) {
  if (operation.is_part()) return reader;
  return std::make_shared<OperationReader>(std::move(operation), std::move(reader));
}

}  // namespace iceframe
