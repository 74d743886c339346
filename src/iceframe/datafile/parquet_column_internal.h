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

/// Returns the bytes of a plain value; 0: each begins with its length, -1: not known, as of
/// booleans.
inline int64_t ValueWidth(const parquet::ColumnDescriptor& column) {
  switch (column.physical_type()) {
    case parquet::Type::INT32:
    case parquet::Type::FLOAT:
      return 4;
    case parquet::Type::INT64:
    case parquet::Type::DOUBLE:
      return 8;
    case parquet::Type::INT96:
      return 12;
    case parquet::Type::FIXED_LEN_BYTE_ARRAY:
      return column.type_length() > 0 ? column.type_length() : -1;
    case parquet::Type::BYTE_ARRAY:
      return 0;
    default:
      return -1;
  }
}

/// Where the chunk begins: its dictionary, where it has one, comes first.
inline int64_t FirstByte(const parquet::ColumnChunkMetaData& chunk) {
  const int64_t data = chunk.data_page_offset();
  const int64_t dictionary = chunk.dictionary_page_offset();
  return chunk.has_dictionary_page() && dictionary > 0 && dictionary < data ? dictionary : data;
}

}  // namespace iceframe::internal
