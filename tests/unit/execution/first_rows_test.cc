// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/first_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/planning/planning_counters.h"
#include "iceframe/types/single_value.h"

namespace iceframe {
namespace {

using ::testing::ElementsAre;

constexpr FieldId kKey = 7;

Expression True() { return Expression(LiteralNode{Value(true)}, Type::Boolean(), true); }

struct File {
  double lower = 0;
  double upper = 0;
  int64_t num_rows = 10;
  int64_t num_nulls = 0;
  int64_t num_nans = 0;
  bool has_bounds = true;
  bool has_deletes = false;
};

ScanTask TaskOf(const File& file, size_t number) {
  ScanTask task;
  DataFile& data = task.data_file;
  data.file_path = std::to_string(number);
  data.file_size_in_bytes = 100;
  data.record_count = file.num_rows;
  data.value_counts[kKey] = file.num_rows;
  data.null_value_counts[kKey] = file.num_nulls;
  if (file.num_nans >= 0) data.nan_value_counts[kKey] = file.num_nans;
  if (file.has_bounds) {
    const Type type = Type::Double();
    data.lower_bounds[kKey] = ToSingleValueBytes(type, Value(file.lower)).ValueOrDie();
    data.upper_bounds[kKey] = ToSingleValueBytes(type, Value(file.upper)).ValueOrDie();
  }
  if (file.has_deletes) task.delete_files.emplace_back();
  task.residual = True();
  return task;
}

FirstRows First(int64_t count, bool descending = false, bool nulls_last = true) {
  return {Expression(ColumnNode{"key", kKey}, Type::Double(), true), descending, nulls_last, count};
}

class FirstRowsTest : public ::testing::Test {
 protected:
  /// The tasks that are left, by the files' places.
  std::vector<std::string> Left(const std::vector<File>& files, const FirstRows& first) {
    size_t next = 0;
    TaskSource tasks = TasksOfFirstRows(
        [&](const OperationContext&) -> Result<std::optional<ScanTask>> {
          if (next == files.size()) return std::nullopt;
          context_.counters->Add(PlanningCount::kFilesPlanned);
          ++next;
          return TaskOf(files[next - 1], next - 1);
        },
        first);
    std::vector<std::string> left;
    while (auto task = tasks(context_).ValueOrDie()) {
      left.push_back(task->data_file.file_path);
      residuals_.push_back(task->residual);
    }
    return left;
  }
  int64_t Counted(PlanningCount count) const { return context_.counters->Get(count); }

  OperationContext context_;
  std::vector<Expression> residuals_;
};

TEST_F(FirstRowsTest, LeavesOutFilesBeyondWhatIsEnough) {
  EXPECT_THAT(Left({{20, 29}, {0, 9}, {10, 19}, {5, 12}}, First(10)), ElementsAre("1", "3"));
  EXPECT_EQ(residuals_[0].ToString(), "key <= 9.0e0");
  EXPECT_EQ(Counted(PlanningCount::kFilesPlanned), 2);
  EXPECT_EQ(Counted(PlanningCount::kFilesSkippedByFirstRows), 2);
  EXPECT_EQ(Counted(PlanningCount::kFileBytesSkippedByFirstRows), 200);
}

TEST_F(FirstRowsTest, KeepsRowsThatTieWithTheLast) {
  EXPECT_THAT(Left({{0, 9}, {9, 20}, {9.5, 20}}, First(10)), ElementsAre("0", "1"));
}

TEST_F(FirstRowsTest, BeginsAtTheOtherEndWhenDescending) {
  EXPECT_THAT(Left({{0, 9}, {10, 19}, {20, 29}}, First(11, /*descending=*/true)),
              ElementsAre("1", "2"));
  EXPECT_EQ(residuals_[0].ToString(), "key >= 10.0e0");
}

TEST_F(FirstRowsTest, LeavesOutNothingWhereThereAreNotEnough) {
  EXPECT_THAT(Left({{0, 9}, {10, 19}}, First(21)), ElementsAre("0", "1"));
  EXPECT_TRUE(residuals_[0].is_true());
}

TEST_F(FirstRowsTest, CountsNeitherNullsNorDeletedNorUnknownRows) {
  const File nulls{.lower = 0, .upper = 1, .num_nulls = 1};
  const File deletes{.lower = 0, .upper = 2, .has_deletes = true};
  const File unknown{.has_bounds = false};
  EXPECT_THAT(Left({nulls, deletes, unknown, {3, 4}, {5, 6}}, First(10)),
              ElementsAre("0", "1", "2", "3"));
}

TEST_F(FirstRowsTest, KeepsNullsWhereTheyComeFirst) {
  const File nulls{.lower = 50, .upper = 60, .num_nulls = 1};
  EXPECT_THAT(Left({nulls, {0, 9}, {20, 30}}, First(10, false, /*nulls_last=*/false)),
              ElementsAre("0", "1"));
  EXPECT_THAT(Left({nulls, {0, 9}, {20, 30}}, First(10)), ElementsAre("1"));
}

TEST_F(FirstRowsTest, TakesNaNForTheGreatestNumber) {
  const File unknown{.lower = 0, .upper = 1, .num_nans = -1};
  const File some{.lower = 0, .upper = 2, .num_nans = 3};
  EXPECT_THAT(Left({unknown, some, {3, 4}, {5, 6}}, First(10)), ElementsAre("0", "1", "2"));
  EXPECT_THAT(Left({unknown, some, {3, 4}, {5, 6}}, First(10, /*descending=*/true)),
              ElementsAre("0", "1", "3"));
}

TEST_F(FirstRowsTest, HoldsFewTasksOfMany) {
  std::vector<File> files;
  for (int i = 20000; i > 0; --i) files.push_back({i * 1.0, i * 1.0});
  EXPECT_THAT(Left(files, First(15)), ElementsAre("19998", "19999"));
  EXPECT_EQ(Counted(PlanningCount::kFilesSkippedByFirstRows), 19998);
}

}  // namespace
}  // namespace iceframe
