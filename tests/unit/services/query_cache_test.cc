// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/query_cache.h"

#include <gtest/gtest.h>

namespace iceframe {
namespace {

TEST(QueryCache, HasTheLimitsItIsMadeWith) {
  EXPECT_EQ(QueryCache::Make()->max_entries(), 100);
  EXPECT_EQ(QueryCache::Make({.max_entries = 7})->max_entries(), 7);
  EXPECT_EQ(QueryCache::Make({.max_bytes = 1 << 20})->max_bytes(), 1 << 20);
}

}  // namespace
}  // namespace iceframe
