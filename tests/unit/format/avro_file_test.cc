// SPDX-License-Identifier: Apache-2.0
// Container files, codecs and data of any schema.
#include "iceframe/format/avro_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libdeflate.h>

namespace iceframe {
namespace {

constexpr char kSchema[] = R"({"type":"record","name":"r","fields":[
  {"name":"n","type":["null","long"]},{"name":"s","type":"string"},
  {"name":"m","type":{"type":"map","values":"double"}},
  {"name":"l","type":{"type":"array","items":{"type":"fixed","name":"f","size":2}}},
  {"name":"b","type":"boolean"},{"name":"x","type":"float"},{"name":"y","type":"bytes"},
  {"name":"e","type":{"type":"enum","name":"e","symbols":["p","q"]}},{"name":"i","type":"int"}]})";

AvroDatum Datum(AvroKind kind) {
  AvroDatum datum;
  datum.kind = kind;
  return datum;
}

AvroDatum SampleRecord(int64_t i) {
  AvroDatum record = Datum(AvroKind::kRecord);
  record.items.assign(9, AvroDatum());
  auto& items = record.items;
  items[0] = Datum(AvroKind::kUnion);
  items[0].number = i % 2;
  items[0].items = {Datum(i % 2 == 0 ? AvroKind::kNull : AvroKind::kLong)};
  items[0].items[0].number = i % 2 == 0 ? 0 : -i;
  items[1] = Datum(AvroKind::kString);
  items[1].bytes = "text " + std::to_string(i);
  items[2] = Datum(AvroKind::kMap);
  items[2].keys = {"a", "b"};
  items[2].items.assign(2, Datum(AvroKind::kDouble));
  items[2].items[1].real = 0.25;
  items[3] = Datum(AvroKind::kArray);
  items[3].items.assign(static_cast<size_t>(i % 3), Datum(AvroKind::kFixed));
  for (AvroDatum& item : items[3].items) item.bytes = "zz";
  items[4] = Datum(AvroKind::kBoolean);
  items[4].number = 1;
  items[5] = Datum(AvroKind::kFloat);
  items[5].real = 1.5;
  items[6] = Datum(AvroKind::kBytes);
  items[6].bytes = std::string("\0\xff", 2);
  items[7] = Datum(AvroKind::kEnum);
  items[7].number = 1;
  items[8] = Datum(AvroKind::kInt);
  items[8].number = -1;
  return record;
}

Result<std::string> WriteFile(std::string_view schema, const std::vector<AvroDatum>& datums,
                              AvroCodec codec, size_t per_block) {
  ICEFRAME_ASSIGN_OR_RETURN(auto document, AvroSchemaDocument::Parse(schema));
  AvroFileWriter writer(schema, {{"extra", "value"}}, codec);
  for (size_t start = 0; start < datums.size(); start += per_block) {
    std::string block;
    AvroEncoder encoder(&block);
    const size_t end = std::min(start + per_block, datums.size());
    for (size_t i = start; i < end; ++i) {
      ICEFRAME_RETURN_NOT_OK(WriteAvroDatum(document->root(), datums[i], &encoder));
    }
    ICEFRAME_RETURN_NOT_OK(writer.AppendBlock(static_cast<int64_t>(end - start), block));
  }
  return writer.Finish();
}

Result<std::vector<AvroDatum>> ReadFile(std::string_view bytes) {
  std::vector<AvroDatum> datums;
  ICEFRAME_RETURN_NOT_OK(ForEachAvroDatum(bytes, [&](const AvroSchema&, AvroDatum datum) {
    datums.push_back(std::move(datum));
    return Status::OK();
  }));
  return datums;
}

TEST(AvroFile, ReadsBackWhatItWritesWithEveryCodec) {
  std::vector<AvroDatum> datums;
  for (int64_t i = 0; i < 500; ++i) datums.push_back(SampleRecord(i));
  for (AvroCodec codec :
       {AvroCodec::kNull, AvroCodec::kDeflate, AvroCodec::kSnappy, AvroCodec::kZstandard}) {
    auto bytes = WriteFile(kSchema, datums, codec, 130);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    auto read = ReadFile(*bytes);
    ASSERT_TRUE(read.ok()) << ToString(codec) << ": " << read.status();
    EXPECT_EQ(*read, datums) << ToString(codec);
    EXPECT_EQ(AvroFileReader::Make(*bytes)->metadata().at("extra"), "value");
  }
}

TEST(AvroFile, EveryDamagedByteIsAnErrorOrOtherData) {
  for (AvroCodec codec :
       {AvroCodec::kNull, AvroCodec::kDeflate, AvroCodec::kSnappy, AvroCodec::kZstandard}) {
    auto bytes = WriteFile(kSchema, {SampleRecord(1), SampleRecord(2)}, codec, 1);
    ASSERT_TRUE(bytes.ok());
    for (size_t i = 0; i < bytes->size(); ++i) {
      for (int flip : {0x01, 0x80, 0xff}) {
        std::string damaged = *bytes;
        damaged[i] = static_cast<char>(damaged[i] ^ flip);
        (void)ReadFile(damaged);
      }
    }
  }
}

TEST(AvroFile, RefusesOtherMagicAndMissingSchema) {
  EXPECT_EQ(KindOf(AvroFileReader::Make("PAR1").status()), ErrorKind::kInvalidData);
  EXPECT_EQ(KindOf(AvroFileReader::Make("").status()), ErrorKind::kInvalidData);
  EXPECT_EQ(KindOf(AvroFileReader::Make(std::string("Obj\1\0", 5) + std::string(16, 's')).status()),
            ErrorKind::kInvalidData);
}

TEST(AvroFile, UnknownCodecsAreNamed) {
  std::string bytes = *WriteFile(R"("int")", {}, AvroCodec::kNull, 1);
  const size_t at = bytes.find("null");
  bytes.replace(at, 4, "lzma");
  EXPECT_EQ(KindOf(AvroFileReader::Make(bytes).status()), ErrorKind::kUnsupported);
  EXPECT_THAT(AvroFileReader::Make(bytes).status().message(), testing::HasSubstr("lzma"));
}

TEST(AvroFile, SyncMarkersAreChecked) {
  std::string bytes = *WriteFile(kSchema, {SampleRecord(0)}, AvroCodec::kNull, 1);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  EXPECT_THAT(ReadFile(bytes).status().message(), testing::HasSubstr("sync"));
}

TEST(AvroFile, SnappyChecksumIsBigEndianAndChecked) {
  const std::string text = "snappy block";
  std::string block = *AvroCompress(AvroCodec::kSnappy, text);
  const uint32_t crc = libdeflate_crc32(0, text.data(), text.size());
  EXPECT_EQ(static_cast<uint8_t>(block[block.size() - 4]), crc >> 24);
  block.back() = static_cast<char>(block.back() ^ 1);
  AvroBuffer out;
  EXPECT_THAT(AvroDecompressor(AvroCodec::kSnappy, 1000).Append(block, &out).message(),
              testing::HasSubstr("checksum"));
}

TEST(AvroFile, BlocksThatBlowUpAreRefused) {
  const std::string zeros(size_t{70} << 20, '\0');
  for (AvroCodec codec : {AvroCodec::kDeflate, AvroCodec::kSnappy, AvroCodec::kZstandard}) {
    std::string block = *AvroCompress(codec, zeros);
    AvroBuffer out;
    const Status status =
        AvroDecompressor(codec, AvroDecompressor::MaxSize(100)).Append(block, &out);
    EXPECT_EQ(KindOf(status), ErrorKind::kResourceExhausted) << ToString(codec);
    EXPECT_LE(out.capacity(), size_t{65} << 20);
  }
}

TEST(AvroFile, TheLimitCountsAllBlocksTogether) {
  const std::string block = *AvroCompress(AvroCodec::kDeflate, std::string(600, 'a'));
  AvroDecompressor decompressor(AvroCodec::kDeflate, 1000);
  AvroBuffer out;
  EXPECT_TRUE(decompressor.Append(block, &out).ok());
  out.set_size(0);
  EXPECT_EQ(KindOf(decompressor.Append(block, &out)), ErrorKind::kResourceExhausted);
}

TEST(AvroFile, EmptyBlocksAreFine) {
  for (AvroCodec codec :
       {AvroCodec::kNull, AvroCodec::kDeflate, AvroCodec::kSnappy, AvroCodec::kZstandard}) {
    AvroFileWriter writer(R"("int")", {}, codec);
    ASSERT_TRUE(writer.AppendBlock(0, "").ok());
    const std::string bytes = writer.Finish();
    auto read = ReadFile(bytes);
    EXPECT_TRUE(read.ok()) << ToString(codec) << ": " << read.status();
  }
}

TEST(AvroFile, TreesMuchLargerThanTheirFileAreRefused) {
  // An array of nulls takes no bytes; a million such arrays make a big tree of a small file.
  constexpr char kNulls[] = R"({"type":"array","items":"null"})";
  std::string block;
  AvroEncoder out(&block);
  for (int i = 0; i < 2000; ++i) {
    out.WriteLong(4000);
    out.WriteLong(0);
  }
  AvroFileWriter writer(kNulls, {});
  ASSERT_TRUE(writer.AppendBlock(2000, block).ok());
  const std::string bytes = writer.Finish();
  EXPECT_EQ(KindOf(ReadFile(bytes).status()), ErrorKind::kResourceExhausted);
}

TEST(AvroFile, CountsThatDoNotFitTheBlockAreRefused) {
  for (int64_t count : {int64_t{1}, int64_t{3}, int64_t{1} << 60, int64_t{-1}}) {
    AvroFileWriter writer(R"("int")", {}, AvroCodec::kNull);
    ASSERT_TRUE(writer.AppendBlock(count, "\x02\x04").ok());
    EXPECT_EQ(KindOf(ReadFile(writer.Finish()).status()), ErrorKind::kInvalidData) << count;
  }
}

TEST(AvroFile, DatumMustFitItsSchema) {
  auto document = *AvroSchemaDocument::Parse(kSchema);
  const auto refuses = [&](auto change) {
    AvroDatum datum = SampleRecord(1);
    change(&datum);
    std::string out;
    AvroEncoder encoder(&out);
    return KindOf(WriteAvroDatum(document->root(), datum, &encoder)) == ErrorKind::kInvalidArgument;
  };
  EXPECT_TRUE(refuses([](AvroDatum* datum) { datum->items.pop_back(); }));
  EXPECT_TRUE(refuses([](AvroDatum* datum) { datum->items[1].kind = AvroKind::kBytes; }));
  EXPECT_TRUE(refuses([](AvroDatum* datum) { datum->items[0].number = 2; }));
  EXPECT_TRUE(refuses([](AvroDatum* datum) { datum->items[2].keys.pop_back(); }));
  EXPECT_TRUE(refuses([](AvroDatum* datum) { datum->items[3].items[0].bytes = "z"; }));
  EXPECT_TRUE(refuses([](AvroDatum* datum) { datum->items[7].number = 2; }));
}

}  // namespace
}  // namespace iceframe
