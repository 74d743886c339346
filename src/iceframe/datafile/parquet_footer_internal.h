// SPDX-License-Identifier: Apache-2.0
// A Parquet file's footer: read with one request, shared once read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <parquet/metadata.h>

#include "iceframe/datafile/file_column_internal.h"
#include "iceframe/format/data_file.h"
#include "iceframe/io/file_io.h"

namespace iceframe::internal {

/// A footer with what is derived from it once. Immutable.
struct ParquetFooter {
  std::shared_ptr<parquet::FileMetaData> metadata;
  int64_t file_size = 0;
  /// The columns with the ids that the file itself gives.
  std::vector<FileColumn> columns;
  bool has_field_ids = false;
  /// Position of each row group's first row, and the number of rows as the last item.
  std::vector<int64_t> first_rows;
  /// Where each row group begins.
  std::vector<int64_t> offsets;
};

/// Reads the footer in one request where it is at most 64 KiB long, else two.
/// `was_cached`: set to whether nothing was read.
/// Errors: InvalidData naming the file; Unsupported for encrypted files.
Result<std::shared_ptr<const ParquetFooter>> LoadFooter(const OperationContext& context, FileIO& io,
                                                        const DataFile& file, bool* was_cached);

}  // namespace iceframe::internal
