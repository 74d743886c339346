// SPDX-License-Identifier: Apache-2.0
// Manifests written and read back, and what entries inherit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/base/json.h"
#include "iceframe/format/avro_file.h"
#include "iceframe/format/columnar_manifest.h"

#include "unit/format/manifest_samples.h"

namespace iceframe {
namespace {

ManifestHeader Header(int32_t version, ManifestContent content = ManifestContent::kData) {
  return {version, content, SampleSchema(), SampleSpec()};
}

Result<std::string> WriteManifest(const ManifestHeader& header,
                                  const std::vector<ManifestEntry>& entries,
                                  ManifestFile* file = nullptr) {
  ICEFRAME_ASSIGN_OR_RETURN(auto writer, ManifestAvroWriter::Make(header));
  for (const ManifestEntry& entry : entries) ICEFRAME_RETURN_NOT_OK(writer->Add(entry));
  ManifestFile ignored;
  return writer->Finish(file != nullptr ? file : &ignored);
}

Result<std::vector<ManifestEntry>> ReadManifest(const std::string& bytes, const ManifestFile& file,
                                                const PartitionSpec& spec = SampleSpec()) {
  ICEFRAME_ASSIGN_OR_RETURN(Type partition_type, PartitionType(spec, *SampleSchema()));
  ICEFRAME_ASSIGN_OR_RETURN(auto manifest, ColumnarManifest::FromAvro(bytes, file, partition_type));
  std::vector<ManifestEntry> entries;
  for (int64_t i = 0; i < manifest->num_entries(); ++i) {
    ICEFRAME_ASSIGN_OR_RETURN(ManifestEntry entry, manifest->Entry(i));
    entries.push_back(std::move(entry));
  }
  return entries;
}

PartitionSpec Unpartitioned() {
  PartitionSpec spec;
  spec.spec_id = PartitionSpecId(2);
  return spec;
}

ManifestEntry PlainEntry(EntryStatus status, int64_t record_count = 10) {
  ManifestEntry entry;
  entry.status = status;
  entry.data_file.file_path = "f.parquet";
  entry.data_file.spec_id = PartitionSpecId(2);
  entry.data_file.record_count = record_count;
  entry.data_file.file_size_in_bytes = 1;
  if (status != EntryStatus::kAdded) entry.data_sequence_number = SequenceNumber(3);
  return entry;
}

TEST(ManifestAvro, EveryFieldReadsBackInEveryVersion) {
  for (int32_t version : {1, 2, 3}) {
    std::vector<ManifestEntry> entries;
    for (int32_t i = 0; i < 1000; ++i) entries.push_back(SampleEntry(version, i));
    auto bytes = WriteManifest(Header(version), entries);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    ManifestFile file = SampleManifestFile();
    if (version == 1) file.sequence_number = SequenceNumber(0);
    auto read = ReadManifest(*bytes, file);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, entries) << "version " << version;
  }
}

TEST(ManifestAvro, DeleteFilesReadBack) {
  for (int32_t version : {2, 3}) {
    std::vector<ManifestEntry> entries = {SampleDelete(version, 0), SampleDelete(version, 1)};
    auto bytes = WriteManifest(Header(version, ManifestContent::kDeletes), entries);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    auto read = ReadManifest(*bytes, SampleManifestFile(ManifestContent::kDeletes));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, entries) << "version " << version;
  }
}

TEST(ManifestAvro, NullPartitionValuesReadBack) {
  ManifestEntry entry = SampleEntry(2, 0);
  for (Value& value : entry.data_file.partition) value = Value::Null();
  auto bytes = WriteManifest(Header(2), {entry});
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(ReadManifest(*bytes, SampleManifestFile())->front(), entry);
}

TEST(ManifestAvro, EqualInputGivesEqualBytes) {
  const std::vector<ManifestEntry> entries = {SampleEntry(2, 0), SampleEntry(2, 1)};
  EXPECT_EQ(*WriteManifest(Header(2), entries), *WriteManifest(Header(2), entries));
}

TEST(ManifestAvro, HeaderSaysWhatTheSpecAsksFor) {
  auto bytes = WriteManifest(Header(2, ManifestContent::kDeletes), {});
  ASSERT_TRUE(bytes.ok());
  auto metadata = AvroFileReader::Make(*bytes)->metadata();
  EXPECT_EQ(metadata["format-version"], "2");
  EXPECT_EQ(metadata["content"], "deletes");
  EXPECT_EQ(metadata["schema-id"], "1");
  EXPECT_EQ(metadata["partition-spec-id"], "2");
  EXPECT_EQ(Json::Parse(metadata["partition-spec"])->items().size(), 14u);
  EXPECT_TRUE(Json::Parse(metadata["schema"])->Get("fields").ok());
  EXPECT_THAT(metadata["avro.schema"],
              testing::HasSubstr(R"({"name":"name_x3Afirst","type":["null","string"],)"
                                 R"("default":null,"field-id":1009,)"
                                 R"("iceberg-field-name":"name:first"})"));
}

TEST(ManifestAvro, FinishSumsUp) {
  ManifestEntry added = SampleEntry(2, 1);
  added.status = EntryStatus::kAdded;
  ManifestEntry removed = SampleEntry(2, 2);
  removed.status = EntryStatus::kDeleted;
  removed.data_sequence_number = SequenceNumber(1);
  removed.data_file.partition[1] = Value::Null();
  ManifestEntry existing = SampleEntry(2, 7);
  existing.data_file.partition[4] = Value(std::nan(""));
  ManifestFile file;
  auto bytes = WriteManifest(Header(2), {added, removed, existing}, &file);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(file.manifest_length, static_cast<int64_t>(bytes->size()));
  EXPECT_EQ(file.partition_spec_id, PartitionSpecId(2));
  EXPECT_EQ(file.added_files_count, 1);
  EXPECT_EQ(file.existing_files_count, 1);
  EXPECT_EQ(file.deleted_files_count, 1);
  EXPECT_EQ(file.added_rows_count, 101);
  EXPECT_EQ(file.existing_rows_count, 107);
  EXPECT_EQ(file.deleted_rows_count, 102);
  EXPECT_EQ(file.min_sequence_number, SequenceNumber(21));
  ASSERT_EQ(file.partitions.size(), 14u);
  const PartitionFieldSummary count{true, false, std::string("\xf9\xff\xff\xff", 4),
                                    std::string("\xff\xff\xff\xff", 4)};
  EXPECT_EQ(file.partitions[1], count);
  EXPECT_EQ(file.partitions[4].contains_nan, true);
  EXPECT_EQ(file.partitions[9].lower_bound,
            "n\xc3\xa9"
            "1");
  EXPECT_EQ(file.partitions[9].upper_bound,
            "n\xc3\xa9"
            "7");
}

TEST(ManifestAvro, MinSequenceNumberIsOpenWhenNoLiveFileHasOne) {
  ManifestHeader header = Header(2);
  header.spec = Unpartitioned();
  ManifestFile file;
  ASSERT_TRUE(WriteManifest(header,
                            {PlainEntry(EntryStatus::kAdded), PlainEntry(EntryStatus::kDeleted)},
                            &file)
                  .ok());
  EXPECT_EQ(file.min_sequence_number, kUnassignedSequenceNumber);
}

TEST(ManifestAvro, AddedEntriesInheritNumbersAndSnapshot) {
  ManifestHeader header = Header(2);
  header.spec = Unpartitioned();
  auto bytes = WriteManifest(header, {PlainEntry(EntryStatus::kAdded)});
  auto entries = ReadManifest(*bytes, SampleManifestFile(), header.spec);
  ASSERT_TRUE(entries.ok()) << entries.status();
  EXPECT_EQ(entries->front().data_sequence_number, SequenceNumber(30));
  EXPECT_EQ(entries->front().file_sequence_number, SequenceNumber(30));
  EXPECT_EQ(entries->front().snapshot_id, SnapshotId(9999));
}

TEST(ManifestAvro, OtherEntriesInheritNoNumberUnlessTheTableWasVersion1) {
  ManifestHeader header = Header(2);
  header.spec = Unpartitioned();
  auto bytes = WriteManifest(header, {PlainEntry(EntryStatus::kExisting)});
  ManifestFile file = SampleManifestFile();
  EXPECT_EQ(ReadManifest(*bytes, file, header.spec)->front().file_sequence_number, std::nullopt);
  file.sequence_number = SequenceNumber(0);
  EXPECT_EQ(ReadManifest(*bytes, file, header.spec)->front().file_sequence_number,
            SequenceNumber(0));
}

TEST(ManifestAvro, RowIdsRunOverLiveEntriesThatHaveNone) {
  ManifestHeader header = Header(3);
  header.spec = Unpartitioned();
  std::vector<ManifestEntry> entries = {
      PlainEntry(EntryStatus::kAdded, 10), PlainEntry(EntryStatus::kDeleted, 1000),
      PlainEntry(EntryStatus::kExisting, 5), PlainEntry(EntryStatus::kExisting, 7),
      PlainEntry(EntryStatus::kAdded, 1)};
  entries[2].data_file.first_row_id = 3;
  auto bytes = WriteManifest(header, entries);
  ManifestFile file = SampleManifestFile();
  file.first_row_id = 100;
  auto read = ReadManifest(*bytes, file, header.spec);
  ASSERT_TRUE(read.ok()) << read.status();
  std::vector<std::optional<int64_t>> ids;
  for (const ManifestEntry& entry : *read) ids.push_back(entry.data_file.first_row_id);
  EXPECT_THAT(ids, testing::ElementsAre(100, std::nullopt, 3, 110, 117));
  file.first_row_id.reset();
  EXPECT_EQ(ReadManifest(*bytes, file, header.spec)->front().data_file.first_row_id, std::nullopt);
}

TEST(ManifestAvro, PartitionValuesAreFoundByFieldId) {
  ManifestEntry entry = SampleEntry(2, 0);
  auto bytes = WriteManifest(Header(2), {entry});
  PartitionSpec reordered = SampleSpec();
  std::swap(reordered.fields[1], reordered.fields[9]);
  auto read = ReadManifest(*bytes, SampleManifestFile(), reordered);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->front().data_file.partition[1], entry.data_file.partition[9]);
  EXPECT_EQ(read->front().data_file.partition[9], entry.data_file.partition[1]);

  reordered.fields[3].field_id = 1777;
  EXPECT_THAT(ReadManifest(*bytes, SampleManifestFile(), reordered).status().message(),
              testing::HasSubstr("ratio"));
}

TEST(ManifestAvro, PartitionValuesOfPromotedColumnsAreWidened) {
  ManifestHeader header = Header(2);
  header.spec.fields = {header.spec.fields[1], header.spec.fields[3], header.spec.fields[5]};
  ManifestEntry entry = SampleEntry(2, 0);
  entry.data_file.partition = {Value(int32_t{-7}), Value(1.5f), Value(int32_t{2})};
  auto bytes = WriteManifest(header, {entry});
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const Type widened = Type::Struct({NestedField::Optional(1001, "count", Type::Long()),
                                     NestedField::Optional(1003, "ratio", Type::Double()),
                                     NestedField::Optional(1005, "day", Type::Timestamp())});
  auto manifest = ColumnarManifest::FromAvro(*bytes, SampleManifestFile(), widened);
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ((*manifest)->partition_value(0, 0), Value(int64_t{-7}));
  EXPECT_EQ((*manifest)->partition_value(0, 1), Value(1.5));
  EXPECT_EQ((*manifest)->partition_value(0, 2), Value(int64_t{2} * 86400 * 1000000));
}

TEST(ManifestAvro, WriterRefusesWhatDoesNotBelong) {
  const auto kind_of = [](const ManifestHeader& header, const ManifestEntry& entry) {
    auto written = WriteManifest(header, {entry});
    return written.ok() ? std::nullopt : std::optional(KindOf(written.status()));
  };
  ManifestEntry entry = SampleEntry(2, 0);
  EXPECT_EQ(kind_of(Header(2), entry), std::nullopt);
  EXPECT_EQ(kind_of(Header(2, ManifestContent::kDeletes), entry), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of(Header(4), entry), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of(Header(1, ManifestContent::kDeletes), entry), ErrorKind::kInvalidArgument);
  ManifestEntry open = entry;
  open.data_sequence_number.reset();
  EXPECT_EQ(kind_of(Header(2), open), ErrorKind::kInvalidArgument);
  ManifestEntry anonymous = entry;
  anonymous.snapshot_id.reset();
  EXPECT_EQ(kind_of(Header(1), anonymous), ErrorKind::kInvalidArgument);
  ManifestEntry other_spec = entry;
  other_spec.data_file.spec_id = PartitionSpecId(3);
  EXPECT_EQ(kind_of(Header(2), other_spec), ErrorKind::kInvalidArgument);
  ManifestEntry short_tuple = entry;
  short_tuple.data_file.partition.pop_back();
  EXPECT_EQ(kind_of(Header(2), short_tuple), ErrorKind::kInvalidArgument);
  ManifestEntry wrong_value = entry;
  wrong_value.data_file.partition[1] = Value("text");
  EXPECT_EQ(kind_of(Header(2), wrong_value), ErrorKind::kInvalidArgument);
  ManifestEntry long_fixed = entry;
  long_fixed.data_file.partition[11] = Value("123456");
  EXPECT_EQ(kind_of(Header(2), long_fixed), ErrorKind::kInvalidArgument);
  ManifestEntry big_decimal = entry;
  big_decimal.data_file.partition[13] = Value(arrow::Decimal128(1000000000));
  EXPECT_EQ(kind_of(Header(2), big_decimal), ErrorKind::kInvalidArgument);
}

TEST(ManifestAvro, ContentMustBelongToTheManifest) {
  auto bytes = WriteManifest(Header(2), {SampleEntry(2, 0)});
  EXPECT_EQ(KindOf(ReadManifest(*bytes, SampleManifestFile(ManifestContent::kDeletes)).status()),
            ErrorKind::kInvalidMetadata);
}

TEST(ManifestAvro, NoEntriesIsFine) {
  auto bytes = WriteManifest(Header(2), {});
  ASSERT_TRUE(bytes.ok());
  EXPECT_TRUE(ReadManifest(*bytes, SampleManifestFile())->empty());
}

TEST(ManifestAvro, EveryTruncationIsAnErrorOrAPrefix) {
  auto bytes = WriteManifest(Header(2), {SampleEntry(2, 0), SampleEntry(2, 1)});
  for (size_t size = 0; size < bytes->size(); ++size) {
    auto read = ReadManifest(bytes->substr(0, size), SampleManifestFile());
    if (read.ok()) {
      EXPECT_TRUE(read->empty()) << size;
    } else {
      EXPECT_EQ(KindOf(read.status()), ErrorKind::kInvalidMetadata) << size;
    }
  }
}

TEST(ManifestAvro, SizeEstimateGrowsTowardsTheFile) {
  auto writer = *ManifestAvroWriter::Make(Header(2));
  int64_t last = writer->num_bytes();
  for (int32_t i = 0; i < 3000; ++i) {
    ASSERT_TRUE(writer->Add(SampleEntry(2, i)).ok());
    if (i % 500 == 0) {
      EXPECT_GT(writer->num_bytes(), last);
      last = writer->num_bytes();
    }
  }
  const int64_t estimate = writer->num_bytes();
  ManifestFile file;
  ASSERT_TRUE(writer->Finish(&file).ok());
  EXPECT_NEAR(static_cast<double>(estimate), static_cast<double>(file.manifest_length),
              0.1 * static_cast<double>(file.manifest_length));
}

}  // namespace
}  // namespace iceframe
