// SPDX-License-Identifier: Apache-2.0
// How often a distant store is asked, and how many requests are on their way at once.
#include <chrono>

#include "iceframe/runtime/shared_cache.h"

#include "session/lake.h"
#include "support/counting_file_io.h"

namespace iceframe {
namespace {

constexpr std::chrono::milliseconds kLatency(20);

class RoundTrips : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(near_, OpenLake(folder_.path()));
    ASSERT_OK(near_->CreateTable(near_->NewOperation(), "t", IdSchema(), {}).status());
  }

  void OpenDistant() {
    auto wrap = [this](std::shared_ptr<FileIO> io) -> std::shared_ptr<FileIO> {
      store_ = std::make_shared<CountingFileIO>(std::move(io), kLatency);
      return store_;
    };
    ASSERT_OK_AND_ASSIGN(distant_, OpenLake(folder_.path(), wrap));
  }

  TempFolder folder_;
  std::shared_ptr<Session> near_;
  std::shared_ptr<CountingFileIO> store_;
  std::shared_ptr<Session> distant_;
};

TEST_F(RoundTrips, OpeningATableAndReadingTenRowsTakesFive) {
  ASSERT_OK(near_->Append(near_->NewOperation(), "t", *Rows(0, 1000), {}).status());
  ClearSharedCaches();
  OpenDistant();
  ScanOptions options;
  options.rows.limit = 10;
  ASSERT_OK_AND_ASSIGN(auto ids, ReadIds(*distant_, "t", options));
  EXPECT_EQ(ids.size(), 10U);
  EXPECT_LE(store_->sequential_depth(), 5);
  EXPECT_EQ(store_->count(RequestKind::kHead), 0);
  EXPECT_EQ(store_->count(RequestKind::kList), 0);
}

TEST_F(RoundTrips, AFilteredScanOfManyFilesKeepsSixteenInFlight) {
  for (int64_t i = 0; i < 64; ++i) {
    ASSERT_OK(
        near_->Append(near_->NewOperation(), "t", *Rows(1000 * i, 1000 * i + 1000), {}).status());
  }
  ClearSharedCaches();
  OpenDistant();
  store_->HoldUntil(16, ".parquet");
  ScanOptions options;
  options.rows.filter = Like(Col("name"), "%7");
  ASSERT_OK_AND_ASSIGN(auto ids, ReadIds(*distant_, "t", options));
  EXPECT_EQ(ids.size(), 6400U);
  EXPECT_GE(store_->max_in_flight(), 16);
  EXPECT_EQ(store_->count(RequestKind::kHead), 0);
}

TEST_F(RoundTrips, WhatIsCachedIsNotAskedForAgain) {
  ASSERT_OK(near_->Append(near_->NewOperation(), "t", *Rows(0, 1000), {}).status());
  OpenDistant();
  ASSERT_OK(ReadIds(*distant_, "t").status());
  store_->Reset();
  ASSERT_OK(ReadIds(*distant_, "t").status());
  EXPECT_EQ(store_->count(RequestKind::kGet, "/metadata/"), 0);
  EXPECT_EQ(store_->count(RequestKind::kHead), 0);
}

}  // namespace
}  // namespace iceframe
