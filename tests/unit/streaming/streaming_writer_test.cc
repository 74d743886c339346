// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/streaming_writer.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/catalog/memory_catalog.h"
#include "iceframe/execution/append.h"
#include "iceframe/execution/query_execution.h"
#include "iceframe/execution/scan_plan.h"
#include "iceframe/streaming/log_segment.h"
#include "iceframe/streaming/writer_position.h"
#include "iceframe/streaming/writer_recovery.h"
#include "iceframe/table/update_properties_action.h"
#include "iceframe/table/update_schema_action.h"

#include "support/temp_folder.h"
#include "unit/table/faulty_catalog.h"

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::shared_ptr<arrow::RecordBatch> Ids(int64_t first, int64_t count = 1) {
  arrow::Int64Builder ids(MemoryBudget::Process()->pool());
  for (int64_t i = 0; i < count; ++i) EXPECT_TRUE(ids.Append(first + i).ok());
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("id", arrow::int64())}), count,
                                  {ids.Finish().ValueOr(nullptr)});
}

std::vector<int64_t> Range(int64_t begin, int64_t end) {
  std::vector<int64_t> values;
  for (int64_t i = begin; i < end; ++i) values.push_back(i);
  return values;
}

class StreamingWriterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    MemoryCatalogOptions options;
    options.properties["warehouse"] = "file://" + folder_.path() + "/warehouse";
    catalog_ = std::make_shared<FaultyCatalog>(*MakeMemoryCatalog(std::move(options)));
    ASSERT_TRUE(catalog_->CreateNamespace(context_, {"db"}, {}).ok());
    CreateTableRequest request;
    request.identifier = {{"db"}, "t"};
    request.schema = *Schema::Make(SchemaId(0), {NestedField::Optional(1, "id", Type::Int()),
                                                 NestedField::Optional(2, "name", Type::String())});
    request.properties = {{"commit.retry.min-wait-ms", "0"},
                          {"commit.retry.max-wait-ms", "1"},
                          {"commit.status-check.min-wait-ms", "0"},
                          {"commit.status-check.max-wait-ms", "1"}};
    table_ = *Table::Make(catalog_, *catalog_->CreateTable(context_, request));
  }

  // Commits only when told so.
  StreamingWriterOptions Options() const {
    StreamingWriterOptions options;
    options.batch_size = 1'000'000;
    options.flush_interval = std::chrono::hours(1);
    options.state_folder = folder_.path() + "/state";
    return options;
  }
  StreamingWriterOptions Named(const std::string& id) const {
    StreamingWriterOptions options = Options();
    options.writer_id = id;
    return options;
  }
  std::shared_ptr<StreamingWriter> Open(const StreamingWriterOptions& options) {
    auto writer = StreamingWriter::Open(context_, table_, options);
    EXPECT_TRUE(writer.ok()) << writer.status().ToString();
    return writer.ValueOr(nullptr);
  }
  int64_t Write(StreamingWriter& writer, int64_t first, int64_t count = 1,
                const StreamWriteOptions& options = {}) {
    const auto sequence = writer.Write(context_, {Ids(first, count)}, options);
    EXPECT_TRUE(sequence.ok()) << sequence.status().ToString();
    return sequence.ValueOr(-1);
  }

  std::vector<int64_t> IdsInTable(const std::string& name = "id") {
    const auto read = [&]() -> Result<std::vector<int64_t>> {
      ICEFRAME_ASSIGN_OR_RETURN(const auto table, table_->Refresh(context_));
      ICEFRAME_ASSIGN_OR_RETURN(const auto plan, PlanScan(table, {}));
      ICEFRAME_ASSIGN_OR_RETURN(const auto reader, ExecutePlan(context_, plan));
      ICEFRAME_ASSIGN_OR_RETURN(const auto batches, reader->ToRecordBatches());
      std::vector<int64_t> ids;
      for (const auto& batch : batches) {
        const auto column = batch->GetColumnByName(name);
        for (int64_t i = 0; i < batch->num_rows(); ++i) {
          ICEFRAME_ASSIGN_OR_RETURN(const auto id, column->GetScalar(i));
          ids.push_back(std::stoll(id->ToString()));
        }
      }
      std::sort(ids.begin(), ids.end());
      return ids;
    };
    const auto ids = read();
    EXPECT_TRUE(ids.ok()) << ids.status().ToString();
    return ids.ValueOr(std::vector<int64_t>());
  }
  // Until the faults are taken away.
  void RefuseCommits() {
    for (int i = 0; i < 100; ++i) catalog_->faults.push_back(CommitFault::kSaysUnavailable);
  }
  size_t NumLogs() {
    return ListWriterLogs(context_, folder_.path() + "/state").ValueOrDie().size();
  }
  int64_t NumSnapshots() {
    return static_cast<int64_t>((*table_->Refresh(context_))->metadata()->snapshots.size());
  }

  TempFolder folder_;
  OperationContext context_;
  std::shared_ptr<FaultyCatalog> catalog_;
  std::shared_ptr<const Table> table_;
};

TEST_F(StreamingWriterTest, CommitsWhatWasWrittenWhenItIsFlushed) {
  const auto writer = Open(Options());
  EXPECT_EQ(Write(*writer, 1), 1);
  EXPECT_EQ(Write(*writer, 2, 3), 2);
  EXPECT_THAT(IdsInTable(), IsEmpty());
  EXPECT_EQ(writer->last_committed(), 0);
  ASSERT_TRUE(writer->Flush(context_).ok());
  EXPECT_EQ(IdsInTable(), Range(1, 5));
  EXPECT_EQ(writer->last_committed(), 2);
  EXPECT_EQ(NumSnapshots(), 1);
  ASSERT_TRUE(writer->Flush(context_).ok());
  EXPECT_EQ(NumSnapshots(), 1) << "without rows there is no commit";
  ASSERT_TRUE(writer->Close(context_).ok());
  EXPECT_EQ(NumLogs(), 0U);
}

TEST_F(StreamingWriterTest, CommitsByItselfByRowsBytesAndTime) {
  StreamingWriterOptions by_rows = Options();
  by_rows.batch_size = 3;
  StreamingWriterOptions by_bytes = Options();
  by_bytes.batch_bytes = 1;
  StreamingWriterOptions by_time = Options();
  by_time.flush_interval = std::chrono::milliseconds(1);
  int64_t next = 0;
  for (const auto& options : {by_rows, by_bytes, by_time}) {
    const auto writer = Open(options);
    for (int i = 0; i < 3; ++i) Write(*writer, next++);
    while (writer->stats().num_pending_rows > 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(IdsInTable(), Range(0, next));
  }
}

TEST_F(StreamingWriterTest, LeavesItsRowsToTheNextOne) {
  for (const std::optional<std::string>& id : {std::optional<std::string>(), {"sensor"}}) {
    StreamingWriterOptions options = Options();
    options.writer_id = id;
    const auto before = static_cast<int64_t>(IdsInTable().size());
    {
      const auto writer = Open(options);
      Write(*writer, before);
      ASSERT_TRUE(writer->Flush(context_).ok());
      Write(*writer, before + 1);
      Write(*writer, before + 2);
    }
    EXPECT_EQ(NumLogs(), 1U);
    const auto writer = Open(options);
    EXPECT_EQ(IdsInTable(), Range(0, before + 3));
    EXPECT_EQ(writer->stats().num_recovered_rows, 2);
    EXPECT_EQ(writer->last_committed(), 3);
    EXPECT_EQ(Write(*writer, before + 3), 4);
    ASSERT_TRUE(writer->Close(context_).ok());
    EXPECT_EQ(IdsInTable(), Range(0, before + 4));
  }
}

TEST_F(StreamingWriterTest, ReplaysTheLogsOfOtherWritersThatEnded) {
  const auto living = Open(Named("living"));
  Write(*living, 9);
  {
    const auto first = Open(Named("first"));
    const auto second = Open(Options());
    Write(*first, 0);
    Write(*second, 1);
  }
  const auto writer = Open(Named("other"));
  EXPECT_THAT(IdsInTable(), ElementsAre(0, 1));
  EXPECT_EQ(writer->stats().num_recovered_rows, 2);
}

// The process ends between the commit and the deletion of the log.
TEST_F(StreamingWriterTest, RepeatsNothingThatWasCommitted) {
  const std::string state = folder_.path() + "/state";
  const std::string kept = folder_.path() + "/kept";
  {
    const auto writer = Open(Named("w"));
    Write(*writer, 0);
    Write(*writer, 1);
    std::filesystem::copy(state, kept, std::filesystem::copy_options::recursive);
    ASSERT_TRUE(writer->Flush(context_).ok());
  }
  std::filesystem::remove_all(state);
  std::filesystem::rename(kept, state);
  const auto writer = Open(Named("w"));
  EXPECT_THAT(IdsInTable(), ElementsAre(0, 1));
  EXPECT_EQ(NumLogs(), 0U);
}

TEST_F(StreamingWriterTest, ReplayRepeatsNothingWhateverTheCatalogSays) {
  for (const CommitFault fault :
       {CommitFault::kLandsSaysConflict, CommitFault::kLandsSaysUnknown,
        CommitFault::kDoesNotLandSaysUnknown, CommitFault::kSaysUnavailable}) {
    const auto before = static_cast<int64_t>(IdsInTable().size());
    {
      const auto writer = Open(Named("w"));
      Write(*writer, before);
    }
    catalog_->faults = {fault};
    (void)StreamingWriter::Open(context_, table_, Named("w"));
    catalog_->faults = {};
    Open(Named("w"));
    EXPECT_EQ(IdsInTable(), Range(0, before + 1)) << static_cast<int>(fault);
  }
}

TEST_F(StreamingWriterTest, CommitsOnceWhateverTheCatalogSays) {
  const auto writer = Open(Named("w"));
  int64_t next = 0;
  for (const CommitFault fault :
       {CommitFault::kLandsSaysConflict, CommitFault::kLandsSaysUnknown,
        CommitFault::kDoesNotLandSaysUnknown, CommitFault::kSaysUnavailable}) {
    Write(*writer, next++);
    catalog_->faults = {fault, fault, fault, fault, fault, fault};
    catalog_->num_load_failures = fault == CommitFault::kLandsSaysUnknown ? 100 : 0;
    (void)writer->Flush(context_);
    catalog_->faults = {};
    catalog_->num_load_failures = 0;
    Write(*writer, next++);
    ASSERT_TRUE(writer->Flush(context_).ok()) << static_cast<int>(fault);
    EXPECT_EQ(IdsInTable(), Range(0, next)) << static_cast<int>(fault);
  }
}

TEST_F(StreamingWriterTest, KeepsRowsWhoseCommitFails) {
  const auto writer = Open(Options());
  Write(*writer, 0);
  RefuseCommits();
  const Status failed = writer->Flush(context_);
  EXPECT_EQ(KindOf(failed), ErrorKind::kCommitConflict) << failed.ToString();
  EXPECT_EQ(writer->stats().num_failures, 1);
  catalog_->faults = {};
  Write(*writer, 1);
  ASSERT_TRUE(writer->Flush(context_).ok());
  EXPECT_THAT(IdsInTable(), ElementsAre(0, 1));
}

TEST_F(StreamingWriterTest, RefusesRowsOfAWrongShapeAndTakesTheNext) {
  const auto writer = Open(Options());
  Write(*writer, 0);
  const auto text = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("id", arrow::utf8())}), 1,
      {*arrow::MakeArrayFromScalar(*arrow::MakeScalar("x"), 1, MemoryBudget::Process()->pool())});
  const Status refused = writer->Write(context_, {text}).status();
  EXPECT_EQ(KindOf(refused), ErrorKind::kSchemaMismatch);
  EXPECT_THAT(refused.message(), HasSubstr("id"));
  EXPECT_THAT(refused.message(), HasSubstr("string"));
  EXPECT_THAT(refused.message(), HasSubstr("int"));
  EXPECT_EQ(KindOf(writer->Write(context_, {Ids(1), Ids(int64_t{1} << 40)}).status()),
            ErrorKind::kSchemaMismatch);
  Write(*writer, 1);
  ASSERT_TRUE(writer->Close(context_).ok());
  EXPECT_THAT(IdsInTable(), ElementsAre(0, 1));
}

TEST_F(StreamingWriterTest, TellsTheTokenOfWhatIsCommitted) {
  {
    const auto writer = Open(Named("w"));
    EXPECT_EQ(writer->committed_token(), std::nullopt);
    Write(*writer, 0, 1, {.token = "a"});
    Write(*writer, 1, 1, {.token = "b"});
    Write(*writer, 2);
    EXPECT_EQ(writer->committed_token(), std::nullopt);
    ASSERT_TRUE(writer->Flush(context_).ok());
    EXPECT_EQ(writer->committed_token(), "b");
    Write(*writer, 3, 1, {.token = "c"});
  }
  EXPECT_EQ(Open(Named("w"))->committed_token(), "c");
}

TEST_F(StreamingWriterTest, LeavesNothingButWhatItsDurabilitySays) {
  StreamingWriterOptions memory = Options();
  memory.durability = Durability::kMemory;
  {
    const auto writer = Open(memory);
    Write(*writer, 0);
    ASSERT_TRUE(writer->Flush(context_).ok());
    Write(*writer, 1);
  }
  StreamingWriterOptions commit = Options();
  commit.durability = Durability::kCommit;
  const auto writer = Open(commit);
  EXPECT_THAT(IdsInTable(), ElementsAre(0));
  Write(*writer, 2);
  EXPECT_THAT(IdsInTable(), ElementsAre(0, 2));
  RefuseCommits();
  EXPECT_EQ(KindOf(writer->Write(context_, {Ids(3)}).status()), ErrorKind::kCommitConflict);
  catalog_->faults = {};
  ASSERT_TRUE(writer->Close(context_).ok());
  EXPECT_THAT(IdsInTable(), ElementsAre(0, 2)) << "rows whose write failed are not taken";
}

TEST_F(StreamingWriterTest, TakesRowsOfManyThreadsInEachOnesOrder) {
  constexpr int kThreads = 8;
  constexpr int kWrites = 25;
  StreamingWriterOptions options = Options();
  options.batch_size = 20;
  const auto writer = Open(options);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      int64_t last = 0;
      for (int i = 0; i < kWrites; ++i) {
        const auto sequence =
            writer->Write(context_, {Ids(thread * kWrites + i)}, {.token = {}, .wait = i % 3 != 0});
        ASSERT_TRUE(sequence.ok()) << sequence.status().ToString();
        EXPECT_GT(*sequence, last);
        last = *sequence;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(writer->Close(context_).ok());
  EXPECT_EQ(IdsInTable(), Range(0, kThreads * kWrites));
  EXPECT_EQ(writer->last_committed(), kThreads * kWrites);
}

TEST_F(StreamingWriterTest, RefusesAnIdThatIsOpenAlready) {
  const auto writer = Open(Named("w"));
  const Status status = StreamingWriter::Open(context_, table_, Named("w")).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("process " + std::to_string(getpid())));
  EXPECT_NE(Open(Options())->writer_id(), Open(Options())->writer_id().value_or("") + "x");
}

// Another machine has a state folder of its own, so that no lock stands in its way.
TEST_F(StreamingWriterTest, CommitsNothingOnceAnotherMachineHasItsPlace) {
  StreamingWriterOptions elsewhere = Named("w");
  elsewhere.state_folder = folder_.path() + "/elsewhere";
  {
    const auto first = Open(Named("w"));
    Write(*first, 0);
    ASSERT_TRUE(first->Flush(context_).ok());
    const auto second = Open(elsewhere);
    Write(*first, 1);
    Write(*second, 2);
    ASSERT_TRUE(second->Flush(context_).ok());
    const Status rejected = first->Flush(context_);
    EXPECT_EQ(KindOf(rejected), ErrorKind::kCommitRejected) << rejected.ToString();
    EXPECT_THAT(rejected.message(), HasSubstr("another writer has taken this one's place"));
    EXPECT_FALSE(first->Write(context_, {Ids(3)}).ok());
    EXPECT_THAT(IdsInTable(), ElementsAre(0, 2));
    Write(*second, 4);
    ASSERT_TRUE(second->Flush(context_).ok());
  }
  // Its row was acknowledged, and is in its log.
  {
    const auto again = Open(Named("w"));
    EXPECT_THAT(IdsInTable(), ElementsAre(0, 1, 2, 4));
    EXPECT_EQ(NumLogs(), 0U);
  }
  const auto second = Open(elsewhere);
  Write(*second, 5);
  ASSERT_TRUE(second->Close(context_).ok());
  EXPECT_THAT(IdsInTable(), ElementsAre(0, 1, 2, 4, 5));
}

TEST_F(StreamingWriterTest, RefusesADamagedLogAndPassesOverASlotThatHasOne) {
  const auto damage = [&](const std::string& folder) {
    const std::string path = internal::ListSegments(folder).ValueOrDie().at(0).path;
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(300);
    file.write("????????", 8);
  };
  for (const std::optional<std::string>& id : {std::optional<std::string>("w"), {}}) {
    StreamingWriterOptions options = Options();
    options.writer_id = id;
    {
      const auto writer = Open(options);
      for (int i = 0; i < 3; ++i) Write(*writer, i);
    }
    const auto logs = ListWriterLogs(context_, options.state_folder).ValueOrDie();
    damage(logs.back().folder);
    const auto opened = StreamingWriter::Open(context_, table_, options);
    if (id) {
      EXPECT_EQ(KindOf(opened.status()), ErrorKind::kInvalidData) << opened.status().ToString();
      EXPECT_THAT(opened.status().message(), HasSubstr("id-w"));
    } else {
      EXPECT_TRUE(opened.ok()) << opened.status().ToString();
    }
  }
  EXPECT_THAT(IdsInTable(), IsEmpty());
  EXPECT_EQ(NumLogs(), 2U) << "damaged logs stay where they are";
}

TEST_F(StreamingWriterTest, BringsRowsIntoTheColumnsThatTheTableHasNow) {
  const auto commit = [&](std::vector<SchemaChange> changes) {
    UpdateSchemaAction action(std::move(changes));
    return CommitAction(context_, *table_->Refresh(context_), action).status();
  };
  {
    const auto writer = Open(Named("w"));
    Write(*writer, 7);
    ASSERT_TRUE(commit({RenameColumn{"id", "number"}, PromoteColumn{"number", Type::Long()},
                        DropColumn{"name"}, AddColumn{"", "id", Type::String()}})
                    .ok());
    ASSERT_TRUE(writer->Flush(context_).ok());
    EXPECT_THAT(IdsInTable("number"), ElementsAre(7));
    // From now on "id" is a text.
    EXPECT_EQ(KindOf(writer->Write(context_, {Ids(8)}).status()), ErrorKind::kSchemaMismatch);
    const auto renamed = *Ids(9)->RenameColumns({"number"});
    ASSERT_TRUE(writer->Write(context_, {renamed}).ok());
    ASSERT_TRUE(commit({RenameColumn{"number", "n"}}).ok());
  }
  const auto writer = Open(Named("w"));
  EXPECT_THAT(IdsInTable("n"), ElementsAre(7, 9));
}

TEST_F(StreamingWriterTest, GrowsTheTableAsFarAsItMay) {
  const auto rows = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("extra", arrow::utf8())}), 1,
      {*arrow::MakeArrayFromScalar(*arrow::MakeScalar(int64_t{1} << 40), 1,
                                   MemoryBudget::Process()->pool()),
       *arrow::MakeArrayFromScalar(*arrow::MakeScalar("x"), 1, MemoryBudget::Process()->pool())});
  EXPECT_FALSE(Open(Options())->Write(context_, {rows}).ok());
  StreamingWriterOptions options = Options();
  options.schema_evolution = SchemaEvolution::kAddColumns;
  const Status too_big = Open(options)->Write(context_, {rows}).status();
  EXPECT_EQ(KindOf(too_big), ErrorKind::kSchemaMismatch) << too_big.ToString();
  options.schema_evolution = SchemaEvolution::kWiden;
  const auto writer = Open(options);
  Write(*writer, 1);
  ASSERT_TRUE(writer->Write(context_, {rows}).ok());
  ASSERT_TRUE(writer->Close(context_).ok());
  EXPECT_THAT(IdsInTable(), ElementsAre(1, int64_t{1} << 40));
}

TEST_F(StreamingWriterTest, WaitsForRoomAndTellsWhyThereIsNone) {
  StreamingWriterOptions options = Options();
  options.max_pending_bytes = 1000;
  const auto writer = Open(options);
  for (int i = 0; i < 20; ++i) Write(*writer, i * 100, 100);
  EXPECT_LE(writer->stats().num_pending_bytes, 1000);
  EXPECT_GT(writer->stats().num_commits, 0);
  RefuseCommits();
  Status status;
  for (int i = 20; i < 40 && status.ok(); ++i) {
    status = writer->Write(context_, {Ids(i * 100, 100)}).status();
  }
  EXPECT_EQ(KindOf(status), ErrorKind::kCommitConflict) << status.ToString();
}

TEST_F(StreamingWriterTest, CompactsBesideTheWrites) {
  const auto writer = Open(Options());
  std::atomic<int> num_calls = 0;
  EXPECT_EQ(KindOf(writer->EnableAutoCompaction(0, {})), ErrorKind::kInvalidArgument);
  ASSERT_TRUE(writer
                  ->EnableAutoCompaction(2,
                                         [&](const OperationContext&, const auto&) {
                                           ++num_calls;
                                           return Status::OK();
                                         })
                  .ok());
  for (int i = 0; i < 2; ++i) {
    Write(*writer, i);
    ASSERT_TRUE(writer->Flush(context_).ok());
  }
  while (writer->stats().num_compactions == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(num_calls, 1);
}

TEST_F(StreamingWriterTest, TakesNothingWhenItIsClosed) {
  const auto writer = Open(Options());
  Write(*writer, 0);
  ASSERT_TRUE(writer->Close(context_).ok());
  ASSERT_TRUE(writer->Close(context_).ok());
  EXPECT_FALSE(writer->Write(context_, {Ids(1)}).ok());
  EXPECT_THAT(IdsInTable(), ElementsAre(0));
}

// A child that lives on must neither write nor keep its parent's lock.
TEST_F(StreamingWriterTest, IsItsProcessesOwn) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "at a fork libarrow's allocator takes more locks than TSan can note";
#endif
  auto writer = Open(Named("w"));
  Write(*writer, 0);
  int to_child[2];
  int to_parent[2];
  ASSERT_EQ(pipe(to_child), 0);
  ASSERT_EQ(pipe(to_parent), 0);
  char byte = 'x';
  const pid_t child = fork();
  if (child == 0) {
    const bool refuses = !writer->Write(context_, {Ids(1)}).ok() && !writer->Flush(context_).ok();
    (void)!write(to_parent[1], &byte, 1);
    (void)!read(to_child[0], &byte, 1);
    _exit(refuses ? 0 : 1);
  }
  ASSERT_EQ(read(to_parent[0], &byte, 1), 1);
  writer.reset();
  writer = Open(Named("w"));
  EXPECT_NE(writer, nullptr) << "the child holds the lock";
  EXPECT_THAT(IdsInTable(), ElementsAre(0));
  ASSERT_EQ(write(to_child[1], &byte, 1), 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  for (const int end : {to_child[0], to_child[1], to_parent[0], to_parent[1]}) close(end);
}

}  // namespace
}  // namespace iceframe
