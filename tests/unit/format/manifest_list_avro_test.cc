// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/manifest_list_avro.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/format/avro_file.h"

namespace iceframe {
namespace {

ManifestFile SampleManifest() {
  ManifestFile file;
  file.manifest_path = "file:///warehouse/t/metadata/m0.avro";
  file.manifest_length = 7321;
  file.partition_spec_id = PartitionSpecId(3);
  file.content = ManifestContent::kDeletes;
  file.sequence_number = SequenceNumber(5);
  file.min_sequence_number = SequenceNumber(0);
  file.added_snapshot_id = SnapshotId(8765432109876543210 / 2);
  file.added_files_count = 1;
  file.existing_files_count = 2;
  file.deleted_files_count = 0;
  file.added_rows_count = 10;
  file.existing_rows_count = 20;
  file.deleted_rows_count = 0;
  file.partitions = {{true, false, std::string("\x01\0\0\0", 4), std::string("\x09\0\0\0", 4)},
                     {false, std::nullopt, std::nullopt, std::nullopt}};
  file.key_metadata = "key";
  return file;
}

ManifestListHeader ListHeader(int32_t version) {
  ManifestListHeader header;
  header.format_version = version;
  header.snapshot_id = SnapshotId(77);
  header.parent_snapshot_id = SnapshotId(76);
  header.sequence_number = SequenceNumber(9);
  return header;
}

// One manifest list whose schema and records the test writes itself.
std::string ListOf(std::string_view schema, std::string_view records, int64_t count = 1) {
  AvroFileWriter writer(schema, {}, AvroCodec::kNull);
  EXPECT_TRUE(writer.AppendBlock(count, records).ok());
  return writer.Finish();
}

constexpr char kOldSchema[] = R"({"type":"record","name":"manifest_file","fields":[
  {"name":"length_renamed","type":"long","field-id":501},
  {"name":"manifest_path","type":"string","field-id":500},
  {"name":"novel","type":{"type":"map","values":["null","double"]},"field-id":9000},
  {"name":"partition_spec_id","type":"int","field-id":502},
  {"name":"added_snapshot_id","type":["long","null"],"field-id":503},
  {"name":"added_data_files_count","type":["null","int"],"field-id":504,"default":null}]})";

TEST(ManifestListAvro, ReadsBackWhatItWrites) {
  for (int32_t version : {2, 3}) {
    std::vector<ManifestFile> files = {SampleManifest(), SampleManifest()};
    files[1].content = ManifestContent::kData;
    files[1].partitions.clear();
    files[1].key_metadata.reset();
    if (version == 3) files[1].first_row_id = 1000;
    auto bytes = ManifestListToAvro(ListHeader(version), files);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    auto read = ManifestListFromAvro(*bytes);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, files);
  }
}

TEST(ManifestListAvro, Version1KeepsNeitherContentNorSequenceNumbers) {
  ManifestFile file = SampleManifest();
  file.content = ManifestContent::kData;
  file.added_files_count.reset();
  auto bytes = ManifestListToAvro(ListHeader(1), {file});
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  auto read = ManifestListFromAvro(*bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  file.sequence_number = SequenceNumber(0);
  file.min_sequence_number = SequenceNumber(0);
  EXPECT_EQ(*read, std::vector<ManifestFile>{file});
}

TEST(ManifestListAvro, Version1RefusesDeleteManifests) {
  EXPECT_EQ(KindOf(ManifestListToAvro(ListHeader(1), {SampleManifest()}).status()),
            ErrorKind::kInvalidArgument);
}

TEST(ManifestListAvro, EmptyListReadsBackEmpty) {
  auto bytes = ManifestListToAvro(ListHeader(2), {});
  ASSERT_TRUE(bytes.ok());
  EXPECT_TRUE(ManifestListFromAvro(*bytes).ValueOrDie().empty());
}

TEST(ManifestListAvro, HeaderNamesTheSnapshot) {
  ManifestListHeader header = ListHeader(3);
  header.first_row_id = 40;
  auto bytes = ManifestListToAvro(header, {});
  ASSERT_TRUE(bytes.ok());
  auto metadata = AvroFileReader::Make(*bytes)->metadata();
  EXPECT_EQ(metadata["format-version"], "3");
  EXPECT_EQ(metadata["snapshot-id"], "77");
  EXPECT_EQ(metadata["parent-snapshot-id"], "76");
  EXPECT_EQ(metadata["sequence-number"], "9");
  EXPECT_EQ(metadata["first-row-id"], "40");
}

TEST(ManifestListAvro, UnassignedSequenceNumbersBecomeTheCommitsOwn) {
  ManifestFile file = SampleManifest();
  file.added_snapshot_id = SnapshotId(77);
  file.sequence_number = kUnassignedSequenceNumber;
  file.min_sequence_number = kUnassignedSequenceNumber;
  auto read = ManifestListFromAvro(*ManifestListToAvro(ListHeader(2), {file}));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->front().sequence_number, SequenceNumber(9));
  EXPECT_EQ(read->front().min_sequence_number, SequenceNumber(9));

  file.added_snapshot_id = SnapshotId(76);
  EXPECT_EQ(KindOf(ManifestListToAvro(ListHeader(2), {file}).status()),
            ErrorKind::kInvalidArgument);
}

TEST(ManifestListAvro, RowIdsAreGivenToDataManifestsThatHaveNone) {
  std::vector<ManifestFile> files(4, SampleManifest());
  for (size_t i : {1u, 2u, 3u}) files[i].content = ManifestContent::kData;
  files[2].first_row_id = 7;
  ManifestListHeader header = ListHeader(3);
  header.first_row_id = 1000;
  auto read = ManifestListFromAvro(*ManifestListToAvro(header, files));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ((*read)[0].first_row_id, std::nullopt);
  EXPECT_EQ((*read)[1].first_row_id, 1000);
  EXPECT_EQ((*read)[2].first_row_id, 7);
  EXPECT_EQ((*read)[3].first_row_id, 1030);
  EXPECT_EQ(AssignFirstRowIds(1000, &files).ValueOrDie(), 1060);
}

TEST(ManifestListAvro, RowIdsNeedKnownCounts) {
  std::vector<ManifestFile> files = {SampleManifest()};
  files[0].content = ManifestContent::kData;
  files[0].added_rows_count.reset();
  EXPECT_EQ(KindOf(AssignFirstRowIds(0, &files).status()), ErrorKind::kInvalidArgument);
  files[0].added_rows_count = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(KindOf(AssignFirstRowIds(1, &files).status()), ErrorKind::kInvalidArgument);
}

TEST(ManifestListAvro, Version2NeedsCounts) {
  ManifestFile file = SampleManifest();
  file.deleted_rows_count.reset();
  EXPECT_EQ(KindOf(ManifestListToAvro(ListHeader(2), {file}).status()),
            ErrorKind::kInvalidArgument);
}

TEST(ManifestListAvro, FieldsAreFoundByIdAndUnknownOnesPassedOver) {
  std::string record;
  AvroEncoder out(&record);
  out.WriteLong(12);
  out.WriteBytes("p.avro");
  out.WriteLong(-1);  // A map block with its size in bytes.
  out.WriteLong(11);
  out.WriteBytes("k");
  out.WriteLong(1);
  out.WriteDouble(1.5);
  out.WriteLong(0);
  out.WriteLong(4);
  out.WriteLong(0);
  out.WriteLong(99);
  out.WriteLong(0);
  auto read = ManifestListFromAvro(ListOf(kOldSchema, record));
  ASSERT_TRUE(read.ok()) << read.status();
  ManifestFile expected;
  expected.manifest_path = "p.avro";
  expected.manifest_length = 12;
  expected.partition_spec_id = PartitionSpecId(4);
  expected.added_snapshot_id = SnapshotId(99);
  EXPECT_EQ(*read, std::vector<ManifestFile>{expected});
  EXPECT_TRUE(read->front().may_have_live_files());
}

TEST(ManifestListAvro, NullInARequiredFieldIsRefused) {
  std::string record;
  AvroEncoder out(&record);
  out.WriteLong(12);
  out.WriteBytes("p.avro");
  out.WriteLong(0);
  out.WriteLong(4);
  out.WriteLong(1);  // null
  out.WriteLong(0);
  auto read = ManifestListFromAvro(ListOf(kOldSchema, record));
  EXPECT_EQ(KindOf(read.status()), ErrorKind::kInvalidMetadata);
  EXPECT_THAT(read.status().message(), testing::HasSubstr("added_snapshot_id"));
}

TEST(ManifestListAvro, WrongFieldTypeIsRefused) {
  constexpr char kListSchema[] = R"({"type":"record","name":"m","fields":[
    {"name":"manifest_path","type":"long","field-id":500}]})";
  EXPECT_EQ(KindOf(ManifestListFromAvro(ListOf(kListSchema, "\x02")).status()),
            ErrorKind::kInvalidMetadata);
  EXPECT_EQ(KindOf(ManifestListFromAvro(ListOf(R"("long")", "\x02")).status()),
            ErrorKind::kInvalidMetadata);
}

TEST(ManifestListAvro, EveryTruncationIsAnErrorOrAPrefix) {
  auto bytes = ManifestListToAvro(ListHeader(2), {SampleManifest(), SampleManifest()});
  ASSERT_TRUE(bytes.ok());
  for (size_t size = 0; size < bytes->size(); ++size) {
    auto read = ManifestListFromAvro(std::string_view(*bytes).substr(0, size));
    if (read.ok()) {
      EXPECT_TRUE(read->empty()) << size;
    } else {
      EXPECT_EQ(KindOf(read.status()), ErrorKind::kInvalidMetadata) << size;
    }
  }
}

}  // namespace
}  // namespace iceframe
