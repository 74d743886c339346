// SPDX-License-Identifier: Apache-2.0
#include "iceframe/maintenance/file_groups.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace iceframe {
namespace {

ScanTask FileOf(int64_t size, int64_t partition = 0, int32_t spec = 0) {
  static int number = 0;
  ScanTask task;
  task.data_file.file_path = "f" + std::to_string(number++);
  task.data_file.file_size_in_bytes = size;
  task.data_file.record_count = size / 10;
  task.data_file.spec_id = PartitionSpecId(spec);
  task.data_file.partition = {Value(partition)};
  return task;
}

FileGroupOptions Target(int64_t target, int min_input_files = 2) {
  FileGroupOptions options;
  options.target_file_size_bytes = target;
  options.min_input_files = min_input_files;
  options.spec_id = PartitionSpecId(0);
  return options;
}

TEST(FileGroups, TakesSmallFilesOfEachPartitionTogether) {
  const auto groups =
      GroupFiles({FileOf(10, 1), FileOf(10, 2), FileOf(20, 1), FileOf(30, 2)}, Target(1000));
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].tasks.size(), 2U);
  EXPECT_EQ(groups[0].num_bytes, 30);
  EXPECT_EQ(groups[0].num_rows, 3);
  EXPECT_EQ(groups[0].file_size_bytes, 1000);
  EXPECT_EQ(groups[1].num_bytes, 40);
}

TEST(FileGroups, LeavesFilesOfAGoodSizeAlone) {
  EXPECT_TRUE(GroupFiles({FileOf(750), FileOf(1000), FileOf(1800)}, Target(1000)).empty());
}

TEST(FileGroups, LeavesASingleSmallFileAlone) {
  EXPECT_TRUE(GroupFiles({FileOf(10), FileOf(1000)}, Target(1000, 1)).empty());
}

TEST(FileGroups, WaitsForEnoughFilesUnlessTheyAreLarge) {
  EXPECT_TRUE(GroupFiles({FileOf(10), FileOf(10)}, Target(1000, 5)).empty());
  EXPECT_EQ(GroupFiles({FileOf(600), FileOf(600)}, Target(1000, 5)).size(), 1U);
}

TEST(FileGroups, TakesOnlyFilesOfAboutTheSameSizeTogether) {
  FileGroupOptions options = Target(1000, 2);
  options.by_size = true;
  const auto groups =
      GroupFiles({FileOf(300), FileOf(10), FileOf(500), FileOf(15), FileOf(70)}, options);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].num_bytes, 800);
  EXPECT_EQ(groups[1].num_bytes, 25);
}

TEST(FileGroups, WritesRowsOfAGrowingTableAgainOnlyAsTheirFilesGrow) {
  FileGroupOptions options = Target(1'000'000, 5);
  options.by_size = true;
  std::vector<ScanTask> files;
  int64_t num_written = 0;
  constexpr int kNumCommits = 4000;
  for (int commit = 1; commit <= kNumCommits; ++commit) {
    files.push_back(FileOf(100));
    if (commit % 20 != 0) continue;
    for (const FileGroup& group : GroupFiles(files, options)) {
      std::erase_if(files, [&](const ScanTask& file) {
        return std::ranges::any_of(group.tasks, [&](const ScanTask& task) {
          return task.data_file.file_path == file.data_file.file_path;
        });
      });
      files.push_back(FileOf(group.num_bytes));
      num_written += group.num_bytes;
    }
  }
  // Of 400 000 bytes; without classes of sizes it is a hundred times as much.
  EXPECT_LT(num_written, 6 * kNumCommits * 100);
  EXPECT_LT(files.size(), 20U);
}

TEST(FileGroups, DividesAFileThatIsTooLargeEvenly) {
  const auto groups = GroupFiles({FileOf(3600)}, Target(1000));
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].file_size_bytes, 1000);
  EXPECT_EQ(GroupFiles({FileOf(2400)}, Target(1000))[0].file_size_bytes, 1200);
}

TEST(FileGroups, DividesWhatIsTooMuchForOneGroup) {
  FileGroupOptions options = Target(1000);
  options.max_group_bytes = 25;
  const auto groups = GroupFiles({FileOf(10), FileOf(10), FileOf(10), FileOf(10)}, options);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].num_bytes, 20);
}

TEST(FileGroups, BringsFilesOfOtherSpecsIntoThePresentOne) {
  const auto groups = GroupFiles({FileOf(1000, 1, 3), FileOf(1000, 2, 4)}, Target(1000));
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].tasks.size(), 2U);
}

TEST(FileGroups, TakesAllFilesWhereAsked) {
  FileGroupOptions options = Target(1000);
  options.all_files = true;
  EXPECT_EQ(GroupFiles({FileOf(1000), FileOf(900, 1)}, options).size(), 2U);
}

TEST(FileGroups, DoesNotConfusePartitionsByTheirText) {
  ScanTask first = FileOf(10), second = FileOf(10);
  first.data_file.partition = {Value(std::string("a\n1:b")), Value(std::string("c"))};
  second.data_file.partition = {Value(std::string("a")), Value(std::string("b\n1:c"))};
  EXPECT_TRUE(GroupFiles({first, second}, Target(1000)).empty());
}

}  // namespace
}  // namespace iceframe
