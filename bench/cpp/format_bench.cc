// SPDX-License-Identifier: Apache-2.0
// What a table of 100 000 files in 100 manifests, with bounds of 20 columns, costs to decode, and
// one of 10 000 snapshots to open and to write back.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "iceframe/format/avro_file.h"
#include "iceframe/format/columnar_manifest.h"
#include "iceframe/format/table_metadata_builder.h"
#include "iceframe/format/table_metadata_json.h"

namespace iceframe {
namespace {

constexpr int kManifests = 100;
constexpr int kEntries = 1000;
constexpr FieldId kColumns = 20;
constexpr int64_t kSnapshots = 10'000;

std::string LittleEndian(int64_t value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

// Half of the columns are longs, half strings; bounds follow the file's number.
DataFile FileOf(int64_t number) {
  DataFile file;
  file.file_path = "s3://warehouse/db/events/data/ts_day=2024-03-01/00000-" +
                   std::to_string(number * 7919) + "-7b7c6e3a-4b52-4a7e-9c1e-000000000001.parquet";
  file.record_count = 100000 + number % 1000;
  file.file_size_in_bytes = 30'000'000 + number * 37;
  for (FieldId id = 1; id <= kColumns; ++id) {
    file.column_sizes[id] = 1'000'000 + number * id;
    file.value_counts[id] = file.record_count;
    file.null_value_counts[id] = number % 50;
    const int64_t low = number * 1000 * id;
    const bool is_long = id % 2 == 0;
    file.lower_bounds[id] = is_long ? LittleEndian(low) : "key-" + std::to_string(low);
    file.upper_bounds[id] = is_long ? LittleEndian(low + 999) : "key-" + std::to_string(low) + "~";
  }
  file.split_offsets = {4};
  file.sort_order_id = SortOrderId(0);
  return file;
}

std::string ManifestOf(int64_t first) {
  auto schema = Schema::Make(SchemaId(0), {NestedField::Optional(1, "id", Type::Long())});
  auto writer = ManifestAvroWriter::Make({2, ManifestContent::kData, *schema, {}});
  for (int64_t i = 0; i < kEntries; ++i) {
    ManifestEntry entry;
    entry.snapshot_id = SnapshotId(1);
    entry.data_file = FileOf(first + i);
    if (!(*writer)->Add(entry).ok()) return "";
  }
  ManifestFile file;
  return (*writer)->Finish(&file).ValueOr("");
}

const std::vector<std::string>& Manifests() {
  static const std::vector<std::string>* const manifests = [] {
    auto* made = new std::vector<std::string>();
    for (int64_t i = 0; i < kManifests; ++i) made->push_back(ManifestOf(i * kEntries));
    return made;
  }();
  return *manifests;
}

std::shared_ptr<const ColumnarManifest> Decode(const std::string& bytes) {
  ManifestFile file;
  file.sequence_number = SequenceNumber(1);
  return ColumnarManifest::FromAvro(bytes, file, Type::Struct({})).ValueOr(nullptr);
}

void ReportPerEntry(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * kManifests * kEntries);
  state.counters["s_per_entry"] = benchmark::Counter(
      static_cast<double>(kManifests) * kEntries,
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

// The floor: the blocks inflated, nothing decoded.
void InflateManifests(benchmark::State& state) {
  const auto& manifests = Manifests();
  size_t inflated = 0;
  for (auto _ : state) {
    inflated = 0;
    for (const std::string& bytes : manifests) {
      auto reader = AvroFileReader::Make(bytes);
      AvroDecompressor decompressor = reader->MakeDecompressor();
      AvroBuffer buffer;
      while (true) {
        auto block = reader->NextBlock();
        if (!block.ok() || !*block) break;
        if (!decompressor.Append((*block)->data, &buffer).ok()) state.SkipWithError("damaged");
      }
      inflated += buffer.size();
      benchmark::DoNotOptimize(buffer.data());
    }
  }
  size_t compressed = 0;
  for (const std::string& bytes : manifests) compressed += bytes.size();
  state.counters["inflated_MB"] = static_cast<double>(inflated) / 1e6;
  state.counters["file_MB"] = static_cast<double>(compressed) / 1e6;
  ReportPerEntry(state);
}
BENCHMARK(InflateManifests)->Unit(benchmark::kMillisecond);

void DecodeManifests(benchmark::State& state) {
  int64_t num_bytes = 0;
  for (auto _ : state) {
    num_bytes = 0;
    for (const std::string& bytes : Manifests()) {
      auto manifest = Decode(bytes);
      num_bytes += manifest->num_bytes();
    }
  }
  state.counters["heap_MB"] = static_cast<double>(num_bytes) / 1e6;
  ReportPerEntry(state);
}
BENCHMARK(DecodeManifests)->Unit(benchmark::kMillisecond);

// One column's statistics out of decoded manifests, each time anew.
void ColumnStatisticsOfOneColumn(benchmark::State& state, FieldId id, const Type& type) {
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<std::shared_ptr<const ColumnarManifest>> decoded;
    for (const std::string& bytes : Manifests()) decoded.push_back(Decode(bytes));
    state.ResumeTiming();
    for (const auto& manifest : decoded) {
      benchmark::DoNotOptimize(manifest->Statistics(id, type));
    }
  }
  ReportPerEntry(state);
}
BENCHMARK_CAPTURE(ColumnStatisticsOfOneColumn, long_first, 2, Type::Long())
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ColumnStatisticsOfOneColumn, long_last, 20, Type::Long())
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ColumnStatisticsOfOneColumn, string_last, 19, Type::String())
    ->Unit(benchmark::kMillisecond);

void WriteManifest(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(ManifestOf(0));
  state.SetItemsProcessed(state.iterations() * kEntries);
}
BENCHMARK(WriteManifest)->Unit(benchmark::kMillisecond);

// As a table of many small appends has it.
const std::string& MetadataWithManySnapshots() {
  static const std::string* const text = [] {
    NewTable table;
    table.schema =
        Schema::Make(SchemaId(0), {NestedField::Optional(1, "id", Type::Long())}).ValueOrDie();
    table.table_uuid = "7b7c6e3a-4b52-4a7e-9c1e-000000000001";
    table.location = "s3://warehouse/db/events";
    TableMetadata metadata = **MakeTableMetadata(table);
    for (int64_t i = 1; i <= kSnapshots; ++i) {
      Snapshot snapshot;
      snapshot.snapshot_id = SnapshotId(3'000'000'000'000'000'000 + i * 7919 * 104729);
      snapshot.sequence_number = SequenceNumber(i);
      snapshot.timestamp_ms = 1'700'000'000'000 + i * 1000;
      snapshot.manifest_list = table.location + "/metadata/snap-" + std::to_string(i) + "-1-" +
                               table.table_uuid + ".avro";
      snapshot.schema_id = SchemaId(0);
      snapshot.summary = {{"operation", "append"},
                          {"added-data-files", "1"},
                          {"added-records", "1000"},
                          {"added-files-size", "3000000"},
                          {"changed-partition-count", "1"},
                          {"total-records", std::to_string(i)},
                          {"total-data-files", std::to_string(i)}};
      metadata.last_sequence_number = snapshot.sequence_number;
      metadata.snapshot_log.push_back({snapshot.timestamp_ms, snapshot.snapshot_id});
      metadata.current_snapshot_id = snapshot.snapshot_id;
      metadata.refs[kMainBranch].snapshot_id = snapshot.snapshot_id;
      metadata.snapshots.push_back(std::make_shared<const LazySnapshot>(std::move(snapshot)));
    }
    return new std::string(TableMetadataToJson(metadata));
  }();
  return *text;
}

void OpenMetadata(benchmark::State& state) {
  const std::string& text = MetadataWithManySnapshots();
  for (auto _ : state) {
    auto metadata = TableMetadataFromJson(text);
    if (!metadata.ok()) state.SkipWithError(metadata.status().ToString().c_str());
    benchmark::DoNotOptimize(metadata);
  }
  state.counters["text_MB"] = static_cast<double>(text.size()) / 1e6;
  state.SetItemsProcessed(state.iterations() * kSnapshots);
}
BENCHMARK(OpenMetadata)->Unit(benchmark::kMillisecond);

void WriteMetadata(benchmark::State& state) {
  const auto metadata = TableMetadataFromJson(MetadataWithManySnapshots()).ValueOrDie();
  for (auto _ : state) benchmark::DoNotOptimize(TableMetadataToJson(*metadata));
  state.SetItemsProcessed(state.iterations() * kSnapshots);
}
BENCHMARK(WriteMetadata)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace iceframe
