// SPDX-License-Identifier: Apache-2.0
// What a skipper tells is what a file system saw.
#include "iceframe/services/data_skipper.h"

#include <random>
#include <set>

#include <gmock/gmock.h>

#include "iceframe/execution/execution_counters.h"
#include "iceframe/expression/parse_expression.h"
#include "iceframe/operation_kinds.h"
#include "iceframe/services/query_collector.h"

#include "session/lake.h"
#include "support/counting_file_io.h"
#include "support/temp_folder.h"

namespace iceframe {
namespace {

using testing::ElementsAre;

int64_t Reason(const SkipLevel& level, std::string_view name) {
  for (const SkipReasonCount& reason : level.reasons) {
    if (reason.reason == name) return reason.count;
  }
  ADD_FAILURE() << "no reason " << name;
  return -1;
}

class DataSkipperTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto wrap = [this](std::shared_ptr<FileIO> base) {
      return io_ = std::make_shared<CountingFileIO>(std::move(base));
    };
    ASSERT_OK_AND_ASSIGN(session_, OpenLake(folder_.path(), wrap));
  }

  void Create(const std::string& name, CreateTableOptions options = {}) {
    ASSERT_OK(session_->CreateTable(Context(), name, IdSchema(), options).status());
  }
  void Append(const std::string& name, int64_t begin, int64_t end) {
    const auto rows = Rows(begin, end);
    ASSERT_OK(session_->Append(Context(), name, *rows, {}).status());
  }
  OperationContext Context() const { return session_->NewOperation(); }

  /// The data files that anything was read of since the last Reset, and the bytes.
  std::pair<int64_t, int64_t> Seen() const {
    std::set<std::string> files;
    int64_t num_bytes = 0;
    for (const RecordedRequest& request : io_->requests()) {
      if (request.location.find(".parquet") == std::string::npos) continue;
      files.insert(request.location);
      num_bytes += request.range.length;
    }
    return {std::ssize(files), num_bytes};
  }

  TempFolder folder_;
  std::shared_ptr<CountingFileIO> io_;
  std::shared_ptr<Session> session_;
};

Expression Filter(const std::string& text) { return ParseExpression(text).ValueOrDie(); }

TEST_F(DataSkipperTest, TellsLevelsAndReasons) {
  CreateTableOptions options;
  options.partition_by = {{"id", "truncate[100]"}};
  Create("t", options);
  for (int64_t begin = 0; begin < 500; begin += 50) Append("t", begin, begin + 50);
  ScanOptions scan;
  scan.rows.filter = Filter("id >= 410 AND id < 420");
  ASSERT_OK_AND_ASSIGN(const auto ids, ReadIds(*session_, "t", scan));
  EXPECT_EQ(ids.size(), 10U);
  const SkipCounts counts = session_->data_skipper()->Total();
  EXPECT_EQ(counts.num_scans, 1);
  EXPECT_EQ(counts.files().num_scanned, 1);
  EXPECT_EQ(counts.files().num_skipped, 9);
  EXPECT_EQ(Reason(counts.files(), "partition"), 8);
  EXPECT_EQ(Reason(counts.files(), "min_max"), 1);
  EXPECT_EQ(Reason(counts.levels[0], "partition"), 8);
  EXPECT_EQ(counts.levels[0].num_scanned, 2);
  EXPECT_GT(counts.levels[0].num_bytes_skipped, 0);
  EXPECT_EQ(counts.levels[2].num_scanned, 1);
  const auto recent = session_->data_skipper()->Recent(5);
  ASSERT_EQ(recent.size(), 1U);
  EXPECT_EQ(recent[0].kind, kScanOperation.name);
  EXPECT_THAT(recent[0].tables, ElementsAre("default.t"));
}

TEST_F(DataSkipperTest, TellsTablesOfAJoinApart) {
  Create("small");
  Create("large");
  Append("small", 0, 5);
  for (int64_t begin = 0; begin < 40; begin += 10) Append("large", begin, begin + 10);
  const Query query = Query("small").Join(Query("large"), {{"id"}, {"id"}}).Filter("id < 3");
  ASSERT_OK_AND_ASSIGN(auto reader, session_->Execute(Context(), query));
  ASSERT_OK_AND_ASSIGN(const auto table, reader->ToTable());
  EXPECT_EQ(table->num_rows(), 3);
  const auto skipper = session_->data_skipper();
  EXPECT_EQ(skipper->OfTable("default.small").files().num_scanned, 1);
  EXPECT_EQ(skipper->OfTable("default.small").files().num_skipped, 0);
  EXPECT_EQ(skipper->OfTable("default.large").files().num_scanned, 1);
  EXPECT_EQ(skipper->OfTable("default.large").files().num_skipped, 3);
  EXPECT_EQ(skipper->Total().files().num_scanned, 2);
  EXPECT_EQ(skipper->OfTable("default.nope").num_scans, 0);
}

TEST_F(DataSkipperTest, PlansThatNobodyRanAreNoScans) {
  Create("t");
  Append("t", 0, 10);
  ASSERT_OK(session_->Explain(Context(), Query("t").Filter(Filter("id > 100"))).status());
  EXPECT_EQ(session_->data_skipper()->Total().num_scans, 0);
  ASSERT_OK(session_->Explain(Context(), Query("t").Filter(Filter("id > 100")), true).status());
  EXPECT_EQ(session_->data_skipper()->Total().num_scans, 1);
  EXPECT_EQ(session_->data_skipper()->Total().files().num_skipped, 1);
}

TEST_F(DataSkipperTest, FilesThatALimitLeavesAreNotNeeded) {
  Create("t");
  for (int64_t begin = 0; begin < 50; begin += 10) Append("t", begin, begin + 10);
  ScanOptions scan;
  scan.rows.limit = 5;
  io_->Reset();
  ASSERT_OK(ReadIds(*session_, "t", scan).status());
  const SkipCounts counts = session_->data_skipper()->Total();
  EXPECT_EQ(counts.files().num_scanned, Seen().first);
  EXPECT_EQ(Reason(counts.files(), "not_needed"), counts.files().num_skipped);
}

TEST_F(DataSkipperTest, RemembersAsManyTablesAsTheLimitSays) {
  DataSkipper skipper;
  for (size_t i = 0; i <= DataSkipper::kMaxTables; ++i) {
    OperationCounters counters;
    counters.Add(ExecutionCount::kTableScans);
    OperationEnd end;
    end.counters = counters.Values();
    end.table_counters = {{"t" + std::to_string(i), end.counters}};
    ASSERT_OK(skipper.OnEnd(end));
  }
  EXPECT_EQ(skipper.OfTable("t0").num_scans, 0);
  EXPECT_EQ(skipper.OfTable("t1").num_scans, 1);
  EXPECT_EQ(skipper.Total().num_scans, static_cast<int64_t>(DataSkipper::kMaxTables) + 1);
  EXPECT_EQ(skipper.Recent(1000).size(), DataSkipper::kMaxOperations);
}

// Two hundred random queries, each asked of a file system as well.
TEST_F(DataSkipperTest, CountsWhatTheFileSystemSaw) {
  std::mt19937 random(20261130);
  const auto below = [&](int64_t n) {
    return std::uniform_int_distribution<int64_t>(0, n - 1)(random);
  };
  CreateTableOptions options;
  options.partition_by = {{"id", "truncate[256]"}};
  options.properties = {{"write.parquet.row-group-size-bytes", "2048"}};
  Create("t", options);
  for (int i = 0; i < 24; ++i) {
    const int64_t begin = below(900);
    Append("t", begin, begin + 1 + below(60));
  }
  ASSERT_OK(ReadIds(*session_, "t").status());
  const int64_t num_files = session_->data_skipper()->Total().files().num_scanned;
  EXPECT_GE(num_files, 24);
  const auto literal = [&] { return std::to_string(below(1000)); };
  const std::vector<std::function<std::string()>> shapes = {
      [&] { return "id = " + literal(); },
      [&] { return "id > " + literal(); },
      [&] { return "id <= " + literal(); },
      [&] { return "id IN (" + literal() + ", " + literal() + ", " + literal() + ")"; },
      [&] { return "name = 'name-" + literal() + "'"; },
      [&] { return "name LIKE 'name-" + literal() + "%'"; },
      [&] { return "id IS NULL"; },
      [&] { return "NOT (id >= " + literal() + " OR name > 'name-" + literal() + "')"; },
  };
  const auto collector = std::make_shared<QueryCollector>();
  session_->observers().Add(collector);
  SkipCounts before = session_->data_skipper()->Total();
  for (int i = 0; i < 200; ++i) {
    std::string filter = shapes[static_cast<size_t>(below(std::ssize(shapes)))]();
    if (below(3) == 0) {
      filter += (below(2) == 0 ? " AND " : " OR ");
      filter += shapes[static_cast<size_t>(below(std::ssize(shapes)))]();
    }
    ScanOptions scan;
    scan.rows.filter = Filter(filter);
    if (below(5) == 0) scan.rows.limit = below(30);
    if (below(2) == 0) scan.columns = {"id", "name"};
    io_->Reset();
    ASSERT_OK_AND_ASSIGN(const auto ids, ReadIds(*session_, "t", scan));
    const SkipCounts after = session_->data_skipper()->Total();
    const auto [num_seen, num_bytes] = Seen();
    const QueryFigures collected = collector->Recent(1).at(0).figures;
    EXPECT_EQ(collected.files_scanned, num_seen) << filter;
    EXPECT_EQ(collected.bytes_scanned, num_bytes) << filter;
    EXPECT_EQ(collected.rows_returned, std::ssize(ids)) << filter;
    EXPECT_EQ(after.files().num_scanned - before.files().num_scanned, num_seen) << filter;
    EXPECT_EQ(after.num_bytes_scanned - before.num_bytes_scanned, num_bytes) << filter;
    const bool is_planned = after.num_scans > before.num_scans;
    if (is_planned && !scan.rows.limit) {
      EXPECT_EQ(collected.files_skipped, num_files - num_seen) << filter;
      EXPECT_EQ(after.files().num_skipped - before.files().num_skipped, num_files - num_seen)
          << filter;
    }
    before = after;
  }
  EXPECT_EQ(collector->stats().totals.num_queries, 200);
}

}  // namespace
}  // namespace iceframe
