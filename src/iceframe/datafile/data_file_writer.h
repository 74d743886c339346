// SPDX-License-Identifier: Apache-2.0
// Batches in, data files with their metrics out. Spec: "Manifests", "Partitioning".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/format/data_file.h"
#include "iceframe/format/partition_spec.h"
#include "iceframe/format/sort_order.h"
#include "iceframe/io/file_io.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// What is written where.
struct WriteOptions {
  /// The table schema that rows are written with.
  std::shared_ptr<const Schema> schema;
  PartitionSpec spec;
  /// The order that the caller's rows are in already, within each partition; written into the
  /// files' metadata. The writer keeps the order of rows and does not sort.
  std::optional<SortOrderId> sort_order_id;
  /// Files go below `{table_location}/data` unless the property write.data.path says otherwise.
  std::string table_location;
  /// The table's properties; write.* is honoured (see write_properties.h).
  Properties properties;
  int32_t format_version = 2;
  /// What file names begin with, unique per write ("00000-0-<uuid>"); empty: made afresh.
  std::string file_name_prefix;
  /// How many bytes, and how many files, partitioned writing may hold open; above either the
  /// largest file is closed.
  int64_t max_open_bytes = int64_t{256} << 20;
  int max_open_files = 512;
};

/// Writes one stream of rows into as many files as partitions and target size ask for.
///
/// Lifecycle: Write…, then Finish or Abort once. Nothing is visible at a file's location before
/// that file was closed; destroyed without Finish, the writer deletes nothing (use Abort).
/// Not thread-safe.
class DataFileWriter {
 public:
  virtual ~DataFileWriter() = default;

  /// Takes a batch in the form of ToArrowSchema(schema): same names, order and types; field
  /// metadata does not count. Order of rows is kept within each partition.
  /// Errors: SchemaMismatch naming the column (also for a null in a required column);
  /// ResourceExhausted; Io; Cancelled. After an error only Abort makes sense.
  virtual Status Write(const OperationContext& context, const arrow::RecordBatch& batch) = 0;

  /// Closes all files and returns them in order of closing; empty if no row was written.
  virtual Result<std::vector<DataFile>> Finish(const OperationContext& context) = 0;

  /// Deletes everything that was written. Also after Finish, when the commit did not happen.
  virtual Status Abort(const OperationContext& context) = 0;

  virtual int64_t num_rows() const = 0;
  /// Encoded bytes of closed files and of what open ones hold.
  virtual int64_t num_bytes() const = 0;
};

/// Errors: InvalidArgument for properties that can't be meant; Unsupported naming a column
/// (variant, geometry), a transform or a file format that can't be written.
Result<std::unique_ptr<DataFileWriter>> MakeDataFileWriter(const OperationContext& context,
                                                           std::shared_ptr<FileIO> io,
                                                           WriteOptions options);

}  // namespace iceframe
