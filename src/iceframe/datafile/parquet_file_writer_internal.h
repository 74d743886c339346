// SPDX-License-Identifier: Apache-2.0
// One Parquet file being written, and its metrics.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <arrow/memory_pool.h>
#include <arrow/type_fwd.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_writer.h>

#include "iceframe/base/result.h"
#include "iceframe/datafile/data_file_writer.h"
#include "iceframe/datafile/metrics_mode.h"
#include "iceframe/datafile/parquet_stream_internal.h"
#include "iceframe/datafile/write_properties.h"
#include "iceframe/format/data_file.h"

namespace iceframe::internal {

/// What all files of one write share. Immutable.
struct ParquetWriteSetup {
  static Result<std::shared_ptr<const ParquetWriteSetup>> Make(const Schema& schema,
                                                               const Properties& properties);

  /// The table schema's Arrow form, which batches have.
  std::shared_ptr<arrow::Schema> batch_schema;
  /// What is stored: field ids attached, columns and struct fields of type unknown left out.
  std::shared_ptr<arrow::Schema> stored_schema;
  /// For each stored top-level column, its position in a batch.
  std::vector<int> stored_columns;
  /// Float and double leaves whose NaNs are counted: positions from the batch down structs.
  struct NanColumn {
    FieldId field_id = 0;
    std::vector<int> path;
  };
  std::vector<NanColumn> nan_columns;
  /// Stored leaf columns by id; `in_struct` if no list or map is above.
  struct Leaf {
    Type type;
    bool in_struct = true;
    MetricsMode mode;
  };
  std::map<FieldId, Leaf> leaves;
  WriteProperties properties;
  std::string schema_json;
};

class ParquetAssembly;

/// Lifecycle: Open, Write…, then Close or Abort once. Not thread-safe, but different files may be
/// written by different threads.
class ParquetFileWriter {
 public:
  static Result<std::unique_ptr<ParquetFileWriter>> Open(
      const OperationContext& context, FileIO& io, std::string location,
      std::shared_ptr<const ParquetWriteSetup> setup);
  ~ParquetFileWriter();

  /// Takes rows that were checked already.
  Status Write(const OperationContext& context, const arrow::RecordBatch& batch);
  /// Writes out what the current row group holds.
  Status FlushRowGroup();
  /// Makes the file visible and says everything about it but partition and sort order.
  Result<DataFile> Close();
  void Abort();

  const std::string& location() const { return location_; }
  int64_t num_rows() const { return num_rows_; }
  /// Bytes written and bytes that the current row group comes to, by a close estimate.
  int64_t encoded_bytes() const;
  /// Memory held.
  int64_t held_bytes() const { return pool_.bytes_allocated(); }

 private:
  class NestingExecutor;
  ParquetFileWriter(const OperationContext& context, std::string location,
                    std::shared_ptr<const ParquetWriteSetup> setup);
  Status OpenParquet(const OperationContext& context);
  int64_t RowGroupBytes() const;
  Status CountNans(const arrow::RecordBatch& batch);

  std::string location_;
  std::shared_ptr<const ParquetWriteSetup> setup_;
  std::shared_ptr<MemoryBudget> memory_;
  arrow::ProxyMemoryPool pool_;
  std::unique_ptr<OutputFile> file_;
  std::shared_ptr<OutputFileStream> stream_;
  std::shared_ptr<NestingExecutor> executor_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  ParquetAssembly* contents_ = nullptr;  // owned by writer_
  int64_t num_rows_ = 0;
  std::map<FieldId, int64_t> nan_counts_;
};

}  // namespace iceframe::internal
