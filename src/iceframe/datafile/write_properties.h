// SPDX-License-Identifier: Apache-2.0
// The table properties write.* that shape data files, as typed values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <arrow/util/compression.h>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"

namespace iceframe {

/// Defaults are the reference implementation's.
struct WriteProperties {
  int64_t target_file_size_bytes = int64_t{512} << 20;        // write.target-file-size-bytes
  int64_t row_group_size_bytes = int64_t{128} << 20;          // write.parquet.row-group-size-bytes
  int64_t row_group_limit = int64_t{1} << 20;                 // write.parquet.row-group-limit
  int64_t page_size_bytes = int64_t{1} << 20;                 // write.parquet.page-size-bytes
  int64_t page_row_limit = 20000;                             // write.parquet.page-row-limit
  int64_t dict_size_bytes = int64_t{2} << 20;                 // write.parquet.dict-size-bytes
  arrow::Compression::type codec = arrow::Compression::ZSTD;  // write.parquet.compression-codec
  std::optional<int> compression_level;                       // write.parquet.compression-level
  /// write.parquet.bloom-filter-enabled.column.<name>, with its false positive rate.
  struct BloomFilter {
    std::string column;
    double false_positive_rate = 0.01;
  };
  std::vector<BloomFilter> bloom_filters;
  bool object_storage_layout = false;            // write.object-storage.enabled
  bool object_storage_partitioned_paths = true;  // write.object-storage.partitioned-paths
  std::optional<std::string> data_path;          // write.data.path

  /// Errors: InvalidArgument naming the property and its value; Unsupported for
  /// write.format.default other than parquet.
  static Result<WriteProperties> Parse(const Properties& properties);
};

}  // namespace iceframe
