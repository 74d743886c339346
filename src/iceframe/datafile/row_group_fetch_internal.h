// SPDX-License-Identifier: Apache-2.0
// The bytes of a row group's column chunks: asked for early, waited for late.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <arrow/util/future.h>
#include <parquet/metadata.h>

#include "iceframe/datafile/parquet_stream_internal.h"
#include "iceframe/io/file_io.h"

namespace iceframe::internal {

/// The byte range of a leaf column's chunk. Errors: InvalidData for a chunk outside the file.
Result<ByteRange> ChunkRange(const parquet::FileMetaData& metadata, int row_group, int leaf,
                             int64_t file_size);

/// The byte ranges of some leaf columns' chunks. Errors: InvalidData for chunks outside the file.
Result<std::vector<ByteRange>> ChunkRanges(const parquet::FileMetaData& metadata, int row_group,
                                           const std::set<int>& leaves, int64_t file_size);

/// Ranges on their way. Destroying it waits for them.
class RowGroupFetch {
 public:
  RowGroupFetch(std::shared_ptr<FileIO> io, std::string location, int64_t file_size,
                std::vector<ByteRange> ranges);
  ~RowGroupFetch();
  RowGroupFetch(const RowGroupFetch&) = delete;
  RowGroupFetch& operator=(const RowGroupFetch&) = delete;

  int64_t num_bytes() const { return num_bytes_; }
  /// Asks for the bytes and returns at once.
  void Start(const OperationContext& context);
  /// Ends when the bytes that Start asked for are here, or could not be had; before Wait.
  arrow::Future<> arrived() const { return arrow::Future<>(pending_); }
  /// Waits; asks if nobody has yet. What failed early for want of memory is asked for once more,
  /// since by now the row group before may have given its own back.
  Result<std::shared_ptr<PrefetchedFile>> Wait(const OperationContext& context);

 private:
  using Buffers = std::vector<std::shared_ptr<arrow::Buffer>>;
  std::shared_ptr<FileIO> io_;
  std::string location_;
  int64_t file_size_;
  std::vector<ByteRange> ranges_;
  int64_t num_bytes_ = 0;
  arrow::Future<Buffers> pending_;
};

}  // namespace iceframe::internal
