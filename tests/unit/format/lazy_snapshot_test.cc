// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/lazy_snapshot.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/format/table_metadata_builder.h"
#include "iceframe/format/table_metadata_json.h"

namespace iceframe {
namespace {

using ::testing::HasSubstr;

/// One snapshot as a metadata file would list it.
std::string SnapshotText(int64_t id, const std::string& more) {
  return R"({"snapshot-id" : )" + std::to_string(id) + R"(, "timestamp-ms": )" +
         std::to_string(1000 + id) + more + "}";
}

std::string Listed(int64_t id) {
  return SnapshotText(id, R"(, "sequence-number": )" + std::to_string(id) +
                              R"(, "manifest-list": "/t/snap-)" + std::to_string(id) +
                              R"(.avro", "summary": {"operation": "append"}, "new": [1.50])");
}

std::string MetadataText(const std::string& snapshots, int64_t current, int32_t version = 2) {
  return R"({"format-version":)" + std::to_string(version) +
         R"(,"table-uuid":"u","location":"/t","last-sequence-number":9,"last-updated-ms":2000,)"
         R"("last-column-id":1,"current-schema-id":0,"schemas":[{"type":"struct","schema-id":0,)"
         R"("fields":[{"id":1,"name":"k","type":"int","required":false}]}],"default-spec-id":0,)"
         R"("partition-specs":[{"spec-id":0,"fields":[]}],"last-partition-id":999,)"
         R"("default-sort-order-id":0,"sort-orders":[],"current-snapshot-id":)" +
         std::to_string(current) + R"(,"snapshots":[)" + snapshots + "]}";
}

Status StatusOfOpening(const std::string& snapshots, int64_t current) {
  return TableMetadataFromJson(MetadataText(snapshots, current)).status();
}

TEST(LazySnapshot, GivesItsHeadAndThenTheWhole) {
  const auto metadata = *TableMetadataFromJson(MetadataText(Listed(1) + "," + Listed(2), 2));
  const LazySnapshot& first = *metadata->snapshots[0];
  EXPECT_EQ(first.snapshot_id(), SnapshotId(1));
  EXPECT_EQ(first.sequence_number(), SequenceNumber(1));
  EXPECT_EQ(first.timestamp_ms(), 1001);
  const Snapshot* whole = *first.Get();
  EXPECT_EQ(whole->manifest_list, "/t/snap-1.avro");
  EXPECT_EQ(whole->operation(), "append");
  EXPECT_EQ(*first.Get(), whole) << "parsed once";
  EXPECT_EQ(*metadata->FindSnapshot(SnapshotId(1)), whole);
  EXPECT_EQ(*metadata->FindSnapshot(SnapshotId(3)), nullptr);
}

TEST(LazySnapshot, OneThatNobodyReadsMayBeDamaged) {
  for (const std::string damage :
       {R"(, "sequence-number": 1)", R"(, "manifest-list": "")", R"(, "manifest-list": 5)",
        R"(, "manifest-list": "/m", "summary": {"operation": [1]})",
        R"(, "manifest-list": "/m", "first-row-id": -1)"}) {
    const std::string damaged = SnapshotText(1, damage);
    const auto opened = TableMetadataFromJson(MetadataText(damaged + "," + Listed(2), 2));
    ASSERT_TRUE(opened.ok()) << damage << opened.status().ToString();
    const TableMetadata& metadata = **opened;
    EXPECT_EQ(metadata.current_snapshot()->manifest_list, "/t/snap-2.avro");
    EXPECT_TRUE(metadata.HasSnapshot(SnapshotId(1)));
    for (int time = 0; time < 2; ++time) {
      const Status status = metadata.FindSnapshot(SnapshotId(1)).status();
      EXPECT_EQ(KindOf(status), ErrorKind::kInvalidMetadata) << damage;
      EXPECT_THAT(ContextOf(status), ::testing::Contains(ErrorContext{"snapshot", "1"}));
    }
    EXPECT_THAT(TableMetadataToJson(metadata), HasSubstr(damaged)) << "kept as it was";

    SetSnapshotRef back;
    back.ref_name = kMainBranch;
    back.ref.snapshot_id = SnapshotId(1);
    EXPECT_EQ(KindOf(ApplyUpdates(metadata, {back}, {3000, ""}).status()),
              ErrorKind::kInvalidMetadata)
        << "no damaged snapshot becomes the current one";
  }
}

TEST(LazySnapshot, TheCurrentOneAndAllHeadsAreCheckedWhenMetadataIsOpened) {
  EXPECT_THAT(StatusOfOpening(SnapshotText(1, R"(, "sequence-number": 1)"), 1).message(),
              HasSubstr("neither manifest-list nor manifests: 1"));
  EXPECT_THAT(StatusOfOpening(SnapshotText(1, R"(, "manifest-list": "")"), 1).message(),
              HasSubstr("empty manifest-list: 1"));
  EXPECT_THAT(StatusOfOpening(R"({"timestamp-ms": 1},)" + Listed(2), 2).message(),
              HasSubstr("snapshot-id"));
  EXPECT_THAT(StatusOfOpening(R"({"snapshot-id": 1},)" + Listed(2), 2).message(),
              HasSubstr("timestamp-ms"));
  EXPECT_THAT(
      StatusOfOpening(R"({"snapshot-id": "1", "timestamp-ms": 1},)" + Listed(2), 2).message(),
      HasSubstr("snapshot-id"));
  EXPECT_THAT(StatusOfOpening("7," + Listed(2), 2).message(), HasSubstr("not a JSON object"));
  EXPECT_THAT(
      StatusOfOpening(SnapshotText(1, R"(, "sequence-number": -1)") + "," + Listed(2), 2).message(),
      HasSubstr("negative sequence number: 1"));
  EXPECT_THAT(StatusOfOpening(Listed(1) + "," + Listed(1), 1).message(), HasSubstr("snapshot 1"));
}

TEST(LazySnapshot, IsWrittenAsItWasRead) {
  const auto metadata = *TableMetadataFromJson(MetadataText(Listed(1) + " , " + Listed(2), 2));
  EXPECT_THAT(TableMetadataToJson(*metadata),
              HasSubstr(R"("snapshots":[)" + Listed(1) + "," + Listed(2) + "]"));
}

TEST(LazySnapshot, GetsASequenceNumberWhenItsTableBecomesV2) {
  const std::string old = SnapshotText(1, R"(, "manifest-list": "/m")");
  const auto v1 = *TableMetadataFromJson(MetadataText(old, 1, 1));
  EXPECT_THAT(TableMetadataToJson(*v1), HasSubstr(old));
  const auto v2 = *ApplyUpdates(*v1, {UpgradeFormatVersion{2}}, {3000, ""});
  EXPECT_THAT(TableMetadataToJson(*v2), HasSubstr(R"("snapshot-id":1,"sequence-number":0)"));
}

TEST(LazySnapshot, EqualsByContent) {
  const auto parse = [](const std::string& text) {
    return *TableMetadataFromJson(MetadataText(text, 2));
  };
  const auto one = parse(Listed(2));
  EXPECT_EQ(*one, *parse(Listed(2)));
  EXPECT_EQ(*one->snapshots[0], LazySnapshot(*one->current_snapshot()));
  EXPECT_FALSE(*one == *parse(SnapshotText(2, R"(, "manifest-list": "/other")")));
  EXPECT_FALSE(*one == *parse(Listed(1) + "," + Listed(2)));
}

TEST(LazySnapshot, ThreadsMayAskAtOnce) {
  std::string snapshots;
  for (int64_t id = 1; id <= 9; ++id) snapshots += (id == 1 ? "" : ",") + Listed(id);
  const auto metadata = *TableMetadataFromJson(MetadataText(snapshots, 9));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&metadata] {
      for (const auto& snapshot : metadata->snapshots) {
        EXPECT_EQ((*snapshot->Get())->snapshot_id, snapshot->snapshot_id());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace iceframe
