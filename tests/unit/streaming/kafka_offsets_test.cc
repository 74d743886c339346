// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/kafka_offsets.h"

#include <gtest/gtest.h>

namespace iceframe {
namespace {

TEST(KafkaOffsets, GoThroughTheirText) {
  const TopicOffsets offsets = {{"a", {{0, 5}, {10, int64_t{1} << 40}}}, {"b.c", {{3, 0}}}};
  const std::string text = ToJsonText(offsets);
  EXPECT_EQ(text, R"({"a":{"0":5,"10":1099511627776},"b.c":{"3":0}})");
  EXPECT_EQ(ParseTopicOffsets(text).ValueOrDie(), offsets);
}

TEST(KafkaOffsets, DamagedTextIsAnError) {
  for (const char* text : {"", "[]", R"({"a":1})", R"({"a":{"x":1}})", R"({"a":{"-1":1}})",
                           R"({"a":{"1":-1}})", R"({"a":{"1":"2"}})", R"({"a":{"1 ":2}})"}) {
    EXPECT_EQ(KindOf(ParseTopicOffsets(text).status()), ErrorKind::kInvalidMetadata) << text;
  }
}

}  // namespace
}  // namespace iceframe
