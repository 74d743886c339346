// SPDX-License-Identifier: Apache-2.0
// Every call of a session is an operation: begun once, ended once, counted in the totals.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>

#include "iceframe/all_counters.h"
#include "iceframe/datafile/datafile_counters.h"
#include "iceframe/execution/row_changes.h"
#include "iceframe/execution/transaction_writes.h"
#include "iceframe/expression/parse_expression.h"
#include "iceframe/operation_kinds.h"
#include "iceframe/planning/planning_counters.h"
#include "iceframe/runtime/metrics_registry.h"
#include "iceframe/table/table_counters.h"
#include "iceframe/table/transaction.h"

#include "session/lake.h"

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using Reader = std::shared_ptr<arrow::RecordBatchReader>;

class Recorder final : public OperationObserver {
 public:
  Status OnBegin(const OperationStart& start) override {
    const std::lock_guard lock(mutex_);
    begins_.push_back(start);
    return Status::OK();
  }
  Status OnEnd(const OperationEnd& end) override {
    const std::lock_guard lock(mutex_);
    ends_.push_back(end);
    return Status::OK();
  }
  std::vector<OperationEnd> TakeEnds() {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(begins_.size(), ends_.size());
    begins_.clear();
    return std::exchange(ends_, {});
  }
  size_t num_open() {
    const std::lock_guard lock(mutex_);
    return begins_.size() - ends_.size();
  }

 private:
  std::mutex mutex_;
  std::vector<OperationStart> begins_;
  std::vector<OperationEnd> ends_;
};

class OperationsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(session_, OpenLake(folder_.path()));
    ASSERT_OK(session_->CreateTable(session_->NewOperation(), "t", IdSchema(), {}).status());
    for (int64_t i = 0; i < 3; ++i) {
      ASSERT_OK(
          session_->Append(session_->NewOperation(), "t", *Rows(10 * i, 10 * i + 10), {}).status());
    }
    session_->observers().Add(recorder_);
  }

  Reader Scan(const ScanOptions& options = {}) {
    return session_->Scan(session_->NewOperation(), "t", options).ValueOr(nullptr);
  }

  // The one operation that began and ended since the last time.
  OperationEnd TheEnd() {
    std::vector<OperationEnd> ends = recorder_->TakeEnds();
    EXPECT_EQ(ends.size(), 1U);
    return ends.empty() ? OperationEnd{} : ends[0];
  }

  TempFolder folder_;
  std::shared_ptr<Session> session_;
  std::shared_ptr<Recorder> recorder_ = std::make_shared<Recorder>();
};

TEST_F(OperationsTest, AScanEndsWhenItIsRead) {
  ScanOptions options;
  options.rows.filter = ParseExpression("id >= 20").ValueOr(True());
  ASSERT_OK_AND_ASSIGN(const auto ids, ReadIds(*session_, "t", options));
  EXPECT_EQ(ids.size(), 10U);
  const OperationEnd end = TheEnd();
  EXPECT_EQ(end.start.kind.name, "scan");
  EXPECT_THAT(end.start.tables, ElementsAre("default.t"));
  EXPECT_EQ(end.outcome, OperationOutcome::kSucceeded);
  EXPECT_GT(end.duration.count(), 0);
  EXPECT_EQ(end.counters.Get(DataFileCount::kFilesScanned), 1);
  EXPECT_EQ(end.counters.Get(PlanningCount::kFilesSkippedByBounds), 2);
  EXPECT_EQ(end.counters.Get(DataFileCount::kRowsMatched), 10);
  ASSERT_TRUE(end.plan);
  EXPECT_THAT(end.plan(), HasSubstr("Scan"));
}

TEST_F(OperationsTest, ReadsOfWhatIsNewTellTheFilesTheyRead) {
  ASSERT_OK_AND_ASSIGN(const auto table, session_->LoadTable(session_->NewOperation(), "t"));
  EXPECT_EQ(TheEnd().start.kind.name, "load_table");
  const SnapshotId first = table->metadata()->snapshots[0]->snapshot_id();
  ScanOptions options;
  options.appended = AppendedRows{first, {}, RemovedRows::kError};
  ASSERT_OK_AND_ASSIGN(const auto ids, ReadIds(*session_, "t", options));
  EXPECT_EQ(ids.size(), 20U);
  OperationEnd end = TheEnd();
  EXPECT_EQ(end.start.kind.name, "scan");
  EXPECT_EQ(end.counters.Get(DataFileCount::kFilesScanned), 2);
  ASSERT_OK(ReadRowChanges(session_->NewOperation(), table, {}).status());
  end = TheEnd();
  EXPECT_EQ(end.start.kind.name, "read_changes");
  EXPECT_THAT(end.start.tables, ElementsAre("default.t"));
  EXPECT_EQ(end.counters.Get(DataFileCount::kFilesScanned), 3);
}

TEST_F(OperationsTest, AQueryTellsItsTablesAndItsPlan) {
  ASSERT_OK(session_->CreateTable(session_->NewOperation(), "u", IdSchema(), {}).status());
  EXPECT_EQ(TheEnd().start.kind.name, "create_table");
  const Query query = Query("t").Join(Query("u"), {{"id"}, {"id"}}).Select({"count(*) AS n"});
  ASSERT_OK_AND_ASSIGN(auto reader, session_->Execute(session_->NewOperation(), query));
  EXPECT_EQ(recorder_->num_open(), 1U);
  ASSERT_OK(reader->ToTable().status());
  const OperationEnd end = TheEnd();
  EXPECT_EQ(end.start.kind.name, "query");
  EXPECT_THAT(end.start.tables, UnorderedElementsAre("default.t", "default.u"));
  EXPECT_EQ(end.outcome, OperationOutcome::kSucceeded);
  ASSERT_TRUE(end.plan);
  EXPECT_THAT(end.plan(), HasSubstr("Join"));
}

TEST_F(OperationsTest, AWriteIsOneOperationWithItsCommit) {
  ASSERT_OK(session_->Append(session_->NewOperation(), "t", *Rows(30, 40), {}).status());
  OperationEnd end = TheEnd();
  EXPECT_EQ(end.start.kind.name, "append");
  EXPECT_EQ(end.counters.Get(TableCount::kCommitAttempts), 1);
  ASSERT_OK(session_->Overwrite(session_->NewOperation(), "t", *Rows(0, 1), True(), {}).status());
  end = TheEnd();
  EXPECT_EQ(end.start.kind.name, "overwrite");
  EXPECT_EQ(end.counters.Get(TableCount::kCommitAttempts), 1);
}

TEST_F(OperationsTest, OtherCallsAreOperationsToo) {
  const OperationContext context = session_->NewOperation();
  ASSERT_OK_AND_ASSIGN(const auto table, session_->LoadTable(context, "t"));
  EXPECT_TRUE(session_->TableExists(context, "t").ok());
  EXPECT_TRUE(session_->CountRows(context, table, {}).ok());
  EXPECT_TRUE(session_->Explain(context, Query("t")).ok());
  EXPECT_TRUE(session_->ListTables(context, "default").ok());
  EXPECT_TRUE(session_->RenameTable(context, "t", "v").ok());
  EXPECT_TRUE(session_->DropTable(context, "v", false).ok());
  EXPECT_TRUE(session_->RegisterTable(context, "w", table->metadata_location()).ok());
  std::vector<std::string_view> kinds;
  for (const OperationEnd& end : recorder_->TakeEnds()) {
    EXPECT_EQ(end.outcome, OperationOutcome::kSucceeded) << end.start.kind.name;
    kinds.push_back(end.start.kind.name);
  }
  EXPECT_THAT(kinds, ElementsAre("load_table", "table_exists", "count_rows", "explain",
                                 "list_tables", "rename_table", "drop_table", "register_table"));
}

TEST_F(OperationsTest, ACommitIsOneUnlessItIsPartOfAnother) {
  ASSERT_OK_AND_ASSIGN(const auto table, session_->LoadTable(session_->NewOperation(), "t"));
  EXPECT_EQ(TheEnd().start.kind.name, "load_table");
  Transaction transaction(session_->NewOperation(), table);
  ASSERT_OK(transaction.UpdateProperties(session_->NewOperation(), {{"owner", "me"}}));
  EXPECT_TRUE(recorder_->TakeEnds().empty());
  ASSERT_OK(transaction.Commit(session_->NewOperation()).status());
  const OperationEnd end = TheEnd();
  EXPECT_EQ(end.start.kind.name, "commit");
  EXPECT_THAT(end.start.tables, ElementsAre("default.t"));
  EXPECT_EQ(end.counters.Get(TableCount::kCommitAttempts), 1);
}

TEST_F(OperationsTest, WritesOfATransactionAreOperationsOfTheirOwn) {
  ASSERT_OK_AND_ASSIGN(const auto table, session_->LoadTable(session_->NewOperation(), "t"));
  TheEnd();
  const OperationContext context = session_->NewOperation();
  Transaction transaction(context, table);
  ASSERT_OK(AppendRows(context, transaction, *Rows(50, 60)).status());
  ASSERT_OK(OverwriteRows(context, transaction, *Rows(0, 1), True()).status());
  ASSERT_OK(DeleteRows(context, transaction, True()).status());
  ASSERT_OK(transaction.Commit(context).status());
  std::vector<std::string_view> kinds;
  for (const OperationEnd& end : recorder_->TakeEnds()) {
    EXPECT_EQ(end.outcome, OperationOutcome::kSucceeded) << end.start.kind.name;
    EXPECT_THAT(end.start.tables, ElementsAre("default.t"));
    kinds.push_back(end.start.kind.name);
  }
  EXPECT_THAT(kinds, ElementsAre("append", "overwrite", "overwrite", "commit"));
}

TEST_F(OperationsTest, ErrorsEndAsFailed) {
  EXPECT_FALSE(session_->Scan(session_->NewOperation(), "missing", {}).ok());
  OperationEnd end = TheEnd();
  EXPECT_EQ(end.outcome, OperationOutcome::kFailed);
  EXPECT_EQ(KindOf(end.status), ErrorKind::kNotFound);
  EXPECT_THAT(end.start.tables, ElementsAre("default.missing"));
  const Query query = Query("t").Select({"CAST(name AS bigint) AS n"});
  ASSERT_OK_AND_ASSIGN(auto reader, session_->Execute(session_->NewOperation(), query));
  EXPECT_FALSE(reader->ToTable().ok());
  end = TheEnd();
  EXPECT_EQ(end.outcome, OperationOutcome::kFailed);
  EXPECT_EQ(KindOf(end.status), ErrorKind::kInvalidArgument);
  const auto schema = arrow::schema({arrow::field("other", arrow::int64())});
  const Reader rows = arrow::RecordBatchReader::Make({}, schema).ValueOr(nullptr);
  EXPECT_FALSE(session_->Append(session_->NewOperation(), "t", *rows, {}).ok());
  EXPECT_EQ(TheEnd().outcome, OperationOutcome::kFailed);
}

TEST_F(OperationsTest, CancelledDroppedAndClosedReadersEndOnce) {
  const OperationContext context = session_->NewOperation();
  ASSERT_OK_AND_ASSIGN(Reader reader, session_->Scan(context, "t", {}));
  CancelToken(context.cancel).Cancel();
  EXPECT_EQ(KindOf(reader->ToTable().status()), ErrorKind::kCancelled);
  EXPECT_EQ(TheEnd().outcome, OperationOutcome::kCancelled);

  reader = Scan();
  std::shared_ptr<arrow::RecordBatch> batch;
  ASSERT_OK(reader->ReadNext(&batch));
  reader.reset();
  OperationEnd end = TheEnd();
  EXPECT_EQ(end.outcome, OperationOutcome::kDropped);
  EXPECT_GE(end.counters.Get(DataFileCount::kRowsMatched), batch->num_rows());

  reader = Scan();
  ASSERT_OK(reader->Close());
  EXPECT_EQ(TheEnd().outcome, OperationOutcome::kDropped);
  reader.reset();
  EXPECT_TRUE(recorder_->TakeEnds().empty());
}

TEST_F(OperationsTest, AReaderEndsAfterItsSession) {
  Reader reader = Scan();
  session_.reset();
  EXPECT_EQ(recorder_->num_open(), 1U);
  ASSERT_OK_AND_ASSIGN(const auto table, reader->ToTable());
  EXPECT_EQ(table->num_rows(), 30);
  EXPECT_EQ(TheEnd().outcome, OperationOutcome::kSucceeded);
}

TEST_F(OperationsTest, AnExceptionOfTheCallersEndsAsFailed) {
  CommitOptions options;
  options.validator = [](const TableMetadata&) -> Status { throw std::runtime_error("mine"); };
  EXPECT_THROW((void)session_->Append(session_->NewOperation(), "t", *Rows(30, 40), options),
               std::runtime_error);
  EXPECT_EQ(TheEnd().outcome, OperationOutcome::kFailed);
}

class Thrower final : public OperationObserver {
 public:
  Status OnBegin(const OperationStart&) override { throw std::runtime_error("begin"); }
  Status OnEnd(const OperationEnd&) override { throw 3; }
};

TEST_F(OperationsTest, AnObserverThatThrowsChangesNothing) {
  session_->observers().Add(std::make_shared<Thrower>());
  ASSERT_OK(session_->Append(session_->NewOperation(), "t", *Rows(30, 40), {}).status());
  ASSERT_OK_AND_ASSIGN(const auto ids, ReadIds(*session_, "t"));
  EXPECT_EQ(ids.size(), 40U);
  EXPECT_EQ(recorder_->TakeEnds().size(), 2U);
}

// What is left when the process exits is told by its exit handlers: in a child, into a pipe.
TEST_F(OperationsTest, TheEndOfTheProcessEndsWhatIsLeft) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizers' own locks and threads don't outlive a fork";
#endif
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  class Writer final : public OperationObserver {
   public:
    explicit Writer(int pipe) : pipe_(pipe) {}
    Status OnEnd(const OperationEnd& end) override {
      const std::string text = std::string(ToString(end.outcome)) + ";";
      return write(pipe_, text.data(), text.size()) < 0 ? Status::IOError("pipe") : Status::OK();
    }

   private:
    int pipe_;
  };
  const pid_t child = fork();
  if (child == 0) {
    session_->observers().Add(std::make_shared<Writer>(pipe_ends[1]));
    static Reader& left = *new Reader(Scan());
    exit(left == nullptr ? 1 : 0);
  }
  close(pipe_ends[1]);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  char told[100] = {};
  EXPECT_GT(read(pipe_ends[0], told, sizeof told - 1), 0);
  close(pipe_ends[0]);
  EXPECT_STREQ(told, "cancelled;");
}

// -- totals ---------------------------------------------------------------------------------

using Totals = std::map<std::string, double>;

// The metrics that operations' ends add to, by name and labels.
Totals TotalsNow() {
  Totals totals;
  for (const MetricSample& sample : MetricsRegistry::Process().Collect()) {
    std::string key = sample.name;
    for (const auto& [name, value] : sample.labels) {
      if (!value.empty()) key += "," + name + "=" + value;
    }
    totals[key] = sample.value;
  }
  return totals;
}

// As the registry has it: labels in the order of their names.
std::string KeyOf(OperationCount count) {
  std::map<std::string_view, std::string_view> labels;
  for (const CounterLabel& label : count.definition().labels) labels[label.name] = label.value;
  std::string key(count.definition().metric);
  for (const auto& [name, value] : labels) {
    if (!value.empty()) key += "," + std::string(name) + "=" + std::string(value);
  }
  return key;
}

TEST_F(OperationsTest, TotalsAreTheSumsOfOperationsInManyThreads) {
  const Totals before = TotalsNow();
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([this, t] {
      const std::string name = "t" + std::to_string(t);
      EXPECT_TRUE(session_->CreateTable(session_->NewOperation(), name, IdSchema(), {}).ok());
      for (int i = 0; i < 4; ++i) {
        const Reader rows = Rows(10 * i, 10 * i + 10);
        EXPECT_TRUE(session_->Append(session_->NewOperation(), name, *rows, {}).ok());
        EXPECT_TRUE(ReadIds(*session_, name).ok());
        Scan().reset();
      }
      EXPECT_FALSE(ReadIds(*session_, "missing").ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  const Totals after = TotalsNow();
  const auto added = [&](const std::string& key) {
    const auto was = before.find(key);
    return after.at(key) - (was == before.end() ? 0 : was->second);
  };
  const std::vector<OperationEnd> ends = recorder_->TakeEnds();
  EXPECT_EQ(ends.size(), 8U * (1 + 4 * 3 + 1));
  EXPECT_EQ(added("iceframe_queries_total,operation=append,status=ok"), 32);
  EXPECT_EQ(added("iceframe_queries_total,operation=scan,status=ok"), 32);
  EXPECT_EQ(added("iceframe_queries_total,operation=scan,status=dropped"), 32);
  EXPECT_EQ(added("iceframe_queries_total,operation=scan,status=error"), 8);
  EXPECT_EQ(added("iceframe_query_duration_seconds_count,operation=append"), 32);
  for (const OperationCount count : AllCounters()) {
    int64_t sum = 0;
    for (const OperationEnd& end : ends) sum += end.counters.Get(count);
    EXPECT_EQ(added(KeyOf(count)), sum) << count.name();
  }
  EXPECT_GT(added("iceframe_query_rows_total,stage=scanned"), 0);
}

TEST_F(OperationsTest, TotalsAreThereBeforeTheFirstOperationOfAKind) {
  for (const OperationKind kind : kOperationKinds) {
    const std::string operation = "operation=" + std::string(kind.name);
    EXPECT_TRUE(TotalsNow().contains("iceframe_queries_total," + operation + ",status=ok"));
  }
  for (const OperationCount count : AllCounters()) {
    EXPECT_TRUE(TotalsNow().contains(KeyOf(count))) << count.name();
  }
}

}  // namespace
}  // namespace iceframe
