// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/stream_positions.h"

#include "iceframe/table/commit_options.h"
#include "iceframe/table/manage_refs_action.h"
#include "iceframe/table/overwrite_files_action.h"
#include "iceframe/table/transaction.h"

#include "unit/table/table_fixture.h"

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

// An append as software makes it that knows nothing of positions.
class ForeignAppend final : public TableAction {
 public:
  explicit ForeignAppend(std::unique_ptr<TableAction> append, bool has_parent = true)
      : append_(std::move(append)), has_parent_(has_parent) {}
  Result<CommitRequest> Prepare(const CommitAttempt& attempt) override {
    ICEFRAME_ASSIGN_OR_RETURN(CommitRequest request, append_->Prepare(attempt));
    for (TableUpdate& update : request.updates) {
      auto* added = std::get_if<AddSnapshot>(&update);
      if (added == nullptr) continue;
      added->snapshot.summary.clear();
      if (!has_parent_) added->snapshot.parent_snapshot_id.reset();
    }
    return request;
  }
  std::optional<SnapshotId> snapshot_id() const override { return append_->snapshot_id(); }

 private:
  std::unique_ptr<TableAction> append_;
  const bool has_parent_;
};

class ForeignExpiry final : public TableAction {
 public:
  Result<CommitRequest> Prepare(const CommitAttempt& attempt) override {
    const TableMetadata& base = *attempt.base.metadata;
    RemoveSnapshots expired;
    for (const auto& snapshot : base.snapshots) {
      if (snapshot->snapshot_id() == base.current_snapshot_id) continue;
      expired.snapshot_ids.push_back(snapshot->snapshot_id());
    }
    return CommitRequest{attempt.base.identifier, {}, {expired}};
  }
};

class StreamPositionsTest : public TableTest {
 protected:
  static PositionKey Key(std::string_view id = "orders") { return *PositionKey::OfStream(id); }

  static CommitOptions Moving(const PositionKey& key, Properties values) {
    CommitOptions options;
    options.positions = {{key, std::move(values)}};
    return options;
  }

  TablePtr StreamAppended(const TablePtr& table, const std::string& path, const std::string& seq,
                          const std::string& branch = kMainBranch) {
    CommitOptions options = Moving(Key(), {{"seq", seq}});
    options.branch = branch;
    return Appended(table, {File(path)}, {options.ForAction()});
  }

  TablePtr ForeignAppended(const TablePtr& table, const std::string& path) {
    ForeignAppend action(*AppendFilesAction::Make(*table, {File(path)}));
    return Committed(table, action);
  }

  TablePtr Expired(const TablePtr& table) {
    ForeignExpiry action;
    return Committed(table, action);
  }

  TablePtr SetBack(const TablePtr& table, size_t snapshot) {
    SnapshotRef ref;
    ref.snapshot_id = table->metadata()->snapshots[snapshot]->snapshot_id();
    auto back = ManageRefsAction::Replace(kMainBranch, ref);
    return Committed(table, *back);
  }

  static KnownPosition Known(const TablePtr& table, const PositionKey& key = Key(),
                             const std::string& branch = kMainBranch) {
    auto known = FindPosition(*table->metadata(), key, branch);
    EXPECT_TRUE(known.ok()) << known.status().ToString();
    return known.ok() ? *known : KnownPosition{};
  }

  static std::string Seq(const TablePtr& table, const PositionKey& key = Key()) {
    const KnownPosition known = Known(table, key);
    if (known.rolled_back) return "rolled back from " + known.rolled_back->values.at("seq");
    return known.current ? known.current->values.at("seq") : "none";
  }

  TablePtr Committed(const TablePtr& table, TableAction& action) {
    auto report = Commit(table, action);
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return report.ok() ? report->table : table;
  }
};

TEST_F(StreamPositionsTest, IdsAreVisibleAscii) {
  EXPECT_EQ(PositionKey::OfStream("a.b/c")->prefix(), "iceframe.stream.a.b/c.");
  EXPECT_EQ(PositionKey::OfWriter("w")->prefix(), "iceframe.writer.w.");
  for (const std::string& id :
       {std::string(), std::string("a b"), std::string("\xc3\xa9"), std::string(201, 'x')}) {
    EXPECT_EQ(KindOf(PositionKey::OfStream(id).status()), ErrorKind::kInvalidArgument) << id;
  }
}

TEST_F(StreamPositionsTest, AreInTheSnapshotOfTheRows) {
  TablePtr table = Create();
  EXPECT_EQ(Seq(table), "none");
  CommitOptions options = Moving(Key(), {{"seq", "1"}, {"offsets", "{\"t\":{\"0\":5}}"}});
  table = Appended(table, {File("a")}, {options.ForAction()});
  const KnownPosition known = Known(table);
  ASSERT_TRUE(known.current);
  EXPECT_THAT(known.current->values,
              ElementsAre(Pair("offsets", "{\"t\":{\"0\":5}}"), Pair("seq", "1")));
  EXPECT_EQ(known.current->snapshot_id, *table->metadata()->current_snapshot_id);
  EXPECT_EQ(table->metadata()->current_snapshot()->summary.at("iceframe.stream.orders.seq"), "1");
}

TEST_F(StreamPositionsTest, ValuesThatACommitDoesNotNameStay) {
  TablePtr table =
      Appended(Create(), {File("a")}, {Moving(Key(), {{"seq", "1"}, {"epoch", "4"}}).ForAction()});
  table = StreamAppended(table, "b", "2");
  EXPECT_THAT(Known(table).current->values, ElementsAre(Pair("epoch", "4"), Pair("seq", "2")));
}

TEST_F(StreamPositionsTest, AnIdThatBeginsAsAnotherIsAnother) {
  TablePtr table =
      Appended(Create(), {File("a")}, {Moving(Key("a.b"), {{"seq", "1"}}).ForAction()});
  EXPECT_EQ(Seq(table, Key("a")), "none");
  EXPECT_EQ(Seq(table, Key("a.b")), "1");
  EXPECT_EQ(Seq(table, *PositionKey::OfWriter("a.b")), "none");
}

TEST_F(StreamPositionsTest, GoOnOverAppendsOverwritesAndTransactions) {
  const PositionKey writer = *PositionKey::OfWriter("w");
  TablePtr table = StreamAppended(Create(), "a", "7");
  table = Appended(table, {File("b")}, {Moving(writer, {{"seq", "3"}}).ForAction()});
  auto overwrite = OverwriteFilesAction::Make(*table, {File("c")});
  table = Committed(table, **overwrite);
  Transaction transaction(context_, table);
  ASSERT_TRUE(transaction.AppendFiles(context_, {File("d")}).ok());
  ASSERT_TRUE(transaction.AppendFiles(context_, {File("e")}).ok());
  table = transaction.Commit(context_)->table;
  const Properties& summary = table->metadata()->current_snapshot()->summary;
  EXPECT_EQ(summary.at("iceframe.stream.orders.seq"), "7");
  EXPECT_EQ(summary.at("iceframe.writer.w.seq"), "3");
}

TEST_F(StreamPositionsTest, AreFoundBehindForeignSnapshotsAndCarriedOverThem) {
  TablePtr table = StreamAppended(Create(), "a", "7");
  table = ForeignAppended(ForeignAppended(table, "b"), "c");
  EXPECT_EQ(Seq(table), "7");
  table = Appended(table, {File("d")});
  EXPECT_EQ(table->metadata()->current_snapshot()->summary.at("iceframe.stream.orders.seq"), "7");
}

TEST_F(StreamPositionsTest, OutliveForeignExpiry) {
  TablePtr table = ForeignAppended(StreamAppended(Create(), "a", "7"), "b");
  const SnapshotId said_by = table->metadata()->snapshots[0]->snapshot_id();
  table = Expired(table);
  ASSERT_EQ(table->metadata()->snapshots.size(), 1u);
  const KnownPosition known = Known(table);
  ASSERT_TRUE(known.current);
  EXPECT_EQ(known.current->values.at("seq"), "7");
  EXPECT_EQ(known.current->snapshot_id, said_by);
  table = Appended(table, {File("c")});
  EXPECT_EQ(table->metadata()->current_snapshot()->summary.at("iceframe.stream.orders.seq"), "7");
}

TEST_F(StreamPositionsTest, OutliveExpiryThatTakesTheParentAway) {
  TablePtr table = StreamAppended(Create(), "a", "7");
  // As PyIceberg leaves the oldest snapshot when it expires those before.
  ForeignAppend orphan(*AppendFilesAction::Make(*table, {File("b")}), /*has_parent=*/false);
  table = Expired(Committed(table, orphan));
  ASSERT_EQ(table->metadata()->snapshots.size(), 1u);
  EXPECT_EQ(Seq(table), "7");
  EXPECT_EQ(Seq(Appended(table, {File("c")})), "7");
}

TEST_F(StreamPositionsTest, OutliveForeignExpiryInV1Tables) {
  TablePtr table = ForeignAppended(StreamAppended(Create(1), "a", "7"), "b");
  // Without sequence numbers time decides, and the test's snapshots may be of one millisecond.
  while (context_.clock->SystemNowMs() <= table->metadata()->last_updated_ms) {
  }
  table = Expired(ForeignAppended(table, "c"));
  EXPECT_EQ(Seq(table), "7");
}

TEST_F(StreamPositionsTest, ARollbackIsTold) {
  TablePtr table = StreamAppended(StreamAppended(Create(), "a", "1"), "b", "2");
  table = SetBack(table, 0);
  const KnownPosition known = Known(table);
  ASSERT_TRUE(known.current && known.rolled_back);
  EXPECT_EQ(known.current->values.at("seq"), "1");
  EXPECT_EQ(known.rolled_back->values.at("seq"), "2");
  // Other commits don't hide it; the stream's own next one settles it.
  table = ForeignAppended(Appended(table, {File("c")}), "d");
  EXPECT_EQ(Seq(table), "rolled back from 2");
  EXPECT_EQ(Seq(StreamAppended(table, "e", "2")), "2");
}

TEST_F(StreamPositionsTest, ARollbackBehindTheFirstCommitIsTold) {
  TablePtr table = StreamAppended(Appended(Create(), {File("a")}), "b", "1");
  table = SetBack(table, 0);
  EXPECT_FALSE(Known(table).current);
  EXPECT_EQ(Seq(table), "rolled back from 1");
  // Nor does expiry of what was left hide it.
  EXPECT_EQ(Seq(Expired(table)), "rolled back from 1");
  table = Appended(Expired(table), {File("c")});
  EXPECT_EQ(table->metadata()->current_snapshot()->summary.count("iceframe.stream.orders.seq"), 0u);
}

TEST_F(StreamPositionsTest, BranchesHaveTheirOwn) {
  TablePtr table = StreamAppended(Create(), "a", "1");
  table = StreamAppended(table, "b", "5", "audit");
  EXPECT_EQ(Seq(table), "1");
  EXPECT_EQ(Known(table, Key(), "audit").current->values.at("seq"), "5");
  EXPECT_FALSE(Known(table, Key(), "no such branch").current);
}

TEST_F(StreamPositionsTest, ACommitIsRejectedWhereAnotherWasFirst) {
  TablePtr table = StreamAppended(Create(), "a", "1");
  CommitOptions options = Moving(Key(), {{"seq", "2"}});
  options.validator = RequirePosition(Key(), {{"seq", "1"}, {"epoch", std::nullopt}});
  catalog_->faults = {CommitFault::kOvertaken};
  catalog_->other_writer = [&] { StreamAppended(Load(), "theirs", "2"); };
  auto report = Append(table, {File("mine")}, {options.ForAction()});
  EXPECT_EQ(KindOf(report.status()), ErrorKind::kCommitRejected) << report.status().ToString();
  EXPECT_THAT(report.status().message(), HasSubstr("iceframe.stream.orders.seq is 2, not 1"));
  EXPECT_THAT(LiveFiles(Load()), ElementsAre("a", "theirs"));
  EXPECT_THAT(Orphans(Load()), ElementsAre());
}

TEST_F(StreamPositionsTest, ACommitGetsInWhereOthersWroteOtherRows) {
  TablePtr table = StreamAppended(Create(), "a", "1");
  CommitOptions options = Moving(Key(), {{"seq", "2"}});
  options.validator = RequirePosition(Key(), {{"seq", "1"}});
  catalog_->faults = {CommitFault::kOvertaken, CommitFault::kLandsSaysConflict};
  auto report = Append(table, {File("b")}, {options.ForAction()});
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(Seq(report->table), "2");
  EXPECT_EQ(LiveFiles(report->table).size(), 3u);
}

TEST_F(StreamPositionsTest, AValueIsMadeOnTheTableThatTheAttemptFinds) {
  TablePtr table = StreamAppended(Create(), "a", "1");
  CommitOptions options;
  options.position_on = [](const TableMetadata& base) -> Result<PositionUpdate> {
    return PositionUpdate{Key(), {{"seq", std::to_string(base.snapshots.size())}}};
  };
  catalog_->faults = {CommitFault::kOvertaken};
  table = Appended(table, {File("b")}, {options.ForAction()});
  EXPECT_EQ(Seq(table), "2");
  EXPECT_TRUE(options.MovesPositions());
}

TEST_F(StreamPositionsTest, ACommitIsRejectedAfterARollback) {
  TablePtr table = SetBack(StreamAppended(StreamAppended(Create(), "a", "1"), "b", "2"), 0);
  const auto validator = RequirePosition(Key(), {{"seq", "1"}});
  EXPECT_EQ(KindOf(validator(*table->metadata())), ErrorKind::kCommitRejected);
}

TEST_F(StreamPositionsTest, PropertiesChangeInTheSameCommit) {
  TablePtr table = Create(2, {{"old", "x"}});
  CommitOptions options;
  options.set_properties = {{"new", "y"}};
  options.removed_properties = {"old"};
  catalog_->faults = {CommitFault::kOvertaken};
  table = Appended(table, {File("a")}, {options.ForAction()});
  EXPECT_EQ(table->metadata()->properties.at("new"), "y");
  EXPECT_EQ(table->metadata()->properties.count("old"), 0u);
  EXPECT_EQ(LiveFiles(table).size(), 2u);
}

TEST_F(StreamPositionsTest, WhatCantBeSetIsRefused) {
  const auto refused = [](const CommitOptions& options) { return KindOf(options.Check()); };
  CommitOptions options;
  options.summary = {{"iceframe.writer.w.seq", "1"}};
  EXPECT_EQ(refused(options), ErrorKind::kInvalidArgument);
  options.summary.clear();
  options.set_properties = {{"a", "1"}};
  options.removed_properties = {"a"};
  EXPECT_EQ(refused(options), ErrorKind::kInvalidArgument);
  for (const char* name : {"", "a.b", "floor"}) {
    EXPECT_EQ(refused(Moving(Key(), {{name, "1"}})), ErrorKind::kInvalidArgument) << name;
  }
  EXPECT_TRUE(Moving(Key(), {{"seq", "1"}}).Check().ok());
}

TEST_F(StreamPositionsTest, ADamagedPropertyIsNamed) {
  TablePtr table = StreamAppended(Create(), "a", "7");
  CommitOptions options;
  options.set_properties = {{"iceframe.stream.orders.floor", "{"}};
  table = Appended(table, {File("b")}, {options.ForAction()});
  const Status status = FindPosition(*table->metadata(), Key()).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kInvalidMetadata);
  EXPECT_THAT(status.message(), HasSubstr("iceframe.stream.orders.floor"));
}

}  // namespace
}  // namespace iceframe
