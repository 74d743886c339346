// SPDX-License-Identifier: Apache-2.0
// The part of ParquetFileReader that finds out which row groups can hold a row that is wanted: by
// their statistics, then by the bloom filters of their columns, then by their dictionaries.
#include <algorithm>
#include <span>
#include <utility>

#include <arrow/buffer.h>

#include "iceframe/datafile/bloom_filter_internal.h"
#include "iceframe/datafile/datafile_counters.h"
#include "iceframe/datafile/parquet_file_reader_internal.h"
#include "iceframe/datafile/parquet_statistics_internal.h"
#include "iceframe/format/metadata_columns.h"
#include "iceframe/skipping/evaluators.h"

namespace iceframe::internal {

ColumnBounds ParquetFileReader::PositionBounds(int row_group) const {
  const int64_t begin = footer_->first_rows[static_cast<size_t>(row_group)];
  const int64_t end = footer_->first_rows[static_cast<size_t>(row_group) + 1];
  ColumnBounds bounds;
  bounds.value_count = end - begin;
  bounds.null_count = 0;
  bounds.lower = Value(begin);
  bounds.upper = Value(std::max(begin, end - 1));
  return bounds;
}

Result<std::optional<ColumnBounds>> ParquetFileReader::BoundsOf(
    int row_group, const parquet::RowGroupMetaData& metadata, FieldId id, const Type& type) const {
  if (id == kPosColumnId) return std::optional<ColumnBounds>(PositionBounds(row_group));
  const FileColumn* leaf = IsMetadataColumnId(id) ? nullptr : FindLeaf(file_columns_, id);
  if (leaf != nullptr) {
    return std::optional<ColumnBounds>(ChunkBounds(
        *metadata.ColumnChunk(leaf->leaf), *footer_->metadata->schema()->Column(leaf->leaf), type));
  }
  // Only of a top-level column is it sure that the file lacks it: parents can be null or absent.
  for (const FileColumn& column : file_columns_) {
    if (column.id == id && !IsMetadataColumnId(id)) return std::optional<ColumnBounds>();
  }
  for (const NestedField& field : filter_.schema->fields()) {
    if (field.id != id || field.type.is_nested()) continue;
    ICEFRAME_ASSIGN_OR_RETURN(Value value, AbsentValue(field, options_.constants));
    ColumnBounds bounds;
    bounds.value_count = metadata.num_rows();
    bounds.null_count = value.is_null() ? metadata.num_rows() : 0;
    const bool is_nan = (value.holds<float>() && value.get<float>() != value.get<float>()) ||
                        (value.holds<double>() && value.get<double>() != value.get<double>());
    if (!value.is_null() && !is_nan) bounds.lower = bounds.upper = value;
    return std::optional<ColumnBounds>(bounds);
  }
  return std::optional<ColumnBounds>();
}

int64_t ParquetFileReader::WantedBytes(const parquet::RowGroupMetaData& metadata) const {
  int64_t num_bytes = 0;
  for (const std::set<int>* leaves : {&filter_.leaves, &other_leaves_}) {
    for (const int leaf : *leaves) num_bytes += metadata.ColumnChunk(leaf)->total_compressed_size();
  }
  return num_bytes;
}

Result<bool> ParquetFileReader::MayHold(const OperationContext& context, int row_group) {
  const int64_t begin = footer_->first_rows[static_cast<size_t>(row_group)];
  const int64_t end = footer_->first_rows[static_cast<size_t>(row_group) + 1];
  if (begin == end) return false;
  if (options_.rows && options_.rows->Slice(begin, end).empty()) return false;
  if (filter_.filters.empty()) return true;
  const auto metadata = footer_->metadata->RowGroup(row_group);
  Status status;
  const BoundsLookup lookup = [&](FieldId id, const Type& type) -> std::optional<ColumnBounds> {
    auto bounds = BoundsOf(row_group, *metadata, id, type);
    if (bounds.ok()) return *bounds;
    status = bounds.status();
    return std::nullopt;
  };
  const auto skip = [&](OperationCount reason) {
    context.counters->Add(reason);
    context.counters->Add(DataFileCount::kRowGroupBytesSkipped, WantedBytes(*metadata));
    return false;
  };
  for (const Expression& filter : filter_.filters) {
    const bool may_match = MayMatch(filter, lookup);
    ICEFRAME_RETURN_NOT_OK(status);
    if (!may_match) return skip(DataFileCount::kRowGroupsSkippedByBounds);
  }
  const ValueProbe may_hold = [&](FieldId id, const Type& type, std::span<const Value> values) {
    if (!status.ok()) return true;
    const Result<bool> held = BloomMayHold(context, *metadata, id, type, values);
    status = held.status();
    return !held.ok() || *held;
  };
  for (const Expression& filter : filter_.filters) {
    const bool may_match = MayMatch(filter, lookup, may_hold);
    ICEFRAME_RETURN_NOT_OK(status);
    if (!may_match) return skip(DataFileCount::kRowGroupsSkippedByBloom);
  }
  ICEFRAME_ASSIGN_OR_RETURN(const bool may_match, DictionariesMayMatch(context, *metadata, lookup));
  ICEFRAME_RETURN_NOT_OK(status);
  return may_match ? true : skip(DataFileCount::kRowGroupsSkippedByDictionary);
}

/// Whether any of the values may be in the column, by the row group's bloom filter.
Result<bool> ParquetFileReader::BloomMayHold(const OperationContext& context,
                                             const parquet::RowGroupMetaData& metadata, FieldId id,
                                             const Type& type, std::span<const Value> values) {
  const FileColumn* leaf = IsMetadataColumnId(id) ? nullptr : FindLeaf(file_columns_, id);
  if (leaf == nullptr) return true;
  const auto chunk = metadata.ColumnChunk(leaf->leaf);
  const auto offset = chunk->bloom_filter_offset();
  if (!offset) return true;
  std::vector<uint64_t> hashes;
  const parquet::ColumnDescriptor& column = *footer_->metadata->schema()->Column(leaf->leaf);
  if (!AppendBloomHashes(column, type, values, &hashes)) return true;
  ICEFRAME_ASSIGN_OR_RETURN(const InputFile* input, OpenInput(context));
  const BloomFilterPlace place{*offset, chunk->bloom_filter_length(), footer_->file_size,
                               input != nullptr};
  return MayHoldAny(place, hashes,
                    [&](ByteRange range) { return ReadPart(context, input, range); });
}

Result<const InputFile*> ParquetFileReader::OpenInput(const OperationContext& context) {
  if (input_) return input_->get();
  ICEFRAME_ASSIGN_OR_RETURN(auto opened, OpenForSmallReads(context, io_.get(), file_.file_path));
  if (opened != nullptr) CountFile(context, DataFileCount::kFilesScanned);
  return input_.emplace(std::move(opened)).get();
}

Result<std::shared_ptr<arrow::Buffer>> ParquetFileReader::ReadPart(const OperationContext& context,
                                                                   const InputFile* input,
                                                                   ByteRange range) {
  std::shared_ptr<arrow::Buffer> bytes;
  if (input != nullptr) {
    ICEFRAME_ASSIGN_OR_RETURN(bytes, arrow::AllocateBuffer(range.length, context.pool()));
    ICEFRAME_RETURN_NOT_OK(
        input->ReadAt(context, range.offset, range.length, bytes->mutable_data()));
  } else {
    CountFile(context, DataFileCount::kFilesScanned);
    ICEFRAME_ASSIGN_OR_RETURN(auto parts, io_->ReadRanges(context, file_.file_path, {range}));
    bytes = std::move(parts[0]);
  }
  context.counters->Add(DataFileCount::kDataBytesRead, range.length);
  return bytes;
}

Result<std::optional<int>> ParquetFileReader::FindRowGroup(const OperationContext& context) {
  const int num_row_groups = footer_->metadata->num_row_groups();
  while (next_row_group_ < num_row_groups) {
    const int row_group = next_row_group_++;
    if (options_.split) {
      const int64_t offset = footer_->offsets[static_cast<size_t>(row_group)];
      const ByteRange& split = *options_.split;
      if (offset < split.offset || offset - split.offset >= split.length) continue;
    }
    context.counters->Add(DataFileCount::kRowGroupsTotal);
    if (never_) continue;
    ICEFRAME_ASSIGN_OR_RETURN(const bool may_hold, MayHold(context, row_group));
    if (may_hold) return std::optional<int>(row_group);
  }
  return std::optional<int>();
}

}  // namespace iceframe::internal
