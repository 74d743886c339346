// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/append_files_action.h"

#include "iceframe/format/manifest_list_avro.h"
#include "iceframe/table/table_counters.h"
#include "iceframe/table/update_schema_action.h"

#include "unit/table/table_fixture.h"

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
class AppendFilesActionTest : public TableTest {
 protected:
  /// Puts another manifest list in place of the current snapshot's.
  void WithManifests(const TablePtr& table, const std::vector<ManifestFile>& manifests) {
    const Snapshot& snapshot = *table->metadata()->current_snapshot();
    ManifestListHeader header;
    header.format_version = table->metadata()->format_version;
    header.snapshot_id = snapshot.snapshot_id;
    header.sequence_number = snapshot.sequence_number;
    const std::string bytes = ManifestListToAvro(header, manifests).ValueOrDie();
    ASSERT_TRUE(table->io()->Delete(context_, snapshot.manifest_list).ok());
    ASSERT_TRUE(table->io()->WriteAll(context_, snapshot.manifest_list, bytes).ok());
    ClearManifestCaches();
  }
};

TEST_F(AppendFilesActionTest, FilesAndTotalsAddUp) {
  TablePtr table = Appended(Create(), {File("a"), File("b")});
  AppendFilesOptions options;
  options.summary = {{"by", "tests"}, {"total-records", "7"}, {"operation", "replace"}};
  table = Appended(table, {File("c", 0, 4)}, options);
  EXPECT_THAT(LiveFiles(table), ElementsAre("a", "b", "c"));
  const Snapshot& snapshot = *table->metadata()->current_snapshot();
  EXPECT_EQ(snapshot.operation(), "append");
  EXPECT_EQ(snapshot.sequence_number, SequenceNumber(2));
  EXPECT_EQ(snapshot.parent_snapshot_id, table->metadata()->snapshots[0]->snapshot_id());
  EXPECT_EQ(snapshot.summary.at("by"), "tests");
  EXPECT_EQ(snapshot.summary.at("added-data-files"), "1");
  EXPECT_EQ(snapshot.summary.at("added-records"), "5");
  EXPECT_EQ(snapshot.summary.at("added-files-size"), "100");
  EXPECT_EQ(snapshot.summary.at("total-data-files"), "3");
  EXPECT_EQ(snapshot.summary.at("total-records"), "25");
  EXPECT_EQ(snapshot.summary.at("total-files-size"), "300");
  EXPECT_EQ(snapshot.summary.at("total-delete-files"), "0");
  EXPECT_EQ(snapshot.summary.at("changed-partition-count"), "1");
  EXPECT_TRUE(Orphans(table).empty());
}

TEST_F(AppendFilesActionTest, ASnapshotNamesTheSchemaThatIsCurrentWhenItLands) {
  TablePtr stale = Appended(Create(), {File("a")});
  UpdateSchemaAction change({AddColumn{"", "more", Type::Int(), ""}});
  ASSERT_TRUE(Commit(stale, change).ok());
  const auto report = Append(stale, {File("b")});
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  const TableMetadata& metadata = *report->table->metadata();
  EXPECT_NE(metadata.current_schema_id, stale->metadata()->current_schema_id);
  EXPECT_EQ(metadata.current_snapshot()->schema_id, metadata.current_schema_id);
  EXPECT_EQ(report->num_attempts, 2);
}

TEST_F(AppendFilesActionTest, SummariesCountManifestsAndNameTheEngine) {
  TablePtr table = Create(2, {{"commit.manifest.min-count-to-merge", "3"}});
  table = Appended(Appended(table, {File("a")}), {File("b")});
  const auto counts = [](const TablePtr& now) {
    const Properties& summary = now->metadata()->current_snapshot()->summary;
    return std::vector<std::string>{summary.at("manifests-created"), summary.at("manifests-kept"),
                                    summary.at("manifests-replaced")};
  };
  EXPECT_THAT(counts(table), ElementsAre("1", "1", "0"));
  table = Appended(table, {File("c")});
  EXPECT_THAT(counts(table), ElementsAre("1", "0", "2"));
  EXPECT_EQ(table->metadata()->current_snapshot()->summary.at("engine-name"), "iceframe");
}

TEST_F(AppendFilesActionTest, SummariesThatOthersLeftOutAreMade) {
  TablePtr table = Appended(Create(2, {}, true), {CityFile("a", "Rome"), CityFile("b", "Bern")});
  std::vector<ManifestFile> manifests = Manifests(table);
  for (ManifestFile& manifest : manifests) manifest.partitions.clear();
  WithManifests(table, manifests);
  table = Appended(table, {CityFile("c", "Oslo")});
  manifests = Manifests(table);
  ASSERT_EQ(manifests.size(), 2U);
  ASSERT_EQ(manifests[1].partitions.size(), 1U);
  EXPECT_EQ(manifests[1].partitions[0].lower_bound, "Bern");
  EXPECT_EQ(manifests[1].partitions[0].upper_bound, "Rome");
}

TEST_F(AppendFilesActionTest, SequenceNumbersAreInherited) {
  TablePtr table = Appended(Appended(Create(), {File("a")}), {File("b")});
  auto manifests = Manifests(table);
  ASSERT_EQ(manifests.size(), 2u);
  EXPECT_EQ(manifests[0].sequence_number, SequenceNumber(2));
  EXPECT_EQ(manifests[0].min_sequence_number, SequenceNumber(2));
  EXPECT_EQ(manifests[1].sequence_number, SequenceNumber(1));
  auto decoded = ReadManifest(context_, *table->io(), *table->metadata(), manifests[0]);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ((*decoded)->data_sequence_number(0), SequenceNumber(2));
}

TEST_F(AppendFilesActionTest, Version1HasNoSequenceNumbers) {
  TablePtr table = Appended(Appended(Create(1), {File("a")}), {File("b")});
  EXPECT_THAT(LiveFiles(table), ElementsAre("a", "b"));
  EXPECT_EQ(table->metadata()->last_sequence_number, SequenceNumber(0));
  EXPECT_EQ(table->metadata()->current_snapshot()->sequence_number, SequenceNumber(0));
}

TEST_F(AppendFilesActionTest, Version3AssignsRowIds) {
  TablePtr table = Appended(Create(3), {File("a"), File("b")});
  EXPECT_EQ(table->metadata()->current_snapshot()->first_row_id, 0);
  EXPECT_EQ(table->metadata()->current_snapshot()->added_rows, 20);
  table = Appended(table, {File("c", 0, 4)});
  EXPECT_EQ(table->metadata()->current_snapshot()->first_row_id, 20);
  EXPECT_EQ(table->metadata()->current_snapshot()->added_rows, 5);
  EXPECT_EQ(table->metadata()->next_row_id, 25);
  EXPECT_EQ(Manifests(table)[0].first_row_id, 20);
  EXPECT_EQ(Manifests(table)[1].first_row_id, 0);
}

TEST_F(AppendFilesActionTest, MergesManifestsFromTheMinimumCountOn) {
  TablePtr table = Create(2, {{"commit.manifest.min-count-to-merge", "3"}});
  table = Appended(Appended(table, {File("a")}), {File("b")});
  EXPECT_EQ(Manifests(table).size(), 2u);
  table = Appended(table, {File("c")});
  auto manifests = Manifests(table);
  ASSERT_EQ(manifests.size(), 1u);
  EXPECT_EQ(manifests[0].added_files_count, 1);
  EXPECT_EQ(manifests[0].existing_files_count, 2);
  EXPECT_EQ(manifests[0].sequence_number, SequenceNumber(3));
  EXPECT_EQ(manifests[0].min_sequence_number, SequenceNumber(1));
  EXPECT_THAT(LiveFiles(table), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(Orphans(table).empty()) << "the new manifest went into the merged one";
  auto decoded = ReadManifest(context_, *table->io(), *table->metadata(), manifests[0]);
  std::map<std::string, int64_t> numbers;
  for (int64_t i = 0; i < 3; ++i) {
    numbers[std::string((*decoded)->file_path(i))] = (*decoded)->data_sequence_number(i)->value();
  }
  EXPECT_EQ(numbers, (std::map<std::string, int64_t>{{"a", 1}, {"b", 2}, {"c", 3}}));
}

TEST_F(AppendFilesActionTest, MergedRowsKeepTheirRowIds) {
  TablePtr table = Create(3, {{"commit.manifest.min-count-to-merge", "2"}});
  table = Appended(Appended(table, {File("a")}), {File("b", 0, 4)});
  auto manifests = Manifests(table);
  ASSERT_EQ(manifests.size(), 1u);
  auto decoded = ReadManifest(context_, *table->io(), *table->metadata(), manifests[0]);
  ASSERT_TRUE(decoded.ok());
  std::map<std::string, int64_t> ids;
  for (int64_t i = 0; i < 2; ++i) {
    auto entry = (*decoded)->Entry(i);
    ids[entry->data_file.file_path] = entry->data_file.first_row_id.value_or(-1);
  }
  EXPECT_EQ(ids["a"], 0);
  EXPECT_GE(ids["b"], 10);
}

TEST_F(AppendFilesActionTest, FastAppendNeverMerges) {
  TablePtr table = Create(2, {{"commit.manifest.min-count-to-merge", "2"}});
  AppendFilesOptions fast;
  fast.fast = true;
  table = Appended(Appended(table, {File("a")}, fast), {File("b")}, fast);
  EXPECT_EQ(Manifests(table).size(), 2u);
  TablePtr never = Appended(table, {File("c")}, fast);
  EXPECT_EQ(Manifests(never).size(), 3u);
}

TEST_F(AppendFilesActionTest, RollsManifestsAtTheTargetSize) {
  TablePtr table = Create(2, {{"commit.manifest.target-size-bytes", "1"}});
  table = Appended(table, {File("a"), File("b"), File("c")});
  EXPECT_EQ(Manifests(table).size(), 3u);
  EXPECT_THAT(LiveFiles(table), ElementsAre("a", "b", "c"));
}

TEST_F(AppendFilesActionTest, CountsChangedPartitions) {
  TablePtr table = Create(2, {}, true);
  table = Appended(table, {CityFile("a", "Oslo"), CityFile("b", "Oslo"), CityFile("c", "Rome")});
  EXPECT_EQ(table->metadata()->current_snapshot()->summary.at("changed-partition-count"), "2");
}

TEST_F(AppendFilesActionTest, StreamKeysGoOnFromSnapshotToSnapshot) {
  AppendFilesOptions options;
  options.summary = {{"iceframe.stream.s.seq", "7"}, {"other", "x"}};
  TablePtr table = Appended(Appended(Create(), {File("a")}, options), {File("b")});
  EXPECT_EQ(table->metadata()->current_snapshot()->summary.at("iceframe.stream.s.seq"), "7");
  EXPECT_EQ(table->metadata()->current_snapshot()->summary.count("other"), 0u);
  options.summary = {{"iceframe.stream.s.seq", "8"}};
  table = Appended(table, {File("c")}, options);
  EXPECT_EQ(table->metadata()->current_snapshot()->summary.at("iceframe.stream.s.seq"), "8");
}

TEST_F(AppendFilesActionTest, BranchesStartFromMainAndLeaveItAlone) {
  TablePtr table = Appended(Create(), {File("a")});
  AppendFilesOptions audit;
  audit.target_ref = "audit";
  table = Appended(Appended(table, {File("b")}, audit), {File("c")}, audit);
  EXPECT_THAT(LiveFiles(table), ElementsAre("a"));
  auto snapshot = table->SnapshotOf({std::nullopt, std::nullopt, "audit"});
  EXPECT_THAT(LiveFiles(table, *snapshot), ElementsAre("a", "b", "c"));
}

TEST_F(AppendFilesActionTest, RefusesFilesThatDoNotFit) {
  TablePtr table = Create();
  DataFile deletes = File("a");
  deletes.content = FileContent::kPositionDeletes;
  DataFile other_spec = File("a");
  other_spec.spec_id = PartitionSpecId(5);
  EXPECT_THAT(Append(table, {deletes}).status().ToString(), HasSubstr("not a data file: a"));
  EXPECT_THAT(Append(table, {other_spec}).status().ToString(), HasSubstr("spec 5"));
  EXPECT_THAT(Append(table, {CityFile("a", "Oslo")}).status().ToString(), HasSubstr("width"));
  EXPECT_THAT(Append(table, {File("a"), File("a")}).status().ToString(), HasSubstr("twice: a"));
}

TEST_F(AppendFilesActionTest, ReadsManifestsOnce) {
  TablePtr table = Appended(Create(), {File("a")});
  ClearManifestCaches();
  OperationContext context;
  const auto manifest = Manifests(table)[0];
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(ReadManifest(context, *table->io(), *table->metadata(), manifest).ok());
  }
  EXPECT_EQ(context.counters->Get(TableCount::kManifestsRead), 1);
  EXPECT_EQ(context.counters->Get(TableCount::kManifestsFromCache), 2);
}

}  // namespace
}  // namespace iceframe
