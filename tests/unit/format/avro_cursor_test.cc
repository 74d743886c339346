// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/avro_cursor.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "iceframe/format/avro_encoder.h"

namespace iceframe {
namespace {

std::string Long(int64_t value) {
  std::string bytes;
  AvroEncoder(&bytes).WriteLong(value);
  return bytes;
}

TEST(AvroCursor, ReadsEveryLongThatIsWritten) {
  for (int shift = 0; shift < 64; ++shift) {
    for (int64_t delta : {-1, 0, 1}) {
      const auto value =
          static_cast<int64_t>((uint64_t{1} << shift) + static_cast<uint64_t>(delta));
      const std::string bytes = Long(value);
      AvroCursor cursor(bytes);
      EXPECT_EQ(cursor.ReadLong(), value);
      EXPECT_TRUE(cursor.ok());
      EXPECT_EQ(cursor.remaining(), 0u);
      const std::string longer = bytes + std::string(10, 'x');
      AvroCursor skipping(longer);
      skipping.SkipLong();
      EXPECT_EQ(skipping.remaining(), 10u);
    }
  }
}

TEST(AvroCursor, SkipsManyLongsAsItSkipsOneByOne) {
  std::string bytes;
  std::vector<size_t> ends = {0};
  for (int i = 0; i < 300; ++i) {
    const uint64_t power = uint64_t{1} << (i * 13 % 64);
    bytes += Long(static_cast<int64_t>(power - static_cast<uint64_t>(i)));
    ends.push_back(bytes.size());
  }
  for (size_t from = 0; from < ends.size(); from += 7) {
    for (size_t to = from; to < ends.size(); ++to) {
      AvroCursor cursor(std::string_view(bytes).substr(ends[from]));
      cursor.SkipLongs(static_cast<int64_t>(to - from));
      ASSERT_TRUE(cursor.ok());
      ASSERT_EQ(cursor.remaining(), bytes.size() - ends[to]) << from << " to " << to;
    }
  }
  AvroCursor beyond(bytes);
  beyond.SkipLongs(301);
  EXPECT_FALSE(beyond.ok());
}

TEST(AvroCursor, SkippingManyLongsRefusesOneOfTooManyBytes) {
  const std::string small(40, '\x02');
  const std::string nine(9, '\xff');
  for (size_t before = 0; before < 20; ++before) {
    for (const std::string& bad : {nine + "\x02", nine + "\xff\x01"}) {
      const std::string bytes = small.substr(0, before) + bad + small;
      AvroCursor cursor(bytes);
      cursor.SkipLongs(static_cast<int64_t>(before) + 2);
      EXPECT_FALSE(cursor.ok()) << before;
    }
    const std::string largest = small.substr(0, before) + nine + "\x01" + small;
    AvroCursor cursor(largest);
    cursor.SkipLongs(static_cast<int64_t>(before) + 1);
    EXPECT_TRUE(cursor.ok());
    EXPECT_EQ(cursor.remaining(), small.size()) << before;
  }
}

TEST(AvroCursor, ALongOfTooManyBytesIsRefused) {
  AvroCursor eleven(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11));
  eleven.ReadLong();
  EXPECT_FALSE(eleven.ok());
  AvroCursor overflow(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10));
  overflow.ReadLong();
  EXPECT_FALSE(overflow.ok());
  AvroCursor skipped(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10));
  skipped.SkipLong();
  EXPECT_FALSE(skipped.ok());
}

TEST(AvroCursor, AnIntMustFit) {
  const std::string bytes = Long(int64_t{1} << 31);
  AvroCursor cursor(bytes);
  cursor.ReadInt();
  EXPECT_FALSE(cursor.ok());
}

TEST(AvroCursor, LengthsAreCheckedAgainstWhatRemains) {
  for (int64_t length : {int64_t{-1}, int64_t{4}, std::numeric_limits<int64_t>::max(),
                         std::numeric_limits<int64_t>::min()}) {
    const std::string bytes = Long(length) + "abc";
    AvroCursor cursor(bytes);
    EXPECT_EQ(cursor.ReadBytes(), "");
    EXPECT_FALSE(cursor.ok()) << length;
    EXPECT_EQ(cursor.remaining(), 0u);
  }
}

TEST(AvroCursor, TheFirstFailureSticks) {
  AvroCursor cursor(std::string_view("\x02", 1));
  cursor.ReadBoolean();
  const std::string message = cursor.status().message();
  cursor.ReadDouble();
  EXPECT_EQ(cursor.ReadLong(), 0);
  EXPECT_EQ(cursor.status().message(), message);
  EXPECT_EQ(KindOf(cursor.status()), ErrorKind::kInvalidData);
}

TEST(AvroCursor, BlockCountsAreBoundByWhatRemains) {
  const std::string huge = Long(int64_t{1} << 40) + "xx";
  AvroCursor cursor(huge);
  EXPECT_EQ(cursor.ReadBlockCount(1), 0);
  EXPECT_FALSE(cursor.ok());

  const std::string nulls = Long(int64_t{1} << 40);
  AvroCursor empty_items(nulls);
  EXPECT_EQ(empty_items.ReadBlockCount(0), 0);
  EXPECT_FALSE(empty_items.ok());
}

TEST(AvroCursor, NegativeBlockCountsCarryASize) {
  const std::string good = Long(-2) + Long(2) + "ab";
  AvroCursor cursor(good);
  EXPECT_EQ(cursor.ReadBlockCount(1), 2);
  EXPECT_EQ(cursor.remaining(), 2u);
  for (const std::string& bad :
       {Long(std::numeric_limits<int64_t>::min()) + Long(0), Long(-1) + Long(-1) + "a",
        Long(-1) + Long(5) + "a", Long(-3) + Long(2) + "ab"}) {
    AvroCursor damaged(bad);
    EXPECT_EQ(damaged.ReadBlockCount(1), 0);
    EXPECT_FALSE(damaged.ok());
  }
}

void ExpectSkipFails(std::string_view schema, std::string_view bytes) {
  auto document = AvroSchemaDocument::Parse(schema);
  ASSERT_TRUE(document.ok()) << document.status();
  AvroCursor cursor(bytes);
  cursor.Skip((*document)->root());
  EXPECT_FALSE(cursor.ok()) << schema;
}

TEST(AvroCursor, SkippingEndsOnTypesWithoutAnEnd) {
  ExpectSkipFails(R"({"type":"record","name":"r","fields":[{"name":"a","type":"r"},
                                                           {"name":"b","type":"r"}]})",
                  "");
  std::string deep(1000, '\x02');
  ExpectSkipFails(R"({"type":"record","name":"r","fields":[{"name":"a","type":["null","r"]}]})",
                  deep);
}

TEST(AvroCursor, SkippingManyEmptyItemsIsQuick) {
  // 28 records in one another, each holding the next twice, and no byte anywhere.
  std::string schema = R"({"type":"fixed","name":"t0","size":0})";
  for (int i = 1; i <= 28; ++i) {
    const std::string name = std::to_string(i);
    schema = R"({"type":"record","name":"t)" + name + R"(","fields":[{"name":"a","type":)" +
             schema + R"(},{"name":"b","type":"t)" + std::to_string(i - 1) + R"("}]})";
  }
  auto document = AvroSchemaDocument::Parse(schema);
  ASSERT_TRUE(document.ok()) << document.status();
  AvroCursor cursor(std::string_view{});
  cursor.Skip((*document)->root());
  EXPECT_TRUE(cursor.ok());
}

TEST(AvroCursor, SkipsOneDatumOfEveryKind) {
  auto document = AvroSchemaDocument::Parse(R"({"type":"record","name":"r","fields":[
    {"name":"a","type":"boolean"},{"name":"b","type":"int"},{"name":"c","type":"float"},
    {"name":"d","type":"double"},{"name":"e","type":"string"},
    {"name":"f","type":{"type":"fixed","name":"f","size":3}},
    {"name":"g","type":{"type":"enum","name":"g","symbols":["x","y"]}},
    {"name":"h","type":{"type":"array","items":"long"}},
    {"name":"i","type":{"type":"map","values":["null","int"]}},{"name":"j","type":"null"}]})");
  ASSERT_TRUE(document.ok()) << document.status();
  std::string bytes;
  AvroEncoder out(&bytes);
  out.WriteBoolean(true);
  out.WriteLong(-5);
  out.WriteFloat(1.5f);
  out.WriteDouble(2.5);
  out.WriteBytes("text");
  out.WriteFixed("abc");
  out.WriteLong(1);
  out.WriteLong(-2);
  out.WriteLong(3);
  out.WriteLong(1000);
  out.WriteLong(1);
  out.WriteLong(0);
  out.WriteLong(1);
  out.WriteBytes("key");
  out.WriteLong(1);
  out.WriteLong(7);
  out.WriteLong(0);
  const std::string all = bytes + "rest";
  AvroCursor whole(all);
  whole.Skip((*document)->root());
  EXPECT_TRUE(whole.ok());
  EXPECT_EQ(whole.remaining(), 4u);
}

}  // namespace
}  // namespace iceframe
