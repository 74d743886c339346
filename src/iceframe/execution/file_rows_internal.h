// SPDX-License-Identifier: Apache-2.0
// The rows of a scan file by file, kept ones among them.
#pragma once

#include <memory>
#include <utility>

#include "iceframe/execution/file_stream.h"
#include "iceframe/execution/operator.h"

namespace iceframe {

/// How kept rows are cut into batches again.
struct BatchLimits {
  int64_t max_rows = 0;
  int64_t max_bytes = 0;
};

/// Hands out the rows of a file stream and tells a listener, if there is one, of its files.
class FileRows {
 public:
  /// `rows_store`: where the stream finds kept rows, and rows of other files are to be kept;
  /// nullptr: answers are what the listener wants.
  FileRows(std::unique_ptr<FileStream> stream, FileListener* listener,
           std::shared_ptr<FileAnswers> rows_store, BatchLimits limits)
      : stream_(std::move(stream)),
        listener_(listener),
        rows_store_(std::move(rows_store)),
        limits_(limits) {}

  Result<std::shared_ptr<arrow::RecordBatch>> Next();

 private:
  Status End(const FileEnd& end);
  Status Take(const KeptAnswer& answer);
  void Collect(const std::shared_ptr<arrow::RecordBatch>& rows);
  /// The next rows of `kept_`.
  Result<std::shared_ptr<arrow::RecordBatch>> NextKept();

  std::unique_ptr<FileStream> stream_;
  FileListener* listener_;
  std::shared_ptr<FileAnswers> rows_store_;
  BatchLimits limits_;
  /// Of the file that is being read, as long as they are few enough.
  arrow::RecordBatchVector collected_;
  int64_t collected_bytes_ = 0;
  std::shared_ptr<arrow::RecordBatch> kept_;
  int64_t next_kept_row_ = 0;
};

}  // namespace iceframe
