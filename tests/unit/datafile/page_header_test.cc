// SPDX-License-Identifier: Apache-2.0
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/base/result.h"
#include "iceframe/datafile/page_header_internal.h"

namespace iceframe::internal {
namespace {

using Bytes = std::vector<uint8_t>;

/// A data page of 100 values (zigzag 200, 1), plain, with null count 3, max "z" and min "a", and
/// two fields that no version knows yet.
Bytes DataPage() {
  return {0x15, 0x00,                          // type: data page
          0x15, 0x80, 0x02,                    // uncompressed size: 128
          0x15, 0x40,                          // compressed size: 32
          0x2c,                                // data page header
          0x15, 0xc8, 0x01,                    //   num_values: 100
          0x15, 0x00,                          //   encoding: plain
          0x15, 0x06,                          //   definition levels: RLE
          0x15, 0x06,                          //   repetition levels: RLE
          0x1c,                                //   statistics
          0x36, 0x06,                          //     null_count: 3
          0x28, 0x01, 'z',                     //     max_value
          0x18, 0x01, 'a',                     //     min_value
          0x11, 0x11,                          //     both are exact
          0x00,                                //   end of statistics
          0x11,                                //   a flag of the future
          0x00,                                // end of data page header
          0x77, 1,    2,    3, 4, 5, 6, 7, 8,  // field 12, a double
          0x19, 0x22, 1,    0,                 // field 13, a list of flags
          0x00};
}

TEST(PageHeader, ReadsDataPagesAndTheirStatistics) {
  const Bytes bytes = DataPage();
  auto parsed = ParsePageHeader(bytes).ValueOrDie();
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->length, static_cast<int64_t>(bytes.size()));
  const PageHeader& header = parsed->header;
  EXPECT_EQ(header.type, PageHeader::Type::kData);
  EXPECT_EQ(header.uncompressed_size, 128);
  EXPECT_EQ(header.compressed_size, 32);
  EXPECT_EQ(header.num_values, 100);
  EXPECT_EQ(header.definition_encoding, 3);
  EXPECT_EQ(header.null_count, 3);
  EXPECT_EQ(header.min, "a");
  EXPECT_EQ(header.max, "z");
}

TEST(PageHeader, ReadsTheChecksum) {
  EXPECT_EQ(ParsePageHeader(DataPage()).ValueOrDie()->header.checksum, std::nullopt);
  Bytes bytes = DataPage();
  // Behind the sizes, as a number with a sign: -2.
  bytes.insert(bytes.begin() + 7, {0x15, 0x03});
  // What follows is the next field again, not the one after the next.
  bytes[9] = 0x1c;
  EXPECT_EQ(ParsePageHeader(bytes).ValueOrDie()->header.checksum, 0xFFFFFFFE);
}

TEST(PageHeader, AsksForMoreBytesWhereItIsCutOff) {
  const Bytes bytes = DataPage();
  for (size_t length = 0; length < bytes.size(); ++length) {
    auto parsed = ParsePageHeader(std::span(bytes).first(length));
    ASSERT_TRUE(parsed.ok()) << length << ": " << parsed.status();
    EXPECT_FALSE(parsed->has_value()) << length;
  }
}

TEST(PageHeader, RefusesWhatCanNotBe) {
  const std::vector<Bytes> damaged = {
      {0x00},                                      // nothing in it
      {0x15, 0x00, 0x15, 0x02, 0x15, 0x02, 0x00},  // a data page without its header
      {0x15, 0x00, 0x15, 0x01, 0x15, 0x02, 0x00},  // a negative size
      {0x15, 0x02, 0x18, 0x01, 'x', 0x00},         // text for a size
      {0x15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00},
      {0x15, 0x02, 0x15, 0x02, 0x15, 0x02, 0x2c, 0x00, 0x00},  // an index page with a data header
      Bytes(64, 0x1c),                                         // structs in structs without end
  };
  for (const Bytes& bytes : damaged) {
    auto parsed = ParsePageHeader(bytes);
    EXPECT_FALSE(parsed.ok());
    EXPECT_EQ(KindOf(parsed.status()), ErrorKind::kInvalidData);
  }
}

TEST(PageHeader, SurvivesAnyBytes) {
  std::mt19937 random(20261128);
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes = DataPage();
    const size_t num_changes = 1 + random() % 4;
    for (size_t i = 0; i < num_changes; ++i) {
      bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
    }
    bytes.resize(1 + random() % bytes.size());
    auto parsed = ParsePageHeader(bytes);
    if (!parsed.ok() || !parsed->has_value()) continue;
    EXPECT_GE((*parsed)->header.compressed_size, 0);
    EXPECT_LE((*parsed)->length, static_cast<int64_t>(bytes.size()));
  }
}

}  // namespace
}  // namespace iceframe::internal
