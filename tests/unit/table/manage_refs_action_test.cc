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

class MoveRefsTest : public TableTest {
 protected:
  void SetUp() override {
    TableTest::SetUp();
    table_ = Appended(Appended(Create(), {File("a")}), {File("b")});
    first_ = table_->metadata()->snapshots[0]->snapshot_id();
    second_ = table_->metadata()->snapshots[1]->snapshot_id();
  }

  Status Change(RefChange change) {
    ManageRefsAction action(std::move(change));
    return Commit(Load(), action).status();
  }

  SnapshotId At(const std::string& name) { return Load()->metadata()->refs.at(name).snapshot_id; }

  SnapshotRef Branch(SnapshotId id) {
    SnapshotRef ref;
    ref.snapshot_id = id;
    return ref;
  }

  TablePtr table_;
  SnapshotId first_, second_;
};

TEST_F(MoveRefsTest, ABranchIsMovedForwardToADescendantOnly) {
  ASSERT_TRUE(Change(CreateRef{"old", Branch(first_)}).ok());
  const Status back = Change(FastForwardBranch{"main", "old"});
  EXPECT_EQ(KindOf(back), ErrorKind::kCommitRejected);
  EXPECT_THAT(back.message(), ::testing::HasSubstr("is no ancestor of"));
  EXPECT_EQ(At("main"), second_);
  ASSERT_TRUE(Change(FastForwardBranch{"old", "main"}).ok());
  EXPECT_EQ(At("old"), second_);
  EXPECT_TRUE(Change(FastForwardBranch{"old", "main"}).ok()) << "it is there already";
  EXPECT_EQ(KindOf(Change(FastForwardBranch{"odl", "main"})), ErrorKind::kNotFound);
  EXPECT_THAT(Change(FastForwardBranch{"odl", "main"}).message(),
              ::testing::HasSubstr("did you mean old?"));
}

TEST_F(MoveRefsTest, ABranchIsRolledBackToAncestorsOnly) {
  ASSERT_TRUE(Change(RollBackBranch{"main", first_}).ok());
  EXPECT_EQ(At("main"), first_);
  EXPECT_EQ(KindOf(Change(RollBackBranch{"main", second_})), ErrorKind::kCommitRejected);
  ASSERT_TRUE(Change(SetRefSnapshot{"main", second_}).ok()) << "any snapshot, when said so";
  EXPECT_EQ(At("main"), second_);
  EXPECT_EQ(KindOf(Change(RollBackBranch{"main", SnapshotId(5)})), ErrorKind::kNotFound);
}

TEST_F(MoveRefsTest, ABranchIsRolledBackToATime) {
  const Snapshot& second = **table_->metadata()->snapshots[1]->Get();
  const Snapshot& first = **table_->metadata()->snapshots[0]->Get();
  ASSERT_TRUE(Change(RollBackBranchToTime{"main", second.timestamp_ms + 1}).ok());
  EXPECT_EQ(At("main"), second_);
  const Status early = Change(RollBackBranchToTime{"main", first.timestamp_ms});
  EXPECT_EQ(KindOf(early), ErrorKind::kNotFound);
  EXPECT_THAT(early.message(), ::testing::HasSubstr("no snapshot before"));
}

TEST_F(MoveRefsTest, RefsAreRenamedAndKeepTheirRetention) {
  ASSERT_TRUE(Change(CreateRef{"b", Branch(first_)}).ok());
  ASSERT_TRUE(Change(SetRefRetention{"b", 3, std::nullopt, int64_t{1000}}).ok());
  ASSERT_TRUE(Change(RenameRef{"b", "c"}).ok());
  ASSERT_TRUE(Change(SetRefSnapshot{"c", second_}).ok());
  const SnapshotRef& ref = Load()->metadata()->refs.at("c");
  EXPECT_EQ(ref.min_snapshots_to_keep, 3);
  EXPECT_EQ(ref.max_ref_age_ms, 1000);
  EXPECT_EQ(Load()->metadata()->refs.count("b"), 0u);
  EXPECT_EQ(KindOf(Change(RenameRef{"main", "d"})), ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(Change(RemoveRef{"main"})), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace iceframe
