// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/streaming/kafka_library_internal.h"

namespace iceframe::internal {
namespace {

TEST(KafkaLibrary, IsLoadedOnceAndSeenByNobodyElse) {
  const auto library = KafkaLibrary::Load();
  if (!library.ok()) GTEST_SKIP() << library.status();
  EXPECT_EQ(*library, KafkaLibrary::Load().ValueOrDie());
  EXPECT_THAT((*library)->version_str(), testing::MatchesRegex("[0-9]+\\.[0-9]+.*"));
  EXPECT_EQ(dlsym(RTLD_DEFAULT, "rd_kafka_new"), nullptr);
}

}  // namespace
}  // namespace iceframe::internal
