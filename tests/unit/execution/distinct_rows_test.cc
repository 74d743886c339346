// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/distinct_rows.h"

#include <optional>
#include <string>
#include <vector>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/runtime/memory_manager.h"

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::shared_ptr<arrow::RecordBatch> Pairs(
    const std::vector<std::pair<std::optional<int64_t>, std::string>>& rows) {
  arrow::Int64Builder numbers(MemoryBudget::Process()->pool());
  arrow::StringBuilder texts(MemoryBudget::Process()->pool());
  for (const auto& [number, text] : rows) {
    EXPECT_TRUE((number ? numbers.Append(*number) : numbers.AppendNull()).ok());
    EXPECT_TRUE(texts.Append(text).ok());
  }
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("n", arrow::int64()), arrow::field("t", arrow::utf8())}),
      static_cast<int64_t>(rows.size()),
      {numbers.Finish().ValueOr(nullptr), texts.Finish().ValueOr(nullptr)});
}

std::vector<std::string> TextsOf(const Result<std::shared_ptr<arrow::RecordBatch>>& batch) {
  std::vector<std::string> texts;
  EXPECT_TRUE(batch.ok()) << batch.status().ToString();
  if (!batch.ok()) return texts;
  const auto& column = static_cast<const arrow::StringArray&>(*(*batch)->column(1));
  for (int64_t i = 0; i < column.length(); ++i) texts.push_back(column.GetString(i));
  return texts;
}

TEST(DistinctRows, KeepsTheFirstOfEqualRowsOverAllBatches) {
  DistinctRows distinct(MemoryBudget::Process()->pool());
  EXPECT_THAT(TextsOf(distinct.Keep(Pairs({{1, "a"}, {1, "b"}, {1, "a"}, {2, "a"}}))),
              ElementsAre("a", "b", "a"));
  EXPECT_THAT(TextsOf(distinct.Keep(Pairs({{2, "a"}, {3, "c"}, {1, "b"}, {3, "c"}}))),
              ElementsAre("c"));
  EXPECT_THAT(TextsOf(distinct.Keep(Pairs({{3, "c"}}))), IsEmpty());
}

TEST(DistinctRows, NullsAreEqualToEachOther) {
  DistinctRows distinct(MemoryBudget::Process()->pool());
  EXPECT_THAT(TextsOf(distinct.Keep(Pairs({{std::nullopt, "a"}, {std::nullopt, "a"}, {0, "a"}}))),
              ElementsAre("a", "a"));
}

}  // namespace
}  // namespace iceframe
