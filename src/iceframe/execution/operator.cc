// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/operator.h"

#include <algorithm>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "iceframe/runtime/batch_bytes.h"
#include "iceframe/types/arrow_form.h"
#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/wide_array.h"

namespace iceframe {

namespace {

using SteadyClock = std::chrono::steady_clock;

}  // namespace

Operator::Operator(std::string name, std::shared_ptr<const Schema> schema,
                   std::vector<std::unique_ptr<Operator>> inputs)
    : name_(std::move(name)), schema_(std::move(schema)), inputs_(std::move(inputs)) {}

Status Operator::Open(const OperationContext& context) {
  ICEFRAME_ASSIGN_OR_RETURN(arrow_schema_, ToArrowSchema(*schema_, /*with_field_ids=*/true));
  ICEFRAME_ASSIGN_OR_RETURN(batch_bytes_, BatchBytes(context));
  context_ = context;
  context_.memory = context.memory->MakeChild(name_.substr(0, name_.find(':')));
  const auto start = SteadyClock::now();
  const Status opened = DoOpen();
  metrics_.total_time += SteadyClock::now() - start;
  metrics_.peak_bytes = context_.memory->peak_bytes();
  return opened;
}

Result<std::shared_ptr<arrow::RecordBatch>> Operator::Next() {
  const auto start = SteadyClock::now();
  std::shared_ptr<arrow::RecordBatch> batch;
  while (!is_done_) {
    ICEFRAME_RETURN_NOT_OK(context_.Check());
    ICEFRAME_ASSIGN_OR_RETURN(batch, DoNext());
    is_done_ = batch == nullptr;
    if (!is_done_ && batch->num_rows() > 0) break;
  }
  if (batch != nullptr) {
    metrics_.num_rows += batch->num_rows();
    ++metrics_.num_batches;
  }
  metrics_.total_time += SteadyClock::now() - start;
  metrics_.peak_bytes = std::max(metrics_.peak_bytes, context_.memory->peak_bytes());
  return batch;
}

void Operator::OfferFilter(const Expression&) {}

void Operator::OfferFirstRows(const FirstRows&) {}

bool Operator::ListenToFiles(FileListener*, const WantedAnswers&) { return false; }

Status Operator::OpenInputs() {
  for (const auto& input : inputs_) ICEFRAME_RETURN_NOT_OK(input->Open(context_));
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> Operator::MakeBatch(
    int64_t num_rows, std::vector<std::shared_ptr<arrow::Array>> columns) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    const auto& type = arrow_schema_->field(static_cast<int>(i))->type();
    ICEFRAME_ASSIGN_OR_RETURN(columns[i], Narrow(columns[i], type, pool()));
  }
  return arrow::RecordBatch::Make(arrow_schema_, num_rows, std::move(columns));
}

}  // namespace iceframe
