// SPDX-License-Identifier: Apache-2.0
// The values in the dictionary page of a Parquet column chunk.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include <arrow/buffer.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include "iceframe/base/result.h"
#include "iceframe/datafile/page_codec_internal.h"
#include "iceframe/io/file_io.h"
#include "iceframe/types/type.h"
#include "iceframe/types/value.h"

namespace iceframe::internal {

/// The most that a dictionary page, before or after decompression, may have to be looked into.
inline constexpr int64_t kMaxDictionaryBytes = int64_t{1} << 20;

/// Where the dictionary page of a chunk is, its header included; nullopt unless all values of the
/// chunk are in it and it can be read: not of nested lists and maps, nor of encrypted columns.
///
/// By the statistics of encodings; without these only by the old name of the encoding, which
/// alone tells data pages from the dictionary itself.
std::optional<ByteRange> DictionaryRange(const parquet::ColumnChunkMetaData& chunk,
                                         const parquet::ColumnDescriptor& column,
                                         int64_t file_size);

/// What a dictionary page holds. Not thread-safe.
class DictionaryValues {
 public:
  /// Reads the page that `bytes` are. nullopt for one that is damaged, larger than `max_bytes` or
  /// of another kind than is known: who reads the row group says what is wrong with it.
  /// Errors: ResourceExhausted.
  static Result<std::optional<DictionaryValues>> Parse(std::shared_ptr<arrow::Buffer> bytes,
                                                       const parquet::ColumnChunkMetaData& chunk,
                                                       const parquet::ColumnDescriptor& column,
                                                       int64_t max_bytes, arrow::MemoryPool* pool);

  /// Hands out each value as one of `type`, to which the column's own may have been promoted,
  /// until `visit` returns false. Returns false if one is not what a reader surely makes of it.
  bool Visit(const Type& type, const std::function<bool(const Value&)>& visit) const;

 private:
  DictionaryValues(std::shared_ptr<arrow::Buffer> page, PageCodec codec,
                   const parquet::ColumnDescriptor& column)
      : page_(std::move(page)), codec_(std::move(codec)), column_(&column) {}

  /// The page as it was read, and what its values may be decompressed into.
  std::shared_ptr<arrow::Buffer> page_;
  PageCodec codec_;
  const parquet::ColumnDescriptor* column_;
  std::span<const uint8_t> values_;
  int32_t num_values_ = 0;
};

}  // namespace iceframe::internal
