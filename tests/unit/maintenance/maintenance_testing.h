// SPDX-License-Identifier: Apache-2.0
// Tables with real files in a folder of their own, rows to put into them, and what they hold.
#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/catalog/memory_catalog.h"
#include "iceframe/execution/append.h"
#include "iceframe/execution/table_scan.h"
#include "iceframe/table/manifest_files.h"
#include "iceframe/table/partition_by.h"
#include "iceframe/table/table.h"

#include "support/temp_folder.h"

namespace iceframe {

class MaintenanceTest : public ::testing::Test {
 protected:
  using TablePtr = std::shared_ptr<const Table>;
  /// id and name of a row.
  using Row = std::pair<int64_t, std::string>;

  void SetUp() override {
    MemoryCatalogOptions options;
    options.properties["warehouse"] = "file://" + folder_.path();
    catalog_ = *MakeMemoryCatalog(std::move(options));
    ASSERT_TRUE(catalog_->CreateNamespace(context_, {"db"}, {}).ok());
  }

  TablePtr Create(const std::vector<PartitionBy>& partition_by = {}, Properties properties = {},
                  int32_t format_version = 2) {
    CreateTableRequest request;
    request.identifier = {{"db"}, "t"};
    request.schema = *Schema::Make(SchemaId(0), {NestedField::Optional(1, "id", Type::Long()),
                                                 NestedField::Optional(2, "name", Type::String())});
    request.format_version = format_version;
    request.properties = std::move(properties);
    request.properties.emplace("commit.retry.min-wait-ms", "0");
    request.properties.emplace("commit.retry.max-wait-ms", "1");
    request.spec = *MakePartitionSpec(*request.schema, partition_by);
    auto loaded = catalog_->CreateTable(context_, request);
    EXPECT_TRUE(loaded.ok()) << loaded.status().ToString();
    return *Table::Make(catalog_, *loaded);
  }

  TablePtr Load() { return *Table::Load(context_, catalog_, {{"db"}, "t"}); }

  static std::string NameOf(int64_t id) { return "name-" + std::to_string(id * 7919 % 1000); }

  /// Appends rows with ids [begin, end) as one commit.
  TablePtr Append(const TablePtr& table, int64_t begin, int64_t end,
                  const CommitOptions& options = {}) {
    arrow::Int64Builder ids(context_.pool());
    arrow::StringBuilder names(context_.pool());
    for (int64_t id = begin; id < end; ++id) {
      EXPECT_TRUE(ids.Append(id).ok() && names.Append(NameOf(id)).ok());
    }
    const auto schema =
        arrow::schema({arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8())});
    const auto batch = arrow::RecordBatch::Make(
        schema, end - begin, {ids.Finish().ValueOr(nullptr), names.Finish().ValueOr(nullptr)});
    const auto reader = *arrow::RecordBatchReader::Make({batch}, schema);
    const auto report = AppendRows(context_, table, *reader, options);
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return report.ok() ? report->table : table;
  }

  /// Makes `count` commits of ten rows each.
  TablePtr AppendOften(TablePtr table, int count, int64_t begin = 0) {
    for (int i = 0; i < count; ++i) table = Append(table, begin + i * 10, begin + i * 10 + 10);
    return table;
  }

  /// All rows of a version, in the order they are read in.
  std::vector<Row> Read(const TablePtr& table, const TableVersion& version = {}) {
    std::vector<Row> rows;
    const auto state = ResolveTable(table, version);
    EXPECT_TRUE(state.ok()) << state.status().ToString();
    if (!state.ok()) return rows;
    TableScanOptions scan;
    scan.read.columns = state->schema;
    auto stream = OpenTableScan(context_, *state, scan);
    EXPECT_TRUE(stream.ok()) << stream.status().ToString();
    while (stream.ok()) {
      const auto batch = (*stream)->Next();
      EXPECT_TRUE(batch.ok()) << batch.status().ToString();
      if (!batch.ok() || *batch == nullptr) break;
      const auto& ids = static_cast<const arrow::Int64Array&>(*(*batch)->column(0));
      const auto& names = static_cast<const arrow::StringArray&>(*(*batch)->column(1));
      for (int64_t i = 0; i < ids.length(); ++i) {
        rows.emplace_back(ids.Value(i), names.GetString(i));
      }
    }
    return rows;
  }

  std::vector<Row> SortedRows(const TablePtr& table, const TableVersion& version = {}) {
    std::vector<Row> rows = Read(table, version);
    std::ranges::sort(rows);
    return rows;
  }

  static std::vector<Row> RowsUpTo(int64_t end) {
    std::vector<Row> rows;
    for (int64_t id = 0; id < end; ++id) rows.emplace_back(id, NameOf(id));
    return rows;
  }

  /// The live files of the current snapshot, with their statistics.
  std::vector<DataFile> LiveFiles(const TablePtr& table) {
    std::vector<DataFile> files;
    const TableMetadata& metadata = *table->metadata();
    const auto manifests =
        *ReadManifestList(context_, *table->io(), metadata, *metadata.current_snapshot());
    for (const ManifestFile& file : *manifests) {
      const auto manifest = *ReadManifest(context_, *table->io(), metadata, file);
      for (int64_t i = 0; i < manifest->num_entries(); ++i) {
        if (manifest->is_live(i)) files.push_back(manifest->Entry(i)->data_file);
      }
    }
    return files;
  }

  /// Files on disk whose path holds `part`.
  std::set<std::string> FilesOnDisk(const std::string& part = "") const {
    std::set<std::string> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
      const std::string path = entry.path().string();
      if (entry.is_regular_file() && path.find(part) != std::string::npos) paths.insert(path);
    }
    return paths;
  }
  size_t NumDataFiles() const { return FilesOnDisk("/data/").size(); }

  TempFolder folder_;
  OperationContext context_;
  std::shared_ptr<Catalog> catalog_;
};

}  // namespace iceframe
