// SPDX-License-Identifier: Apache-2.0
// What came into a table since a snapshot, what changed between two, and a table followed.
#include <algorithm>

#include <gmock/gmock.h>

#include "iceframe/execution/row_changes.h"
#include "iceframe/execution/table_tail.h"
#include "iceframe/execution/table_writer.h"
#include "iceframe/table/commit.h"
#include "iceframe/table/manage_refs_action.h"
#include "iceframe/table/overwrite_files_action.h"
#include "iceframe/table/update_schema_action.h"

#include "session/lake.h"

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Ids = std::vector<int64_t>;
using IcebergTable = std::shared_ptr<const Table>;

// Says that a change kept all rows, as compaction does.
class ReplaceFiles final : public TableAction {
 public:
  explicit ReplaceFiles(std::unique_ptr<TableAction> overwrite)
      : overwrite_(std::move(overwrite)) {}
  Result<CommitRequest> Prepare(const CommitAttempt& attempt) override {
    ICEFRAME_ASSIGN_OR_RETURN(CommitRequest request, overwrite_->Prepare(attempt));
    for (TableUpdate& update : request.updates) {
      if (auto* added = std::get_if<AddSnapshot>(&update)) {
        added->snapshot.summary.insert_or_assign("operation", "replace");
      }
    }
    return request;
  }

 private:
  std::unique_ptr<TableAction> overwrite_;
};

class ExpireAllBut final : public TableAction {
 public:
  explicit ExpireAllBut(size_t num_kept) : num_kept_(num_kept) {}
  Result<CommitRequest> Prepare(const CommitAttempt& attempt) override {
    RemoveSnapshots expired;
    const auto& snapshots = attempt.base.metadata->snapshots;
    for (size_t i = 0; i + num_kept_ < snapshots.size(); ++i) {
      expired.snapshot_ids.push_back(snapshots[i]->snapshot_id());
    }
    return CommitRequest{attempt.base.identifier, {}, {expired}};
  }

 private:
  const size_t num_kept_;
};

class IncrementalReadsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto session = OpenLake(folder_.path());
    ASSERT_TRUE(session.ok()) << session.status().ToString();
    session_ = *session;
    ASSERT_OK(session_->CreateTable(Context(), "t", IdSchema(), {}).status());
  }

  OperationContext Context() const { return session_->NewOperation(); }
  IcebergTable Load() { return session_->LoadTable(Context(), "t").ValueOr(nullptr); }

  SnapshotId Append(int64_t begin, int64_t end, const std::string& branch = kMainBranch) {
    CommitOptions options;
    options.branch = branch;
    auto report = session_->Append(Context(), "t", *Rows(begin, end), options);
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return report.ok() ? *report->snapshot_id : SnapshotId();
  }

  SnapshotId Current() { return *Load()->metadata()->current_snapshot_id; }

  void Commit(TableAction& action) {
    auto report = CommitAction(Context(), Load(), action);
    ASSERT_TRUE(report.ok()) << report.status().ToString();
  }

  /// Puts files of these rows in the place of all files.
  std::unique_ptr<TableAction> Replacement(const Ids& ids) {
    const IcebergTable table = Load();
    arrow::RecordBatchVector batches;
    for (int64_t id : ids) {
      for (const auto& batch : Rows(id, id + 1)->ToRecordBatches().ValueOr({})) {
        batches.push_back(batch);
      }
    }
    const auto rows = arrow::RecordBatchReader::Make(batches, batches.front()->schema());
    auto files = WriteDataFiles(Context(), table->io(), *table->metadata(), **rows);
    EXPECT_TRUE(files.ok()) << files.status().ToString();
    return std::move(*OverwriteFilesAction::Make(*table, *files));
  }
  void Overwrite(const Ids& ids) { Commit(*Replacement(ids)); }
  void Compact(const Ids& ids) {
    ReplaceFiles action(Replacement(ids));
    Commit(action);
  }
  void DeleteAll() {
    auto action = OverwriteFilesAction::Make(*Load(), {});
    Commit(**action);
  }
  void Expire(size_t num_kept) {
    ExpireAllBut action(num_kept);
    Commit(action);
  }
  void RollBackTo(SnapshotId snapshot_id) {
    SnapshotRef ref;
    ref.snapshot_id = snapshot_id;
    auto action = ManageRefsAction::Replace(kMainBranch, ref);
    Commit(*action);
  }

  Result<Ids> Since(std::optional<SnapshotId> since,
                    RemovedRows on_removed = RemovedRows::kDifference, ScanOptions options = {}) {
    options.appended = AppendedRows{since, {}, on_removed};
    return ReadIds(*session_, "t", options);
  }
  Ids IdsSince(std::optional<SnapshotId> since, RemovedRows on_removed = RemovedRows::kDifference) {
    auto ids = Since(since, on_removed);
    EXPECT_TRUE(ids.ok()) << ids.status().ToString();
    return ids.ValueOr({});
  }

  TempFolder folder_;
  std::shared_ptr<Session> session_;
};

TEST_F(IncrementalReadsTest, GiveTheRowsOfTheSnapshotsAfter) {
  EXPECT_THAT(IdsSince({}), IsEmpty());
  EXPECT_EQ(KindOf(Since(SnapshotId(7)).status()), ErrorKind::kInvalidArgument);
  const SnapshotId first = Append(0, 3);
  const SnapshotId second = Append(3, 5);
  const SnapshotId third = Append(5, 6);
  EXPECT_THAT(IdsSince({}), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(IdsSince(first), ElementsAre(3, 4, 5));
  EXPECT_THAT(IdsSince(third), IsEmpty());
  ScanOptions until;
  until.version.snapshot_id = second;
  ASSERT_OK_AND_ASSIGN(const Ids ids, Since(first, RemovedRows::kError, until));
  EXPECT_THAT(ids, ElementsAre(3, 4));
}

TEST_F(IncrementalReadsTest, BeginAtATime) {
  const SnapshotId first = Append(0, 3);
  const int64_t time = Load()->metadata()->current_snapshot()->timestamp_ms;
  ScanOptions options;
  options.appended = AppendedRows{{}, time - 1, RemovedRows::kError};
  ASSERT_OK_AND_ASSIGN(Ids ids, ReadIds(*session_, "t", options));
  EXPECT_THAT(ids, ElementsAre(0, 1, 2));
  options.appended->since_timestamp_ms = time;
  ASSERT_OK_AND_ASSIGN(ids, ReadIds(*session_, "t", options));
  EXPECT_THAT(ids, IsEmpty());
  options.appended->since = first;
  EXPECT_EQ(KindOf(ReadIds(*session_, "t", options).status()), ErrorKind::kInvalidArgument);
}

TEST_F(IncrementalReadsTest, TakeFiltersLimitsAndColumns) {
  const SnapshotId first = Append(0, 3);
  Append(3, 6);
  Overwrite({0, 1, 2, 3, 4, 5, 100, 101});
  Append(200, 203);
  ScanOptions options;
  options.rows.filter = Greater(Col("id"), Lit(int64_t{3}));
  ASSERT_OK_AND_ASSIGN(Ids ids, Since(first, RemovedRows::kDifference, options));
  EXPECT_THAT(ids, ElementsAre(4, 5, 100, 101, 200, 201, 202));
  options.rows.limit = 3;
  ASSERT_OK_AND_ASSIGN(ids, Since(first, RemovedRows::kDifference, options));
  EXPECT_THAT(ids, ElementsAre(4, 5, 100));
  options.columns = {"name"};
  options.appended = AppendedRows{first, {}, RemovedRows::kDifference};
  ASSERT_OK_AND_ASSIGN(auto reader, session_->Scan(Context(), "t", options));
  std::string names;
  for (const auto& batch : reader->ToRecordBatches().ValueOr({})) {
    const auto& column = static_cast<const arrow::StringArray&>(*batch->column(0));
    for (int64_t i = 0; i < column.length(); ++i) names += column.GetString(i) + " ";
  }
  EXPECT_EQ(names, "name-4 name-5 name-100 ");
  options.columns = {"_file"};
  EXPECT_EQ(KindOf(session_->Scan(Context(), "t", options).status()), ErrorKind::kInvalidArgument);
}

TEST_F(IncrementalReadsTest, PassOverSnapshotsThatKeptAllRows) {
  const SnapshotId first = Append(0, 3);
  Append(3, 5);
  Compact({4, 3, 2, 1, 0});
  Append(5, 6);
  for (RemovedRows on_removed :
       {RemovedRows::kError, RemovedRows::kSkip, RemovedRows::kDifference}) {
    EXPECT_THAT(IdsSince(first, on_removed), ElementsAre(3, 4, 5));
  }
}

TEST_F(IncrementalReadsTest, DoWithRemovedRowsAsTheyAreTold) {
  const SnapshotId first = Append(0, 3);
  Append(3, 5);
  DeleteAll();
  EXPECT_THAT(IdsSince(first), ElementsAre(3, 4));
  EXPECT_THAT(IdsSince(first, RemovedRows::kSkip), ElementsAre(3, 4));
  const Status deleted = Since(first, RemovedRows::kError).status();
  EXPECT_EQ(KindOf(deleted), ErrorKind::kInvalidArgument);
  EXPECT_THAT(deleted.message(), HasSubstr(std::to_string(Current().value())));
  Append(5, 8);
  Overwrite({5, 7, 9, 9});
  EXPECT_THAT(IdsSince(first), ElementsAre(3, 4, 5, 6, 7, 9, 9));
  EXPECT_THAT(IdsSince(first, RemovedRows::kSkip), ElementsAre(3, 4, 5, 6, 7));
}

TEST_F(IncrementalReadsTest, AskForAnAncestor) {
  const SnapshotId first = Append(0, 3);
  const SnapshotId second = Append(3, 5);
  RollBackTo(first);
  Append(5, 6);
  EXPECT_EQ(KindOf(Since(second).status()), ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(Since(SnapshotId(7)).status()), ErrorKind::kInvalidArgument);
  EXPECT_THAT(IdsSince(first), ElementsAre(5));
}

TEST_F(IncrementalReadsTest, BeginWithAllRowsWhereTheFirstSnapshotsHaveExpired) {
  const SnapshotId first = Append(0, 3);
  const SnapshotId second = Append(3, 5);
  Append(5, 6);
  Append(6, 7);
  Expire(2);
  EXPECT_THAT(IdsSince({}), ElementsAre(0, 1, 2, 3, 4, 5, 6));
  EXPECT_THAT(IdsSince(second), ElementsAre(5, 6));
  EXPECT_EQ(KindOf(Since(first).status()), ErrorKind::kInvalidArgument);
}

TEST_F(IncrementalReadsTest, ReadColumnsByTheirIds) {
  const SnapshotId first = Append(0, 1);
  Append(1, 2);
  UpdateSchemaAction rename({RenameColumn{"name", "title"}});
  Commit(rename);
  ScanOptions options;
  options.columns = {"title"};
  options.appended = AppendedRows{first, {}, RemovedRows::kError};
  ASSERT_OK_AND_ASSIGN(auto reader, session_->Scan(Context(), "t", options));
  ASSERT_OK_AND_ASSIGN(const auto batches, reader->ToRecordBatches());
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0]->column(0)->GetScalar(0).ValueOr(nullptr)->ToString(), "name-1");
}

class RowChangesTest : public IncrementalReadsTest {
 protected:
  RowChanges Changes(const RowChangesOptions& options) {
    auto changes = ReadRowChanges(Context(), Load(), options);
    EXPECT_TRUE(changes.ok()) << changes.status().ToString();
    return changes.ok() ? *changes : RowChanges{};
  }

  static Ids IdsOf(const arrow::RecordBatchVector& batches) {
    Ids ids;
    for (const auto& batch : batches) {
      const auto& column = static_cast<const arrow::Int64Array&>(*batch->GetColumnByName("id"));
      for (int64_t i = 0; i < column.length(); ++i) ids.push_back(column.Value(i));
    }
    std::ranges::sort(ids);
    return ids;
  }
};

TEST_F(RowChangesTest, AreTheDifferenceOfTwoSnapshots) {
  const SnapshotId first = Append(0, 3);
  Append(3, 5);
  Overwrite({0, 1, 1, 4, 9});
  RowChanges changes = Changes({first, {}, {}, {}});
  EXPECT_THAT(IdsOf(changes.added), ElementsAre(1, 4, 9));
  EXPECT_THAT(IdsOf(changes.deleted), ElementsAre(2));
  EXPECT_THAT(changes.modified, IsEmpty());
  EXPECT_EQ(changes.schema->num_fields(), 2);
  changes = Changes({Current(), first, {}, {}});
  EXPECT_THAT(IdsOf(changes.added), ElementsAre(2));
  EXPECT_THAT(IdsOf(changes.deleted), ElementsAre(1, 4, 9));
  changes = Changes({{}, first, {}, {}});
  EXPECT_THAT(IdsOf(changes.added), ElementsAre(0, 1, 2));
}

TEST_F(RowChangesTest, AreNoneForRowsThatWereMoved) {
  const SnapshotId first = Append(0, 3);
  Compact({2, 1, 0});
  const RowChanges changes = Changes({first, {}, {}, {}});
  EXPECT_THAT(changes.added, IsEmpty());
  EXPECT_THAT(changes.deleted, IsEmpty());
}

TEST_F(RowChangesTest, CompareTheColumnsThatAreNamed) {
  const SnapshotId first = Append(0, 3);
  Overwrite({2, 1, 0, 5});
  const RowChanges changes = Changes({first, {}, {{"id"}}, {}});
  EXPECT_THAT(IdsOf(changes.added), ElementsAre(5));
  EXPECT_EQ(changes.schema->num_fields(), 1);
}

TEST_F(RowChangesTest, PairRowsByTheirKeys) {
  const SnapshotId first = Append(0, 3);
  // As 0 to 2, but for the name of 1, and 7 in the place of 2.
  const IcebergTable table = Load();
  auto schema =
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8())});
  arrow::Int64Builder ids;
  arrow::StringBuilder names;
  ASSERT_TRUE(ids.AppendValues({0, 1, 7}).ok());
  ASSERT_TRUE(names.AppendValues({"name-0", "other", "name-7"}).ok());
  const auto batch = arrow::RecordBatch::Make(
      schema, 3, {ids.Finish().ValueOr(nullptr), names.Finish().ValueOr(nullptr)});
  const auto rows = arrow::RecordBatchReader::Make({batch}, schema).ValueOr(nullptr);
  ASSERT_OK(session_->Overwrite(Context(), "t", *rows, True(), {}).status());
  RowChanges changes = Changes({first, {}, {}, {"id"}});
  EXPECT_THAT(IdsOf(changes.added), ElementsAre(7));
  EXPECT_THAT(IdsOf(changes.deleted), ElementsAre(2));
  EXPECT_THAT(IdsOf(changes.modified), ElementsAre(1));
  EXPECT_EQ(changes.modified[0]->column(1)->GetScalar(0).ValueOr(nullptr)->ToString(), "other");
  changes = Changes({first, {}, {}, {}});
  EXPECT_THAT(IdsOf(changes.added), ElementsAre(1, 7));
  EXPECT_THAT(IdsOf(changes.deleted), ElementsAre(1, 2));
}

TEST_F(RowChangesTest, RefuseKeysThatTellNoRow) {
  const SnapshotId first = Append(0, 3);
  Overwrite({5, 5});
  const auto kind = [&](const RowChangesOptions& options) {
    return KindOf(ReadRowChanges(Context(), Load(), options).status());
  };
  EXPECT_EQ(kind({first, {}, {}, {"id"}}), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind({first, {}, {}, {"no"}}), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind({first, {}, {{"no"}}, {}}), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind({SnapshotId(7), {}, {}, {}}), ErrorKind::kNotFound);
}

class TableTailTest : public IncrementalReadsTest {
 protected:
  static TailOptions From(TailStart start, RemovedRows on_removed = RemovedRows::kError) {
    TailOptions options;
    options.start = start;
    options.on_removed = on_removed;
    return options;
  }
  static TailOptions After(std::string token, RemovedRows on_removed = RemovedRows::kError) {
    TailOptions options;
    options.token = std::move(token);
    options.on_removed = on_removed;
    return options;
  }
  TableTail Tail(TailOptions options) {
    auto tail = TableTail::Make(Load(), std::move(options));
    EXPECT_TRUE(tail.ok()) << tail.status().ToString();
    return *std::move(tail);
  }

  /// The ids of the next step; "none" is empty, since steps have rows.
  Ids NextIds(TableTail& tail) {
    auto step = tail.Next(Context());
    EXPECT_TRUE(step.ok()) << step.status().ToString();
    if (!step.ok() || !*step) return {};
    ScanOptions scan = (*step)->scan;
    scan.columns = {"id"};
    auto reader = session_->Scan(Context(), (*step)->table, scan);
    EXPECT_TRUE(reader.ok()) << reader.status().ToString();
    Ids ids;
    for (const auto& batch : (*reader)->ToRecordBatches().ValueOr({})) {
      const auto& column = static_cast<const arrow::Int64Array&>(*batch->column(0));
      for (int64_t i = 0; i < column.length(); ++i) ids.push_back(column.Value(i));
    }
    return ids;
  }
};

TEST_F(TableTailTest, GivesWhatIsAppendedAfterItWasMade) {
  Append(0, 3);
  TableTail tail = Tail(From(TailStart::kLatest));
  EXPECT_THAT(NextIds(tail), IsEmpty());
  Append(3, 5);
  Append(5, 6);
  EXPECT_THAT(NextIds(tail), ElementsAre(3, 4));
  EXPECT_THAT(NextIds(tail), ElementsAre(5));
  EXPECT_THAT(NextIds(tail), IsEmpty());
}

TEST_F(TableTailTest, BeginsWithTheFirstRowsOrGoesOnAfterAToken) {
  TableTail tail = Tail(From(TailStart::kEarliest));
  const std::string start = tail.token();
  EXPECT_THAT(NextIds(tail), IsEmpty());
  Append(0, 3);
  Append(3, 5);
  EXPECT_THAT(NextIds(tail), ElementsAre(0, 1, 2));
  const std::string token = tail.token();
  EXPECT_THAT(NextIds(tail), ElementsAre(3, 4));
  TableTail again = Tail(After(token));
  EXPECT_THAT(NextIds(again), ElementsAre(3, 4));
  EXPECT_EQ(again.token(), tail.token());
  TableTail anew = Tail(After(start));
  EXPECT_THAT(NextIds(anew), ElementsAre(0, 1, 2));
}

TEST_F(TableTailTest, BeginsWithAllRowsOfTheOldestSnapshotThatIsLeft) {
  Append(0, 3);
  Append(3, 5);
  Append(5, 6);
  Expire(2);
  TableTail tail = Tail(From(TailStart::kEarliest));
  EXPECT_THAT(NextIds(tail), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(NextIds(tail), ElementsAre(5));
}

TEST_F(TableTailTest, PassesOverSnapshotsThatKeptAllRows) {
  TableTail tail = Tail(From(TailStart::kLatest));
  Append(0, 3);
  Compact({2, 1, 0});
  EXPECT_THAT(NextIds(tail), ElementsAre(0, 1, 2));
  EXPECT_THAT(NextIds(tail), IsEmpty());
  Append(3, 5);
  EXPECT_THAT(NextIds(tail), ElementsAre(3, 4));
}

TEST_F(TableTailTest, StopsAtRemovedRowsUnlessTheyAreToBeSkipped) {
  Append(0, 3);
  TableTail tail = Tail(From(TailStart::kLatest));
  Overwrite({0, 1, 9});
  Append(3, 5);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(KindOf(tail.Next(Context()).status()), ErrorKind::kInvalidArgument);
  }
  TableTail skipping = Tail(After(tail.token(), RemovedRows::kSkip));
  EXPECT_THAT(NextIds(skipping), ElementsAre(3, 4));
  TableTail comparing = Tail(After(tail.token(), RemovedRows::kDifference));
  EXPECT_THAT(NextIds(comparing), ElementsAre(9));
  EXPECT_THAT(NextIds(comparing), ElementsAre(3, 4));
}

TEST_F(TableTailTest, TellsThatTheTableWasSetBackOrItsSnapshotsHaveExpired) {
  const SnapshotId first = Append(0, 3);
  TableTail early = Tail(From(TailStart::kLatest));
  Append(3, 5);
  TableTail tail = Tail(From(TailStart::kLatest));
  RollBackTo(first);
  const Status set_back = tail.Next(Context()).status();
  EXPECT_EQ(KindOf(set_back), ErrorKind::kInvalidArgument);
  EXPECT_THAT(set_back.message(), HasSubstr("not an ancestor"));
  Append(5, 6);
  Append(6, 7);
  Expire(1);
  const Status expired = early.Next(Context()).status();
  EXPECT_EQ(KindOf(expired), ErrorKind::kInvalidArgument);
  EXPECT_THAT(expired.message(), HasSubstr("expired"));
}

TEST_F(TableTailTest, RefusesTokensThatAreNoneOfTheTable) {
  const std::string token = Tail(From(TailStart::kLatest)).token();
  for (const std::string& wrong : {std::string(), std::string("x"), token + "x", "2" + token,
                                   std::string("1:uuid:start"), std::string("1:7")}) {
    EXPECT_EQ(KindOf(TableTail::Make(Load(), After(wrong)).status()), ErrorKind::kInvalidArgument)
        << wrong;
  }
}

TEST_F(TableTailTest, FollowsABranch) {
  Append(0, 3);
  Append(3, 5, "audit");
  TailOptions options = From(TailStart::kLatest);
  options.branch = "audit";
  TableTail tail = Tail(options);
  Append(5, 6);
  Append(6, 7, "audit");
  EXPECT_THAT(NextIds(tail), ElementsAre(6));
  EXPECT_THAT(NextIds(tail), IsEmpty());
  options.branch = "no";
  EXPECT_EQ(KindOf(TableTail::Make(Load(), options).status()), ErrorKind::kNotFound);
}

TEST_F(TableTailTest, TellsThatAnotherTableHasTheName) {
  Append(0, 3);
  TableTail tail = Tail(From(TailStart::kLatest));
  ASSERT_OK(session_->DropTable(Context(), "t", false));
  EXPECT_EQ(KindOf(tail.Next(Context()).status()), ErrorKind::kNotFound);
  ASSERT_OK(session_->CreateTable(Context(), "t", IdSchema(), {}).status());
  EXPECT_EQ(KindOf(tail.Next(Context()).status()), ErrorKind::kCommitRejected);
}

TEST_F(TableTailTest, WaitsUntilRowsComeOrTimeIsUpOrItIsCancelled) {
  using std::chrono::milliseconds;
  TableTail tail = Tail(From(TailStart::kLatest));
  ASSERT_OK_AND_ASSIGN(auto none, tail.Wait(Context(), milliseconds(1), milliseconds(0)));
  EXPECT_FALSE(none);
  ASSERT_OK_AND_ASSIGN(none, tail.Wait(Context(), milliseconds(1), milliseconds(3)));
  EXPECT_FALSE(none);
  Append(0, 3);
  ASSERT_OK_AND_ASSIGN(const auto step, tail.Wait(Context(), milliseconds(1), std::nullopt));
  EXPECT_TRUE(step);
  const OperationContext cancelled = Context();
  CancelToken(cancelled.cancel).Cancel();
  EXPECT_EQ(KindOf(tail.Wait(cancelled, milliseconds(1), std::nullopt).status()),
            ErrorKind::kCancelled);
}

}  // namespace
}  // namespace iceframe
