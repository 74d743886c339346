// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "iceframe/datafile/chunk_bytes_internal.h"
#include "iceframe/datafile/datafile_counters.h"

namespace iceframe::internal {
namespace {

constexpr int64_t kOffset = 100;
constexpr int64_t kSize = 50'000;

/// A file in memory that counts the bytes which are read of it.
class CountingFile final : public InputFile {
 public:
  CountingFile() : bytes_(kOffset + kSize) {
    for (size_t i = 0; i < bytes_.size(); ++i) bytes_[i] = static_cast<uint8_t>(i * 7 % 251);
  }
  Status ReadAt(const OperationContext&, int64_t offset, int64_t length,
                uint8_t* out) const override {
    num_read_ += length;
    std::memcpy(out, bytes_.data() + offset, static_cast<size_t>(length));
    return Status::OK();
  }
  void Announce(ByteRange) const override {}

  bool Holds(int64_t position, std::span<const uint8_t> bytes) const {
    return std::memcmp(bytes.data(), bytes_.data() + kOffset + position, bytes.size()) == 0;
  }
  int64_t num_read() const { return num_read_; }

 private:
  std::vector<uint8_t> bytes_;
  mutable int64_t num_read_ = 0;
};

class ChunkBytesTest : public ::testing::Test {
 protected:
  void ExpectPeek(int64_t position, int64_t length) {
    const auto bytes = chunk_.Peek(position, length);
    ASSERT_TRUE(bytes.ok()) << bytes.status().ToString();
    EXPECT_EQ(bytes->size(), static_cast<size_t>(std::min(length, kSize - position)));
    EXPECT_TRUE(file_->Holds(position, *bytes)) << position << ", " << length;
  }

  OperationContext context_;
  std::shared_ptr<CountingFile> file_ = std::make_shared<CountingFile>();
  ChunkBytes chunk_{context_, file_, {kOffset, kSize}};
};

TEST_F(ChunkBytesTest, ReadsNoByteTwiceOnTheWayThrough) {
  // A header, its page, the next header, and so on; pages get larger and smaller.
  int64_t position = 0;
  for (const int64_t page : {3'000, 20, 9'000, 400, 12'000, 600, 5'000}) {
    ExpectPeek(position, 256);
    ExpectPeek(position + 40, page);
    position += 40 + page;
  }
  ExpectPeek(position, kSize);
  EXPECT_EQ(file_->num_read(), kSize);
  EXPECT_EQ(context_.counters->Get(DataFileCount::kDataBytesRead), kSize);
}

TEST_F(ChunkBytesTest, ReadsPlacesInAnyOrder) {
  for (const int64_t position : {40'000, 100, 39'900, 0, 49'999, 50'000, 20'000, 20'100, 19'000}) {
    ExpectPeek(position, 1'000);
    ExpectPeek(position, 300);
  }
  EXPECT_EQ(KindOf(chunk_.Peek(kSize + 1, 1).status()), ErrorKind::kInvalidData);
}

}  // namespace
}  // namespace iceframe::internal
