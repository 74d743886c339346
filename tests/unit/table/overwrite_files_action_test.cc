// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/overwrite_files_action.h"

#include "iceframe/expression/parse_expression.h"

#include "unit/table/table_fixture.h"

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OverwriteFilesActionTest : public TableTest {
 protected:
  Result<CommitReport> Overwrite(const TablePtr& table, std::vector<DataFile> files,
                                 OverwriteFilesOptions options = {}) {
    ICEFRAME_ASSIGN_OR_RETURN(
        auto action, OverwriteFilesAction::Make(*table, std::move(files), std::move(options)));
    return CommitAction(context_, table, *action);
  }

  static OverwriteFilesOptions Where(Expression filter) {
    OverwriteFilesOptions options;
    options.filter = std::move(filter);
    return options;
  }
};

TEST_F(OverwriteFilesActionTest, WithoutFilterReplacesEverything) {
  TablePtr table = Appended(Appended(Create(), {File("a"), File("b")}), {File("c")});
  auto report = Overwrite(table, {File("new", 0, 4)});
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_THAT(LiveFiles(report->table), ElementsAre("new"));
  const Snapshot& snapshot = *report->table->metadata()->current_snapshot();
  EXPECT_EQ(snapshot.operation(), "overwrite");
  EXPECT_EQ(snapshot.summary.at("deleted-data-files"), "3");
  EXPECT_EQ(snapshot.summary.at("deleted-records"), "30");
  EXPECT_EQ(snapshot.summary.at("total-records"), "5");
  EXPECT_EQ(snapshot.summary.at("total-data-files"), "1");
  EXPECT_TRUE(Orphans(report->table).empty());
  auto before =
      report->table->SnapshotOf({snapshot.parent_snapshot_id, std::nullopt, std::nullopt});
  EXPECT_THAT(LiveFiles(report->table, *before), ElementsAre("a", "b", "c"));
}

TEST_F(OverwriteFilesActionTest, ManifestsOfDeletedEntriesAreCarriedNoFurther) {
  TablePtr table = Appended(Create(), {File("first")});
  for (const char* name : {"second", "third", "fourth"}) {
    auto report = Overwrite(table, {File(name)});
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    table = report->table;
    EXPECT_THAT(LiveFiles(table), ElementsAre(name));
    EXPECT_EQ(Manifests(table).size(), 2u);
  }
}

TEST_F(OverwriteFilesActionTest, DeletesWholeFilesByTheirBounds) {
  TablePtr table = Appended(Create(), {File("low", 0, 9), File("high", 10, 19)});
  auto report = Overwrite(table, {}, Where(GreaterEqual(Col("id"), Lit(int64_t{10}))));
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_THAT(LiveFiles(report->table), ElementsAre("low"));
  EXPECT_EQ(report->table->metadata()->current_snapshot()->operation(), "delete");
  auto manifests = Manifests(report->table);
  ASSERT_EQ(manifests.size(), 1u);
  EXPECT_EQ(manifests[0].deleted_files_count, 1);
  EXPECT_EQ(manifests[0].existing_files_count, 1);
  EXPECT_EQ(manifests[0].min_sequence_number, SequenceNumber(1));
}

TEST_F(OverwriteFilesActionTest, DeletesWholeFilesByTheirPartition) {
  TablePtr table =
      Appended(Create(2, {}, true), {CityFile("oslo", "Oslo"), CityFile("rome", "Rome")});
  auto report =
      Overwrite(table, {CityFile("oslo-2", "Oslo")}, Where(Equal(Col("city"), Lit("Oslo"))));
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_THAT(LiveFiles(report->table), ElementsAre("oslo-2", "rome"));
}

TEST_F(OverwriteFilesActionTest, PartitionAndBoundsProveTheirPartsOfAnAnd) {
  TablePtr table =
      Appended(Create(2, {}, true), {CityFile("oslo", "Oslo"), CityFile("rome", "Rome")});
  auto report = Overwrite(
      table, {}, Where(And(Equal(Col("city"), Lit("Oslo")), Less(Col("id"), Lit(int64_t{10})))));
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_THAT(LiveFiles(report->table), ElementsAre("rome"));
}

TEST_F(OverwriteFilesActionTest, NullCountsAsFalseInTheFilter) {
  TablePtr table = Appended(Create(), {File("low", 0, 9), File("high", 10, 19)});
  auto report = Overwrite(table, {}, Where(*ParseExpression("coalesce(id >= 10, FALSE)")));
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_THAT(LiveFiles(report->table), ElementsAre("low"));
}

TEST_F(OverwriteFilesActionTest, AFileThatMatchesInPartIsRefusedByName) {
  TablePtr table = Appended(Create(), {File("whole", 10, 19), File("part", 5, 14)});
  auto report = Overwrite(table, {}, Where(GreaterEqual(Col("id"), Lit(int64_t{10}))));
  EXPECT_EQ(KindOf(report.status()), ErrorKind::kUnsupported);
  EXPECT_THAT(report.status().ToString(), HasSubstr("leave open"));
  EXPECT_THAT(report.status().ToString(), HasSubstr("part"));
  EXPECT_THAT(LiveFiles(Load()), ElementsAre("part", "whole"));
  EXPECT_TRUE(Orphans(Load()).empty());
}

TEST_F(OverwriteFilesActionTest, WithoutMetricsNothingIsProved) {
  DataFile file = File("unknown");
  file.value_counts.clear();
  file.null_value_counts.clear();
  file.lower_bounds.clear();
  file.upper_bounds.clear();
  TablePtr table = Appended(Create(), {file});
  auto report = Overwrite(table, {}, Where(GreaterEqual(Col("id"), Lit(int64_t{0}))));
  EXPECT_EQ(KindOf(report.status()), ErrorKind::kUnsupported);
}

TEST_F(OverwriteFilesActionTest, RowsProveWhatBoundsLeaveOpen) {
  const TablePtr table =
      Appended(Create(), {File("all", 10, 19), File("some", 10, 19), File("none", 10, 19)});
  OverwriteFilesOptions options = Where(*ParseExpression("id % 2 = 0 AND id < 100"));
  std::map<std::string, FileMatch> matches = {
      {"all", FileMatch::kAll}, {"some", FileMatch::kSome}, {"none", FileMatch::kNone}};
  options.match_rows = [&](const OperationContext&, const TableMetadata&, const DataFile& file,
                           const Expression& filter) -> Result<FileMatch> {
    EXPECT_TRUE(filter.is_bound());
    for (const auto& [name, match] : matches) {
      if (file.file_path.ends_with(name)) return match;
    }
    return Error(ErrorKind::kNotFound, file.file_path);
  };
  auto report = Overwrite(table, {}, options);
  EXPECT_EQ(KindOf(report.status()), ErrorKind::kUnsupported);
  EXPECT_THAT(report.status().message(), HasSubstr("matches in part"));
  EXPECT_THAT(report.status().message(), HasSubstr("some"));
  EXPECT_THAT(LiveFiles(Load()), ElementsAre("all", "none", "some"));
  EXPECT_TRUE(Orphans(Load()).empty());
  matches["some"] = FileMatch::kNone;
  report = Overwrite(table, {}, options);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_THAT(LiveFiles(report->table), ElementsAre("none", "some"));
}

TEST_F(OverwriteFilesActionTest, SerializableRefusesMatchesAddedMeanwhile) {
  TablePtr table = Appended(Create(), {File("low", 0, 9), File("high", 10, 19)});
  catalog_->faults = {CommitFault::kOvertaken};
  besides_ = File("new-high", 10, 19);
  auto report = Overwrite(table, {}, Where(GreaterEqual(Col("id"), Lit(int64_t{10}))));
  EXPECT_EQ(KindOf(report.status()), ErrorKind::kCommitRejected) << report.status().ToString();
  EXPECT_THAT(report.status().ToString(), HasSubstr("new-high"));
  EXPECT_THAT(LiveFiles(Load()), ElementsAre("high", "low", "new-high"));
  EXPECT_TRUE(Orphans(Load()).empty());
}

TEST_F(OverwriteFilesActionTest, SerializableTakesWhatDoesNotMatch) {
  TablePtr table = Appended(Create(), {File("low", 0, 9), File("high", 10, 19)});
  catalog_->faults = {CommitFault::kOvertaken};
  besides_ = File("new-low", 0, 9);
  auto report = Overwrite(table, {}, Where(GreaterEqual(Col("id"), Lit(int64_t{10}))));
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_THAT(LiveFiles(Load()), ElementsAre("low", "new-low"));
  EXPECT_TRUE(Orphans(Load()).empty());
}

TEST_F(OverwriteFilesActionTest, SnapshotIsolationDeletesByTheFilterAsItCommits) {
  TablePtr table = Appended(Create(2, {{"write.delete.isolation-level", "snapshot"}}),
                            {File("low", 0, 9), File("high", 10, 19)});
  catalog_->faults = {CommitFault::kOvertaken};
  besides_ = File("new-high", 10, 19);
  auto report = Overwrite(table, {}, Where(GreaterEqual(Col("id"), Lit(int64_t{10}))));
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_THAT(LiveFiles(Load()), ElementsAre("low"));
}

TEST_F(OverwriteFilesActionTest, ArgumentsAreCheckedBeforeAnythingIsDone) {
  TablePtr table = Create(2, {{"write.delete.isolation-level", "none"}});
  EXPECT_THAT(Overwrite(table, {}).status().ToString(), HasSubstr("isolation level"));
  EXPECT_THAT(
      Overwrite(table, {File("a")}, Where(Equal(Col("idd"), Lit(int64_t{1})))).status().ToString(),
      HasSubstr("idd"));
}

}  // namespace
}  // namespace iceframe
