// SPDX-License-Identifier: Apache-2.0
// Queries that share one memory limit: each ends with the right answer or with ResourceExhausted,
// none waits for ever, and never is more reserved than the limit.
#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include "session/lake.h"
#include "support/sanitized.h"

namespace iceframe {
namespace {

constexpr int kNumThreads = 8;
constexpr int64_t kNumRows = 60'000;
constexpr int64_t kNumFiles = 6;
constexpr int64_t kLimitBytes = int64_t{6} << 20;
constexpr std::chrono::seconds kDuration{kIsSanitized ? 5 : 30};

struct Case {
  Query query;
  int64_t num_rows;
};

std::vector<Case> Cases() {
  const Query table("t");
  return {{table, kNumRows},
          {table.Filter("id % 10 = 3"), kNumRows / 10},
          {table.Limit(100), 100},
          {table.GroupBy({"id % 100"}).Select({"id % 100 AS k", "count(*) AS n"}), 100},
          {table.GroupBy({"name"}).Select({"name", "max(id) AS m"}), kNumRows},
          {table.OrderBy({"name DESC"}).Limit(10), 10},
          {table.OrderBy({"name DESC"}), kNumRows},
          {table.Filter("id < 1000").Join(table, {{"id"}, {"id"}}), 1000}};
}

Result<int64_t> CountRows(Session& session, const Query& query) {
  ICEFRAME_ASSIGN_OR_RETURN(auto reader, session.Execute(session.NewOperation(), query));
  int64_t num_rows = 0;
  std::shared_ptr<arrow::RecordBatch> batch;
  while (true) {
    ICEFRAME_RETURN_NOT_OK(reader->ReadNext(&batch));
    if (batch == nullptr) return num_rows;
    num_rows += batch->num_rows();
  }
}

TEST(SharedLimit, EveryQueryEndsUnderIt) {
  const TempFolder folder;
  ASSERT_OK_AND_ASSIGN(
      const auto session,
      OpenLake(folder.path(), {}, {{"memory.limit", std::to_string(kLimitBytes)}}));
  ASSERT_OK(session->CreateTable(session->NewOperation(), "t", IdSchema(), {}).status());
  for (int64_t file = 0; file < kNumFiles; ++file) {
    const auto rows = Rows(file * kNumRows / kNumFiles, (file + 1) * kNumRows / kNumFiles);
    ASSERT_OK(session->Append(session->NewOperation(), "t", *rows, {}).status());
  }
  const std::vector<Case> cases = Cases();
  std::atomic<int64_t> num_answers{0};
  std::atomic<int64_t> num_refused{0};
  const auto end = std::chrono::steady_clock::now() + kDuration;
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < kNumThreads; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      while (std::chrono::steady_clock::now() < end) {
        const Case& next = cases[random() % cases.size()];
        const Result<int64_t> num_rows = CountRows(*session, next.query);
        if (num_rows.ok()) {
          ++num_answers;
          EXPECT_EQ(*num_rows, next.num_rows);
        } else {
          ++num_refused;
          EXPECT_EQ(KindOf(num_rows.status()), ErrorKind::kResourceExhausted)
              << num_rows.status().ToString();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  RecordProperty("answers", std::to_string(num_answers));
  RecordProperty("refused", std::to_string(num_refused));
  EXPECT_GT(num_answers, 0);
  EXPECT_GT(num_refused, 0) << "a limit that nothing meets tests nothing";
  EXPECT_LE(session->memory()->peak_bytes(), kLimitBytes);
  EXPECT_EQ(session->memory()->used_bytes(), 0);
  // Alone, all of them fit but those that hold every row.
  for (const Case& each : {cases[0], cases[1], cases[3]}) {
    ASSERT_OK_AND_ASSIGN(const int64_t num_rows, CountRows(*session, each.query));
    EXPECT_EQ(num_rows, each.num_rows);
  }
}

}  // namespace
}  // namespace iceframe
