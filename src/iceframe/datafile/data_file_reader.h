// SPDX-License-Identifier: Apache-2.0
// A data file in, batches of a table schema out. Spec: "Column Projection", "Scan Planning".
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <arrow/type_fwd.h>
#include <arrow/util/future.h>

#include "iceframe/base/read_delivery.h"
#include "iceframe/base/result.h"
#include "iceframe/datafile/row_selection.h"
#include "iceframe/expression/expression.h"
#include "iceframe/format/data_file.h"
#include "iceframe/format/name_mapping.h"
#include "iceframe/io/file_io.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// What to read of a file, and in which form.
struct ReadOptions {
  /// The result's columns in order: the table schema less what is not wanted, at any depth, and
  /// metadata columns (format/metadata_columns.h): `_pos` is counted, `constants` has the others.
  std::shared_ptr<const Schema> projection;
  /// Where the filter's columns are found when the projection lacks them; nullptr: it has all.
  std::shared_ptr<const Schema> table_schema;
  /// Bound and simplified; only rows for which it is true come out. Empty means true.
  Expression filter;
  /// Field ids for files that carry none.
  std::optional<NameMapping> name_mapping;
  /// Result fields carry PARQUET:field_id, as Evaluate wants them.
  bool with_field_ids = false;
  /// String and binary columns may arrive as dictionary<int32, …>, for operators that work on
  /// codes; never for what leaves the engine.
  bool keep_dictionaries = false;
  /// Of it, batch_rows counts here.
  ReadDelivery delivery;
  /// Row positions to keep (deletes, splits); nullopt: all.
  std::optional<RowSelection> rows;
  /// Byte range of the file whose row groups are read: those that begin in it; nullopt: all.
  std::optional<ByteRange> split;
  /// Values of columns that the file does not have: its partition tells them, or its place.
  std::map<FieldId, Value> constants;
  /// Stops after so many rows.
  std::optional<int64_t> limit;
  /// Asked before each row group: a further filter (bound, simplified), such as the keys of a
  /// join. It is applied to the row groups from there on. nullopt: nothing new.
  std::function<std::optional<Expression>()> late_filter;
  /// Shared by the readers that read a file again from its beginning, so that it is counted once.
  std::shared_ptr<std::atomic<bool>> is_counted;
};

/// Streams the rows of one data file in file order. Not thread-safe; use one per thread.
class DataFileReader {
 public:
  virtual ~DataFileReader() = default;
  /// Asks for the first row group's bytes without waiting; the future ends when they are here (or
  /// could not be had: Next says why). So many files can be on their way with few threads.
  ///
  /// Leaves it to Next, with a future that has ended, if they would take more than half of the
  /// memory budget or `admit`, asked last, refuses so many bytes. To be called once, before Next.
  /// On an io thread it may fetch by itself, and take as long.
  virtual arrow::Future<> Start(const OperationContext& context,
                                const std::function<bool(int64_t num_bytes)>& admit) = 0;
  /// The next non-empty batch of result_schema(), or nullptr at the end.
  /// Errors: InvalidData naming the file (damaged, a required column without value);
  /// ResourceExhausted; Io; Cancelled; Timeout.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Next(const OperationContext& context) = 0;
  /// ToArrowSchema(projection). With keep_dictionaries a batch's own schema may differ from it.
  virtual const std::shared_ptr<arrow::Schema>& result_schema() const = 0;
};

/// Opens a file with at most one request: for the footer, unless it is cached.
/// Errors: Unsupported naming what (Avro and ORC files, encryption, variant, geometry);
/// InvalidData; NotFound; Io.
Result<std::unique_ptr<DataFileReader>> OpenDataFile(const OperationContext& context,
                                                     std::shared_ptr<FileIO> io,
                                                     const DataFile& file, ReadOptions options);

}  // namespace iceframe
