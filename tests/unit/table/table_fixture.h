// SPDX-License-Identifier: Apache-2.0
// A table in a memory catalog, with data files that exist in metadata alone.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/catalog/memory_catalog.h"
#include "iceframe/table/append_files_action.h"
#include "iceframe/table/commit.h"
#include "iceframe/table/manifest_files.h"
#include "iceframe/table/table.h"
#include "iceframe/types/single_value.h"

#include "unit/table/faulty_catalog.h"

namespace iceframe {

class TableTest : public ::testing::Test {
 protected:
  using TablePtr = std::shared_ptr<const Table>;

  void SetUp() override {
    auto base = MakeMemoryCatalog({});
    ASSERT_TRUE(base.ok()) << base.status().ToString();
    catalog_ = std::make_shared<FaultyCatalog>(*base);
    catalog_->other_writer = [this] { AppendBesides(); };
    ASSERT_TRUE(catalog_->CreateNamespace(context_, {"db"}, {}).ok());
  }

  static TableIdentifier Name() { return {{"db"}, "t"}; }

  static std::shared_ptr<const Schema> Columns() {
    return *Schema::Make(SchemaId(0), {NestedField::Optional(1, "id", Type::Long()),
                                       NestedField::Optional(2, "city", Type::String())});
  }

  /// Without waits between retries, so that tests are quick.
  TablePtr Create(int32_t format_version = 2, Properties properties = {},
                  bool is_partitioned = false) {
    CreateTableRequest request;
    request.identifier = Name();
    request.schema = Columns();
    request.format_version = format_version;
    request.properties = std::move(properties);
    request.properties.emplace("commit.retry.min-wait-ms", "0");
    request.properties.emplace("commit.retry.max-wait-ms", "1");
    request.properties.emplace("commit.status-check.min-wait-ms", "0");
    request.properties.emplace("commit.status-check.max-wait-ms", "1");
    if (is_partitioned) {
      request.spec.fields.push_back({{2}, 0, "city", Transform::Identity()});
    }
    auto loaded = catalog_->CreateTable(context_, request);
    EXPECT_TRUE(loaded.ok()) << loaded.status().ToString();
    return *Table::Make(catalog_, *loaded);
  }

  TablePtr Load() { return *Table::Load(context_, catalog_, Name()); }

  static std::string IdBytes(int64_t id) { return *ToSingleValueBytes(Type::Long(), Value(id)); }

  /// A file whose ids are lower … upper, without nulls.
  static DataFile File(const std::string& path, int64_t lower = 0, int64_t upper = 9) {
    DataFile file;
    file.file_path = path;
    file.record_count = upper - lower + 1;
    file.file_size_in_bytes = 100;
    file.value_counts[1] = file.record_count;
    file.null_value_counts[1] = 0;
    file.lower_bounds[1] = IdBytes(lower);
    file.upper_bounds[1] = IdBytes(upper);
    return file;
  }

  static DataFile CityFile(const std::string& path, const char* city) {
    DataFile file = File(path);
    file.partition = {Value(city)};
    return file;
  }

  Result<CommitReport> Commit(const TablePtr& table, TableAction& action) {
    return CommitAction(context_, table, action);
  }

  Result<CommitReport> Append(const TablePtr& table, std::vector<DataFile> files,
                              AppendFilesOptions options = {}) {
    ICEFRAME_ASSIGN_OR_RETURN(
        auto action, AppendFilesAction::Make(*table, std::move(files), std::move(options)));
    return CommitAction(context_, table, *action);
  }

  TablePtr Appended(const TablePtr& table, std::vector<DataFile> files,
                    AppendFilesOptions options = {}) {
    auto report = Append(table, std::move(files), std::move(options));
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return report.ok() ? report->table : table;
  }

  /// What another writer does between: one more file, past all faults.
  void AppendBesides() {
    std::deque<CommitFault> faults;
    faults.swap(catalog_->faults);
    ++num_besides_;
    const std::string path = "besides-" + std::to_string(num_besides_);
    const int num_commits = catalog_->num_commits;
    auto report = Append(Load(), {besides_.value_or(File(path))});
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    catalog_->num_commits = num_commits;
    faults.swap(catalog_->faults);
  }

  /// The paths of the live files of a snapshot, sorted; also checks that everything it needs is
  /// there.
  std::vector<std::string> LiveFiles(const TablePtr& table, const Snapshot* snapshot = nullptr) {
    if (snapshot == nullptr) snapshot = table->metadata()->current_snapshot();
    std::vector<std::string> paths;
    if (snapshot == nullptr) return paths;
    ClearManifestCaches();
    auto manifests = ReadManifestList(context_, *table->io(), *table->metadata(), *snapshot);
    EXPECT_TRUE(manifests.ok()) << manifests.status().ToString();
    if (!manifests.ok()) return {"unreadable"};
    for (const ManifestFile& manifest : **manifests) {
      auto decoded = ReadManifest(context_, *table->io(), *table->metadata(), manifest);
      EXPECT_TRUE(decoded.ok()) << decoded.status().ToString();
      if (!decoded.ok()) return {"unreadable"};
      for (int64_t i = 0; i < (*decoded)->num_entries(); ++i) {
        if ((*decoded)->is_live(i)) paths.emplace_back((*decoded)->file_path(i));
      }
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  std::vector<ManifestFile> Manifests(const TablePtr& table) {
    return **ReadManifestList(context_, *table->io(), *table->metadata(),
                              *table->metadata()->current_snapshot());
  }

  /// Avro files in the table's metadata folder that no snapshot needs.
  std::vector<std::string> Orphans(const TablePtr& table) {
    std::set<std::string> used;
    for (const auto& listed : table->metadata()->snapshots) {
      const Snapshot& snapshot = **listed->Get();
      used.insert(snapshot.manifest_list);
      auto manifests = ReadManifestList(context_, *table->io(), *table->metadata(), snapshot);
      EXPECT_TRUE(manifests.ok()) << manifests.status().ToString();
      if (!manifests.ok()) continue;
      for (const ManifestFile& manifest : **manifests) used.insert(manifest.manifest_path);
    }
    std::vector<std::string> orphans;
    auto files = table->io()->List(context_, table->metadata()->location);
    EXPECT_TRUE(files.ok()) << files.status().ToString();
    if (!files.ok()) return {"unlistable"};
    for (const FileEntry& file : *files) {
      if (file.location.ends_with(".avro") && used.count(file.location) == 0) {
        orphans.push_back(file.location);
      }
    }
    return orphans;
  }

  OperationContext context_;
  std::shared_ptr<FaultyCatalog> catalog_;
  std::optional<DataFile> besides_;
  int num_besides_ = 0;
};

}  // namespace iceframe
