// SPDX-License-Identifier: Apache-2.0
// Rows given as JSON under operators, and what comes out as text.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <arrow/pretty_print.h>
#include <gtest/gtest.h>

#include "iceframe/execution/columns_internal.h"
#include "iceframe/execution/operator.h"
#include "iceframe/query/logical_plan.h"
#include "iceframe/types/arrow_form.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

/// Hands out the batches that it was given.
class RowsOperator final : public Operator {
 public:
  RowsOperator(std::shared_ptr<const Schema> schema, std::vector<BatchPtr> batches)
      : Operator("Rows", std::move(schema), {}), batches_(std::move(batches)) {}

 protected:
  Status DoOpen() override { return Status::OK(); }
  Result<BatchPtr> DoNext() override {
    return next_ < batches_.size() ? batches_[next_++] : nullptr;
  }

 private:
  std::vector<BatchPtr> batches_;
  size_t next_ = 0;
};

/// A batch of the schema from a JSON list of lists, one per column: `[[1, 2], ["a", null]]`.
inline BatchPtr BatchOf(const Schema& schema, const std::vector<std::string>& columns) {
  const auto arrow_schema = ToArrowSchema(schema, /*with_field_ids=*/true).ValueOrDie();
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < columns.size(); ++i) {
    const auto& type = arrow_schema->field(static_cast<int>(i))->type();
    const bool is_extension = type->id() == arrow::Type::EXTENSION;
    const auto plain =
        is_extension ? static_cast<const arrow::ExtensionType&>(*type).storage_type() : type;
    auto array = arrow::json::ArrayFromJSONString(plain, columns[i]);
    EXPECT_TRUE(array.ok()) << array.status().ToString();
    arrays.push_back(WithType(std::move(array).ValueOrDie(), type));
  }
  const int64_t num_rows = arrays[0]->length();
  return arrow::RecordBatch::Make(arrow_schema, num_rows, std::move(arrays));
}

/// Everything an operator gives, as one batch.
inline BatchPtr AllRows(Operator* root) {
  const OperationContext context;
  arrow::MemoryPool* pool = context.pool();
  const Status opened = root->Open(context);
  EXPECT_TRUE(opened.ok()) << opened.ToString();
  arrow::RecordBatchVector batches;
  while (opened.ok()) {
    auto batch = root->Next();
    EXPECT_TRUE(batch.ok()) << batch.status().ToString();
    if (!batch.ok() || *batch == nullptr) break;
    batches.push_back(*batch);
  }
  const auto schema = ToArrowSchema(*root->schema(), /*with_field_ids=*/true).ValueOrDie();
  if (batches.empty()) return EmptyRecordBatch(schema, pool).ValueOrDie();
  return arrow::ConcatenateRecordBatches(batches, pool).ValueOrDie();
}

/// A column's values on one line: `[1,null,2]`.
inline std::string TextOf(const arrow::Array& column) {
  arrow::PrettyPrintOptions options;
  options.skip_new_lines = true;
  std::string text;
  EXPECT_TRUE(arrow::PrettyPrint(column, options, &text).ok());
  return text;
}

}  // namespace iceframe
