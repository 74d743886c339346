// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/columnar_manifest.h"

#include <mutex>
#include <unordered_map>
#include <utility>

#include "iceframe/format/column_statistics_internal.h"
#include "iceframe/format/manifest_columns_internal.h"

namespace iceframe {

namespace {

class DecodedManifest final : public ColumnarManifest {
 public:
  DecodedManifest(ManifestColumns columns, ManifestContent content, PartitionSpecId spec_id,
                  ReserveBytes reserve)
      : columns_(std::move(columns)),
        content_(content),
        spec_id_(spec_id),
        reserve_(std::move(reserve)),
        num_bytes_(static_cast<int64_t>(sizeof(DecodedManifest)) + columns_.num_bytes()) {}

  int64_t num_entries() const override { return static_cast<int64_t>(columns_.num_entries()); }
  ManifestContent content() const override { return content_; }
  PartitionSpecId spec_id() const override { return spec_id_; }

  EntryStatus status(int64_t entry) const override {
    return static_cast<EntryStatus>(columns_.status[Row(entry)]);
  }
  std::string_view file_path(int64_t entry) const override {
    return columns_.Bytes(columns_.file_path[Row(entry)]);
  }
  int64_t record_count(int64_t entry) const override { return columns_.record_count[Row(entry)]; }
  int64_t file_size_in_bytes(int64_t entry) const override {
    return columns_.file_size[Row(entry)];
  }
  std::optional<SequenceNumber> data_sequence_number(int64_t entry) const override {
    return As<SequenceNumber>(columns_.data_sequence_number.Get(Row(entry)));
  }
  std::optional<SnapshotId> snapshot_id(int64_t entry) const override {
    return As<SnapshotId>(columns_.snapshot_id.Get(Row(entry)));
  }

  Value partition_value(int64_t entry, int field) const override {
    return PartitionValue(columns_, Row(entry), static_cast<size_t>(field));
  }

  Result<ManifestEntry> Entry(int64_t entry) const override {
    ICEFRAME_ASSIGN_OR_RETURN(ManifestEntry made, EntryWithoutStatistics(entry));
    ReadStatisticsMaps(Row(entry), &made.data_file);
    return made;
  }

  Result<ManifestEntry> EntryWithoutStatistics(int64_t entry) const override {
    if (entry < 0 || entry >= num_entries()) {
      return Error(ErrorKind::kInvalidArgument, "manifest has no such entry: ", entry);
    }
    return EntryAt(Row(entry));
  }

  std::shared_ptr<const ColumnStatistics> Statistics(FieldId field_id,
                                                     const Type& type) const override {
    // One thread decodes while others wait for the same manifest: it takes well under a
    // millisecond, and scans walk different manifests in parallel.
    std::lock_guard lock(mutex_);
    auto& known = statistics_[field_id];
    for (const auto& [known_type, statistics] : known) {
      if (known_type == type) return statistics;
    }
    if (!Reserve(StatisticsBytes(type, columns_.num_entries()))) return nullptr;
    auto statistics = DecodeStatistics(columns_, field_id, type);
    known.emplace_back(type, statistics);
    return statistics;
  }

  std::shared_ptr<const ColumnStatistics> PartitionStatistics(int field) const override {
    std::lock_guard lock(mutex_);
    partition_statistics_.resize(columns_.partition.size());
    auto& statistics = partition_statistics_.at(static_cast<size_t>(field));
    if (statistics == nullptr) {
      const Type& type = columns_.partition[static_cast<size_t>(field)].type;
      if (!Reserve(StatisticsBytes(type, columns_.num_entries()))) return nullptr;
      statistics = iceframe::PartitionStatistics(columns_, static_cast<size_t>(field));
    }
    return statistics;
  }

  int64_t num_bytes() const override {
    std::lock_guard lock(mutex_);
    return num_bytes_ + statistics_bytes_;
  }

 private:
  bool Reserve(int64_t num_bytes) const {
    if (reserve_ && !reserve_(num_bytes)) return false;
    statistics_bytes_ += num_bytes;
    return true;
  }

  static size_t Row(int64_t entry) { return static_cast<size_t>(entry); }

  template <typename Id, typename T>
  static std::optional<Id> As(std::optional<T> value) {
    if (!value) return std::nullopt;
    return Id(*value);
  }

  std::optional<std::string> Text(std::optional<ByteSpan> span) const {
    if (!span) return std::nullopt;
    return std::string(columns_.Bytes(*span));
  }

  template <typename Target>
  void ReadList(ManifestSlot slot, size_t row, std::vector<Target>* out) const {
    auto offset = columns_.offsets[slot].Get(row);
    if (!offset) return;
    AvroCursor cursor = columns_.ItemsAt(*offset);
    while (int64_t count = cursor.ReadBlockCount(1)) {
      for (; count > 0; --count) out->push_back(static_cast<Target>(cursor.ReadLong()));
    }
  }

  ManifestEntry EntryAt(size_t row) const {
    ManifestEntry entry;
    entry.status = static_cast<EntryStatus>(columns_.status[row]);
    entry.snapshot_id = As<SnapshotId>(columns_.snapshot_id.Get(row));
    entry.data_sequence_number = As<SequenceNumber>(columns_.data_sequence_number.Get(row));
    entry.file_sequence_number = As<SequenceNumber>(columns_.file_sequence_number.Get(row));
    DataFile& file = entry.data_file;
    file.content = static_cast<FileContent>(columns_.content[row]);
    file.file_path = columns_.Bytes(columns_.file_path[row]);
    file.file_format = static_cast<FileFormat>(columns_.format[row]);
    file.spec_id = spec_id_;
    file.partition.reserve(columns_.partition.size());
    for (size_t i = 0; i < columns_.partition.size(); ++i) {
      file.partition.push_back(PartitionValue(columns_, row, i));
    }
    file.record_count = columns_.record_count[row];
    file.file_size_in_bytes = columns_.file_size[row];
    file.key_metadata = Text(columns_.key_metadata.Get(row));
    ReadList(kSplitOffsetsSlot, row, &file.split_offsets);
    ReadList(kEqualityIdsSlot, row, &file.equality_ids);
    file.sort_order_id = As<SortOrderId>(columns_.sort_order_id.Get(row));
    file.first_row_id = columns_.first_row_id.Get(row);
    file.referenced_data_file = Text(columns_.referenced_data_file.Get(row));
    file.content_offset = columns_.content_offset.Get(row);
    file.content_size_in_bytes = columns_.content_size.Get(row);
    return entry;
  }

  void ReadStatisticsMaps(size_t row, DataFile* file) const {
    ReadStatisticsMap(columns_, kColumnSizesSlot, row, &file->column_sizes);
    ReadStatisticsMap(columns_, kValueCountsSlot, row, &file->value_counts);
    ReadStatisticsMap(columns_, kNullValueCountsSlot, row, &file->null_value_counts);
    ReadStatisticsMap(columns_, kNanValueCountsSlot, row, &file->nan_value_counts);
    ReadStatisticsMap(columns_, kLowerBoundsSlot, row, &file->lower_bounds);
    ReadStatisticsMap(columns_, kUpperBoundsSlot, row, &file->upper_bounds);
  }

  using StatisticsByType = std::vector<std::pair<Type, std::shared_ptr<const ColumnStatistics>>>;

  const ManifestColumns columns_;
  const ManifestContent content_;
  const PartitionSpecId spec_id_;
  const ReserveBytes reserve_;
  const int64_t num_bytes_;

  mutable std::mutex mutex_;
  mutable std::unordered_map<FieldId, StatisticsByType> statistics_;
  mutable std::vector<std::shared_ptr<const ColumnStatistics>> partition_statistics_;
  mutable int64_t statistics_bytes_ = 0;
};

}  // namespace

Result<std::shared_ptr<const ColumnarManifest>> ColumnarManifest::FromAvro(
    std::string_view bytes, const ManifestFile& file, const Type& partition_type,
    ReserveBytes reserve) {
  const auto decode = [&]() -> Result<ManifestColumns> {
    ICEFRAME_ASSIGN_OR_RETURN(AvroFileReader reader, AvroFileReader::Make(bytes));
    return DecodeManifestColumns(reader, file, partition_type);
  };
  Result<ManifestColumns> columns = decode();
  if (!columns.ok()) {
    const Status& status = columns.status();
    if (KindOf(status) != ErrorKind::kInvalidData) return status;
    return Error(ErrorKind::kInvalidMetadata, "manifest is damaged: ", status.message());
  }
  return std::make_shared<const DecodedManifest>(std::move(columns).MoveValueUnsafe(), file.content,
                                                 file.partition_spec_id, std::move(reserve));
}

}  // namespace iceframe
