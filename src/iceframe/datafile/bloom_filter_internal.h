// SPDX-License-Identifier: Apache-2.0
// Reading the bloom filters of Parquet column chunks. Spec: Parquet's "Bloom Filter".
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <arrow/type_fwd.h>
#include <parquet/schema.h>

#include "iceframe/base/result.h"
#include "iceframe/io/file_io.h"
#include "iceframe/types/type.h"
#include "iceframe/types/value.h"

namespace iceframe::internal {

/// Appends what the values come to in a bloom filter of the column: none for a value that the
/// column can't hold, two for zeros, which are equal. Returns false where that is not known (NaN,
/// another unit of time, encodings that a writer may choose among).
bool AppendBloomHashes(const parquet::ColumnDescriptor& column, const Type& type,
                       std::span<const Value> values, std::vector<uint64_t>* hashes);

/// Reads ranges of the file that the filter is in.
using ReadRange = std::function<Result<std::shared_ptr<arrow::Buffer>>(ByteRange range)>;

/// Where a bloom filter is.
struct BloomFilterPlace {
  int64_t offset = 0;
  /// Header and bits; absent in files of older writers.
  std::optional<int64_t> length;
  int64_t file_size = 0;
  /// A read costs little: blocks are read as they are needed. Else all at once, up to a limit.
  bool small_reads = false;
};

/// Returns false only if none of the hashes is in the filter. One that is damaged, too large or of
/// another kind than is known holds everything.
Result<bool> MayHoldAny(const BloomFilterPlace& place, const std::vector<uint64_t>& hashes,
                        const ReadRange& read);

}  // namespace iceframe::internal
