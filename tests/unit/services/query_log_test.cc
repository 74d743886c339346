// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/query_log.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include <arrow/testing/gtest_util.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/runtime/runtime_counters.h"

#include "support/temp_folder.h"

namespace iceframe {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;

constexpr OperationCount kCounters[] = {RuntimeCount::kRowsReturned};

OperationEnd EndOf(int64_t id, Status status = Status::OK()) {
  OperationCounters counters;
  counters.Add(RuntimeCount::kRowsReturned, 7);
  OperationEnd end;
  end.start = {id, {"scan", true}, {"a.t"}, 1700000000123, 1};
  if (!status.ok()) end.outcome = OperationOutcome::kFailed;
  end.status = std::move(status);
  end.duration = std::chrono::microseconds(1500);
  end.counters = counters.Values();
  end.redacted_plan = [] { return std::string("Scan: a.t, filter: id > ?\n"); };
  return end;
}

std::vector<std::string> LinesOf(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

TEST(QueryLog, TheNewestAreKept) {
  ASSERT_OK_AND_ASSIGN(const auto log, QueryLog::Open({.counters = kCounters, .max_records = 3}));
  for (int64_t id = 1; id <= 5; ++id) ASSERT_OK(log->OnEnd(EndOf(id)));
  const auto newest = log->Newest(10);
  ASSERT_EQ(newest.size(), 3U);
  EXPECT_EQ(newest[0].start.id, 5);
  EXPECT_EQ(newest[2].start.id, 3);
  EXPECT_EQ(log->Newest(1).size(), 1U);
}

TEST(QueryLog, ARecordTellsAllButValues) {
  ASSERT_OK_AND_ASSIGN(const auto log, QueryLog::Open({.counters = kCounters}));
  ASSERT_OK(log->OnEnd(EndOf(1, Error(ErrorKind::kInvalidData, "not a number: 'canary'"))));
  const Json json = log->Newest(1)[0].ToJson();
  const std::string text = json.Dump();
  EXPECT_THAT(text, HasSubstr(R"("time":"2023-11-14T22:13:20.123Z","operation":"scan")"));
  EXPECT_THAT(text, HasSubstr(R"("tables":["a.t"],"status":"error","error":"InvalidData")"));
  EXPECT_THAT(text, HasSubstr(R"("duration_ms":1.5)"));
  EXPECT_THAT(text, HasSubstr(R"("counters":{"rows_returned":7})"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("canary")));
  EXPECT_EQ(json.Find("plan_hash")->text().size(), 16U);
}

TEST(QueryLog, LinesGoToAFileThatRotates) {
  const TempFolder folder;
  const std::string path = folder.path() + "/queries.jsonl";
  ASSERT_OK_AND_ASSIGN(
      const auto log,
      QueryLog::Open(
          {.counters = kCounters, .path = path, .max_file_bytes = 1000, .max_files = 3}));
  for (int64_t id = 1; id <= 20; ++id) ASSERT_OK(log->OnEnd(EndOf(id)));
  std::vector<std::string> lines;
  for (const char* suffix : {".2", ".1", ""}) {
    EXPECT_LE(std::filesystem::file_size(path + suffix), 1000U);
    const auto more = LinesOf(path + suffix);
    lines.insert(lines.end(), more.begin(), more.end());
  }
  EXPECT_FALSE(std::filesystem::exists(path + ".3"));
  EXPECT_THAT(lines, Each(HasSubstr(R"("operation":"scan")")));
  EXPECT_THAT(lines.back(), HasSubstr(R"("id":20)"));
  const auto permissions = std::filesystem::status(path).permissions();
  EXPECT_EQ(permissions, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(QueryLog, AFileThatSeveralWriteToLosesNoLine) {
  const TempFolder folder;
  const std::string path = folder.path() + "/queries.jsonl";
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      const auto log = QueryLog::Open({.counters = kCounters, .path = path});
      ASSERT_OK(log.status());
      for (int64_t id = 0; id < 50; ++id) ASSERT_OK((*log)->OnEnd(EndOf(id)));
    });
  }
  for (auto& thread : threads) thread.join();
  const auto lines = LinesOf(path);
  EXPECT_EQ(lines.size(), 200U);
  for (const std::string& line : lines) EXPECT_TRUE(Json::Parse(line).ok()) << line;
}

TEST(QueryLog, AFileThatWasMovedIsMadeAgain) {
  const TempFolder folder;
  const std::string path = folder.path() + "/queries.jsonl";
  ASSERT_OK_AND_ASSIGN(const auto log, QueryLog::Open({.counters = kCounters, .path = path}));
  ASSERT_OK(log->OnEnd(EndOf(1)));
  std::filesystem::rename(path, path + ".moved");
  ASSERT_OK(log->OnEnd(EndOf(2)));
  EXPECT_EQ(LinesOf(path).size(), 1U);
  EXPECT_EQ(LinesOf(path + ".moved").size(), 1U);
}

TEST(QueryLog, AFolderThatIsNotThereIsAnError) {
  const auto log = QueryLog::Open({.counters = kCounters, .path = "/nowhere/at/all.jsonl"});
  EXPECT_EQ(KindOf(log.status()), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(QueryLog::Open({.max_records = 0}).status()), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace iceframe
