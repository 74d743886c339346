// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/ignored_properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(IgnoredProperties, OnlyWhatWritesAndCommitsDontHonour) {
  EXPECT_THAT(
      IgnoredWriteProperties({{"write.parquet.compression-codec", "zstd"},
                              {"write.metadata.metrics.column.city", "none"},
                              {"write.distribution-mode", "hash"},
                              {"write.wap.enabled", "true"},
                              {"commit.retry.num-retries", "4"},
                              {"commit.retry.num-retrys", "4"},
                              {"owner", "ann"}}),
      ElementsAre("commit.retry.num-retrys", "write.distribution-mode", "write.wap.enabled"));
}

TEST(IgnoredProperties, EachIsWarnedOfOncePerTable) {
  std::vector<std::string> lines;
  OperationContext context;
  context.log = MakeLogSink([&](LogLevel level, std::string_view, std::string_view message) {
    EXPECT_EQ(level, LogLevel::kWarning);
    lines.emplace_back(message);
  });
  TableMetadata metadata;
  metadata.location = "memory://warned-once";
  metadata.properties = {{"write.upsert.enabled", "true"}};
  WarnOfIgnoredProperties(context, metadata);
  WarnOfIgnoredProperties(context, metadata);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], HasSubstr("no effect here: write.upsert.enabled, table memory://warned"));
  metadata.location += "-other";
  WarnOfIgnoredProperties(context, metadata);
  EXPECT_EQ(lines.size(), 2U);
}

}  // namespace
}  // namespace iceframe
