// SPDX-License-Identifier: Apache-2.0
// Partition values of type fixed that their writer put a length before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/format/avro_file.h"
#include "iceframe/format/columnar_manifest.h"

#include "unit/format/manifest_samples.h"

namespace iceframe {
namespace {

/// A block's entries once more, behind the file's own header.
std::string WithBlock(const std::string& bytes, int64_t num_entries, const std::string& block) {
  const auto reader = AvroFileReader::Make(bytes).ValueOrDie();
  auto metadata = reader.metadata();
  metadata.erase(kAvroSchemaKey);
  metadata.erase(kAvroCodecKey);
  AvroFileWriter writer(reader.schema_text(), metadata, AvroCodec::kNull);
  EXPECT_TRUE(writer.AppendBlock(num_entries, block).ok());
  return writer.Finish();
}

/// What Iceberg Java makes of a manifest of ours: `value`, a fixed, stands behind its length.
std::string AsJava(const std::string& bytes, int64_t num_entries, const std::string& value) {
  auto reader = AvroFileReader::Make(bytes).ValueOrDie();
  AvroDecompressor decompressor = reader.MakeDecompressor();
  AvroBuffer data;
  EXPECT_TRUE(decompressor.Append(reader.NextBlock().ValueOrDie()->data, &data).ok());
  std::string block(data.view());
  std::string length;
  AvroEncoder(&length).WriteLong(static_cast<int64_t>(value.size()));
  for (size_t at = block.find(value); at != std::string::npos;
       at = block.find(value, at + length.size() + value.size())) {
    block.insert(at, length);
  }
  return WithBlock(bytes, num_entries, block);
}

Result<std::vector<ManifestEntry>> Read(const std::string& bytes, const Type& partition_type,
                                        const ManifestFile& file = SampleManifestFile()) {
  ICEFRAME_ASSIGN_OR_RETURN(auto manifest, ColumnarManifest::FromAvro(bytes, file, partition_type));
  std::vector<ManifestEntry> entries;
  for (int64_t i = 0; i < manifest->num_entries(); ++i) {
    ICEFRAME_ASSIGN_OR_RETURN(ManifestEntry entry, manifest->Entry(i));
    entries.push_back(std::move(entry));
  }
  return entries;
}

struct Written {
  std::vector<ManifestEntry> entries;
  Type partition_type;
  std::string bytes;
  /// As a list has it.
  ManifestFile file;
};

/// Partitioned by every column of the sample or by the fixed one alone.
Written Write(bool by_all, const std::vector<Value>& values) {
  PartitionSpec spec = SampleSpec();
  if (!by_all) spec.fields = {spec.fields[11]};
  auto writer =
      ManifestAvroWriter::Make({2, ManifestContent::kData, SampleSchema(), spec}).ValueOrDie();
  Written written{{}, PartitionType(spec, *SampleSchema()).ValueOrDie(), {}, SampleManifestFile()};
  for (const Value& value : values) {
    const auto i = static_cast<int32_t>(written.entries.size());
    ManifestEntry& entry = written.entries.emplace_back(SampleEntry(2, i));
    entry.data_file.partition[11] = value;
    if (!by_all) entry.data_file.partition = {value};
    EXPECT_TRUE(writer->Add(entry).ok());
  }
  ManifestFile summary;
  written.bytes = writer->Finish(&summary).ValueOrDie();
  written.file.added_rows_count = summary.added_rows_count;
  written.file.existing_rows_count = summary.existing_rows_count;
  written.file.deleted_rows_count = summary.deleted_rows_count;
  written.file.partitions = summary.partitions;
  return written;
}

TEST(ManifestFixedLengths, EntriesAreReadRightWithAndWithoutThem) {
  // Bytes that look like the beginning of a number, of a longer one, and like a length.
  for (const std::string value :
       {"\xf0\xf1\xf2\xf3\x14", "\xf0\xf1\xf2\xf3\xf4", "\x0a\x0a\x0a\x0a\x0a"}) {
    for (const bool by_all : {true, false}) {
      SCOPED_TRACE(testing::Message() << testing::PrintToString(value) << " by all: " << by_all);
      std::vector<Value> values;
      for (int i = 0; i < 50; ++i) values.push_back(i % 7 == 3 ? Value() : Value(value));
      const Written written = Write(by_all, values);
      const auto read = Read(written.bytes, written.partition_type, written.file);
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_EQ(*read, written.entries);
      const std::string javas = AsJava(written.bytes, 50, value);
      EXPECT_NE(javas.find("\x0a" + value), std::string::npos);
      const auto read_javas = Read(javas, written.partition_type, written.file);
      ASSERT_TRUE(read_javas.ok()) << read_javas.status();
      EXPECT_EQ(*read_javas, written.entries);
    }
  }
}

TEST(ManifestFixedLengths, TheListDecidesWhereBothReadingsFit) {
  // The last byte of the value is taken for the beginning of the record count.
  const std::string value = "\xf0\xf1\xf2\xf3\xf4";
  const Written written = Write(/*by_all=*/false, {Value(value), Value(value)});
  const std::string javas = AsJava(written.bytes, 2, value);
  EXPECT_EQ(Read(javas, written.partition_type, written.file).ValueOrDie(), written.entries);
  ManifestFile silent = written.file;
  silent.existing_rows_count.reset();
  EXPECT_EQ(KindOf(Read(javas, written.partition_type, silent).status()),
            ErrorKind::kInvalidMetadata);
  silent = written.file;
  silent.partitions.clear();
  EXPECT_EQ(KindOf(Read(javas, written.partition_type, silent).status()),
            ErrorKind::kInvalidMetadata);
}

TEST(ManifestFixedLengths, NullsReadWithoutThem) {
  const Written written = Write(/*by_all=*/false, {Value(), Value()});
  const auto read = Read(written.bytes, written.partition_type);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, written.entries);
}

/// One entry whose fixed and whose key metadata `rest` holds.
std::string SmallManifest(const std::string& rest) {
  AvroFileWriter writer(R"({"type":"record","name":"manifest_entry","fields":[
    {"name":"status","type":"int","field-id":0},
    {"name":"data_file","field-id":2,"type":{"type":"record","name":"r2","fields":[
      {"name":"file_path","type":"string","field-id":100},
      {"name":"file_format","type":"string","field-id":101},
      {"name":"record_count","type":"long","field-id":103},
      {"name":"file_size_in_bytes","type":"long","field-id":104},
      {"name":"partition","field-id":102,"type":{"type":"record","name":"r102","fields":[
        {"name":"f","type":{"type":"fixed","name":"fixed_1","size":1},"field-id":1000}]}},
      {"name":"key_metadata","type":"bytes","field-id":131}]}}]})",
                        {}, AvroCodec::kNull);
  std::string block;
  AvroEncoder encoder(&block);
  encoder.WriteLong(1);
  encoder.WriteBytes("f.parquet");
  encoder.WriteBytes("PARQUET");
  encoder.WriteLong(10);
  encoder.WriteLong(1000);
  EXPECT_TRUE(writer.AppendBlock(1, block + rest).ok());
  return writer.Finish();
}

TEST(ManifestFixedLengths, WhatReadsEitherWayIsRefused) {
  const Type type = Type::Struct({NestedField::Optional(1000, "f", *Type::Fixed(1))});
  const auto value_of = [&](const std::string& rest) {
    return Read(SmallManifest(rest), type).ValueOrDie().front().data_file.partition.front();
  };
  EXPECT_EQ(value_of(std::string("\x07\x02\xaa")), Value(std::string("\x07")));
  EXPECT_EQ(value_of(std::string("\x02\x07\x02\xaa")), Value(std::string("\x07")));
  // 2 and two bytes, or (length 1) 4 and one byte.
  const Status both = Read(SmallManifest("\x02\x04\x02\xaa"), type).status();
  EXPECT_EQ(KindOf(both), ErrorKind::kInvalidMetadata);
  EXPECT_THAT(both.message(),
              testing::AllOf(testing::HasSubstr("two ways"), testing::HasSubstr("Iceberg Java")));
  // Neither.
  const Status neither = Read(SmallManifest("\x02\x06\x04\xaa"), type).status();
  EXPECT_EQ(KindOf(neither), ErrorKind::kInvalidMetadata);
  EXPECT_THAT(neither.message(), testing::HasSubstr("damaged"));
}

}  // namespace
}  // namespace iceframe
