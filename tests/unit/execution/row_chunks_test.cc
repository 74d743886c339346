// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/row_chunks.h"

#include <numeric>
#include <vector>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

using testing::ElementsAre;

/// Batches of these sizes, numbered through; tells how many it was asked for.
class NumberedBatches final : public arrow::RecordBatchReader {
 public:
  NumberedBatches(std::vector<int64_t> sizes, bool fails)
      : sizes_(std::move(sizes)), fails_(fails) {}
  std::shared_ptr<arrow::Schema> schema() const override {
    return arrow::schema({arrow::field("n", arrow::int64())});
  }
  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    if (num_read == sizes_.size()) return fails_ ? Status::IOError("broken") : Status::OK();
    arrow::Int64Builder builder;
    for (int64_t i = 0; i < sizes_[num_read]; ++i) ICEFRAME_RETURN_NOT_OK(builder.Append(next_++));
    ICEFRAME_ASSIGN_OR_RETURN(auto column, builder.Finish());
    *batch = arrow::RecordBatch::Make(schema(), sizes_[num_read++], {column});
    return Status::OK();
  }
  size_t num_read = 0;

 private:
  std::vector<int64_t> sizes_;
  bool fails_;
  int64_t next_ = 0;
};

std::shared_ptr<NumberedBatches> MakeBatches(std::vector<int64_t> sizes, bool fails = false) {
  return std::make_shared<NumberedBatches>(std::move(sizes), fails);
}

/// The chunks' sizes; checks that all rows come, in order.
std::vector<int64_t> ChunkSizes(std::vector<int64_t> batches, int64_t chunk_rows) {
  const int64_t total = std::reduce(batches.begin(), batches.end());
  auto chunks = RowChunks::Make(MakeBatches(std::move(batches)), chunk_rows).ValueOrDie();
  std::vector<int64_t> sizes;
  int64_t next = 0;
  while (auto chunk = chunks.Next().ValueOrDie()) {
    sizes.push_back(chunk->num_rows());
    for (const auto& piece : chunk->column(0)->chunks()) {
      const auto& numbers = static_cast<const arrow::Int64Array&>(*piece);
      for (int64_t i = 0; i < numbers.length(); ++i) EXPECT_EQ(numbers.Value(i), next++);
    }
  }
  EXPECT_EQ(next, total);
  return sizes;
}

TEST(RowChunks, HaveOneSizeOverTheBordersOfBatches) {
  EXPECT_THAT(ChunkSizes({10}, 4), ElementsAre(4, 4, 2));
  EXPECT_THAT(ChunkSizes({3, 3, 3}, 4), ElementsAre(4, 4, 1));
  EXPECT_THAT(ChunkSizes({1, 1, 0, 1, 9}, 6), ElementsAre(6, 6));
  EXPECT_THAT(ChunkSizes({5}, 100), ElementsAre(5));
  EXPECT_THAT(ChunkSizes({0, 0}, 3), ElementsAre());
  EXPECT_THAT(ChunkSizes({}, 3), ElementsAre());
}

TEST(RowChunks, ReadNoMoreThanTheyNeed) {
  const auto batches = MakeBatches({4, 4, 4});
  auto chunks = RowChunks::Make(batches, 4).ValueOrDie();
  EXPECT_EQ(batches->num_read, 0U);
  ASSERT_EQ(chunks.Next().ValueOrDie()->num_rows(), 4);
  EXPECT_EQ(batches->num_read, 1U);
}

TEST(RowChunks, FailAsTheirReaderDoes) {
  auto chunks = RowChunks::Make(MakeBatches({4, 3}, /*fails=*/true), 4).ValueOrDie();
  ASSERT_TRUE(chunks.Next().ok());
  EXPECT_TRUE(chunks.Next().status().IsIOError()) << "rows before an error are no short chunk";
}

TEST(RowChunks, RefuseASizeBelowOne) {
  EXPECT_EQ(RowChunks::Make(MakeBatches({}), 0).status().message(),
            "chunk_size must be at least 1, got 0");
}

TEST(RowChunks, FitIntoBatchesThatAreAMultiple) {
  EXPECT_EQ(BatchRowsForChunks(10'000, 65'536), 60'000);
  EXPECT_EQ(BatchRowsForChunks(1, 65'536), 65'536);
  EXPECT_EQ(BatchRowsForChunks(65'536, 65'536), 65'536);
  EXPECT_EQ(BatchRowsForChunks(1'000'000, 65'536), 65'536);
}

}  // namespace
}  // namespace iceframe
