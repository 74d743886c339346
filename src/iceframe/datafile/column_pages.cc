// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <utility>

#include <parquet/column_page.h>
#include <parquet/exception.h>

#include "iceframe/datafile/column_pages_internal.h"
#include "iceframe/datafile/page_checksum_internal.h"
#include "iceframe/datafile/page_prefix_internal.h"
#include "iceframe/datafile/parquet_column_internal.h"

namespace iceframe::internal {
namespace {

/// The first guess at how long a page header is, and the most it may be.
constexpr int64_t kPageHeaderBytes = 256;
constexpr int64_t kMaxHeaderBytes = int64_t{16} << 20;
/// What is decompressed beyond what the wanted rows of a page should take: levels and runs have
/// no fixed size, and codecs go by blocks anyway.
constexpr int64_t kBeginningBytes = 32 * 1024;
constexpr int64_t kSlackBytes = 4 * 1024;

template <typename T>
T ValueOrThrow(Result<T> result) {
  if (!result.ok()) throw parquet::ParquetStatusException(result.status());
  return std::move(result).MoveValueUnsafe();
}

[[noreturn]] void ThrowDamaged(const char* what) {
  throw parquet::ParquetStatusException(Error(ErrorKind::kInvalidData, what));
}

std::shared_ptr<arrow::Buffer> BufferOver(std::span<const uint8_t> bytes) {
  return std::make_shared<arrow::Buffer>(bytes.data(), static_cast<int64_t>(bytes.size()));
}

parquet::Encoding::type EncodingOf(int32_t number) {
  if (number < 0 || number >= static_cast<int32_t>(parquet::Encoding::UNDEFINED)) {
    return parquet::Encoding::UNKNOWN;
  }
  return static_cast<parquet::Encoding::type>(number);
}

bool UsesDictionary(const PageHeader& header) {
  const auto encoding = EncodingOf(header.encoding);
  return encoding == parquet::Encoding::RLE_DICTIONARY ||
         encoding == parquet::Encoding::PLAIN_DICTIONARY;
}

/// What stands behind the definition levels at the start of a page; nullopt if they don't end.
std::optional<std::span<const uint8_t>> BehindLevels(std::span<const uint8_t> bytes) {
  uint32_t length = 0;
  if (bytes.size() < sizeof(length)) return std::nullopt;
  std::memcpy(&length, bytes.data(), sizeof(length));
  bytes = bytes.subspan(sizeof(length));
  if (length > bytes.size()) return std::nullopt;
  return bytes.subspan(length);
}

}  // namespace

ColumnPages::ColumnPages(std::unique_ptr<ChunkBytes> chunk,
                         const parquet::ColumnChunkMetaData& metadata,
                         const parquet::ColumnDescriptor& column, int64_t rows_end,
                         bool always_compressed, arrow::MemoryPool* pool)
    : chunk_(std::move(chunk)),
      codec_(ValueOrThrow(PageCodec::Make(metadata.compression(), pool))),
      dictionary_codec_(ValueOrThrow(PageCodec::Make(metadata.compression(), pool))),
      column_(column),
      always_compressed_(always_compressed),
      num_values_(metadata.num_values()),
      rows_end_(rows_end),
      value_width_(ValueWidth(column)) {}

bool ColumnPages::FindData() {
  while (!data_) {
    if (end_row_ >= num_values_ || position_ >= chunk_->size()) return false;
    int64_t length = kPageHeaderBytes;
    std::optional<ParsedPageHeader> parsed;
    while (!parsed) {
      const auto bytes = ValueOrThrow(chunk_->Peek(position_, length));
      parsed = ValueOrThrow(ParsePageHeader(bytes));
      const bool is_last = static_cast<int64_t>(bytes.size()) < length;
      if (!parsed && (is_last || length >= kMaxHeaderBytes)) {
        ThrowDamaged("a page header has no end");
      }
      length *= 4;
    }
    Place place{std::move(parsed->header), position_ + parsed->length};
    const PageHeader& header = place.header;
    if (header.compressed_size > chunk_->size() - place.position) {
      ThrowDamaged("a page is longer than its column chunk");
    }
    position_ = place.position + header.compressed_size;
    if (header.is_data() && header.num_values > num_values_ - end_row_) {
      ThrowDamaged("pages have more values than their column chunk");
    }
    if (header.type == PageHeader::Type::kDictionary) {
      if (dictionary_) ThrowDamaged("a column chunk has two dictionaries");
      dictionary_ = std::make_unique<Place>(std::move(place));
    } else if (header.is_data()) {
      data_ = std::make_unique<Place>(std::move(place));
    }
  }
  return true;
}

void ColumnPages::Pass() {
  end_row_ += data_->header.num_values;
  data_.reset();
  beginning_.reset();
}

std::span<const uint8_t> ColumnPages::PageBytes(const Place& page) {
  const auto bytes = ValueOrThrow(chunk_->Peek(page.position, page.header.compressed_size));
  const Status checked = CheckPageBytes(page.header, bytes);
  if (!checked.ok()) {
    const Status in_column = WithContext(checked, "column", column_.path()->ToDotString());
    throw parquet::ParquetStatusException(
        WithContext(in_column, "offset", std::to_string(chunk_->file_offset() + page.position)));
  }
  return bytes;
}

int64_t ColumnPages::SkipPages(int64_t num_rows) {
  const int64_t begin = end_row_;
  while (FindData() && data_->header.num_values <= num_rows - (end_row_ - begin)) Pass();
  return end_row_ - begin;
}

std::optional<PageHeader> ColumnPages::NextHeader() {
  if (!FindData()) return std::nullopt;
  PageHeader header = data_->header;
  Pass();
  return header;
}

void ColumnPages::CheckAll() {
  while (FindData()) {
    PageBytes(*data_);
    Pass();
  }
  if (dictionary_) PageBytes(*dictionary_);
  if (end_row_ != num_values_) ThrowDamaged("pages have fewer values than their column chunk");
}

std::shared_ptr<parquet::Page> ColumnPages::NextPage() {
  if (end_row_ >= rows_end_ || !FindData()) return nullptr;
  if (UsesDictionary(data_->header) && dictionary_ && !dictionary_given_) {
    dictionary_given_ = true;
    return ReadDictionary();
  }
  dictionary_codec_.GiveBack();
  auto page = ReadData();
  Pass();
  return page;
}

std::shared_ptr<parquet::Page> ColumnPages::ReadDictionary() {
  if (auto beginning = ReadDictionaryBeginning()) return beginning;
  const PageHeader& header = dictionary_->header;
  auto bytes = PageBytes(*dictionary_);
  if (!codec_.is_plain()) {
    // Where the page's beginning waits in the codec's room, the dictionary needs one of its own.
    PageCodec& codec = beginning_ ? dictionary_codec_ : codec_;
    bytes = ValueOrThrow(codec.Decompress(bytes, header.uncompressed_size));
  }
  return std::make_shared<parquet::DictionaryPage>(BufferOver(bytes), header.num_values,
                                                   EncodingOf(header.encoding), header.is_sorted);
}

std::shared_ptr<parquet::Page> ColumnPages::ReadDictionaryBeginning() {
  const PageHeader& header = dictionary_->header;
  const auto encoding = EncodingOf(header.encoding);
  const bool is_plain =
      encoding == parquet::Encoding::PLAIN || encoding == parquet::Encoding::PLAIN_DICTIONARY;
  if (!is_plain || value_width_ < 0) return nullptr;
  beginning_ = ReadBeginning();
  if (!beginning_) return nullptr;
  const int64_t num_values = int64_t{beginning_->max_code.value_or(0)} + 1;
  if (num_values >= header.num_values) return nullptr;
  const int64_t size = header.uncompressed_size;
  const int64_t share = size / std::max(header.num_values, 1) * num_values;
  const int64_t wanted = value_width_ > 0 ? num_values * value_width_ : share * 5 / 4 + kSlackBytes;
  if (wanted > size / 4 * 3) return nullptr;
  if (header.checksum) PageBytes(*dictionary_);
  const auto bytes = ValueOrThrow(dictionary_codec_.Begin(chunk_.get(), dictionary_->position,
                                                          header.compressed_size,
                                                          header.uncompressed_size, wanted));
  const auto used = FirstPlainValues(bytes, num_values, value_width_);
  if (!used) return nullptr;
  return std::make_shared<parquet::DictionaryPage>(
      BufferOver(bytes.first(static_cast<size_t>(*used))), static_cast<int32_t>(num_values),
      encoding, header.is_sorted);
}

std::optional<ColumnPages::Beginning> ColumnPages::ReadBeginning() {
  const PageHeader& header = data_->header;
  const int64_t num_rows = std::min<int64_t>(rows_end_ - end_row_, header.num_values);
  // Only of the last page that is wanted: none may follow that needs more of the dictionary.
  if (end_row_ + header.num_values < rows_end_ || !codec_.can_begin()) return std::nullopt;
  if (header.type != PageHeader::Type::kData ||
      EncodingOf(header.definition_encoding) != parquet::Encoding::RLE) {
    return std::nullopt;
  }
  const bool uses_codes = UsesDictionary(header);
  const bool is_plain = EncodingOf(header.encoding) == parquet::Encoding::PLAIN;
  if (!uses_codes && (!is_plain || value_width_ < 0)) return std::nullopt;
  Beginning beginning;
  beginning.num_rows = static_cast<int32_t>(num_rows);
  beginning.bytes = BeginningBytes(num_rows);
  std::optional<std::span<const uint8_t>> values = beginning.bytes;
  if (column_.max_definition_level() > 0) values = BehindLevels(beginning.bytes);
  if (!values) return std::nullopt;
  // Nulls have no value, so that there may be fewer; never more.
  const bool is_whole = static_cast<int64_t>(beginning.bytes.size()) == header.uncompressed_size;
  if (!uses_codes) {
    if (!is_whole && !FirstPlainValues(*values, num_rows, value_width_)) return std::nullopt;
    return beginning;
  }
  const auto codes = FirstCodes(*values, num_rows, is_whole);
  if (!codes) return std::nullopt;
  beginning.max_code = codes->max_code;
  return beginning;
}

/// Decompresses what the first rows of the page at hand take, by a guess.
std::span<const uint8_t> ColumnPages::BeginningBytes(int64_t num_rows) {
  const PageHeader& header = data_->header;
  const int64_t size = header.uncompressed_size;
  // Values are of much the same size throughout a page, more or less.
  const int64_t share = size / std::max(header.num_values, 1) * num_rows;
  const int64_t guess = share + share / 8 + kBeginningBytes;
  if (guess < size / 4 * 3) {
    if (header.checksum) PageBytes(*data_);
    return ValueOrThrow(
        codec_.Begin(chunk_.get(), data_->position, header.compressed_size, size, guess));
  }
  return ValueOrThrow(codec_.Decompress(PageBytes(*data_), size));
}

std::shared_ptr<parquet::Page> ColumnPages::ReadData() {
  const PageHeader& header = data_->header;
  if (!beginning_) beginning_ = ReadBeginning();
  if (beginning_) {
    return std::make_shared<parquet::DataPageV1>(
        BufferOver(beginning_->bytes), beginning_->num_rows, EncodingOf(header.encoding),
        EncodingOf(header.definition_encoding), EncodingOf(header.repetition_encoding),
        static_cast<int64_t>(beginning_->bytes.size()));
  }
  return header.type == PageHeader::Type::kData ? ReadDataV1() : ReadDataV2();
}

std::shared_ptr<parquet::Page> ColumnPages::ReadDataV1() {
  const PageHeader& header = data_->header;
  auto bytes = PageBytes(*data_);
  if (!codec_.is_plain()) {
    bytes = ValueOrThrow(codec_.Decompress(bytes, header.uncompressed_size));
  }
  return std::make_shared<parquet::DataPageV1>(
      BufferOver(bytes), header.num_values, EncodingOf(header.encoding),
      EncodingOf(header.definition_encoding), EncodingOf(header.repetition_encoding),
      header.uncompressed_size);
}

std::shared_ptr<parquet::Page> ColumnPages::ReadDataV2() {
  const PageHeader& header = data_->header;
  auto bytes = PageBytes(*data_);
  const int64_t levels = int64_t{header.definition_bytes} + header.repetition_bytes;
  if (levels > header.compressed_size) ThrowDamaged("a page's levels are longer than the page");
  const bool is_compressed = header.is_compressed || always_compressed_;
  if (is_compressed && !codec_.is_plain()) {
    bytes = ValueOrThrow(codec_.Decompress(bytes.subspan(static_cast<size_t>(levels)),
                                           header.uncompressed_size - levels,
                                           bytes.first(static_cast<size_t>(levels))));
  }
  return std::make_shared<parquet::DataPageV2>(
      BufferOver(bytes), header.num_values, header.num_nulls, header.num_rows,
      EncodingOf(header.encoding), header.definition_bytes, header.repetition_bytes,
      header.uncompressed_size, is_compressed);
}

}  // namespace iceframe::internal
