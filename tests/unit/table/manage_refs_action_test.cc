// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/manage_refs_action.h"

#include "unit/table/table_fixture.h"

namespace iceframe {
namespace {

using ManageRefsActionTest = TableTest;

SnapshotRef RefTo(const Snapshot& snapshot, SnapshotRefKind kind) {
  SnapshotRef ref;
  ref.snapshot_id = snapshot.snapshot_id;
  ref.kind = kind;
  return ref;
}

TEST_F(ManageRefsActionTest, MakesMovesAndRemovesBranchesAndTags) {
  TablePtr table = Appended(Appended(Create(), {File("a")}), {File("b")});
  const Snapshot& first = **table->metadata()->snapshots[0]->Get();
  const Snapshot& second = **table->metadata()->snapshots[1]->Get();
  auto create = ManageRefsAction::Create("v1", RefTo(first, SnapshotRefKind::kTag));
  auto report = Commit(table, *create);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->table->metadata()->refs.at("v1").snapshot_id, first.snapshot_id);
  auto replace = ManageRefsAction::Replace("v1", RefTo(second, SnapshotRefKind::kTag));
  report = Commit(report->table, *replace);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->table->metadata()->refs.at("v1").snapshot_id, second.snapshot_id);
  auto remove = ManageRefsAction::Remove("v1");
  report = Commit(report->table, **remove);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->table->metadata()->refs.count("v1"), 0u);
}

TEST_F(ManageRefsActionTest, MovingMainBackIsARollback) {
  TablePtr table = Appended(Appended(Create(), {File("a")}), {File("b")});
  auto back = ManageRefsAction::Replace(
      "main", RefTo(**table->metadata()->snapshots[0]->Get(), SnapshotRefKind::kBranch));
  auto report = Commit(table, *back);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_THAT(LiveFiles(report->table), ::testing::ElementsAre("a"));
  EXPECT_EQ(report->table->metadata()->snapshot_log.size(), 3u);
}

TEST_F(ManageRefsActionTest, RefusesByKind) {
  TablePtr table = Appended(Create(), {File("a")});
  const Snapshot& first = **table->metadata()->snapshots[0]->Get();
  auto commit = [&](std::unique_ptr<ManageRefsAction> action) {
    return KindOf(Commit(table, *action).status());
  };
  EXPECT_EQ(commit(ManageRefsAction::Create("main", RefTo(first, SnapshotRefKind::kBranch))),
            ErrorKind::kAlreadyExists);
  EXPECT_EQ(commit(ManageRefsAction::Replace("no", RefTo(first, SnapshotRefKind::kBranch))),
            ErrorKind::kNotFound);
  EXPECT_EQ(commit(ManageRefsAction::Replace("main", RefTo(first, SnapshotRefKind::kTag))),
            ErrorKind::kInvalidArgument);
  Snapshot missing;
  missing.snapshot_id = SnapshotId(5);
  EXPECT_EQ(commit(ManageRefsAction::Create("b", RefTo(missing, SnapshotRefKind::kBranch))),
            ErrorKind::kNotFound);
  EXPECT_FALSE(ManageRefsAction::Remove("main").ok());
}

}  // namespace
}  // namespace iceframe
