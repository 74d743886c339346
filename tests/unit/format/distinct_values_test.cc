// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/distinct_values.h"

#include <gtest/gtest.h>

namespace iceframe {
namespace {

constexpr const char* kSketch = "apache-datasketches-theta-v1";

StatisticsFile FileOf(int64_t snapshot, const std::string& type, std::vector<FieldId> fields,
                      Properties properties) {
  StatisticsFile file;
  file.snapshot_id = SnapshotId(snapshot);
  BlobMetadata blob;
  blob.type = type;
  blob.fields = std::move(fields);
  blob.properties = std::move(properties);
  file.blob_metadata = {std::move(blob)};
  return file;
}

TEST(DistinctValues, AreThoseOfTheSnapshotElseOfTheLastFile) {
  TableMetadata metadata;
  EXPECT_EQ(FindDistinctValues(metadata, 1, SnapshotId(1)), std::nullopt);
  metadata.statistics = {FileOf(1, kSketch, {1}, {{"ndv", "10"}}),
                         FileOf(2, kSketch, {1}, {{"ndv", "20"}})};
  EXPECT_EQ(FindDistinctValues(metadata, 1, SnapshotId(1)), 10.0);
  EXPECT_EQ(FindDistinctValues(metadata, 1, SnapshotId(3)), 20.0);
  EXPECT_EQ(FindDistinctValues(metadata, 1, std::nullopt), 20.0);
  EXPECT_EQ(FindDistinctValues(metadata, 2, SnapshotId(1)), std::nullopt);
}

TEST(DistinctValues, AreThoseOfSketchesOfOneColumnThatSaySo) {
  TableMetadata metadata;
  metadata.statistics = {FileOf(1, "other", {1}, {{"ndv", "10"}}),
                         FileOf(1, kSketch, {1, 2}, {{"ndv", "10"}}), FileOf(1, kSketch, {1}, {})};
  EXPECT_EQ(FindDistinctValues(metadata, 1, SnapshotId(1)), std::nullopt);
  for (const char* text : {"0", "-1", "nan", "inf", "1e999", "many", ""}) {
    metadata.statistics = {FileOf(1, kSketch, {1}, {{"ndv", text}})};
    EXPECT_EQ(FindDistinctValues(metadata, 1, SnapshotId(1)), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace iceframe
