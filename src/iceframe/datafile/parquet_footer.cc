// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include <parquet/arrow/schema.h>

#include "iceframe/datafile/data_error_internal.h"
#include "iceframe/datafile/datafile_counters.h"
#include "iceframe/datafile/parquet_column_internal.h"
#include "iceframe/datafile/parquet_footer_internal.h"
#include "iceframe/runtime/shared_cache.h"

namespace iceframe::internal {
namespace {

constexpr int64_t kTailBytes = 64 * 1024;
/// The footer's length and the magic after it.
constexpr int64_t kSuffixBytes = 8;
constexpr int64_t kLeastFileBytes = 12;
/// What a footer's compact encoding comes to once it is parsed, roughly.
constexpr int64_t kBytesInMemoryPerByte = 8;

Status Damaged(std::string_view what) {
  return Error(ErrorKind::kInvalidData, "data file is damaged: ", what);
}

Result<int64_t> FooterLength(const arrow::Buffer& tail) {
  const uint8_t* suffix = tail.data() + tail.size() - kSuffixBytes;
  if (std::memcmp(suffix + 4, "PARE", 4) == 0) {
    return Error(ErrorKind::kUnsupported, "encrypted data files can't be read");
  }
  if (std::memcmp(suffix + 4, "PAR1", 4) != 0) {
    return Damaged("no Parquet magic at its end, or another size than the manifest says");
  }
  uint32_t length = 0;
  std::memcpy(&length, suffix, sizeof(length));
  return static_cast<int64_t>(length);
}

Result<std::shared_ptr<arrow::Buffer>> ReadFooterBytes(const OperationContext& context, FileIO& io,
                                                       const DataFile& file) {
  const int64_t size = file.file_size_in_bytes;
  if (size < kLeastFileBytes) return Damaged("it is too short for a Parquet file");
  int64_t tail_length = std::min(size, kTailBytes);
  ICEFRAME_ASSIGN_OR_RETURN(
      auto tails, io.ReadRanges(context, file.file_path, {{size - tail_length, tail_length}}));
  std::shared_ptr<arrow::Buffer> tail = tails[0];
  context.counters->Add(DataFileCount::kFootersRead);
  context.counters->Add(DataFileCount::kDataBytesRead, tail_length);
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t length, FooterLength(*tail));
  if (length == 0 || length > size - kLeastFileBytes) {
    return Damaged("its footer is longer than the file");
  }
  if (length + kSuffixBytes > tail_length) {
    tail_length = length + kSuffixBytes;
    ICEFRAME_ASSIGN_OR_RETURN(
        tails, io.ReadRanges(context, file.file_path, {{size - tail_length, tail_length}}));
    tail = tails[0];
    context.counters->Add(DataFileCount::kDataBytesRead, tail_length);
  }
  return arrow::SliceBuffer(tail, tail->size() - kSuffixBytes - length, length);
}

Status FillRowGroups(ParquetFooter* footer) {
  const auto& metadata = *footer->metadata;
  int64_t num_rows = 0;
  for (int i = 0; i < metadata.num_row_groups(); ++i) {
    auto row_group = metadata.RowGroup(i);
    footer->first_rows.push_back(num_rows);
    footer->offsets.push_back(
        row_group->num_columns() == 0 ? 0 : FirstByte(*row_group->ColumnChunk(0)));
    if (row_group->num_columns() != metadata.num_columns()) {
      return Damaged("a row group lacks columns of the schema");
    }
    if (row_group->num_rows() < 0 || row_group->num_rows() > metadata.num_rows() - num_rows) {
      return Damaged("its row groups have other numbers of rows than the file");
    }
    num_rows += row_group->num_rows();
  }
  footer->first_rows.push_back(num_rows);
  if (num_rows != metadata.num_rows()) {
    return Damaged("its row groups have other numbers of rows than the file");
  }
  return Status::OK();
}

/// Kept for the process's life, as metadata is shared by whoever reads the file next.
SharedCache<ParquetFooter>& Footers() {
  static auto* footers = new SharedCache<ParquetFooter>(
      {.name = "footers", .capacity_bytes = SharedCacheOptions::kAllOfShared});
  return *footers;
}

Result<std::shared_ptr<const ParquetFooter>> ParseFooter(const arrow::Buffer& bytes,
                                                         int64_t file_size) {
  auto footer = std::make_shared<ParquetFooter>();
  footer->file_size = file_size;
  footer->metadata = parquet::FileMetaData::Make(
      bytes.data(), bytes.size(), parquet::ReaderProperties(Footers().budget()->pool()));
  if (footer->metadata->is_encryption_algorithm_set()) {
    return Error(ErrorKind::kUnsupported, "encrypted data files can't be read");
  }
  ICEFRAME_RETURN_NOT_OK(FillRowGroups(footer.get()));
  ICEFRAME_ASSIGN_OR_RETURN(footer->columns, MakeFileColumns(*footer->metadata->schema()));
  footer->has_field_ids = HasFieldIds(footer->columns);
  return footer;
}

}  // namespace

Result<std::shared_ptr<const ParquetFooter>> LoadFooter(const OperationContext& context, FileIO& io,
                                                        const DataFile& file, bool* was_cached) {
  const auto load = [&]() -> Result<CacheValue<ParquetFooter>> {
    auto parsed =
        CatchDataErrors(file.file_path, [&]() -> Result<std::shared_ptr<const ParquetFooter>> {
          ICEFRAME_ASSIGN_OR_RETURN(auto bytes, ReadFooterBytes(context, io, file));
          return ParseFooter(*bytes, file.file_size_in_bytes);
        });
    ICEFRAME_RETURN_NOT_OK(parsed);
    const int64_t weight = (*parsed)->metadata->size() * kBytesInMemoryPerByte;
    return CacheValue<ParquetFooter>{*parsed, weight, 0};
  };
  // Files are immutable; the size tells apart what a test or a faulty writer put in one's place.
  const std::string key = std::to_string(file.file_size_in_bytes) + " " + file.file_path;
  ICEFRAME_ASSIGN_OR_RETURN(auto footer, Footers().GetOrLoad(context, key, load, was_cached));
  if (*was_cached) {
    context.counters->Add(DataFileCount::kFootersFromCache);
    context.counters->Add(DataFileCount::kFooterBytesFromCache,
                          footer->metadata->size() + kSuffixBytes);
  }
  return footer;
}

}  // namespace iceframe::internal
