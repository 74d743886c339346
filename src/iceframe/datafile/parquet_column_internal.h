// SPDX-License-Identifier: Apache-2.0
// What libparquet's descriptions of a column leave to be worked out.
#pragma once

#include <parquet/metadata.h>
#include <parquet/schema.h>

namespace iceframe::internal {

inline bool IsUnsigned(const parquet::LogicalType& logical) {
  return logical.is_int() && !static_cast<const parquet::IntLogicalType&>(logical).is_signed();
}
inline bool IsUnsigned(const parquet::ColumnDescriptor& column) {
  return column.logical_type() != nullptr && IsUnsigned(*column.logical_type());
}

/// Whether the chunk says of every kind of its data pages that they are dictionary-encoded.
inline bool IsDictionaryEncoded(const parquet::ColumnChunkMetaData& chunk) {
  if (!chunk.has_dictionary_page() || chunk.encoding_stats().empty()) return false;
  for (const auto& stats : chunk.encoding_stats()) {
    if (stats.page_type == parquet::PageType::DICTIONARY_PAGE) continue;
    if (stats.encoding != parquet::Encoding::RLE_DICTIONARY &&
        stats.encoding != parquet::Encoding::PLAIN_DICTIONARY) {
      return false;
    }
  }
  return true;
}

/// Where the chunk begins: its dictionary, where it has one, comes first.
inline int64_t FirstByte(const parquet::ColumnChunkMetaData& chunk) {
  const int64_t data = chunk.data_page_offset();
  const int64_t dictionary = chunk.dictionary_page_offset();
  return chunk.has_dictionary_page() && dictionary > 0 && dictionary < data ? dictionary : data;
}

}  // namespace iceframe::internal
