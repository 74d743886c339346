// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/transaction.h"

#include <thread>

#include "iceframe/expression/parse_expression.h"
#include "iceframe/table/update_properties_action.h"

#include "unit/table/table_fixture.h"

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TransactionTest : public TableTest {
 protected:
  /// A table whose files are looked for when a transaction has to delete them: a real file each.
  DataFile Written(const TablePtr& table, const std::string& name, int64_t lower = 0,
                   int64_t upper = 9) {
    DataFile file = File(table->metadata()->location + "/data/" + name, lower, upper);
    EXPECT_TRUE(table->io()->WriteAll(context_, file.file_path, "rows").ok());
    file.spec_id = table->metadata()->default_spec_id;
    return file;
  }

  std::vector<std::string> DataFolder(const TablePtr& table) {
    std::vector<std::string> names;
    auto files = table->io()->List(context_, table->metadata()->location + "/data");
    if (!files.ok()) return names;
    for (const FileEntry& file : *files) names.push_back(file.location);
    return names;
  }

  /// The data sequence numbers of the live files: those of the snapshots that added them, in
  /// whichever manifest they are.
  std::map<std::string, int64_t> Numbers(const TablePtr& table) {
    std::map<std::string, int64_t> numbers;
    for (const ManifestFile& manifest : Manifests(table)) {
      auto decoded = ReadManifest(context_, *table->io(), *table->metadata(), manifest);
      for (int64_t i = 0; i < (*decoded)->num_entries(); ++i) {
        const ManifestEntry entry = *(*decoded)->Entry(i);
        if (!(*decoded)->is_live(i)) continue;
        numbers[entry.data_file.file_path] = entry.data_sequence_number->value();
      }
    }
    return numbers;
  }

  SnapshotRef BranchAt(const TablePtr& table) {
    SnapshotRef ref;
    ref.snapshot_id = *table->metadata()->current_snapshot_id;
    return ref;
  }

  static const Snapshot& SnapshotAt(const TablePtr& table, size_t position) {
    return **table->metadata()->snapshots[position]->Get();
  }
};

TEST_F(TransactionTest, TwoAppendsAndAPropertyAreOneCommitOfTwoSnapshots) {
  for (const int32_t version : {1, 2, 3}) {
    SetUp();
    TablePtr table = Create(version);
    Transaction transaction(context_, table);
    ASSERT_TRUE(transaction.AppendFiles(context_, {File("a")}).ok());
    ASSERT_TRUE(transaction.AppendFiles(context_, {File("b")}).ok());
    ASSERT_TRUE(transaction.UpdateProperties(context_, {{"owner", "ada"}}).ok());
    EXPECT_EQ(Load()->metadata_location(), table->metadata_location()) << "nothing is visible yet";
    auto report = transaction.Commit(context_);
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_EQ(catalog_->num_commits, 1);

    TablePtr now = Load();
    EXPECT_THAT(LiveFiles(now), ElementsAre("a", "b"));
    EXPECT_EQ(now->metadata()->properties.at("owner"), "ada");
    ASSERT_THAT(now->metadata()->snapshots, SizeIs(2));
    const Snapshot& first = SnapshotAt(now, 0);
    const Snapshot& second = SnapshotAt(now, 1);
    EXPECT_THAT(transaction.snapshot_ids(), ElementsAre(first.snapshot_id, second.snapshot_id));
    EXPECT_EQ(first.parent_snapshot_id, std::nullopt);
    EXPECT_EQ(second.parent_snapshot_id, first.snapshot_id);
    EXPECT_EQ(first.sequence_number, SequenceNumber(version == 1 ? 0 : 1));
    EXPECT_EQ(second.sequence_number, SequenceNumber(version == 1 ? 0 : 2));
    EXPECT_THAT(now->metadata()->snapshot_log, SizeIs(1)) << "the first never was current";
    EXPECT_THAT(LiveFiles(now, &first), ElementsAre("a"));
    EXPECT_THAT(Orphans(now), IsEmpty());
    if (version == 3) {
      EXPECT_EQ(second.first_row_id, first.added_rows);
    }
  }
}

TEST_F(TransactionTest, OnePairOfRequirementsAndUpdatesGoesToTheCatalog) {
  TablePtr table = Appended(Create(), {File("a")});
  Transaction transaction(context_, table);
  ASSERT_TRUE(transaction.AppendFiles(context_, {File("b")}).ok());
  ASSERT_TRUE(transaction.UpdateSchema(context_, {AddColumn{"", "more", Type::Int(), ""}}).ok());
  ASSERT_TRUE(transaction.AppendFiles(context_, {File("c")}).ok());
  // A writer that changes nothing but a property is no reason to start again.
  auto action = UpdatePropertiesAction::Make({{"k", "v"}}, {});
  ASSERT_TRUE(Commit(table, **action).ok());
  catalog_->num_commits = 0;
  auto report = transaction.Commit(context_);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->num_attempts, 1);
  EXPECT_EQ(Load()->metadata()->properties.at("k"), "v");
}

TEST_F(TransactionTest, EachChangeSeesThoseBefore) {
  TablePtr table = Create();
  Transaction transaction(context_, table);
  ASSERT_TRUE(transaction.UpdateSchema(context_, {AddColumn{"", "day", Type::Date(), ""}}).ok());
  ASSERT_TRUE(
      transaction.UpdatePartitionSpec(context_, {AddPartitionField{"day", Transform::Identity()}})
          .ok());
  ASSERT_TRUE(transaction.UpdateSortOrder(context_, {SortBy{"day"}}).ok());
  EXPECT_EQ(transaction.table()->metadata()->default_spec()->fields.size(), 1u);
  DataFile file = File("a");
  file.spec_id = transaction.table()->metadata()->default_spec_id;
  file.partition = {Value(int32_t{7})};
  ASSERT_TRUE(transaction.AppendFiles(context_, {file}).ok());
  SnapshotRef ref = BranchAt(transaction.table());
  ASSERT_TRUE(transaction.ManageRefs(context_, CreateRef{"audit", ref}).ok());
  AppendFilesOptions on_branch;
  on_branch.target_ref = "audit";
  file.file_path = "b";
  ASSERT_TRUE(transaction.AppendFiles(context_, {file}, on_branch).ok());
  ASSERT_TRUE(transaction.Commit(context_).ok());

  TablePtr now = Load();
  EXPECT_NE(now->metadata()->current_schema()->FindField("day"), nullptr);
  EXPECT_EQ(now->metadata()->default_sort_order()->fields.size(), 1u);
  EXPECT_THAT(LiveFiles(now), ElementsAre("a"));
  const Snapshot* audit =
      *now->metadata()->FindSnapshot(now->metadata()->refs.at("audit").snapshot_id);
  EXPECT_THAT(LiveFiles(now, audit), ElementsAre("a", "b"));
}

TEST_F(TransactionTest, AnotherWritersCommitReplaysTheWholeOnTop) {
  for (const int32_t version : {1, 2, 3}) {
    SetUp();
    num_besides_ = 0;
    // Merging makes the second append's manifest from that of the first.
    TablePtr table = Create(version, {{"commit.manifest.min-count-to-merge", "2"}});
    catalog_->faults = {CommitFault::kOvertaken, CommitFault::kOvertaken, CommitFault::kNone};
    Transaction transaction(context_, table);
    ASSERT_TRUE(transaction.AppendFiles(context_, {File("a")}).ok());
    ASSERT_TRUE(transaction.AppendFiles(context_, {File("b")}).ok());
    const auto ids = transaction.snapshot_ids();
    auto report = transaction.Commit(context_);
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_EQ(report->num_attempts, 3);
    EXPECT_EQ(transaction.snapshot_ids(), ids) << "snapshots keep their ids";

    TablePtr now = Load();
    EXPECT_THAT(LiveFiles(now), ElementsAre("a", "b", "besides-1", "besides-2"));
    EXPECT_THAT(Orphans(now), IsEmpty());
    const Snapshot& first = **now->metadata()->snapshots[2]->Get();
    const Snapshot& second = **now->metadata()->snapshots[3]->Get();
    EXPECT_EQ(second.parent_snapshot_id, first.snapshot_id);
    if (version == 1) continue;
    EXPECT_EQ(first.sequence_number, SequenceNumber(3));
    EXPECT_EQ(second.sequence_number, SequenceNumber(4));
    EXPECT_EQ(Numbers(now), (std::map<std::string, int64_t>{
                                {"besides-1", 1}, {"besides-2", 2}, {"a", 3}, {"b", 4}}));
  }
}

TEST_F(TransactionTest, WhatItMadeOfItsOwnManifestsIsMadeAnewOnAnotherBase) {
  TablePtr table = Create();
  besides_ = File("theirs", 1000, 1009);
  catalog_->faults = {CommitFault::kOvertaken};
  Transaction transaction(context_, table);
  ASSERT_TRUE(transaction.AppendFiles(context_, {File("out", 0, 9), File("kept", 100, 109)}).ok());
  OverwriteFilesOptions options;
  options.filter = *ParseExpression("id < 50");
  ASSERT_TRUE(transaction.OverwriteFiles(context_, {}, options).ok());
  ASSERT_TRUE(transaction.Commit(context_).ok());
  EXPECT_EQ(Numbers(Load()), (std::map<std::string, int64_t>{{"theirs", 1}, {"kept", 2}}));
  EXPECT_THAT(Orphans(Load()), IsEmpty());
}

TEST_F(TransactionTest, AnOverwriteIsCheckedAgainstOthersAndNotAgainstItsOwn) {
  TablePtr table = Create();
  Transaction transaction(context_, table);
  ASSERT_TRUE(transaction.AppendFiles(context_, {File("a", 0, 9)}).ok());
  OverwriteFilesOptions options;
  options.filter = *ParseExpression("id < 100");
  ASSERT_TRUE(transaction.OverwriteFiles(context_, {File("b", 0, 9)}, options).ok());
  besides_ = File("theirs", 200, 209);
  catalog_->faults = {CommitFault::kOvertaken};
  ASSERT_TRUE(transaction.Commit(context_).ok()) << "other rows than the filter's don't matter";
  EXPECT_THAT(LiveFiles(Load()), ElementsAre("b", "theirs"));

  Transaction second(context_, Load());
  ASSERT_TRUE(second.AppendFiles(context_, {Written(table, "c")}).ok());
  ASSERT_TRUE(second.OverwriteFiles(context_, {}, options).ok());
  besides_ = File("theirs-2", 50, 59);
  catalog_->faults = {CommitFault::kOvertaken};
  auto report = second.Commit(context_);
  EXPECT_EQ(KindOf(report.status()), ErrorKind::kCommitRejected) << report.status().ToString();
  EXPECT_THAT(LiveFiles(Load()), ElementsAre("b", "theirs", "theirs-2"));
  EXPECT_THAT(DataFolder(table), IsEmpty());
  EXPECT_THAT(Orphans(Load()), IsEmpty());
}

TEST_F(TransactionTest, RowsOfANewColumnAreNotTakenForAnotherWritersColumn) {
  TablePtr table = Create();
  catalog_->other_writer = [&] {
    UpdateSchemaAction theirs({AddColumn{"", "theirs", Type::Int(), ""}});
    auto faults = std::exchange(catalog_->faults, {});
    ASSERT_TRUE(Commit(Load(), theirs).ok());
    catalog_->faults = faults;
  };
  catalog_->faults = {CommitFault::kOvertaken};
  Transaction transaction(context_, table);
  ASSERT_TRUE(transaction.UpdateSchema(context_, {AddColumn{"", "mine", Type::Int(), ""}}).ok());
  ASSERT_TRUE(transaction.AppendFiles(context_, {Written(table, "a")}).ok());
  auto report = transaction.Commit(context_);
  EXPECT_EQ(KindOf(report.status()), ErrorKind::kCommitConflict);
  EXPECT_THAT(report.status().message(), HasSubstr("run it again: column mine"));
  EXPECT_THAT(DataFolder(table), IsEmpty());
  EXPECT_EQ(Load()->metadata()->current_schema()->FindField("mine"), nullptr);

  // Without rows there is nothing to be mistaken.
  catalog_->faults = {};
  Transaction alone(context_, table);
  ASSERT_TRUE(alone.UpdateSchema(context_, {AddColumn{"", "mine", Type::Int(), ""}}).ok());
  ASSERT_TRUE(alone.Commit(context_).ok());
  EXPECT_NE(Load()->metadata()->current_schema()->FindField("mine"), nullptr);
}

TEST_F(TransactionTest, RowsWithoutAColumnThatBecameRequiredAreNotTaken) {
  TablePtr table = Create();
  catalog_->other_writer = [&] {
    UpdateSchemaAction theirs({MakeColumnRequired{"city"}});
    auto faults = std::exchange(catalog_->faults, {});
    ASSERT_TRUE(Commit(Load(), theirs).ok());
    catalog_->faults = faults;
  };
  catalog_->faults = {CommitFault::kOvertaken};
  auto report = Append(table, {File("a")});
  EXPECT_EQ(KindOf(report.status()), ErrorKind::kCommitConflict) << report.status().ToString();
  EXPECT_THAT(report.status().message(), HasSubstr("required"));
}

TEST_F(TransactionTest, HiddenSuccessIsSuccess) {
  for (const CommitFault fault : {CommitFault::kLandsSaysConflict, CommitFault::kLandsSaysUnknown,
                                  CommitFault::kLandsOvertakenSaysUnknown}) {
    for (const bool has_rows : {true, false}) {
      SetUp();
      TablePtr table = Create();
      catalog_->faults = {fault};
      Transaction transaction(context_, table);
      ASSERT_TRUE(transaction.UpdateProperties(context_, {{"a", "1"}, {"b", "2"}}).ok());
      if (has_rows) {
        ASSERT_TRUE(transaction.AppendFiles(context_, {Written(table, "a")}).ok());
      }
      ASSERT_TRUE(transaction.UpdateProperties(context_, {{"b", "3"}}, {"a"}).ok());
      auto report = transaction.Commit(context_);
      ASSERT_TRUE(report.ok()) << report.status().ToString();
      EXPECT_TRUE(report->was_reconciled);
      EXPECT_EQ(report->num_attempts, 1);
      EXPECT_EQ(Load()->metadata()->properties.at("b"), "3");
      EXPECT_EQ(Load()->metadata()->properties.count("a"), 0u);
      EXPECT_THAT(DataFolder(table), SizeIs(has_rows ? 1 : 0));
    }
  }
}

TEST_F(TransactionTest, AnUnknownOutcomeKeepsAllFiles) {
  TablePtr table = Create();
  catalog_->faults = {CommitFault::kLandsSaysUnknown};
  catalog_->num_load_failures = 100;
  {
    Transaction transaction(context_, table);
    ASSERT_TRUE(transaction.AppendFiles(context_, {Written(table, "a")}).ok());
    auto report = transaction.Commit(context_);
    EXPECT_EQ(KindOf(report.status()), ErrorKind::kCommitStateUnknown);
  }
  catalog_->num_load_failures = 0;
  EXPECT_THAT(LiveFiles(Load()), SizeIs(1));
  EXPECT_THAT(DataFolder(table), SizeIs(1));
}

TEST_F(TransactionTest, WhatIsNotCommittedLeavesNoFile) {
  TablePtr table = Create();
  {
    Transaction transaction(context_, table);
    ASSERT_TRUE(transaction.AppendFiles(context_, {Written(table, "a")}).ok());
    ASSERT_TRUE(transaction.AppendFiles(context_, {Written(table, "b")}).ok());
    EXPECT_THAT(DataFolder(table), SizeIs(2));
  }
  EXPECT_THAT(DataFolder(table), IsEmpty());
  EXPECT_THAT(Orphans(Load()), IsEmpty());

  Transaction conflicting(context_, table);
  ASSERT_TRUE(conflicting.AppendFiles(context_, {Written(table, "c")}).ok());
  catalog_->faults = std::deque<CommitFault>(5, CommitFault::kOvertaken);
  EXPECT_EQ(KindOf(conflicting.Commit(context_).status()), ErrorKind::kCommitConflict);
  EXPECT_THAT(DataFolder(table), IsEmpty());
  EXPECT_THAT(Orphans(Load()), IsEmpty());

  SetUp();
  TablePtr odd = Create(2, {{"commit.retry.num-retries", "many"}});
  Transaction refused(context_, odd);
  ASSERT_TRUE(refused.AppendFiles(context_, {Written(odd, "d")}).ok());
  EXPECT_EQ(KindOf(refused.Commit(context_).status()), ErrorKind::kInvalidArgument);
  EXPECT_THAT(DataFolder(odd), IsEmpty());
}

TEST_F(TransactionTest, AChangeThatIsRefusedIsLeftOut) {
  TablePtr table = Create();
  Transaction transaction(context_, table);
  ASSERT_TRUE(transaction.AppendFiles(context_, {File("a")}).ok());
  EXPECT_FALSE(transaction.UpdateSchema(context_, {DropColumn{"no"}}).ok());
  AppendFilesOptions refused;
  refused.validator = [](const TableMetadata& base) {
    EXPECT_NE(base.current_snapshot(), nullptr) << "it sees what came before";
    return Error(ErrorKind::kCommitRejected, "no");
  };
  EXPECT_EQ(KindOf(transaction.AppendFiles(context_, {Written(table, "b")}, refused)),
            ErrorKind::kCommitRejected);
  EXPECT_THAT(DataFolder(table), IsEmpty());
  ASSERT_TRUE(transaction.Commit(context_).ok());
  EXPECT_THAT(LiveFiles(Load()), ElementsAre("a"));
  EXPECT_THAT(Orphans(Load()), IsEmpty());
}

TEST_F(TransactionTest, IsUsedOnce) {
  TablePtr table = Create();
  Transaction transaction(context_, table);
  auto report = transaction.Commit(context_);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->table->metadata_location(), table->metadata_location());
  EXPECT_EQ(catalog_->num_commits, 0) << "there is nothing to commit";
  EXPECT_EQ(KindOf(transaction.Commit(context_).status()), ErrorKind::kInvalidArgument);
  const Status late = transaction.AppendFiles(context_, {Written(table, "a")});
  EXPECT_EQ(KindOf(late), ErrorKind::kInvalidArgument);
  EXPECT_THAT(late.message(), HasSubstr("has ended"));
  EXPECT_THAT(DataFolder(table), IsEmpty());
  transaction.Abort();
}

TEST_F(TransactionTest, ASecondThreadIsRefusedWhileACallRuns) {
  TablePtr table = Create();
  Transaction transaction(context_, table);
  AppendFilesOptions options;
  Status second;
  options.validator = [&](const TableMetadata&) {
    std::thread other([&] { second = transaction.UpdateProperties(context_, {{"a", "b"}}); });
    other.join();
    return Status::OK();
  };
  ASSERT_TRUE(transaction.AppendFiles(context_, {File("a")}, options).ok());
  EXPECT_EQ(KindOf(second), ErrorKind::kInvalidArgument);
  EXPECT_THAT(second.message(), HasSubstr("one thread at a time"));
}

TEST_F(TransactionTest, TwoRacingTransactionsBothLand) {
  TablePtr table = Create();
  Transaction one(context_, table);
  Transaction two(context_, table);
  ASSERT_TRUE(one.AppendFiles(context_, {File("a")}).ok());
  ASSERT_TRUE(two.AppendFiles(context_, {File("b")}).ok());
  ASSERT_TRUE(one.UpdateProperties(context_, {{"one", "1"}}).ok());
  ASSERT_TRUE(two.UpdateProperties(context_, {{"two", "2"}}).ok());
  ASSERT_TRUE(one.Commit(context_).ok());
  auto report = two.Commit(context_);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->num_attempts, 2);
  EXPECT_THAT(LiveFiles(Load()), ElementsAre("a", "b"));
  EXPECT_EQ(Load()->metadata()->properties.at("one"), "1");
  EXPECT_EQ(Load()->metadata()->properties.at("two"), "2");
}

}  // namespace
}  // namespace iceframe
