// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/utf8.h"

#include <string>

#include <gtest/gtest.h>

namespace iceframe {
namespace {

TEST(Utf8, Validity) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("h\xc3\xa9llo \xf0\x9f\x90\xbb"));
  for (const char* bad : {"\xff", "\xc3", "\xed\xa0\x80", "\xc0\x80", "\xf5\x80\x80\x80"}) {
    EXPECT_FALSE(IsUtf8(bad));
  }
}

TEST(Utf8, BytesThatAreNoneAreEscaped) {
  EXPECT_EQ(EscapeInvalidUtf8("h\xc3\xa9llo"), "h\xc3\xa9llo");
  EXPECT_EQ(EscapeInvalidUtf8("def\xeclate \xc3\xa9\xff"), "def\\xeclate \xc3\xa9\\xff");
  EXPECT_EQ(EscapeInvalidUtf8("\xf0\x9f"), "\\xf0\\x9f");
  EXPECT_EQ(EscapeInvalidUtf8(""), "");
}

TEST(Utf8, AsciiIsFoundOutAtEveryPlace) {
  for (size_t size : {0, 1, 7, 8, 63, 64, 65, 200}) {
    std::string text(size, '\x7f');
    EXPECT_TRUE(IsAscii(text)) << size;
    for (size_t at = 0; at < size; ++at) {
      text[at] = '\x80';
      EXPECT_FALSE(IsAscii(text)) << size << " " << at;
      text[at] = 'a';
    }
  }
}

TEST(Utf8, PrefixesEndBetweenCodePoints) {
  const std::string_view text = "a\xc3\xa9\xf0\x9f\x90\xbbz";
  const size_t expected[] = {0, 1, 3, 7, 8, 8};
  for (int64_t n = 0; n < 6; ++n) EXPECT_EQ(CodePointPrefix(text, n), expected[n]) << n;
  EXPECT_EQ(CodePointPrefix("", 3), 0U);
}

}  // namespace
}  // namespace iceframe
