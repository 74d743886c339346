// SPDX-License-Identifier: Apache-2.0
// Page headers, and the pages of a column chunk. The first byte chooses the column's type and
// codec, the second how many rows are wanted and passed over; the chunk follows.
#include <array>
#include <cstdlib>
#include <map>
#include <optional>

#include <parquet/column_page.h>
#include <parquet/column_reader.h>
#include <parquet/exception.h>
#include <parquet/level_conversion.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include "iceframe/datafile/column_pages_internal.h"
#include "iceframe/runtime/memory_manager.h"

namespace iceframe::internal {
namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

/// As much as a page may take: headers can ask for two gigabytes.
arrow::MemoryPool* Pool() {
  static const auto budget = MemoryBudget::Process()->MakeChild("fuzz", int64_t{64} << 20);
  return budget->pool();
}

void ParseHeaders(std::span<const uint8_t> bytes) {
  const auto parsed = ParsePageHeader(bytes);
  if (!parsed.ok() || !*parsed) return;
  const auto length = static_cast<size_t>((*parsed)->length);
  const PageHeader& header = (*parsed)->header;
  Check(length > 0 && length <= bytes.size());
  Check(header.compressed_size >= 0 && header.uncompressed_size >= 0 && header.num_values >= 0);
  Check(header.definition_bytes >= 0 && header.repetition_bytes >= 0 && header.num_rows >= 0);
  // Whole, it needs no byte more; without its last, it is cut off.
  const auto again = ParsePageHeader(bytes.first(length));
  Check(again.ok() && *again && (*again)->length == (*parsed)->length);
  Check((*again)->header.checksum == header.checksum && (*again)->header.min == header.min);
  const auto cut_off = ParsePageHeader(bytes.first(length - 1));
  Check(cut_off.ok() && !*cut_off);
}

constexpr std::array kTypes = {
    parquet::Type::INT32,      parquet::Type::INT64,  parquet::Type::BYTE_ARRAY,
    parquet::Type::BOOLEAN,    parquet::Type::DOUBLE, parquet::Type::FIXED_LEN_BYTE_ARRAY,
    parquet::Type::BYTE_ARRAY,  // read as codes
};
constexpr std::array kCodecs = {arrow::Compression::ZSTD, arrow::Compression::UNCOMPRESSED,
                                arrow::Compression::SNAPPY};
constexpr int64_t kNumRows = 100;

struct Choice {
  size_t type;
  bool is_required;
  size_t codec;

  explicit Choice(uint8_t byte)
      : type(byte % kTypes.size()),
        is_required(byte / kTypes.size() % 2 == 0),
        codec(byte / kTypes.size() / 2 % kCodecs.size()) {}
  bool reads_codes() const { return type + 1 == kTypes.size(); }
};

std::shared_ptr<parquet::FileMetaData> MetadataOf(const Choice& choice, int64_t size) {
  const auto type = kTypes[choice.type];
  const auto repetition =
      choice.is_required ? parquet::Repetition::REQUIRED : parquet::Repetition::OPTIONAL;
  const auto node =
      parquet::schema::PrimitiveNode::Make("c", repetition, type, parquet::ConvertedType::NONE,
                                           type == parquet::Type::FIXED_LEN_BYTE_ARRAY ? 5 : -1);
  const auto root = parquet::schema::GroupNode::Make("root", parquet::Repetition::REQUIRED, {node});
  parquet::SchemaDescriptor schema;
  schema.Init(root);
  const auto properties =
      parquet::WriterProperties::Builder().compression(kCodecs[choice.codec])->build();
  auto file = parquet::FileMetaDataBuilder::Make(&schema, properties);
  auto* row_group = file->AppendRowGroup();
  const std::map<parquet::Encoding::type, int32_t> encodings;
  row_group->NextColumnChunk()->Finish(kNumRows, -1, -1, 4, size, size, false, false, encodings,
                                       encodings);
  row_group->set_num_rows(kNumRows);
  row_group->Finish(size);
  return file->Finish();
}

void ReadPages(const Choice& choice, uint8_t rows, std::span<const uint8_t> bytes) {
  const auto metadata = MetadataOf(choice, static_cast<int64_t>(bytes.size()));
  const auto* column = metadata->schema()->Column(0);
  const auto chunk = metadata->RowGroup(0)->ColumnChunk(0);
  const auto pages_up_to = [&](int64_t rows_end) {
    auto data = std::make_shared<arrow::Buffer>(bytes.data(), static_cast<int64_t>(bytes.size()));
    return std::make_unique<ColumnPages>(std::make_unique<ChunkBytes>(std::move(data), 4), *chunk,
                                         *column, rows_end, /*always_compressed=*/false, Pool());
  };
  const int64_t skipped = rows & 0x0FU;
  const int64_t wanted = int64_t{rows} >> 4U;
  auto pages = pages_up_to(skipped + wanted);
  Check(pages->SkipPages(skipped) <= skipped);
  while (const auto page = pages->NextPage()) Check(page->size() >= 0);
  Check(pages->end_row() <= kNumRows);

  auto reader = parquet::internal::RecordReader::Make(
      column, parquet::internal::LevelInfo::ComputeLevelInfo(column), Pool(), choice.reads_codes());
  reader->SetPageReader(pages_up_to(skipped + wanted));
  reader->Reserve(wanted);
  if (reader->SkipRecords(skipped) == skipped) {
    Check(reader->ReadRecords(wanted) <= wanted);
  }
  pages_up_to(kNumRows)->CheckAll();
}

}  // namespace
}  // namespace iceframe::internal

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace iceframe::internal;  // NOLINT(google-build-using-namespace)
  if (size < 2) return 0;
  const std::span<const uint8_t> bytes(data + 2, size - 2);
  ParseHeaders(bytes);
  try {
    ReadPages(Choice(data[0]), data[1], bytes);
  } catch (const parquet::ParquetException&) {
  } catch (const std::bad_alloc&) {
  }
  return 0;
}
