// SPDX-License-Identifier: Apache-2.0
#include "iceframe/planning/scan_task.h"

#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace iceframe {
namespace {

ScanTask FullTask() {
  ScanTask task;
  DataFile& file = task.data_file;
  file.file_path = "file:///t/data/\"odd\" \xff.parquet";
  file.spec_id = PartitionSpecId(3);
  file.partition = {Value(int32_t{5}), Value::Null(), Value(std::string("\x00\xff", 2)),
                    Value(std::numeric_limits<float>::quiet_NaN()),
                    Value(arrow::Decimal128(-12345))};
  file.record_count = 9007199254740993;
  file.file_size_in_bytes = 77;
  file.column_sizes = {{1, 10}};
  file.value_counts = {{1, 5}, {2, 6}};
  file.null_value_counts = {{1, 0}};
  file.nan_value_counts = {{2, 1}};
  file.lower_bounds = {{1, std::string("\x00\x01", 2)}, {2, ""}};
  file.upper_bounds = {{1, "zz"}};
  file.key_metadata = "\x80key";
  file.split_offsets = {4, 4000};
  file.sort_order_id = SortOrderId(1);
  file.first_row_id = 1000;
  task.data_sequence_number = SequenceNumber(12);
  DeleteFileReference deletes;
  deletes.file.content = FileContent::kEqualityDeletes;
  deletes.file.file_path = "d.parquet";
  deletes.file.equality_ids = {1, 2};
  deletes.data_sequence_number = SequenceNumber(13);
  task.delete_files.push_back(deletes);
  deletes.file.content = FileContent::kPositionDeletes;
  deletes.file.file_format = FileFormat::kPuffin;
  deletes.file.referenced_data_file = "x";
  deletes.file.content_offset = 4;
  deletes.file.content_size_in_bytes = 40;
  task.delete_files.push_back(deletes);
  task.residual =
      Expression(ComparisonNode{ComparisonOp::kLess,
                                {Expression(ColumnNode{"a", 1}, Type::Long(), true),
                                 Expression(LiteralNode{Value(int64_t{7})}, Type::Long(), true)}},
                 Type::Boolean(), true);
  return task;
}

TEST(ScanTask, JsonComesBackEqual) {
  for (const ScanTask& task : {ScanTask(), FullTask()}) {
    const std::string json = ScanTaskToJson(task).ValueOrDie();
    const auto read = ScanTaskFromJson(json);
    ASSERT_TRUE(read.ok()) << read.status().ToString() << " in " << json;
    EXPECT_EQ(*read, task) << json;
    EXPECT_EQ(ScanTaskToJson(*read).ValueOrDie(), json);
  }
}

TEST(ScanTask, DamagedJsonIsAnErrorOrATask) {
  const std::string json = ScanTaskToJson(FullTask()).ValueOrDie();
  for (size_t size = 0; size < json.size(); size += 3) {
    EXPECT_FALSE(ScanTaskFromJson(json.substr(0, size)).ok());
  }
  const uint32_t seed = 7;
  std::mt19937 random(seed);
  for (int i = 0; i < 3000; ++i) {
    std::string damaged = json;
    damaged[random() % damaged.size()] = "{}[],:\"0-9azn"[random() % 13];
    // Must come back, with whatever answer.
    (void)ScanTaskFromJson(damaged).ok();
  }
}

TEST(ScanTask, AnotherVersionIsRefusedByName) {
  std::string json = ScanTaskToJson(ScanTask()).ValueOrDie();
  json.replace(json.find("\"version\":1"), 11, "\"version\":2");
  EXPECT_EQ(KindOf(ScanTaskFromJson(json).status()), ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace iceframe
