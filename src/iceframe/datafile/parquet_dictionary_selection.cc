// SPDX-License-Identifier: Apache-2.0
// The part of ParquetFileReader that finds out by the dictionaries of column chunks whether a row
// group can hold a row that is wanted.
#include <algorithm>
#include <map>
#include <utility>

#include <arrow/buffer.h>

#include "iceframe/datafile/parquet_file_reader_internal.h"
#include "iceframe/format/metadata_columns.h"
#include "iceframe/runtime/memory_budgets.h"
#include "iceframe/skipping/evaluators.h"

namespace iceframe::internal {
namespace {

/// A dictionary is read if the row group's wanted bytes are at least so many times its own: what
/// is read in vain costs no more than that share.
constexpr int64_t kWantedPerDictionaryByte = 4;
/// Where a read is a round trip, it must spare at least so much.
constexpr int64_t kMinFarBytes = int64_t{1} << 20;
/// A dictionary, and what it decompresses to, take no more than such a share of the memory left.
constexpr int64_t kShareOfRoomForDictionary = 16;

/// A column's dictionary: where it is, if it is worth asking, and once it was read its values.
struct KnownDictionary {
  std::optional<ByteRange> range;
  bool was_read = false;
  std::optional<DictionaryValues> values;
};

}  // namespace

Result<bool> ParquetFileReader::DictionariesMayMatch(const OperationContext& context,
                                                     const parquet::RowGroupMetaData& metadata,
                                                     const BoundsLookup& bounds) {
  std::map<int, KnownDictionary> dictionaries;
  const int64_t max_bytes = WantedBytes(metadata) / kWantedPerDictionaryByte;
  const auto find = [&](FieldId id) -> std::pair<const int, KnownDictionary>* {
    const FileColumn* leaf = IsMetadataColumnId(id) ? nullptr : FindLeaf(file_columns_, id);
    if (leaf == nullptr) return nullptr;
    const auto [entry, is_new] = dictionaries.try_emplace(leaf->leaf);
    if (is_new) {
      const auto range =
          DictionaryRange(*metadata.ColumnChunk(leaf->leaf),
                          *footer_->metadata->schema()->Column(leaf->leaf), footer_->file_size);
      if (range && range->length <= max_bytes) entry->second.range = range;
    }
    return entry->second.range ? &*entry : nullptr;
  };
  Status status;
  ValuesLookup lookup;
  lookup.may_be_known = [&](FieldId id) { return find(id) != nullptr; };
  lookup.visit = [&](FieldId id, const Type& type,
                     const std::function<bool(const Value&)>& visit) -> bool {
    auto* entry = find(id);
    if (!status.ok() || entry == nullptr) return false;
    KnownDictionary& dictionary = entry->second;
    if (!std::exchange(dictionary.was_read, true)) {
      auto read = ReadDictionaryValues(context, metadata, entry->first, *dictionary.range);
      status = read.status();
      if (read.ok()) dictionary.values = std::move(read).MoveValueUnsafe();
    }
    return dictionary.values && dictionary.values->Visit(type, visit);
  };
  for (const Expression& filter : filter_.filters) {
    const bool may_match = MayMatch(filter, bounds, lookup);
    ICEFRAME_RETURN_NOT_OK(status);
    if (!may_match) return false;
  }
  return true;
}

Result<std::optional<DictionaryValues>> ParquetFileReader::ReadDictionaryValues(
    const OperationContext& context, const parquet::RowGroupMetaData& metadata, int leaf,
    ByteRange range) {
  int64_t max_bytes = kMaxDictionaryBytes;
  if (const auto room = RoomBytes(*context.memory)) {
    max_bytes = std::min(max_bytes, *room / kShareOfRoomForDictionary);
  }
  if (range.length > max_bytes) return std::nullopt;
  ICEFRAME_ASSIGN_OR_RETURN(const InputFile* input, OpenInput(context));
  if (input == nullptr && WantedBytes(metadata) < kMinFarBytes) return std::nullopt;
  const auto read = [&]() -> Result<std::optional<DictionaryValues>> {
    ICEFRAME_ASSIGN_OR_RETURN(auto bytes, ReadPart(context, input, range));
    return DictionaryValues::Parse(std::move(bytes), *metadata.ColumnChunk(leaf),
                                   *footer_->metadata->schema()->Column(leaf), max_bytes,
                                   context.pool());
  };
  auto values = read();
  // Others may have taken the memory meanwhile; the row group is read as far as there is some.
  if (!values.ok() && KindOf(values.status()) == ErrorKind::kResourceExhausted) {
    return std::nullopt;
  }
  return values;
}

}  // namespace iceframe::internal
