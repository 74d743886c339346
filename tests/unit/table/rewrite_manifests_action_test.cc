// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/rewrite_manifests_action.h"

#include "unit/table/table_fixture.h"

namespace iceframe {
namespace {

using ::testing::ElementsAre;

class RewriteManifestsActionTest : public TableTest {
 protected:
  Result<CommitReport> Rewrite(const TablePtr& table, RewriteManifestsOptions options = {}) {
    ICEFRAME_ASSIGN_OR_RETURN(auto action, RewriteManifestsAction::Make(*table, options));
    return CommitAction(context_, table, *action);
  }

  std::vector<std::string> Paths(const TablePtr& table, const ManifestFile& manifest) {
    auto decoded = ReadManifest(context_, *table->io(), *table->metadata(), manifest);
    std::vector<std::string> paths;
    for (int64_t i = 0; i < (*decoded)->num_entries(); ++i) {
      EXPECT_EQ((*decoded)->status(i), EntryStatus::kExisting);
      paths.emplace_back((*decoded)->file_path(i));
    }
    return paths;
  }
};

TEST_F(RewriteManifestsActionTest, SortsEntriesOfManyManifestsByPartition) {
  TablePtr table = Create(2, {}, true);
  for (const char* name : {"rome-1", "oslo-1", "rome-2", "oslo-2"}) {
    table = Appended(table, {CityFile(name, name[0] == 'r' ? "Rome" : "Oslo")});
  }
  ASSERT_EQ(Manifests(table).size(), 4U);
  const auto sequence_number = Manifests(table).back().sequence_number;
  const auto report = Rewrite(table);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  const auto manifests = Manifests(report->table);
  ASSERT_EQ(manifests.size(), 1U);
  EXPECT_THAT(Paths(report->table, manifests[0]),
              ElementsAre("oslo-2", "oslo-1", "rome-2", "rome-1"));
  EXPECT_EQ(manifests[0].min_sequence_number, sequence_number);
  const Snapshot& snapshot = *report->table->metadata()->current_snapshot();
  EXPECT_EQ(snapshot.operation(), "replace");
  EXPECT_EQ(snapshot.summary.at("manifests-replaced"), "4");
  EXPECT_EQ(snapshot.summary.at("manifests-created"), "1");
  EXPECT_EQ(snapshot.summary.at("total-data-files"), "4");
  EXPECT_TRUE(Orphans(report->table).empty());
}

TEST_F(RewriteManifestsActionTest, ASecondTimeThereIsNothingToDo) {
  TablePtr table = Appended(Appended(Create(), {File("a")}), {File("b")});
  table = Rewrite(table)->table;
  EXPECT_TRUE(RewriteManifestsAction::ToRewrite(*table->metadata(), Manifests(table), {})->empty());
  EXPECT_EQ(KindOf(Rewrite(table).status()), ErrorKind::kCommitRejected);
}

TEST_F(RewriteManifestsActionTest, DividesByTheSizeAskedFor) {
  TablePtr table = Appended(Appended(Create(), {File("a")}), {File("b")});
  RewriteManifestsOptions small;
  small.target_size_bytes = 1;
  const auto report = Rewrite(table, small);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(Manifests(report->table).size(), 2U);
  small.target_size_bytes = 0;
  EXPECT_EQ(KindOf(Rewrite(table, small).status()), ErrorKind::kInvalidArgument);
}

TEST_F(RewriteManifestsActionTest, KeepsWhatIsAppendedMeanwhile) {
  const TablePtr table = Appended(Appended(Create(), {File("a")}), {File("b")});
  catalog_->faults = {CommitFault::kOvertaken};
  const auto report = Rewrite(table);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_THAT(LiveFiles(report->table), ElementsAre("a", "b", "besides-1"));
  EXPECT_TRUE(Orphans(report->table).empty());
}

}  // namespace
}  // namespace iceframe
