// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/table_writer.h"

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <thread>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/catalog/memory_catalog.h"
#include "iceframe/execution/append.h"
#include "iceframe/table/table.h"

#include "support/faulty_file_io.h"
#include "support/temp_folder.h"

namespace iceframe {
namespace {

using ::testing::HasSubstr;

class TableWriterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    MemoryCatalogOptions options;
    options.properties["warehouse"] = "file://" + folder_.path();
    options.wrap_file_io = [plan = plan_](std::shared_ptr<FileIO> io) {
      return MakeFaultyFileIO(std::move(io), plan);
    };
    catalog_ = *MakeMemoryCatalog(std::move(options));
    ASSERT_TRUE(catalog_->CreateNamespace(context_, {"db"}, {}).ok());
    table_ = Create("t", /*is_partitioned=*/false);
  }

  std::shared_ptr<const Table> Create(const std::string& name, bool is_partitioned) {
    CreateTableRequest request;
    request.identifier = {{"db"}, name};
    request.schema = *Schema::Make(SchemaId(0), {NestedField::Optional(1, "id", Type::Int()),
                                                 NestedField::Optional(2, "name", Type::String())});
    if (is_partitioned) {
      request.spec.fields.push_back({{1}, 1000, "id_bucket", *Transform::Bucket(4)});
    }
    return *Table::Make(catalog_, *catalog_->CreateTable(context_, request));
  }

  Result<std::unique_ptr<TableWriter>> Open(const TableWriterOptions& options = {}) {
    return TableWriter::Make(context_, table_->io(), *table_->metadata(), options);
  }

  // Rows with ids from `first` on, and no other column.
  static std::shared_ptr<arrow::RecordBatch> Ids(int64_t count, int64_t first = 0) {
    arrow::Int64Builder ids(MemoryBudget::Process()->pool());
    for (int64_t i = 0; i < count; ++i) EXPECT_TRUE(ids.Append(first + i).ok());
    return arrow::RecordBatch::Make(arrow::schema({arrow::field("id", arrow::int64())}), count,
                                    {ids.Finish().ValueOr(nullptr)});
  }
  // A row that the table can't keep.
  static std::shared_ptr<arrow::RecordBatch> TooBig() { return Ids(1, int64_t{1} << 40); }

  int64_t NumFiles() const {
    int64_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
      if (entry.is_regular_file() && entry.path().string().find("/data/") != std::string::npos) {
        ++count;
      }
    }
    return count;
  }

  TempFolder folder_;
  OperationContext context_;
  std::shared_ptr<FaultPlan> plan_ = std::make_shared<FaultPlan>();
  std::shared_ptr<Catalog> catalog_;
  std::shared_ptr<const Table> table_;
};

TEST_F(TableWriterTest, WritesBatchesOfDifferentFormsIntoOneFile) {
  auto writer = *Open();
  ASSERT_TRUE(writer->Write(*Ids(10'000)).ok());
  const auto names = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("name", arrow::utf8())}), 3,
      {*arrow::MakeArrayFromScalar(*arrow::MakeScalar("x"), 3, MemoryBudget::Process()->pool())});
  ASSERT_TRUE(writer->Write(*names).ok());
  ASSERT_TRUE(writer->Drain().ok());
  EXPECT_EQ(writer->num_rows(), 10'003);
  EXPECT_GT(writer->num_bytes(), 0);
  EXPECT_EQ(NumFiles(), 0) << "no file is seen before Finish";
  const auto files = writer->Finish();
  ASSERT_TRUE(files.ok()) << files.status().ToString();
  ASSERT_EQ(files->size(), 1U);
  EXPECT_EQ(files->front().record_count, 10'003);
  EXPECT_EQ(files->front().null_value_counts.at(1), 3);
  EXPECT_EQ(NumFiles(), 1);
}

TEST_F(TableWriterTest, FinishesWithoutAFileWhereThereWasNoRow) {
  auto writer = *Open();
  ASSERT_TRUE(writer->Write(*Ids(0)).ok());
  const auto files = writer->Finish();
  ASSERT_TRUE(files.ok()) << files.status().ToString();
  EXPECT_TRUE(files->empty());
  EXPECT_EQ(NumFiles(), 0);
}

TEST_F(TableWriterTest, AbortLeavesNoFile) {
  table_ = Create("p", /*is_partitioned=*/true);
  TableWriterOptions options;
  options.max_open_files = 1;  // the others are closed, so they are there
  auto writer = *Open(options);
  ASSERT_TRUE(writer->Write(*Ids(10'000)).ok());
  ASSERT_TRUE(writer->Drain().ok());
  EXPECT_GT(NumFiles(), 0);
  ASSERT_TRUE(writer->Write(*Ids(10'000)).ok());
  EXPECT_TRUE(writer->Abort().ok());
  EXPECT_EQ(NumFiles(), 0);
  EXPECT_TRUE(writer->Abort().ok());
  EXPECT_THAT(writer->Write(*Ids(1)).message(), HasSubstr("aborted"));
  EXPECT_THAT(writer->Finish().status().message(), HasSubstr("aborted"));
}

TEST_F(TableWriterTest, ItsEndWithoutFinishLeavesNoFile) {
  table_ = Create("p", /*is_partitioned=*/true);
  TableWriterOptions options;
  options.max_open_files = 1;
  {
    auto writer = *Open(options);
    ASSERT_TRUE(writer->Write(*Ids(10'000)).ok());
    ASSERT_TRUE(writer->Write(*Ids(10'000)).ok());
  }
  EXPECT_EQ(NumFiles(), 0);
}

TEST_F(TableWriterTest, AfterFinishTheFilesAreTheCallers) {
  auto writer = *Open();
  ASSERT_TRUE(writer->Write(*Ids(10)).ok());
  const auto files = *writer->Finish();
  EXPECT_THAT(writer->Write(*Ids(1)).message(), HasSubstr("finished"));
  EXPECT_THAT(writer->Finish().status().message(), HasSubstr("finished"));
  EXPECT_TRUE(writer->Abort().ok());
  writer.reset();
  EXPECT_EQ(NumFiles(), 1);
  DeleteDataFiles(context_, *table_->io(), files);
  EXPECT_EQ(NumFiles(), 0);
}

TEST_F(TableWriterTest, TheFirstErrorIsFinal) {
  auto writer = *Open();
  ASSERT_TRUE(writer->Write(*Ids(10'000)).ok());
  const Status failed = writer->Write(*TooBig());
  EXPECT_EQ(KindOf(failed), ErrorKind::kSchemaMismatch) << failed.ToString();
  EXPECT_THAT(failed.message(), HasSubstr("row 10000"));
  EXPECT_EQ(writer->Write(*Ids(1)), failed);
  EXPECT_EQ(writer->Drain(), failed);
  EXPECT_EQ(writer->CheckSchema(*Ids(1)->schema()), failed);
  EXPECT_EQ(writer->Finish().status(), failed);
  EXPECT_TRUE(writer->Abort().ok());
  EXPECT_EQ(NumFiles(), 0);
}

TEST_F(TableWriterTest, AskingForASchemaEndsNothing) {
  auto writer = *Open();
  const Status no = writer->CheckSchema(*arrow::schema({arrow::field("idd", arrow::int64())}));
  EXPECT_EQ(KindOf(no), ErrorKind::kSchemaMismatch);
  EXPECT_THAT(no.message(), HasSubstr("idd"));
  EXPECT_TRUE(writer->CheckSchema(*Ids(1)->schema()).ok());
  EXPECT_TRUE(writer->Write(*Ids(5)).ok());
  EXPECT_TRUE(writer->Finish().ok());
}

TEST_F(TableWriterTest, RowsThatAreNotWantedAreRefused) {
  auto writer = *Open({Less(Col("id"), Lit(10))});
  ASSERT_TRUE(writer->Write(*Ids(10)).ok());
  EXPECT_THAT(writer->Write(*Ids(1, 10)).message(), HasSubstr("id = 10"));
  EXPECT_FALSE(Open({Less(Col("nope"), Lit(10))}).ok());
}

TEST_F(TableWriterTest, AFaultAtAnyStepIsToldAndLeavesNoFile) {
  table_ = Create("p", /*is_partitioned=*/true);
  const auto write = [&] {
    auto writer = *Open();
    Status status = writer->Write(*Ids(10'000));
    if (status.ok()) status = writer->Write(*Ids(10'000, 10'000));
    auto files = writer->Finish();
    if (status.ok()) return files;
    EXPECT_EQ(files.status(), status) << "the first error stays";
    return Result<std::vector<DataFile>>(status);
  };
  plan_->Restart({});
  DeleteDataFiles(context_, *table_->io(), *write());
  const int64_t num_steps = plan_->num_steps() - 4;  // the deletes of four partitions' files
  ASSERT_GT(num_steps, 8);
  for (const FaultAction action :
       {FaultAction::kFail, FaultAction::kDoThenFail, FaultAction::kFailHalfway}) {
    for (int64_t step = 0; step < num_steps; ++step) {
      plan_->Restart({step, action, ErrorKind::kIo, false});
      const auto files = write();
      EXPECT_EQ(KindOf(files.status()), ErrorKind::kIo) << step << files.status().ToString();
      EXPECT_EQ(NumFiles(), 0) << "step " << step << ": " << plan_->steps().back();
    }
  }
}

TEST_F(TableWriterTest, WhatCouldNotBeDeletedIsTriedAgain) {
  table_ = Create("p", /*is_partitioned=*/true);
  TableWriterOptions options;
  options.max_open_files = 1;
  auto writer = *Open(options);
  ASSERT_TRUE(writer->Write(*Ids(10'000)).ok());
  ASSERT_TRUE(writer->Drain().ok());
  plan_->Restart({0, FaultAction::kFail, ErrorKind::kIo, false});
  EXPECT_EQ(KindOf(writer->Abort()), ErrorKind::kIo);
  EXPECT_EQ(NumFiles(), 1);
  EXPECT_TRUE(writer->Abort().ok());
  EXPECT_EQ(NumFiles(), 0);
}

TEST_F(TableWriterTest, CancellingEndsIt) {
  auto writer = *Open();
  ASSERT_TRUE(writer->Write(*Ids(10'000)).ok());
  context_.cancel.Cancel();
  EXPECT_EQ(KindOf(writer->Write(*Ids(10'000))), ErrorKind::kCancelled);
  EXPECT_EQ(KindOf(writer->Finish().status()), ErrorKind::kCancelled);
  EXPECT_EQ(NumFiles(), 0);
}

TEST_F(TableWriterTest, KeepsItsBudgetAndGivesItBack) {
  context_.memory = MemoryBudget::Process()->MakeChild("writer", int64_t{1} << 20);
  auto writer = *Open();
  Status status;
  for (int64_t i = 0; i < 100 && status.ok(); ++i) status = writer->Write(*Ids(100'000));
  if (status.ok()) status = writer->Drain();
  EXPECT_EQ(KindOf(status), ErrorKind::kResourceExhausted) << status.ToString();
  EXPECT_LE(context_.memory->peak_bytes(), int64_t{1} << 20);
  EXPECT_EQ(context_.memory->used_bytes(), 0) << "a failed writer holds nothing";
}

TEST_F(TableWriterTest, SeveralWriteSideBySideForOneCommit) {
  constexpr int kNumWriters = 4;
  std::vector<std::future<Result<std::vector<DataFile>>>> writing;
  for (int i = 0; i < kNumWriters; ++i) {
    writing.push_back(std::async(std::launch::async, [&]() -> Result<std::vector<DataFile>> {
      ICEFRAME_ASSIGN_OR_RETURN(const auto writer, Open());
      for (int64_t k = 0; k < 5; ++k) ICEFRAME_RETURN_NOT_OK(writer->Write(*Ids(10'000)));
      return writer->Finish();
    }));
  }
  std::vector<DataFile> files;
  for (auto& one : writing) {
    const auto written = one.get();
    ASSERT_TRUE(written.ok()) << written.status().ToString();
    files.insert(files.end(), written->begin(), written->end());
  }
  const auto report = AppendFiles(context_, table_, files, {});
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->num_rows, kNumWriters * 50'000);
  EXPECT_EQ(report->num_files, kNumWriters);
  EXPECT_EQ(report->table->metadata()->snapshots.size(), 1U);
}

TEST_F(TableWriterTest, AThreadOfThePoolMayWaitForIt) {
  const auto executor = *Executor::Make({.num_threads = 1});
  context_.executor = executor.get();
  auto writer = *Open();
  std::promise<void> handed_over;
  // The pool's only thread is taken, so what is handed over has to wait for it.
  auto waiting = executor->cpu()->Submit([&] {
    handed_over.get_future().wait();
    return writer->Drain();
  });
  ASSERT_TRUE(writer->Write(*Ids(10'000)).ok());
  handed_over.set_value();
  EXPECT_TRUE(waiting.ValueOrDie().status().ok());
  EXPECT_EQ(writer->Finish()->size(), 1U);
}

TEST_F(TableWriterTest, AChildOfForkLeavesTheParentsFilesAlone) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "at a fork libarrow's allocator takes more locks than TSan can note";
#endif
  table_ = Create("p", /*is_partitioned=*/true);
  TableWriterOptions options;
  options.max_open_files = 1;
  auto writer = *Open(options);
  ASSERT_TRUE(writer->Write(*Ids(10'000)).ok());
  ASSERT_TRUE(writer->Drain().ok());
  ASSERT_TRUE(writer->Write(*Ids(10'000)).ok());
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool is_refused = writer->Write(*Ids(1)).message().find("fork()") != std::string::npos &&
                            !writer->Finish().ok() && !writer->Abort().ok();
    writer.reset();
    _exit(is_refused ? 0 : 1);
  }
  int how = 0;
  ASSERT_EQ(waitpid(child, &how, 0), child);
  EXPECT_EQ(how, 0);
  const auto files = writer->Finish();
  ASSERT_TRUE(files.ok()) << files.status().ToString();
  EXPECT_EQ(NumFiles(), static_cast<int64_t>(files->size()));
}

TEST_F(TableWriterTest, FilesThatNoCommitTookAreDeleted) {
  auto writer = *Open();
  ASSERT_TRUE(writer->Write(*Ids(10)).ok());
  const auto files = *writer->Finish();
  CommitOptions options;
  options.validator = [](const TableMetadata&) {
    return Error(ErrorKind::kCommitRejected, "not now");
  };
  EXPECT_THAT(AppendFiles(context_, table_, files, options).status().message(),
              HasSubstr("not now"));
  EXPECT_EQ(NumFiles(), 0);
}

}  // namespace
}  // namespace iceframe
