// SPDX-License-Identifier: Apache-2.0
// One column of one row group, decoded as far as asked.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include <arrow/type_fwd.h>
#include <parquet/file_reader.h>

#include "iceframe/base/result.h"
#include "iceframe/datafile/column_pages_internal.h"
#include "iceframe/datafile/column_plan_internal.h"
#include "iceframe/datafile/row_selection.h"

namespace iceframe::internal {

/// Streams a column's values in the table's form. Not thread-safe; different columns may be read
/// by different threads. What libparquet throws comes through: callers catch.
class ColumnStream {
 public:
  virtual ~ColumnStream() = default;
  /// The rows of `keep` (positions relative to the next row) among the next `num_rows`, and goes
  /// past all of those. Where they hold more text than the source's batch_bytes they may come as a
  /// dictionary or a wide array (types/wide_array.h).
  virtual Result<std::shared_ptr<arrow::Array>> Read(int64_t num_rows,
                                                     const std::vector<RowRange>& keep) = 0;
};

/// What the streams of one row group share.
struct RowGroupSource {
  /// The column chunks, fetched whole; nullptr if they are read piece by piece from `input`.
  std::shared_ptr<arrow::io::RandomAccessFile> file;
  std::shared_ptr<const InputFile> input;
  const OperationContext* context = nullptr;
  int64_t file_size = 0;
  std::shared_ptr<parquet::FileMetaData> metadata;
  int row_group = 0;
  int64_t num_rows = 0;
  /// No row of the row group from here on is ever wanted.
  int64_t rows_end = 0;
  int64_t batch_rows = 0;
  int64_t batch_bytes = 0;
  bool keep_dictionaries = false;
  const std::map<FieldId, Value>* constants = nullptr;
  arrow::MemoryPool* pool = nullptr;
};

/// The pages of a leaf column that is not nested. Throws as libparquet does.
Result<std::unique_ptr<ColumnPages>> OpenColumnPages(const RowGroupSource& source, int leaf);

Result<std::unique_ptr<ColumnStream>> OpenColumnStream(const ColumnPlan& plan,
                                                       const RowGroupSource& source);

/// The values of a dictionary array as a plain one of `type` (utf8 or binary).
Result<std::shared_ptr<arrow::Array>> DecodeDictionary(const arrow::DictionaryArray& array,
                                                       const std::shared_ptr<arrow::DataType>& type,
                                                       arrow::MemoryPool* pool);

}  // namespace iceframe::internal
