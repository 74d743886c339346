// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/value_text.h"

#include <gtest/gtest.h>

namespace iceframe {
namespace {

TEST(ValueText, DecimalsKeepEveryDigit) {
  EXPECT_EQ(DecimalToPlainText(arrow::Decimal128(1420), 2), "14.20");
  EXPECT_EQ(DecimalToPlainText(arrow::Decimal128(-5), 2), "-0.05");
  EXPECT_EQ(DecimalToPlainText(arrow::Decimal128(0), 0), "0");
  EXPECT_EQ(DecimalToPlainText(arrow::Decimal128(1), 9), "0.000000001");
  EXPECT_EQ(DecimalToJavaText(arrow::Decimal128(1), 9), "1E-9");
  EXPECT_EQ(DecimalToJavaText(arrow::Decimal128(-125), 10), "-1.25E-8");
  EXPECT_EQ(DecimalToJavaText(arrow::Decimal128(1420), 2), "14.20");
}

TEST(ValueText, DecimalsAreReadAtTheirScaleOrNotAtAll) {
  EXPECT_EQ(DecimalFromText("14.2", 2), arrow::Decimal128(1420));
  EXPECT_EQ(DecimalFromText("-14.200", 2), arrow::Decimal128(-1420));
  EXPECT_EQ(DecimalFromText("2E+3", 0), arrow::Decimal128(2000));
  EXPECT_EQ(DecimalFromText("1.5e-3", 4), arrow::Decimal128(15));
  EXPECT_EQ(DecimalFromText("0.000", 0), arrow::Decimal128(0));
  for (const char* text : {"14.201", "", ".", "-", "1e", "1e99999", "abc", "1.2.3", "1 ",
                           "1000000000000000000000000000000000000000"}) {
    EXPECT_FALSE(DecimalFromText(text, 2).has_value()) << text;
  }
}

TEST(ValueText, HexUuidAndBase64) {
  EXPECT_EQ(BytesFromHex("00FFab"), std::string("\x00\xff\xab", 3));
  EXPECT_FALSE(BytesFromHex("0").has_value());
  EXPECT_FALSE(BytesFromHex("0g").has_value());
  const std::string uuid = "f79c3e09-677c-4bbd-a479-3f349cb785e7";
  EXPECT_EQ(UuidToText(*UuidFromText(uuid)), uuid);
  EXPECT_FALSE(UuidFromText("f79c3e09").has_value());
  EXPECT_EQ(BytesToBase64(""), "");
  EXPECT_EQ(BytesToBase64("f"), "Zg==");
  EXPECT_EQ(BytesToBase64("fo"), "Zm8=");
  EXPECT_EQ(BytesToBase64("foo"), "Zm9v");
  EXPECT_EQ(BytesToBase64("\xff\xfe"), "//4=");
  for (const char* text : {"", "Zg==", "Zm8=", "Zm9v", "//4=", "Zm9vZg=="}) {
    EXPECT_EQ(BytesToBase64(BytesFromBase64(text).value()), text);
  }
  // Too short, padded where nothing is missing or too much, bits that belong to no byte, and
  // characters of other alphabets.
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zm9v=", "====", "Z===", "Zh==", "Zm9=", "_-4=", "Zm 9"}) {
    EXPECT_EQ(BytesFromBase64(text), std::nullopt) << text;
  }
}

TEST(ValueText, FloatsReadBackEqual) {
  EXPECT_EQ(FloatToText(0.1F), "0.1");
  EXPECT_EQ(FloatToText(-0.0), "-0.0");
  EXPECT_EQ(FloatToText(1e300), "1e+300");
  EXPECT_EQ(FloatToText(-std::numeric_limits<double>::infinity()), "-Infinity");
}

}  // namespace
}  // namespace iceframe
