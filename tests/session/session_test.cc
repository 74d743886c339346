// SPDX-License-Identifier: Apache-2.0
// The front door in C++: create, append, scan, travel in time, overwrite.
#include "iceframe/session.h"

#include <numeric>

#include "iceframe/datafile/datafile_counters.h"
#include "iceframe/planning/planning_counters.h"

#include "session/lake.h"

namespace iceframe {
namespace {

std::vector<int64_t> Range(int64_t begin, int64_t end) {
  std::vector<int64_t> ids(static_cast<size_t>(end - begin));
  std::iota(ids.begin(), ids.end(), begin);
  return ids;
}

class SessionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(session_, OpenLake(folder_.path()));
    ASSERT_OK(session_->CreateTable(session_->NewOperation(), "t", IdSchema(), {}).status());
  }

  Result<WriteReport> Append(int64_t begin, int64_t end, const CommitOptions& options = {}) {
    return session_->Append(session_->NewOperation(), "t", *Rows(begin, end), options);
  }

  TempFolder folder_;
  std::shared_ptr<Session> session_;
};

TEST_F(SessionTest, RowsComeBackInTheOrderTheyWereAppended) {
  ASSERT_OK_AND_ASSIGN(auto report, Append(0, 1000));
  EXPECT_EQ(report.num_rows, 1000);
  EXPECT_TRUE(report.snapshot_id.has_value());
  ASSERT_OK_AND_ASSIGN(auto ids, ReadIds(*session_, "t"));
  EXPECT_EQ(ids, Range(0, 1000));
}

TEST_F(SessionTest, EmptyTablesReadAsNoRows) {
  ASSERT_OK_AND_ASSIGN(auto ids, ReadIds(*session_, "t"));
  EXPECT_TRUE(ids.empty());
}

TEST_F(SessionTest, PartitionValuesMayBeLongerThanFileNames) {
  CreateTableOptions options;
  options.partition_by = {{"name", "identity"}};
  ASSERT_OK(session_->CreateTable(session_->NewOperation(), "p", IdSchema(), options).status());
  arrow::Int64Builder ids;
  arrow::StringBuilder names;
  for (int64_t id = 0; id < 3; ++id) {
    ASSERT_TRUE(ids.Append(id).ok());
    ASSERT_TRUE(names.Append(std::string(1000, 'n') + std::to_string(id)).ok());
  }
  auto schema =
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8())});
  auto batch = arrow::RecordBatch::Make(
      schema, 3, {ids.Finish().ValueOr(nullptr), names.Finish().ValueOr(nullptr)});
  auto rows = arrow::RecordBatchReader::Make({batch}, schema).ValueOr(nullptr);
  ASSERT_OK(session_->Append(session_->NewOperation(), "p", *rows, {}).status());
  ScanOptions scan;
  scan.rows.filter = Equal(Col("name"), Lit(std::string(1000, 'n') + "1"));
  ASSERT_OK_AND_ASSIGN(auto found, ReadIds(*session_, "p", scan));
  EXPECT_EQ(found, (std::vector<int64_t>{1}));
}

TEST_F(SessionTest, AWatchTellsWhetherTheCommitWasAskedFor) {
  CommitOptions options;
  options.watch = std::make_shared<CommitWatch>();
  options.validator = [&](const TableMetadata&) -> Status {
    EXPECT_FALSE(options.watch->is_request_sent());
    return Error(ErrorKind::kCommitRejected, "no");
  };
  EXPECT_FALSE(session_->Append(session_->NewOperation(), "t", *Rows(0, 3), options).ok());
  EXPECT_FALSE(options.watch->is_request_sent());
  options.validator = {};
  ASSERT_OK(session_->Append(session_->NewOperation(), "t", *Rows(0, 3), options).status());
  EXPECT_TRUE(options.watch->is_request_sent());
}

TEST_F(SessionTest, SummaryKeysThatAreCountedOrStreamsOwnAreRefused) {
  for (const std::string key :
       {"added-records", "total-records", "total-equality-deletes", "changed-partition-count",
        "operation", "iceframe.stream.s.offset", "iceframe.writer.w.seq"}) {
    OverwriteOptions options;
    options.summary = {{"by", "tests"}, {key, "7"}};
    const Status appended = Append(0, 5, options).status();
    EXPECT_EQ(KindOf(appended), ErrorKind::kInvalidArgument) << key;
    EXPECT_NE(appended.message().find(key), std::string::npos) << appended.message();
    const auto rows = Rows(0, 5);
    const Status overwritten =
        session_->Overwrite(session_->NewOperation(), "t", *rows, True(), options).status();
    EXPECT_EQ(KindOf(overwritten), ErrorKind::kInvalidArgument) << key;
  }
  ASSERT_OK_AND_ASSIGN(auto ids, ReadIds(*session_, "t"));
  EXPECT_TRUE(ids.empty());
  CommitOptions options;
  options.summary = {{"by", "tests"}, {"added-records-by", "me"}};
  ASSERT_OK(Append(0, 5, options).status());
}

TEST_F(SessionTest, AppendingNothingMakesNoSnapshot) {
  ASSERT_OK_AND_ASSIGN(auto report, Append(0, 0));
  EXPECT_FALSE(report.snapshot_id.has_value());
}

TEST_F(SessionTest, FiltersSkipFilesAndRows) {
  for (int64_t i = 0; i < 10; ++i) ASSERT_OK(Append(100 * i, 100 * i + 100).status());
  ScanOptions options;
  options.rows.filter = Between(Col("id"), Lit(int64_t{250}), Lit(int64_t{252}));
  OperationContext context = session_->NewOperation();
  ASSERT_OK_AND_ASSIGN(auto reader, session_->Scan(context, "t", options));
  std::shared_ptr<arrow::RecordBatch> batch;
  ASSERT_OK(reader->ReadNext(&batch));
  EXPECT_EQ(batch->num_rows(), 3);
  EXPECT_EQ(context.counters->Get(PlanningCount::kFilesSkippedByBounds), 9);
  EXPECT_EQ(context.counters->Get(DataFileCount::kFilesScanned), 1);
}

TEST_F(SessionTest, ReadsSeveralTablesAtOnceEachAnOperationOfItsOwn) {
  ASSERT_OK(Append(0, 10).status());
  ASSERT_OK(session_->CreateTable(session_->NewOperation(), "empty", IdSchema(), {}).status());
  ScanOptions some;
  some.columns = {"id"};
  some.rows.limit = 3;
  ASSERT_OK_AND_ASSIGN(auto tables, session_->ReadTables(session_->NewOperation(),
                                                         {{"t", some}, {"nope"}, {"empty"}}));
  ASSERT_EQ(tables.size(), 3U);
  EXPECT_EQ((*tables[0])->num_rows(), 3);
  EXPECT_EQ((*tables[0])->num_columns(), 1);
  EXPECT_EQ(KindOf(tables[1].status()), ErrorKind::kNotFound);
  EXPECT_EQ(ContextOf(tables[1].status()).back(), (ErrorContext{"table", "default.nope"}));
  EXPECT_EQ((*tables[2])->num_rows(), 0);
  EXPECT_GT(session_->memory()->used_bytes(), 0);
  tables.clear();
  EXPECT_EQ(session_->memory()->used_bytes(), 0);
}

TEST_F(SessionTest, LimitStopsTheScan) {
  for (int64_t i = 0; i < 20; ++i) ASSERT_OK(Append(10 * i, 10 * i + 10).status());
  ScanOptions options;
  options.rows.limit = 15;
  OperationContext context = session_->NewOperation();
  ASSERT_OK_AND_ASSIGN(auto reader, session_->Scan(context, "t", options));
  ASSERT_OK_AND_ASSIGN(auto table, reader->ToTable());
  EXPECT_EQ(table->num_rows(), 15);
  EXPECT_LE(context.counters->Get(DataFileCount::kFilesScanned), 3);
}

TEST_F(SessionTest, TimeTravelsBySnapshotTimeAndRef) {
  ASSERT_OK_AND_ASSIGN(auto first, Append(0, 5));
  ASSERT_OK(Append(5, 9).status());
  ScanOptions options;
  options.version.snapshot_id = first.snapshot_id;
  ASSERT_OK_AND_ASSIGN(auto ids, ReadIds(*session_, "t", options));
  EXPECT_EQ(ids, Range(0, 5));
  options.version = {};
  options.version.ref = "main";
  ASSERT_OK_AND_ASSIGN(ids, ReadIds(*session_, "t", options));
  EXPECT_EQ(ids.size(), 9U);
  options.version.ref = "nope";
  EXPECT_EQ(KindOf(ReadIds(*session_, "t", options).status()), ErrorKind::kNotFound);
  options.version = {};
  options.version.as_of_timestamp_ms = 1;
  EXPECT_EQ(KindOf(ReadIds(*session_, "t", options).status()), ErrorKind::kNotFound);
}

TEST_F(SessionTest, OverwriteReplacesEverything) {
  ASSERT_OK(Append(0, 50).status());
  ASSERT_OK_AND_ASSIGN(
      auto report, session_->Overwrite(session_->NewOperation(), "t", *Rows(100, 103), True(), {}));
  EXPECT_EQ(report.num_deleted_files, 1);
  ASSERT_OK_AND_ASSIGN(auto ids, ReadIds(*session_, "t"));
  EXPECT_EQ(ids, Range(100, 103));
}

TEST_F(SessionTest, OverwritingWithNeitherRowsNorTypesIsRefused) {
  ASSERT_OK(Append(0, 5).status());
  const auto overwrite = [this](const arrow::FieldVector& fields) -> Status {
    ICEFRAME_ASSIGN_OR_RETURN(const auto rows,
                              arrow::RecordBatchReader::Make({}, arrow::schema(fields)));
    return session_->Overwrite(session_->NewOperation(), "t", *rows, True(), {}).status();
  };
  EXPECT_EQ(KindOf(overwrite({})), ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(overwrite({arrow::field("id", arrow::null())})), ErrorKind::kInvalidArgument);
  ASSERT_OK_AND_ASSIGN(auto ids, ReadIds(*session_, "t"));
  EXPECT_EQ(ids, Range(0, 5));
  ASSERT_OK(overwrite({arrow::field("id", arrow::int64())}));
  ASSERT_OK_AND_ASSIGN(ids, ReadIds(*session_, "t"));
  EXPECT_TRUE(ids.empty());
}

TEST_F(SessionTest, WhoCreatesATableThatMayExistGetsIt) {
  const auto create = [this](bool exist_ok) {
    CreateTableOptions options;
    options.exist_ok = exist_ok;
    return session_->CreateTable(session_->NewOperation(), "t", IdSchema(), options);
  };
  ASSERT_OK_AND_ASSIGN(const auto table, create(true));
  ASSERT_OK_AND_ASSIGN(const auto loaded, session_->LoadTable(session_->NewOperation(), "t"));
  EXPECT_EQ(table->metadata_location(), loaded->metadata_location());
  EXPECT_EQ(KindOf(create(false).status()), ErrorKind::kAlreadyExists);
}

TEST_F(SessionTest, OverwriteReadsRowsWhereBoundsLeaveItOpen) {
  ASSERT_OK(Append(0, 10).status());
  ASSERT_OK(Append(20, 30).status());
  const Expression whole =
      Or(Less(Col("id"), Lit(int64_t{5})), Between(Col("id"), Lit(int64_t{5}), Lit(int64_t{9})));
  const auto none = Rows(0, 0);
  ASSERT_OK_AND_ASSIGN(auto report,
                       session_->Overwrite(session_->NewOperation(), "t", *none, whole, {}));
  EXPECT_EQ(report.num_deleted_files, 1);
  const Expression in_part =
      Or(Equal(Col("id"), Lit(int64_t{20})), Equal(Col("id"), Lit(int64_t{22})));
  const auto again = Rows(0, 0);
  const Status refused =
      session_->Overwrite(session_->NewOperation(), "t", *again, in_part, {}).status();
  EXPECT_EQ(KindOf(refused), ErrorKind::kUnsupported);
  EXPECT_NE(refused.message().find("in part"), std::string::npos) << refused.message();
  ASSERT_OK_AND_ASSIGN(auto ids, ReadIds(*session_, "t"));
  EXPECT_EQ(ids, Range(20, 30));
}

TEST_F(SessionTest, RowsOutsideOfAnOverwritesFilterAreRefusedUnlessAskedFor) {
  ASSERT_OK(Append(0, 10).status());
  const Expression low = Less(Col("id"), Lit(int64_t{12}));
  const auto rows = Rows(10, 14);
  const Status refused =
      session_->Overwrite(session_->NewOperation(), "t", *rows, low, {}).status();
  EXPECT_EQ(KindOf(refused), ErrorKind::kInvalidArgument);
  EXPECT_NE(refused.message().find("row 2 has id = 12"), std::string::npos) << refused.message();
  ASSERT_OK_AND_ASSIGN(auto ids, ReadIds(*session_, "t"));
  EXPECT_EQ(ids, Range(0, 10));
  OverwriteOptions options;
  options.allow_rows_outside_filter = true;
  const auto again = Rows(10, 14);
  ASSERT_OK(session_->Overwrite(session_->NewOperation(), "t", *again, low, options).status());
  ASSERT_OK_AND_ASSIGN(ids, ReadIds(*session_, "t"));
  EXPECT_EQ(ids, Range(10, 14));
}

TEST_F(SessionTest, ValidatorsCanRefuseACommit) {
  CommitOptions options;
  options.validator = [](const TableMetadata&) {
    return Error(ErrorKind::kCommitRejected, "not today");
  };
  EXPECT_EQ(KindOf(Append(0, 5, options).status()), ErrorKind::kCommitRejected);
  ASSERT_OK_AND_ASSIGN(auto ids, ReadIds(*session_, "t"));
  EXPECT_TRUE(ids.empty());
}

TEST_F(SessionTest, UnknownColumnsNameTheNearest) {
  ScanOptions options;
  options.columns = {"nam"};
  const auto scanned = session_->Scan(session_->NewOperation(), "t", options);
  EXPECT_EQ(KindOf(scanned.status()), ErrorKind::kInvalidArgument);
  EXPECT_NE(scanned.status().message().find("name"), std::string::npos);
}

TEST_F(SessionTest, ResultsOutliveTheSession) {
  ASSERT_OK(Append(0, 10).status());
  ASSERT_OK_AND_ASSIGN(auto reader, session_->Scan(session_->NewOperation(), "t", {}));
  session_.reset();
  ASSERT_OK_AND_ASSIGN(auto table, reader->ToTable());
  reader.reset();
  EXPECT_EQ(table->num_rows(), 10);
  EXPECT_TRUE(table->ValidateFull().ok());
}

TEST_F(SessionTest, AMemoryLimitIsKeptAndNamed) {
  ASSERT_OK(Append(0, 200000).status());
  ASSERT_OK_AND_ASSIGN(auto small, OpenLake(folder_.path(), {}, {{"memory.limit", "1000"}}));
  const auto status = ReadIds(*small, "t").status();
  EXPECT_EQ(KindOf(status), ErrorKind::kResourceExhausted) << status.ToString();
}

TEST_F(SessionTest, AppendsOfAnySizeKeepTheMemoryLimit) {
  CreateTableOptions partitioned;
  partitioned.partition_by = {{"id", "bucket[40]"}};
  CreateTableOptions sorted;
  sorted.sort_by.emplace_back().column = "name";
  ASSERT_OK(session_->CreateTable(session_->NewOperation(), "p", IdSchema(), partitioned).status());
  ASSERT_OK(session_->CreateTable(session_->NewOperation(), "s", IdSchema(), sorted).status());
  constexpr int64_t kSmallLimit = int64_t{32} << 20;
  ASSERT_OK_AND_ASSIGN(auto small, OpenLake(folder_.path(), {}, {{"memory.limit", "32MiB"}}));
  for (const char* table : {"t", "p", "s"}) {
    // What comes to 40 MB in memory.
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    ASSERT_OK_AND_ASSIGN(auto rows, Rows(0, 1'500'000)->ToRecordBatches());
    for (int64_t begin = 0; begin < 1'500'000; begin += 100'000) {
      batches.push_back(rows.at(0)->Slice(begin, 100'000));
    }
    ASSERT_OK_AND_ASSIGN(auto reader, arrow::RecordBatchReader::Make(batches));
    ASSERT_OK_AND_ASSIGN(auto report,
                         small->Append(small->NewOperation(), table, *reader, CommitOptions{}));
    EXPECT_EQ(report.num_rows, 1'500'000) << table;
    EXPECT_LE(small->memory()->peak_bytes(), kSmallLimit) << table;
  }
}

TEST_F(SessionTest, PartitionFieldsThatSayTheSameTwiceAreRefused) {
  CreateTableOptions options;
  options.partition_by = {{"id", "bucket[4]"}, {"id", "bucket[8]"}, {"id", "bucket[4]"}};
  const auto status =
      session_->CreateTable(session_->NewOperation(), "twice", IdSchema(), options).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kInvalidArgument) << status.ToString();
  EXPECT_NE(status.message().find("id, bucket[4]"), std::string::npos) << status.ToString();
}

TEST_F(SessionTest, PropertiesThatCantBeMeantAreRefusedAtOnce) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"write.parquet.compression-codec", "foo"},
      {"write.target-file-size-bytes", "abc"},
      {"write.metadata.metrics.default", "half"},
      {"write.metadata.metrics.column.id", "truncate(0)"},
      {"write.metadata.previous-versions-max", "x"},
      {"write.delete.isolation-level", "none"},
      {"write.object-storage.enabled", "maybe"},
      {"commit.retry.num-retries", "abc"},
      {"commit.manifest-merge.enabled", "perhaps"},
      {"commit.manifest.min-count-to-merge", "few"},
      {"history.expire.max-snapshot-age-ms", "old"},
  };
  for (const auto& [key, value] : bad) {
    CreateTableOptions options;
    options.properties[key] = value;
    const auto status =
        session_->CreateTable(session_->NewOperation(), "bad", IdSchema(), options).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kInvalidArgument) << key << ": " << status.ToString();
    EXPECT_NE(status.message().find(key), std::string::npos) << status.ToString();
    EXPECT_NE(status.message().find(value), std::string::npos) << status.ToString();
  }
  CreateTableOptions fine;
  fine.properties = {{"write.object-storage.enabled", "FALSE"},
                     {"write.parquet.compression-codec", "GZIP"},
                     {"another.engine", "anything"}};
  ASSERT_OK(session_->CreateTable(session_->NewOperation(), "fine", IdSchema(), fine).status());
}

}  // namespace
}  // namespace iceframe
