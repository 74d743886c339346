// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/rewrite_files_action.h"

#include "iceframe/table/overwrite_files_action.h"

#include "unit/table/table_fixture.h"

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RewriteFilesActionTest : public TableTest {
 protected:
  Result<CommitReport> Rewrite(const TablePtr& table, const std::vector<std::string>& removed,
                               std::vector<DataFile> added, RewriteFilesOptions options = {}) {
    ICEFRAME_ASSIGN_OR_RETURN(auto action,
                              RewriteFilesAction::Make(*table, removed, std::move(added), options));
    return CommitAction(context_, table, *action);
  }
};

TEST_F(RewriteFilesActionTest, ReplacesFilesInASnapshotThatChangesNoRows) {
  const TablePtr table =
      Appended(Appended(Create(), {File("a", 0, 9), File("b", 10, 19)}), {File("c", 20, 29)});
  const auto report = Rewrite(table, {"a", "c"}, {File("ac", 0, 19)});
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_THAT(LiveFiles(report->table), ElementsAre("ac", "b"));
  const Snapshot& snapshot = *report->table->metadata()->current_snapshot();
  EXPECT_EQ(snapshot.operation(), "replace");
  EXPECT_EQ(snapshot.summary.at("added-records"), "20");
  EXPECT_EQ(snapshot.summary.at("deleted-records"), "20");
  EXPECT_EQ(snapshot.summary.at("total-records"), "30");
  EXPECT_EQ(snapshot.summary.at("total-data-files"), "2");
  EXPECT_TRUE(Orphans(report->table).empty());
}

TEST_F(RewriteFilesActionTest, KeepsWhatIsAppendedMeanwhile) {
  const TablePtr table = Appended(Create(), {File("a"), File("b")});
  catalog_->faults = {CommitFault::kOvertaken};
  const auto report = Rewrite(table, {"a", "b"}, {File("ab", 0, 19)});
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_THAT(LiveFiles(report->table), ElementsAre("ab", "besides-1"));
  EXPECT_TRUE(Orphans(report->table).empty());
}

TEST_F(RewriteFilesActionTest, GivesWayToWhoTookAFileAway) {
  const TablePtr table = Appended(Create(), {File("a"), File("b")});
  OverwriteFilesOptions all;
  auto overwrite = OverwriteFilesAction::Make(*table, {File("new")}, all);
  ASSERT_TRUE(CommitAction(context_, table, **overwrite).ok());
  const auto report = Rewrite(table, {"a", "b"}, {File("ab", 0, 19)});
  EXPECT_EQ(KindOf(report.status()), ErrorKind::kCommitRejected);
  EXPECT_THAT(report.status().message(), HasSubstr("took away a file"));
  EXPECT_THAT(LiveFiles(Load()), ElementsAre("new"));
  EXPECT_TRUE(Orphans(Load()).empty());
}

TEST_F(RewriteFilesActionTest, AHiddenSuccessIsFoundAndNotRepeated) {
  const TablePtr table = Appended(Create(), {File("a"), File("b")});
  catalog_->faults = {CommitFault::kLandsSaysUnknown};
  const auto report = Rewrite(table, {"a", "b"}, {File("ab", 0, 19)});
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_TRUE(report->was_reconciled);
  EXPECT_THAT(LiveFiles(report->table), ElementsAre("ab"));
}

TEST_F(RewriteFilesActionTest, RefusesWhatCannotBeMeant) {
  const TablePtr table = Appended(Create(), {File("a")});
  EXPECT_EQ(KindOf(Rewrite(table, {}, {File("b")}).status()), ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(Rewrite(table, {"a", "a"}, {}).status()), ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(Rewrite(table, {"a"}, {File("a")}).status()), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace iceframe
