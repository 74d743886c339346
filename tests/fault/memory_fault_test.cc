// SPDX-License-Identifier: Apache-2.0
// Every allocation of an operation fails once, or from there on: it ends with the right answer or
// with ResourceExhausted, gives everything back, and the next one works.
#include <functional>
#include <string>

#include "iceframe/runtime/shared_cache.h"

#include "session/lake.h"
#include "support/failing_pool.h"

namespace iceframe {
namespace {

constexpr int64_t kNumRows = 300;

class MemoryFault : public ::testing::Test {
 protected:
  using Operation = std::function<Result<int64_t>(Session&)>;

  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(session_, OpenLake(folder_.path()));
    ASSERT_OK(session_->CreateTable(session_->NewOperation(), "t", IdSchema(), {}).status());
    for (int64_t begin = 0; begin < kNumRows; begin += kNumRows / 2) {
      const auto rows = Rows(begin, begin + kNumRows / 2);
      ASSERT_OK(session_->Append(session_->NewOperation(), "t", *rows, {}).status());
    }
  }

  static Result<int64_t> CountRows(arrow::RecordBatchReader& reader) {
    int64_t num_rows = 0;
    std::shared_ptr<arrow::RecordBatch> batch;
    while (true) {
      ICEFRAME_RETURN_NOT_OK(reader.ReadNext(&batch));
      if (batch == nullptr) return num_rows;
      num_rows += batch->num_rows();
    }
  }

  static Operation Running(const Query& query) {
    return [query](Session& session) -> Result<int64_t> {
      ICEFRAME_ASSIGN_OR_RETURN(auto reader, session.Execute(session.NewOperation(), query));
      return CountRows(*reader);
    };
  }

  /// `caches`: whether metadata, manifests and footers are read anew, which allocates too.
  void FailEverywhere(const Operation& operation, int64_t expected, bool persists, bool caches) {
    int64_t step = 0;
    for (bool was_reached = true; was_reached; ++step) {
      ASSERT_LT(step, 5000) << "no end";
      if (caches) ClearSharedCaches();
      pool_.FailAfter(step, persists);
      const Result<int64_t> result = operation(*session_);
      pool_.StopFailing();
      was_reached = pool_.num_failed() > 0;
      const std::string what = "allocation " + std::to_string(step);
      if (result.ok()) {
        ASSERT_EQ(*result, expected) << what;
      } else {
        ASSERT_EQ(KindOf(result.status()), ErrorKind::kResourceExhausted)
            << what << ": " << result.status().ToString();
      }
      ASSERT_EQ(session_->memory()->used_bytes(), 0) << what;
    }
    EXPECT_GT(step, 5) << "what is tested allocates nothing";
    const Result<int64_t> after = operation(*session_);
    ASSERT_TRUE(after.ok()) << after.status().ToString();
    EXPECT_EQ(*after, expected);
  }

  void FailEverywhere(const Operation& operation, int64_t expected) {
    for (const bool caches : {false, true}) {
      FailEverywhere(operation, expected, /*persists=*/false, caches);
      FailEverywhere(operation, expected, /*persists=*/true, caches);
    }
  }

  TempFolder folder_;
  FailingPool pool_;
  std::shared_ptr<Session> session_;
};

TEST_F(MemoryFault, OfAScan) { FailEverywhere(Running(Query("t")), kNumRows); }

TEST_F(MemoryFault, OfAFilter) {
  FailEverywhere(Running(Query("t").Filter("id % 3 = 0 AND name <> 'name-3'")), kNumRows / 3 - 1);
}

TEST_F(MemoryFault, OfAGrouping) {
  FailEverywhere(
      Running(Query("t")
                  .GroupBy({"id % 7"})
                  .Select({"id % 7 AS k", "count(*) AS n", "max(name) AS m", "avg(id) AS a"})),
      7);
}

TEST_F(MemoryFault, OfASort) {
  FailEverywhere(Running(Query("t").OrderBy({"name DESC"})), kNumRows);
}

TEST_F(MemoryFault, OfAJoin) {
  FailEverywhere(Running(Query("t").Join(Query("t"), {{"id"}, {"id"}})), kNumRows);
}

TEST_F(MemoryFault, OfAnAppend) {
  // Whether it landed tells the table: no rows are lost or come twice.
  int64_t num_rows = kNumRows;
  int64_t step = 0;
  for (bool was_reached = true; was_reached; ++step) {
    ASSERT_LT(step, 5000) << "no end";
    const auto rows = Rows(num_rows, num_rows + 10);
    pool_.FailAfter(step, /*persists=*/false);
    const auto report = session_->Append(session_->NewOperation(), "t", *rows, {});
    pool_.StopFailing();
    was_reached = pool_.num_failed() > 0;
    if (report.ok()) {
      num_rows += 10;
    } else {
      ASSERT_EQ(KindOf(report.status()), ErrorKind::kResourceExhausted)
          << report.status().ToString();
    }
    ASSERT_EQ(session_->memory()->used_bytes(), 0) << "allocation " << step;
    ASSERT_OK_AND_ASSIGN(const auto ids, ReadIds(*session_, "t"));
    ASSERT_EQ(static_cast<int64_t>(ids.size()), num_rows) << "allocation " << step;
  }
  EXPECT_GT(step, 5);
}

}  // namespace
}  // namespace iceframe
