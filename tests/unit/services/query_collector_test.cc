// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/query_collector.h"

#include <thread>

#include <arrow/testing/gtest_util.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/datafile/datafile_counters.h"
#include "iceframe/runtime/runtime_counters.h"
#include "iceframe/runtime/thread_number.h"

#include "support/manual_clock.h"

namespace iceframe {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class QueryCollectorTest : public ::testing::Test {
 protected:
  OperationStart Begin(const std::string& table, OperationKind kind = {"scan", true}) {
    OperationStart start{++last_id_, kind, {table}, 0, ThisThreadNumber()};
    EXPECT_TRUE(collector_.OnBegin(start).ok());
    return start;
  }

  void End(OperationStart start, int64_t rows, Status status = Status::OK()) {
    OperationCounters counters;
    counters.Add(RuntimeCount::kRowsReturned, rows);
    counters.Add(DataFileCount::kRowsScanned, 2 * rows);
    OperationEnd end;
    end.start = std::move(start);
    end.status = std::move(status);
    end.duration = milliseconds(rows);
    end.counters = counters.Values();
    EXPECT_TRUE(collector_.OnEnd(end).ok());
  }

  std::vector<int64_t> RowsReturned() {
    std::vector<int64_t> rows;
    for (const QueryMetrics& query : collector_.Recent(100)) {
      rows.push_back(query.figures.rows_returned);
    }
    return rows;
  }

  ManualClock clock_;
  QueryCollector collector_{{.max_queries = 4, .clock = &clock_}};
  int64_t last_id_ = 0;
};

TEST_F(QueryCollectorTest, NothingIsThereAtFirst) {
  const QueryStats stats = collector_.stats();
  EXPECT_EQ(stats.totals.num_queries, 0);
  EXPECT_EQ(stats.num_running, 0);
  EXPECT_EQ(stats.Percentile(0.99).count(), 0);
  EXPECT_TRUE(collector_.Recent(10).empty());
}

TEST_F(QueryCollectorTest, TheNewestAreKnownAndAllAreCounted) {
  for (int64_t rows = 1; rows <= 6; ++rows) End(Begin("a.t"), rows);
  End(Begin("a.t", {"append"}), 100);
  EXPECT_THAT(RowsReturned(), ElementsAre(6, 5, 4, 3));
  EXPECT_EQ(collector_.Recent(2).size(), 2U);
  const QueryStats stats = collector_.stats();
  EXPECT_EQ(stats.totals.num_queries, 6);
  EXPECT_EQ(stats.totals.figures.rows_returned, 21);
  EXPECT_EQ(stats.totals.duration, milliseconds(21));
  EXPECT_EQ(stats.Percentile(0.5), milliseconds(4));
  EXPECT_EQ(stats.Percentile(0.51), milliseconds(5));
  EXPECT_EQ(stats.Percentile(1), milliseconds(6));
  EXPECT_EQ(stats.Percentile(0), milliseconds(3));
}

TEST_F(QueryCollectorTest, AnAnnouncedQueryTakesWhatRunsOnItsTable) {
  const std::string id = collector_.Start("a.t", "t");
  clock_.Advance(milliseconds(30));
  EXPECT_EQ(collector_.Recent(1)[0].duration, milliseconds(30));
  EXPECT_FALSE(collector_.Recent(1)[0].has_ended);
  End(Begin("a.t"), 3, Error(ErrorKind::kIo, "no disk"));
  End(Begin("a.t"), 4);
  End(Begin("a.other"), 5);
  clock_.Advance(milliseconds(12));
  ASSERT_OK(collector_.End(id, {}));
  const std::vector<QueryMetrics> queries = collector_.Recent(10);
  ASSERT_EQ(queries.size(), 2U);
  EXPECT_EQ(queries[0].query_id, id);
  EXPECT_EQ(queries[0].table_name, "t");
  EXPECT_EQ(queries[0].duration, milliseconds(42));
  EXPECT_EQ(queries[0].figures.rows_returned, 7);
  EXPECT_EQ(queries[0].figures.rows_scanned, 14);
  EXPECT_EQ(queries[0].error, "no disk");
  EXPECT_EQ(collector_.stats().totals.num_errors, 1);
}

TEST_F(QueryCollectorTest, WhatIsSaidGoesBeforeWhatWasCounted) {
  const std::string id = collector_.Start("a.t", "t");
  End(Begin("a.t"), 3, Error(ErrorKind::kIo, "no disk"));
  const OperationStart open = Begin("a.t");
  ASSERT_OK(collector_.End(id, {.rows_returned = 9, .cache_hit = true, .error = "mine"}));
  // It ends late, and is told all the same.
  End(open, 5);
  ASSERT_EQ(collector_.Recent(10).size(), 1U);
  const QueryMetrics query = collector_.Recent(1)[0];
  EXPECT_EQ(query.figures.rows_returned, 9);
  EXPECT_EQ(query.figures.rows_scanned, 16);
  EXPECT_TRUE(query.cache_hit);
  EXPECT_EQ(query.error, "mine");
  EXPECT_EQ(collector_.stats().totals.figures.rows_returned, 9);
  EXPECT_EQ(collector_.stats().totals.figures.rows_scanned, 16);
}

TEST_F(QueryCollectorTest, AnotherThreadsQueriesAreTheirOwn) {
  const std::string id = collector_.Start("a.t", "t");
  std::thread([&] { End(Begin("a.t"), 3); }).join();
  ASSERT_OK(collector_.End(id, {}));
  EXPECT_THAT(RowsReturned(), ElementsAre(0, 3));
}

TEST_F(QueryCollectorTest, AnIdEndsOnce) {
  const std::string id = collector_.Start("a.t", "t");
  ASSERT_OK(collector_.End(id, {}));
  const Status again = collector_.End(id, {});
  EXPECT_EQ(KindOf(again), ErrorKind::kNotFound);
  EXPECT_THAT(again.message(), HasSubstr(id));
}

TEST_F(QueryCollectorTest, AnnouncementsThatNeverEndAreBounded) {
  const std::string first = collector_.Start("a.t", "t");
  for (int i = 0; i < 4; ++i) collector_.Start("a.t", "t");
  EXPECT_EQ(collector_.stats().num_running, 4);
  EXPECT_EQ(KindOf(collector_.End(first, {})), ErrorKind::kNotFound);
}

}  // namespace
}  // namespace iceframe
