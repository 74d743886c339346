// SPDX-License-Identifier: Apache-2.0
// The header that stands before each page of a Parquet column chunk (Thrift's compact protocol).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "iceframe/base/result.h"

namespace iceframe::internal {

/// What a page header says; counts and sizes are never negative. Unknown fields are passed over.
struct PageHeader {
  enum class Type : uint8_t { kData, kIndex, kDictionary, kDataV2, kOther };

  Type type = Type::kOther;
  int32_t uncompressed_size = 0;
  int32_t compressed_size = 0;
  /// Of the page's bytes as they stand in the file, where the writer gave one.
  std::optional<uint32_t> checksum;
  // Of data and dictionary pages.
  int32_t num_values = 0;
  int32_t encoding = 0;
  int32_t definition_encoding = 0;
  int32_t repetition_encoding = 0;
  bool is_sorted = false;
  // Of data pages, second version.
  int32_t num_nulls = 0;
  int32_t num_rows = 0;
  int32_t definition_bytes = 0;
  int32_t repetition_bytes = 0;
  bool is_compressed = true;
  // Statistics of a data page, as far as it has them.
  std::optional<int64_t> null_count;
  std::optional<std::string> min;
  std::optional<std::string> max;

  bool is_data() const { return type == Type::kData || type == Type::kDataV2; }
};

/// Reads the header at the start of `bytes` and how long it is; nullopt if it does not end within
/// `bytes`. Errors: InvalidData for what can't be a page header.
struct ParsedPageHeader {
  PageHeader header;
  int64_t length = 0;
};
Result<std::optional<ParsedPageHeader>> ParsePageHeader(std::span<const uint8_t> bytes);

}  // namespace iceframe::internal
