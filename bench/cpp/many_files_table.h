// SPDX-License-Identifier: Apache-2.0
// A table of 100 000 data files in 100 manifests, 20 columns of bounds each, one manifest per day.
// ICEFRAME_BENCH_TABLE names a folder to make it in and keep it (metadata.json for other engines
// among it); without it a folder below the current one is used and removed.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "iceframe/format/table_metadata_json.h"
#include "iceframe/types/single_value.h"

#include "../../tests/support/manifest_table.h"

namespace iceframe {

inline constexpr int64_t kManifests = 100;
inline constexpr int64_t kFilesPerManifest = 1000;
inline constexpr int64_t kFiles = kManifests * kFilesPerManifest;
inline constexpr int64_t kDayMicros = 86400000000;
inline constexpr int64_t kFirstDay = 19700;

inline std::shared_ptr<const Schema> MakeSchema() {
  std::vector<NestedField> fields = {NestedField::Optional(1, "id", Type::Long()),
                                     NestedField::Optional(2, "ts", Type::Timestamptz())};
  for (FieldId id = 3; id <= 20; ++id) {
    const Type type = id % 3 == 0 ? Type::String() : id % 3 == 1 ? Type::Double() : Type::Int();
    fields.push_back(NestedField::Optional(id, "c" + std::to_string(id), type));
  }
  return Schema::Make(SchemaId(0), std::move(fields)).ValueOrDie();
}

/// File `number`'s ids are a range of their own, in an order that partitions say nothing of.
inline int64_t FirstIdOf(int64_t number) { return number * 7919 % kFiles * 1000; }

inline ManifestEntry MakeEntry(const Schema& schema, int64_t number) {
  const int64_t day = kFirstDay + number / kFilesPerManifest;
  ManifestEntry entry;
  DataFile& file = entry.data_file;
  file.file_path = "s3://bucket/warehouse/db/events/data/ts_day=" + std::to_string(day) +
                   "/00000-" + std::to_string(number) +
                   "-5d0a1c0e-8f0e-4f3b-9d9a-0c5b1a2d3e4f-0-00001.parquet";
  file.partition = {Value(static_cast<int32_t>(day))};
  file.record_count = 1000;
  file.file_size_in_bytes = 123456 + number;
  file.split_offsets = {4};
  for (const NestedField& field : schema.fields()) {
    file.column_sizes[field.id] = 4000 + number % 97;
    file.value_counts[field.id] = 1000;
    file.null_value_counts[field.id] = field.id % 4 == 0 ? number % 5 : 0;
    Value lower;
    Value upper;
    switch (field.type.id()) {
      case TypeId::kLong:
        lower = Value(FirstIdOf(number));
        upper = Value(FirstIdOf(number) + 999);
        break;
      case TypeId::kTimestamptz:
        lower = Value(day * kDayMicros + number % 1000);
        upper = Value((day + 1) * kDayMicros - 1 - number % 1000);
        break;
      case TypeId::kString:
        lower = Value("aa" + std::to_string(number * field.id % 100003));
        upper = Value("zz" + std::to_string(number * field.id % 100003));
        break;
      case TypeId::kDouble:
        file.nan_value_counts[field.id] = 0;
        lower = Value(static_cast<double>(number * field.id % 1009));
        upper = Value(static_cast<double>(number * field.id % 1009) + 100.5);
        break;
      default:
        lower = Value(static_cast<int32_t>(number * field.id % 1009));
        upper = Value(static_cast<int32_t>(number * field.id % 1009 + 5000));
    }
    file.lower_bounds[field.id] = ToSingleValueBytes(field.type, lower).ValueOrDie();
    file.upper_bounds[field.id] = ToSingleValueBytes(field.type, upper).ValueOrDie();
  }
  return entry;
}

inline Result<std::shared_ptr<const TableMetadata>> MakeTable(const std::shared_ptr<FileIO>& io,
                                                              const std::string& folder) {
  const auto schema = MakeSchema();
  PartitionSpec spec;
  spec.fields.push_back({{2}, 1000, "ts_day", Transform::Day()});
  ManifestTable table(io, folder, schema, {spec});
  for (int64_t m = 0; m < kManifests; ++m) {
    std::vector<ManifestEntry> entries;
    entries.reserve(kFilesPerManifest);
    for (int64_t i = 0; i < kFilesPerManifest; ++i) {
      entries.push_back(MakeEntry(*schema, m * kFilesPerManifest + i));
    }
    ICEFRAME_RETURN_NOT_OK(table.AddManifest(spec.spec_id, m + 1, entries));
  }
  ICEFRAME_ASSIGN_OR_RETURN(auto metadata, table.Finish());
  ICEFRAME_RETURN_NOT_OK(io->WriteAll(OperationContext(), folder + "/metadata/v1.metadata.json",
                                      TableMetadataToJson(*metadata)));
  return metadata;
}

/// The table on disk: made by the first benchmark, or found in the folder that is asked for.
class ManyFilesTable {
 public:
  static const ManyFilesTable& Get() {
    static const ManyFilesTable kTable;
    return kTable;
  }

  ManyFilesTable() {
    const char* folder = std::getenv("ICEFRAME_BENCH_TABLE");
    is_kept_ = folder != nullptr;
    path_ = is_kept_ ? std::filesystem::path(folder)
                     : std::filesystem::current_path() / "bench-planning";
    io_ = MakeFileIO().ValueOrDie();
    const std::string metadata = path_.string() + "/metadata/v1.metadata.json";
    if (std::filesystem::exists(metadata)) {
      const auto text = io_->ReadAll(OperationContext(), metadata).ValueOrDie()->ToString();
      metadata_ = TableMetadataFromJson(text).ValueOrDie();
    } else {
      metadata_ = MakeTable(io_, path_.string()).ValueOrDie();
    }
  }
  ~ManyFilesTable() {
    std::error_code ignored;
    if (!is_kept_) std::filesystem::remove_all(path_, ignored);
  }

  const std::shared_ptr<FileIO>& io() const { return io_; }
  const std::shared_ptr<const TableMetadata>& metadata() const { return metadata_; }

 private:
  bool is_kept_ = false;
  std::filesystem::path path_;
  std::shared_ptr<FileIO> io_;
  std::shared_ptr<const TableMetadata> metadata_;
};

}  // namespace iceframe
