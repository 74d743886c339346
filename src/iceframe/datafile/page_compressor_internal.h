// SPDX-License-Identifier: Apache-2.0
// Compression of pages as libparquet does it, but for zstd without a new context per page.
#pragma once

#include <cstdint>
#include <optional>

#include <arrow/buffer.h>
#include <parquet/column_writer.h>
#include <parquet/properties.h>

#include "iceframe/base/result.h"

namespace iceframe::internal {

/// What compresses a column's pages. Thread-safe as far as its page writer is.
class PageCompressor {
 public:
  /// `writer` outlives this, and compresses where it is not zstd.
  PageCompressor(const parquet::WriterProperties& properties,
                 const parquet::ColumnDescriptor& column, parquet::PageWriter* writer);

  bool is_none() const { return !writer_->has_compressor(); }
  /// Leaves the compressed bytes in `out`, which is not shrunk. Not for a codec that is none.
  Status Compress(const uint8_t* data, int64_t size, arrow::ResizableBuffer* out) const;

 private:
  parquet::PageWriter* writer_;
  std::optional<int> zstd_level_;
};

}  // namespace iceframe::internal
