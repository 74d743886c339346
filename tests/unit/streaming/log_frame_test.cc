// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/log_frame.h"

#include <string>

#include <gtest/gtest.h>

namespace iceframe::internal {
namespace {

TEST(LogHeader, ComesBackAsItWasWritten) {
  const std::string bytes = EncodeLogHeader(R"({"writer-id":"w"})");
  EXPECT_EQ(bytes.size() % 8, 0U);
  const auto header = DecodeLogHeader(bytes + "more").ValueOrDie();
  ASSERT_TRUE(header);
  EXPECT_EQ(header->text, R"({"writer-id":"w"})");
  EXPECT_EQ(header->num_bytes, static_cast<int64_t>(bytes.size()));
}

TEST(LogHeader, IsMissingWhereTheFileEndsWithinIt) {
  const std::string bytes = EncodeLogHeader("text of a header");
  for (size_t size = 0; size < 32; ++size) {
    const auto header = DecodeLogHeader(bytes.substr(0, size));
    ASSERT_TRUE(header.ok()) << size << header.status().message();
    EXPECT_FALSE(*header) << size;
  }
  EXPECT_FALSE(DecodeLogHeader(std::string(64, '\0')).ValueOrDie().has_value());
}

TEST(LogHeader, IsMissingWhereItIsDamaged) {
  std::string bytes = EncodeLogHeader("text of a header");
  bytes[20] ^= 1;
  EXPECT_FALSE(DecodeLogHeader(bytes).ValueOrDie().has_value());
}

TEST(LogHeader, NamesAnotherVersion) {
  std::string bytes = EncodeLogHeader("text");
  bytes[7] = '2';
  const Status status = DecodeLogHeader(bytes).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUnsupported);
  EXPECT_NE(status.message().find("version 2"), std::string::npos) << status.message();
}

TEST(LogHeader, RefusesWhatIsNoLog) {
  EXPECT_EQ(KindOf(DecodeLogHeader("PAR1 and more bytes of it").status()), ErrorKind::kInvalidData);
}

TEST(LogFrame, ComesBackAsItWasWritten) {
  const std::string bytes =
      EncodeFrameHeader(7, {.number = 3, .payload_bytes = 9, .payload_crc = 5});
  ASSERT_EQ(static_cast<int64_t>(bytes.size()), kFrameHeaderBytes);
  const auto header = DecodeFrameHeader(7, bytes);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->number, 3U);
  EXPECT_EQ(header->payload_bytes, 9);
  EXPECT_EQ(header->payload_crc, 5U);
  EXPECT_EQ(header->frame_bytes(), 48);
}

TEST(LogFrame, IsNoneOfAnotherLogAndNoneWhenDamaged) {
  std::string bytes = EncodeFrameHeader(7, {.number = 3, .payload_bytes = 9, .payload_crc = 5});
  EXPECT_FALSE(DecodeFrameHeader(8, bytes));
  EXPECT_FALSE(DecodeFrameHeader(7, bytes.substr(0, 31)));
  for (size_t at = 0; at < bytes.size(); ++at) {
    bytes[at] ^= 0x10;
    EXPECT_FALSE(DecodeFrameHeader(7, bytes)) << at;
    bytes[at] ^= 0x10;
  }
}

TEST(LogFrame, IsFoundBehindDamage) {
  const std::string later = EncodeFrameHeader(7, {.number = 3});
  const std::string bytes = std::string(40, 'x') + later;
  EXPECT_TRUE(HoldsLaterFrame(7, 2, bytes));
  EXPECT_FALSE(HoldsLaterFrame(7, 3, bytes));
  EXPECT_FALSE(HoldsLaterFrame(8, 2, bytes));
  EXPECT_FALSE(HoldsLaterFrame(7, 2, bytes.substr(0, 64)));
}

}  // namespace
}  // namespace iceframe::internal
