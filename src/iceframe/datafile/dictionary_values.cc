// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include <parquet/exception.h>

#include "iceframe/datafile/dictionary_values_internal.h"
#include "iceframe/datafile/page_checksum_internal.h"
#include "iceframe/datafile/page_header_internal.h"
#include "iceframe/datafile/parquet_column_internal.h"
#include "iceframe/datafile/parquet_statistics_internal.h"

namespace iceframe::internal {
namespace {

/// As files of the first version name the encoding of data pages that have codes.
bool HasOnlyOldCodes(const parquet::ColumnChunkMetaData& chunk) {
  if (!chunk.encoding_stats().empty()) return false;
  bool has_codes = false;
  for (const auto encoding : chunk.encodings()) {
    has_codes |= encoding == parquet::Encoding::PLAIN_DICTIONARY;
    const bool is_of_levels =
        encoding == parquet::Encoding::RLE || encoding == parquet::Encoding::BIT_PACKED;
    if (encoding != parquet::Encoding::PLAIN_DICTIONARY && !is_of_levels) return false;
  }
  return has_codes;
}

/// The length of a plain value; 0: each begins with its own, nullopt: not compared here.
std::optional<size_t> PlainWidth(const parquet::ColumnDescriptor& column) {
  const int64_t width = ValueWidth(column);
  if (width < 0 || column.physical_type() == parquet::Type::INT96) return std::nullopt;
  return static_cast<size_t>(width);
}

template <typename T>
T ReadNumber(std::string_view bytes) {
  T number;
  std::memcpy(&number, bytes.data(), sizeof(T));
  return number;
}

/// The value that a reader makes of the bytes; nullopt where bounds of such a column are rounded
/// or refused.
std::optional<Value> DecodeExactly(const parquet::ColumnDescriptor& column, const Type& type,
                                   std::string_view bytes) {
  if (column.physical_type() == parquet::Type::FLOAT) {
    const auto number = ReadNumber<float>(bytes);
    if (type.id() == TypeId::kFloat) return Value(number);
    if (type.id() == TypeId::kDouble) return Value(static_cast<double>(number));
    return std::nullopt;
  }
  if (column.physical_type() == parquet::Type::DOUBLE) {
    if (type.id() != TypeId::kDouble) return std::nullopt;
    return Value(ReadNumber<double>(bytes));
  }
  auto value = DecodeParquetBound(column, type, bytes, BoundSide::kLower);
  if (!value || !value->holds<int64_t>()) return value;
  const auto upper = DecodeParquetBound(column, type, bytes, BoundSide::kUpper);
  if (!upper || upper->get<int64_t>() != value->get<int64_t>()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<ByteRange> DictionaryRange(const parquet::ColumnChunkMetaData& chunk,
                                         const parquet::ColumnDescriptor& column,
                                         int64_t file_size) {
  if (column.max_repetition_level() > 0 || !PlainWidth(column)) return std::nullopt;
  if (!chunk.has_dictionary_page() || chunk.crypto_metadata() != nullptr) return std::nullopt;
  if (!IsDictionaryEncoded(chunk) && !HasOnlyOldCodes(chunk)) return std::nullopt;
  const int64_t begin = chunk.dictionary_page_offset();
  const int64_t end = chunk.data_page_offset();
  if (begin <= 0 || end <= begin || end > file_size) return std::nullopt;
  return ByteRange{begin, end - begin};
}

Result<std::optional<DictionaryValues>> DictionaryValues::Parse(
    std::shared_ptr<arrow::Buffer> bytes, const parquet::ColumnChunkMetaData& chunk,
    const parquet::ColumnDescriptor& column, int64_t max_bytes, arrow::MemoryPool* pool) {
  const std::span<const uint8_t> all(bytes->data(), static_cast<size_t>(bytes->size()));
  const auto parsed = ParsePageHeader(all);
  if (!parsed.ok() || !*parsed) return std::nullopt;
  const PageHeader& header = (*parsed)->header;
  auto body = all.subspan(static_cast<size_t>((*parsed)->length));
  const auto encoding = static_cast<parquet::Encoding::type>(header.encoding);
  const bool is_plain =
      encoding == parquet::Encoding::PLAIN || encoding == parquet::Encoding::PLAIN_DICTIONARY;
  if (header.type != PageHeader::Type::kDictionary || !is_plain || header.num_values == 0 ||
      header.compressed_size > std::ssize(body) || header.uncompressed_size > max_bytes) {
    return std::nullopt;
  }
  body = body.first(static_cast<size_t>(header.compressed_size));
  if (!CheckPageBytes(header, body).ok()) return std::nullopt;
  try {
    ICEFRAME_ASSIGN_OR_RETURN(auto codec, PageCodec::Make(chunk.compression(), pool));
    DictionaryValues out(std::move(bytes), std::move(codec), column);
    out.num_values_ = header.num_values;
    out.values_ = body;
    if (out.codec_.is_plain()) return out;
    auto values = out.codec_.Decompress(body, header.uncompressed_size);
    if (!values.ok() && KindOf(values.status()) != ErrorKind::kResourceExhausted) {
      return std::nullopt;
    }
    ICEFRAME_ASSIGN_OR_RETURN(out.values_, std::move(values));
    return out;
  } catch (const parquet::ParquetException&) {
    // A codec that this build lacks.
    return std::nullopt;
  }
}

bool DictionaryValues::Visit(const Type& type,
                             const std::function<bool(const Value&)>& visit) const {
  const auto width = PlainWidth(*column_);
  if (!width) return false;
  std::string_view left(reinterpret_cast<const char*>(values_.data()), values_.size());
  for (int32_t i = 0; i < num_values_; ++i) {
    size_t length = *width;
    if (length == 0) {
      if (left.size() < sizeof(uint32_t)) return false;
      length = ReadNumber<uint32_t>(left);
      left.remove_prefix(sizeof(uint32_t));
    }
    if (left.size() < length) return false;
    const auto value = DecodeExactly(*column_, type, left.substr(0, length));
    if (!value) return false;
    if (!visit(*value)) return true;
    left.remove_prefix(length);
  }
  // Bytes that are left over mean that the header counts the values wrong.
  return left.empty();
}

}  // namespace iceframe::internal
