// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/commit.h"

#include <thread>

#include "iceframe/table/update_properties_action.h"

#include "unit/table/table_fixture.h"

namespace iceframe {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CommitTest : public TableTest {
 protected:
  /// `honest` attempts lose to other writers, then comes `fault`.
  void Script(int honest, CommitFault fault) {
    catalog_->faults.clear();
    for (int i = 0; i < honest; ++i) catalog_->faults.push_back(CommitFault::kOvertaken);
    catalog_->faults.push_back(fault);
  }

  int64_t TimesIn(const std::vector<std::string>& files, const std::string& path) {
    return std::count(files.begin(), files.end(), path);
  }
};

// How many honest conflicts come first: the fault meets the first, a middle and the last attempt
// of the default four retries.
class CommitFaults : public CommitTest, public ::testing::WithParamInterface<int> {};

INSTANTIATE_TEST_SUITE_P(Attempts, CommitFaults, ::testing::Values(0, 2, 4));

TEST_P(CommitFaults, HiddenSuccessIsSuccess) {
  for (CommitFault fault : {CommitFault::kLandsSaysConflict, CommitFault::kLandsSaysUnknown,
                            CommitFault::kLandsOvertakenSaysUnknown}) {
    SetUp();
    num_besides_ = 0;
    TablePtr table = Create();
    Script(GetParam(), fault);
    auto report = Append(table, {File("mine")});
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_TRUE(report->was_reconciled);
    EXPECT_EQ(report->num_attempts, GetParam() + 1);
    const auto files = LiveFiles(Load());
    EXPECT_EQ(TimesIn(files, "mine"), 1);
    EXPECT_EQ(files.size(), static_cast<size_t>(num_besides_) + 1);
    EXPECT_TRUE(Orphans(Load()).empty());
  }
}

TEST_P(CommitFaults, AnUnknownThatDidNotLandIsTriedAgain) {
  TablePtr table = Create();
  Script(GetParam(), CommitFault::kDoesNotLandSaysUnknown);
  auto report = Append(table, {File("mine")});
  if (GetParam() < 4) {
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_EQ(TimesIn(LiveFiles(Load()), "mine"), 1);
    EXPECT_TRUE(Orphans(Load()).empty());
  } else {
    EXPECT_EQ(KindOf(report.status()), ErrorKind::kCommitStateUnknown);
    EXPECT_EQ(TimesIn(LiveFiles(Load()), "mine"), 0);
    EXPECT_FALSE(Orphans(Load()).empty()) << "nothing is deleted while it may still land";
  }
}

TEST_P(CommitFaults, AnUnavailableCatalogIsTriedAgain) {
  TablePtr table = Create(2, {{"commit.retry.num-retries", "5"}});
  Script(GetParam(), CommitFault::kSaysUnavailable);
  auto report = Append(table, {File("mine")});
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(TimesIn(LiveFiles(Load()), "mine"), 1);
}

TEST_P(CommitFaults, SnapshotIdAndManifestsStayWhileListsDoNot) {
  TablePtr table = Create();
  Script(GetParam(), CommitFault::kNone);
  auto action = AppendFilesAction::Make(*table, {File("mine")});
  const auto id = (*action)->snapshot_id();
  auto report = Commit(table, **action);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->snapshot_id, id);
  const Snapshot* snapshot = *report->table->metadata()->FindSnapshot(*id);
  ASSERT_NE(snapshot, nullptr);
  EXPECT_THAT(snapshot->manifest_list, HasSubstr("-" + std::to_string(GetParam()) + "-"));
  EXPECT_EQ(snapshot->sequence_number, SequenceNumber(GetParam() + 1));
  EXPECT_TRUE(Orphans(report->table).empty());
}

TEST_F(CommitTest, ConflictsBeyondTheRetriesAreAnErrorAndLeaveNothing) {
  TablePtr table = Create();
  Script(5, CommitFault::kNone);
  auto report = Append(table, {File("mine")});
  EXPECT_EQ(KindOf(report.status()), ErrorKind::kCommitConflict) << report.status().ToString();
  EXPECT_EQ(TimesIn(LiveFiles(Load()), "mine"), 0);
  EXPECT_TRUE(Orphans(Load()).empty());
}

TEST_F(CommitTest, NoRetriesMeansOneAttempt) {
  TablePtr table = Create(2, {{"commit.retry.num-retries", "0"}});
  Script(1, CommitFault::kNone);
  EXPECT_EQ(KindOf(Append(table, {File("mine")}).status()), ErrorKind::kCommitConflict);
  Script(0, CommitFault::kLandsSaysConflict);
  auto report = Append(Load(), {File("mine")});
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(TimesIn(LiveFiles(Load()), "mine"), 1);
}

TEST_F(CommitTest, UnreadableTableAfterAnUnknownIsUnknownNamingTheSnapshot) {
  TablePtr table = Create();
  Script(0, CommitFault::kLandsSaysUnknown);
  catalog_->num_load_failures = 100;
  auto action = AppendFilesAction::Make(*table, {File("mine")});
  auto report = Commit(table, **action);
  EXPECT_EQ(KindOf(report.status()), ErrorKind::kCommitStateUnknown);
  EXPECT_THAT(report.status().ToString(),
              HasSubstr(std::to_string((*action)->snapshot_id()->value())));
  catalog_->num_load_failures = 0;
  EXPECT_THAT(LiveFiles(Load()), ElementsAre("mine")) << "and what landed is whole";
}

TEST_F(CommitTest, ASlowCatalogIsLookedUpAgain) {
  TablePtr table = Create();
  Script(0, CommitFault::kLandsSaysUnknown);
  catalog_->num_load_failures = 3;
  EXPECT_TRUE(Append(table, {File("mine")}).ok());
}

TEST_F(CommitTest, FromTheFirstConflictOnTheWriteLockIsHeld) {
  catalog_->allows_locked = true;
  TablePtr table = Create();
  Script(1, CommitFault::kNone);
  auto report = Append(table, {File("mine")});
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->num_attempts, 2);
  EXPECT_EQ(catalog_->num_locked_commits, 1);
  EXPECT_EQ(LiveFiles(Load()).size(), 2u);
}

TEST_F(CommitTest, ATableSharedWithOtherWritersIsLockedFromTheStart) {
  catalog_->allows_locked = true;
  TablePtr table = Create(2, {{"commit.retry.num-retries", "1"}});
  Script(1, CommitFault::kNone);
  ASSERT_TRUE(Append(table, {File("a")}).ok());
  const int num_unlocked = catalog_->num_commits;

  auto alone = Append(Load(), {File("b")});
  ASSERT_TRUE(alone.ok()) << alone.status().ToString();
  EXPECT_EQ(alone->num_attempts, 1);
  EXPECT_EQ(catalog_->num_locked_commits, 2) << "others were met a moment ago";
  EXPECT_EQ(catalog_->num_commits, num_unlocked);

  ASSERT_TRUE(Append(Load(), {File("c")}).ok());
  EXPECT_EQ(catalog_->num_locked_commits, 2) << "nobody came between any more";
  EXPECT_EQ(catalog_->num_commits, num_unlocked + 1);
}

TEST_F(CommitTest, NewManifestsAreWrittenBeforeTheLockIsTaken) {
  catalog_->allows_locked = true;
  TablePtr table = Create();
  Script(1, CommitFault::kNone);
  ASSERT_TRUE(Append(table, {File("a")}).ok());
  table = Load();
  catalog_->before_locked = [&] {
    EXPECT_EQ(Orphans(table).size(), 1U) << "the new manifest, which no snapshot names yet";
  };
  ASSERT_TRUE(Append(table, {File("b")}).ok());
  EXPECT_EQ(catalog_->num_locked_commits, 2);
  EXPECT_TRUE(Orphans(Load()).empty());
}

TEST_F(CommitTest, WhatCouldNotBeMadeDurableIsNotCommitted) {
  for (bool locked : {false, true}) {
    catalog_->allows_locked = locked;
    TablePtr table = locked ? Load() : Create();
    if (locked) {
      Script(1, CommitFault::kNone);
      ASSERT_TRUE(Append(table, {File("a")}).ok());
      table = Load();
    }
    const size_t num_files = LiveFiles(table).size();
    context_.deferred_syncs = std::make_shared<DeferredSyncs>();
    ASSERT_TRUE(
        context_.deferred_syncs->Add("/data", [] { return Error(ErrorKind::kIo, "no space"); })
            .ok());
    EXPECT_EQ(KindOf(Append(table, {File("mine")}).status()), ErrorKind::kIo);
    context_.deferred_syncs.reset();
    EXPECT_EQ(LiveFiles(Load()).size(), num_files);
    EXPECT_TRUE(Orphans(Load()).empty());
  }
}

TEST_F(CommitTest, HiddenSuccessUnderTheLockIsSuccess) {
  catalog_->allows_locked = true;
  for (CommitFault fault : {CommitFault::kLandsSaysConflict, CommitFault::kLandsSaysUnknown}) {
    TablePtr table = fault == CommitFault::kLandsSaysConflict ? Create() : Load();
    Script(1, fault);
    const std::string path = "mine-" + std::to_string(static_cast<int>(fault));
    auto report = Append(table, {File(path)});
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_EQ(TimesIn(LiveFiles(Load()), path), 1);
    EXPECT_TRUE(Orphans(Load()).empty());
  }
}

TEST_F(CommitTest, ManyWritersAllGetThroughWithDefaultRetries) {
  catalog_->allows_locked = true;
  Create(2, {{"commit.retry.min-wait-ms", "100"}});
  constexpr int kWriters = 8;
  constexpr int kAppends = 5;
  std::vector<std::thread> writers;
  std::atomic<int> landed{0};
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 0; i < kAppends; ++i) {
        auto report = Append(Load(), {File(std::to_string(writer) + "-" + std::to_string(i))});
        EXPECT_TRUE(report.ok()) << report.status().ToString();
        landed += report.ok() ? 1 : 0;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(landed, kWriters * kAppends);
  TablePtr table = Load();
  EXPECT_EQ(LiveFiles(table).size(), static_cast<size_t>(kWriters * kAppends));
  EXPECT_EQ(table->metadata()->last_sequence_number, SequenceNumber(kWriters * kAppends));
  EXPECT_TRUE(Orphans(table).empty());
}

TEST_F(CommitTest, ValidatorSeesEveryBaseAndCanEndTheCommit) {
  TablePtr table = Create();
  Script(3, CommitFault::kNone);
  AppendFilesOptions options;
  std::vector<size_t> seen;
  options.validator = [&](const TableMetadata& base) {
    seen.push_back(base.snapshots.size());
    if (base.snapshots.size() < 2) return Status::OK();
    return Error(ErrorKind::kCommitRejected, "not on this base");
  };
  auto report = Append(table, {File("mine")}, options);
  EXPECT_EQ(KindOf(report.status()), ErrorKind::kCommitRejected);
  EXPECT_THAT(seen, ElementsAre(0u, 1u, 2u));
  EXPECT_TRUE(Orphans(Load()).empty());
}

TEST_F(CommitTest, CancelledWaitsEndAtOnceAndLeaveNothing) {
  TablePtr table =
      Create(2, {{"commit.retry.min-wait-ms", "60000"}, {"commit.retry.max-wait-ms", "60000"}});
  Script(4, CommitFault::kNone);
  std::thread canceller([token = context_.cancel]() mutable {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    token.Cancel();
  });
  const auto start = std::chrono::steady_clock::now();
  OperationContext own = context_;
  auto action = AppendFilesAction::Make(*table, {File("mine")});
  catalog_->other_writer = [&] {
    OperationContext fresh;
    std::swap(context_, fresh);
    AppendBesides();
    std::swap(context_, fresh);
  };
  auto report = CommitAction(own, table, **action);
  canceller.join();
  EXPECT_EQ(KindOf(report.status()), ErrorKind::kCancelled) << report.status().ToString();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  context_ = OperationContext();
  EXPECT_TRUE(Orphans(Load()).empty());
}

TEST_F(CommitTest, ATableThatWasReplacedIsNotWrittenTo) {
  TablePtr table = Create();
  catalog_->faults.push_back(CommitFault::kOvertaken);
  catalog_->other_writer = [this] {
    ASSERT_TRUE(catalog_->DropTable(context_, Name(), false).ok());
    Create();
  };
  EXPECT_EQ(KindOf(Append(table, {File("mine")}).status()), ErrorKind::kCommitRejected);
  EXPECT_TRUE(LiveFiles(Load()).empty());
}

TEST_F(CommitTest, PropertiesOfOtherWritersStay) {
  TablePtr table = Create();
  auto other = UpdatePropertiesAction::Make({{"theirs", "1"}}, {});
  ASSERT_TRUE(Commit(table, **other).ok());
  auto mine = UpdatePropertiesAction::Make({{"mine", "2"}}, {"commit.retry.max-wait-ms"});
  auto report = Commit(table, **mine);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  const Properties& properties = report->table->metadata()->properties;
  EXPECT_EQ(properties.at("theirs"), "1");
  EXPECT_EQ(properties.at("mine"), "2");
  EXPECT_EQ(properties.count("commit.retry.max-wait-ms"), 0u);
  EXPECT_FALSE(UpdatePropertiesAction::Make({{"a", "1"}}, {"a"}).ok());
}

TEST_F(CommitTest, BadRetrySettingsEndItBeforeItBegins) {
  TablePtr table = Create(2, {{"commit.retry.num-retries", "many"}});
  EXPECT_EQ(KindOf(Append(table, {File("mine")}).status()), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace iceframe
