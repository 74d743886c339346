// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/file_answers.h"

#include <algorithm>
#include <utility>

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

namespace iceframe {

namespace {

constexpr int64_t kMostOfCapacity = 64;

/// One batch that shares no memory with the given ones, which are some.
Result<std::shared_ptr<arrow::RecordBatch>> CopyOf(const arrow::RecordBatchVector& batches,
                                                   arrow::MemoryPool* pool) {
  const std::shared_ptr<arrow::Schema>& schema = batches[0]->schema();
  int64_t num_rows = 0;
  for (const auto& batch : batches) num_rows += batch->num_rows();
  arrow::ArrayVector columns;
  for (int i = 0; i < schema->num_fields(); ++i) {
    arrow::ArrayVector chunks;
    for (const auto& batch : batches) chunks.push_back(batch->column(i));
    // Of one array there would be no copy.
    if (chunks.size() == 1) chunks.push_back(chunks[0]->Slice(0, 0));
    ICEFRAME_ASSIGN_OR_RETURN(auto column, arrow::Concatenate(chunks, pool));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema, num_rows, std::move(columns));
}

}  // namespace

FileAnswers::FileAnswers(SharedCacheOptions options)
    : answers_(options), max_answer_bytes_(options.capacity_bytes / kMostOfCapacity) {}

void FileAnswers::Put(const std::string& key, const arrow::RecordBatchVector& batches) {
  int64_t asked_bytes = 0;
  for (const auto& batch : batches) {
    // The rows' own bytes, not those of the buffers that they are slices of.
    const auto num_bytes = arrow::util::ReferencedBufferSize(*batch);
    if (!num_bytes.ok()) return;
    asked_bytes += *num_bytes;
  }
  if (asked_bytes > max_answer_bytes_) return;
  auto answer = std::make_shared<FileAnswer>();
  if (!batches.empty()) {
    auto copy = CopyOf(batches, answers_.budget()->pool());
    // The budget has no room, or the text does not fit one array: an answer that is not kept.
    if (!copy.ok()) return;
    answer->batches.push_back(*std::move(copy));
  }
  int64_t num_bytes = 0;
  for (const auto& batch : answer->batches) num_bytes += arrow::util::TotalBufferSize(*batch);
  answers_.Put(key, {std::move(answer), num_bytes, num_bytes});
}

}  // namespace iceframe
