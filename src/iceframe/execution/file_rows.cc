// SPDX-License-Identifier: Apache-2.0
#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include "iceframe/execution/file_rows_internal.h"
#include "iceframe/types/offset_reach.h"

namespace iceframe {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

Result<BatchPtr> FileRows::Next() {
  while (true) {
    if (kept_ != nullptr) return NextKept();
    ICEFRAME_ASSIGN_OR_RETURN(std::optional<FilePiece> piece, stream_->Next());
    if (!piece) return nullptr;
    if (const auto* rows = std::get_if<BatchPtr>(&*piece)) {
      Collect(*rows);
      return *rows;
    }
    const auto* end = std::get_if<FileEnd>(&*piece);
    ICEFRAME_RETURN_NOT_OK(end != nullptr ? End(*end) : Take(std::get<KeptAnswer>(*piece)));
  }
}

void FileRows::Collect(const BatchPtr& rows) {
  if (rows_store_ == nullptr || collected_bytes_ > rows_store_->max_answer_bytes()) return;
  // Unknown sizes are too large.
  collected_bytes_ +=
      arrow::util::ReferencedBufferSize(*rows).ValueOr(rows_store_->max_answer_bytes() + 1);
  collected_.push_back(rows);
  if (collected_bytes_ > rows_store_->max_answer_bytes()) collected_.clear();
}

Status FileRows::End(const FileEnd& end) {
  const bool is_kept = rows_store_ != nullptr;
  if (is_kept && !end.key.empty() && collected_bytes_ <= rows_store_->max_answer_bytes()) {
    rows_store_->Put(end.key, collected_);
  }
  collected_.clear();
  collected_bytes_ = 0;
  if (listener_ == nullptr) return Status::OK();
  return listener_->EndFile(is_kept ? "" : end.key);
}

Status FileRows::Take(const KeptAnswer& answer) {
  if (rows_store_ == nullptr) return listener_->TakeAnswer(answer);
  if (answer->batches.empty()) {
    return listener_ == nullptr ? Status::OK() : listener_->EndFile("");
  }
  kept_ = answer->batches[0];
  next_kept_row_ = 0;
  return Status::OK();
}

Result<BatchPtr> FileRows::NextKept() {
  const int64_t num_rows =
      NumRowsWithin(*kept_, next_kept_row_, limits_.max_rows, limits_.max_bytes);
  if (num_rows > 0) {
    BatchPtr rows = kept_->Slice(next_kept_row_, num_rows);
    next_kept_row_ += num_rows;
    return rows;
  }
  kept_.reset();
  if (listener_ != nullptr) ICEFRAME_RETURN_NOT_OK(listener_->EndFile(""));
  return Next();
}

}  // namespace iceframe
