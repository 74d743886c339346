// SPDX-License-Identifier: Apache-2.0
#include "iceframe/maintenance/rewrite_data_files.h"

#include "iceframe/expression/parse_expression.h"
#include "iceframe/table/overwrite_files_action.h"
#include "iceframe/table/update_partition_spec_action.h"

#include "unit/maintenance/maintenance_testing.h"

namespace iceframe {
namespace {

using ::testing::HasSubstr;

class RewriteDataFilesTest : public MaintenanceTest {
 protected:
  // Takes all files of a table's branch away, in the middle of a rewrite.
  void Overwrite() {
    const TablePtr table = Load();
    auto action = *OverwriteFilesAction::Make(*table, {}, {});
    const auto report = CommitAction(context_, table, *action);
    ASSERT_TRUE(report.ok()) << report.status().ToString();
  }

  // Runs `meanwhile` when the first commit of a rewrite is about to be made.
  static RewriteDataFilesOptions With(std::function<void()> meanwhile) {
    RewriteDataFilesOptions options;
    options.validator = [meanwhile, is_done = std::make_shared<bool>(false)](const TableMetadata&) {
      if (!std::exchange(*is_done, true)) meanwhile();
      return Status::OK();
    };
    return options;
  }
};

TEST_F(RewriteDataFilesTest, MakesFewFilesOfManyAndKeepsEveryRow) {
  const TablePtr table = AppendOften(Create(), 12);
  const auto report = RewriteDataFiles(context_, table);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->num_files, 12);
  EXPECT_EQ(report->num_rewritten_files, 12);
  EXPECT_EQ(report->num_rewritten_rows, 120);
  EXPECT_EQ(report->num_added_files, 1);
  EXPECT_EQ(report->num_commits, 1);
  EXPECT_EQ(LiveFiles(report->table).size(), 1U);
  EXPECT_EQ(Read(report->table), RowsUpTo(120)) << "rows keep their order";
  EXPECT_EQ(report->table->metadata()->current_snapshot()->operation(), "replace");
  EXPECT_EQ(report->table->metadata()->snapshots.size(), 13U);
  EXPECT_FALSE(report->table->metadata()->properties.contains("write.target-file-size-bytes"));
}

TEST_F(RewriteDataFilesTest, ASecondTimeThereIsNothingToDo) {
  const auto first = RewriteDataFiles(context_, AppendOften(Create(), 6));
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  const TablePtr table = first->table;
  const auto report = RewriteDataFiles(context_, table);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->num_commits, 0);
  EXPECT_EQ(report->num_rewritten_files, 0);
  EXPECT_FALSE(report->snapshot_id);
}

TEST_F(RewriteDataFilesTest, ATableWithoutSnapshotsIsLeftAsItIs) {
  const auto report = RewriteDataFiles(context_, Create());
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->num_files, 0);
  EXPECT_FALSE(report->snapshot_id);
}

TEST_F(RewriteDataFilesTest, ATransformedPartitionIsNotTornApart) {
  const TablePtr table = AppendOften(Create({{"id", "bucket[2]"}}), 4);
  EXPECT_EQ(LiveFiles(table).size(), 8U);
  RewriteDataFilesOptions options;
  options.min_input_files = 1;
  const auto report = RewriteDataFiles(context_, table, options);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(LiveFiles(report->table).size(), 2U);
  EXPECT_EQ(report->num_rewritten_partitions, 2);
  EXPECT_EQ(report->table->metadata()->snapshots.size(), 5U);
  EXPECT_EQ(SortedRows(report->table), RowsUpTo(40));
}

TEST_F(RewriteDataFilesTest, BringsFilesIntoThePresentPartitionSpec) {
  TablePtr table = AppendOften(Create(), 2);
  UpdatePartitionSpecAction action({AddPartitionField{"id", *Transform::Bucket(3)}});
  table = CommitAction(context_, table, action)->table;
  const auto report = RewriteDataFiles(context_, table);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  for (const DataFile& file : LiveFiles(report->table)) {
    EXPECT_EQ(file.spec_id, table->metadata()->default_spec_id);
  }
  EXPECT_EQ(SortedRows(report->table), RowsUpTo(20));
}

TEST_F(RewriteDataFilesTest, ADryRunChangesNothing) {
  const TablePtr table = AppendOften(Create(), 6);
  const auto before = FilesOnDisk();
  RewriteDataFilesOptions options;
  options.dry_run = true;
  const auto report = RewriteDataFiles(context_, table, options);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->num_rewritten_files, 6);
  EXPECT_EQ(report->num_rewritten_rows, 60);
  EXPECT_EQ(report->num_added_files, 0);
  EXPECT_EQ(FilesOnDisk(), before);
}

TEST_F(RewriteDataFilesTest, AFilterChoosesFilesAndKeepsAllTheirRows) {
  const TablePtr table = AppendOften(Create(), 8);
  RewriteDataFilesOptions options;
  options.filter = *ParseExpression("id >= 35");
  const auto report = RewriteDataFiles(context_, table, options);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->num_files, 5);
  EXPECT_EQ(LiveFiles(report->table).size(), 4U);
  EXPECT_EQ(SortedRows(report->table), RowsUpTo(80));
}

TEST_F(RewriteDataFilesTest, SortsAllFiles) {
  const TablePtr table = AppendOften(Create(), 4);
  RewriteDataFilesOptions options;
  options.strategy = RewriteStrategy::kSort;
  options.sort_by = {{.column = "name", .descending = true}};
  const auto report = RewriteDataFiles(context_, table, options);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  const auto rows = Read(report->table);
  EXPECT_TRUE(std::ranges::is_sorted(rows, std::greater<>(), &Row::second));
  EXPECT_EQ(SortedRows(report->table), RowsUpTo(40));
  EXPECT_FALSE(LiveFiles(report->table)[0].sort_order_id) << "the table does not know the order";
  options.sort_by.clear();
  EXPECT_EQ(KindOf(RewriteDataFiles(context_, table, options).status()),
            ErrorKind::kInvalidArgument);
}

TEST_F(RewriteDataFilesTest, ZOrderKeepsEveryRow) {
  const TablePtr table = AppendOften(Create(), 4);
  RewriteDataFilesOptions options;
  options.strategy = RewriteStrategy::kZOrder;
  options.z_order_columns = {"id", "name"};
  const auto report = RewriteDataFiles(context_, table, options);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_NE(Read(report->table), RowsUpTo(40));
  EXPECT_EQ(SortedRows(report->table), RowsUpTo(40));
  options.z_order_columns = {"nothing"};
  EXPECT_THAT(RewriteDataFiles(context_, table, options).status().message(), HasSubstr("nothing"));
}

TEST_F(RewriteDataFilesTest, KeepsWhatIsAppendedMeanwhile) {
  const TablePtr table = AppendOften(Create(), 6);
  const auto report = RewriteDataFiles(context_, table, With([&] { Append(Load(), 60, 70); }));
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->num_groups_given_up, 0);
  EXPECT_EQ(SortedRows(report->table), RowsUpTo(70));
  EXPECT_EQ(LiveFiles(report->table).size(), 2U);
}

TEST_F(RewriteDataFilesTest, GivesWayAndLeavesNoFileBehind) {
  const TablePtr table = AppendOften(Create(), 6);
  const auto report = RewriteDataFiles(context_, table, With([&] {
                                         Overwrite();
                                         AppendOften(Load(), 5, 1000);
                                       }));
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->num_groups_given_up, 1);
  EXPECT_EQ(report->num_rewritten_files, 5) << "chosen anew on what the other writer left";
  EXPECT_EQ(Read(report->table).size(), 50U);
  EXPECT_EQ(NumDataFiles(), 6U + 5U + 1U);
}

TEST_F(RewriteDataFilesTest, WithoutRetriesAConflictIsAnError) {
  const TablePtr table = AppendOften(Create(), 6);
  RewriteDataFilesOptions options = With([&] { Overwrite(); });
  options.num_retries = 0;
  const auto report = RewriteDataFiles(context_, table, options);
  EXPECT_EQ(KindOf(report.status()), ErrorKind::kCommitConflict);
  EXPECT_EQ(NumDataFiles(), 6U);
  EXPECT_TRUE(Read(Load()).empty());
}

TEST_F(RewriteDataFilesTest, OnlyTheGroupThatWasOvertakenIsGivenUp) {
  TablePtr table = Create({{"id", "truncate[100]"}});
  table = AppendOften(AppendOften(table, 5), 5, 100);
  RewriteDataFilesOptions options = With([&] {
    OverwriteFilesOptions overwrite;
    overwrite.filter = *ParseExpression("id < 100");
    const TablePtr now = Load();
    ASSERT_TRUE(
        CommitAction(context_, now, **OverwriteFilesAction::Make(*now, {}, overwrite)).ok());
  });
  const auto report = RewriteDataFiles(context_, table, options);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->num_groups_given_up, 1);
  EXPECT_EQ(report->num_rewritten_files, 5);
  EXPECT_EQ(Read(report->table).size(), 50U);
  EXPECT_EQ(NumDataFiles(), 11U);
}

TEST_F(RewriteDataFilesTest, AValidatorsWordEndsIt) {
  const TablePtr table = AppendOften(Create(), 6);
  RewriteDataFilesOptions options;
  options.validator = [](const TableMetadata&) {
    return Error(ErrorKind::kCommitRejected, "not now");
  };
  const auto report = RewriteDataFiles(context_, table, options);
  EXPECT_EQ(KindOf(report.status()), ErrorKind::kCommitRejected);
  EXPECT_EQ(NumDataFiles(), 6U);
}

TEST_F(RewriteDataFilesTest, CommitsInPortionsOnDemand) {
  TablePtr table = Create({{"id", "truncate[100]"}});
  table = AppendOften(AppendOften(AppendOften(table, 5), 5, 100), 5, 200);
  RewriteDataFilesOptions options;
  options.max_commits = 2;
  options.max_parallel_groups = 2;
  const auto report = RewriteDataFiles(context_, table, options);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->num_commits, 2);
  EXPECT_EQ(report->num_rewritten_files, 15);
  EXPECT_EQ(LiveFiles(report->table).size(), 3U);
  EXPECT_EQ(Read(report->table).size(), 150U);
}

TEST_F(RewriteDataFilesTest, ADamagedFileEndsItAndLeavesTheTable) {
  const TablePtr table = AppendOften(Create(), 6);
  std::filesystem::resize_file(*FilesOnDisk("/data/").begin(), 20);
  const auto report = RewriteDataFiles(context_, table);
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(NumDataFiles(), 6U);
  EXPECT_EQ(Load()->metadata_location(), table->metadata_location());
}

TEST_F(RewriteDataFilesTest, RefusesWhatCannotBeMeant) {
  const TablePtr table = AppendOften(Create(), 2);
  RewriteDataFilesOptions options;
  options.target_file_size_bytes = 0;
  EXPECT_EQ(KindOf(RewriteDataFiles(context_, table, options).status()),
            ErrorKind::kInvalidArgument);
  options = {};
  options.max_parallel_groups = 0;
  EXPECT_THAT(RewriteDataFiles(context_, table, options).status().message(),
              HasSubstr("max_parallel_groups"));
}

}  // namespace
}  // namespace iceframe
