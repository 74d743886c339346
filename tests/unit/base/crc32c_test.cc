// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/crc32c.h"

#include <string>

#include <gtest/gtest.h>

namespace iceframe {
namespace {

// RFC 3720, B.4.
TEST(Crc32c, IsThatOfThePublishedExamples) {
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62A8AB43U);
  EXPECT_EQ(Crc32c(""), 0U);
}

TEST(Crc32c, IsTheSameWithAndWithoutTheInstruction) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Crc32c(bytes), internal::PortableCrc32c(bytes)) << i;
    bytes += static_cast<char>(i * 37);
  }
}

TEST(Crc32c, GoesOnFromWhatCameBefore) {
  EXPECT_EQ(Crc32c("56789", Crc32c("1234")), Crc32c("123456789"));
  EXPECT_EQ(internal::PortableCrc32c("456789", Crc32c("123")), Crc32c("123456789"));
}

}  // namespace
}  // namespace iceframe
