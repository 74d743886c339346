// SPDX-License-Identifier: Apache-2.0
#include "iceframe/io/input_file.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/io/io_counters.h"

#include "support/temp_folder.h"

namespace iceframe {
namespace {

using testing::HasSubstr;

class InputFileTest : public testing::Test {
 protected:
  InputFileTest() {
    EXPECT_TRUE(io_->WriteAll(context_, location_, "0123456789").ok());
    EXPECT_TRUE(
        io_->WriteAll(context_, "memory://input/file", "0123456789", OverwriteMode::kOverwrite)
            .ok());
  }

  TempFolder folder_;
  OperationContext context_;
  std::shared_ptr<FileIO> io_ = MakeFileIO().ValueOrDie();
  std::string location_ = folder_.path() + "/file";
};

TEST_F(InputFileTest, ReadsAnyPlaceAndCountsIt) {
  auto file = OpenForSmallReads(context_, io_.get(), location_).ValueOrDie();
  ASSERT_NE(file, nullptr);
  file->Announce({0, 10});
  const int64_t before = context_.counters->Get(IoCount::kIoRequests);
  std::string out(4, ' ');
  ASSERT_TRUE(file->ReadAt(context_, 3, 4, reinterpret_cast<uint8_t*>(out.data())).ok());
  EXPECT_EQ(out, "3456");
  EXPECT_EQ(context_.counters->Get(IoCount::kIoRequests), before + 1);
}

TEST_F(InputFileTest, SaysWhenTheFileEnds) {
  auto file = OpenForSmallReads(context_, io_.get(), location_).ValueOrDie();
  std::string out(4, ' ');
  Status status = file->ReadAt(context_, 8, 4, reinterpret_cast<uint8_t*>(out.data()));
  EXPECT_EQ(KindOf(status), ErrorKind::kIo);
  EXPECT_THAT(status.ToString(), HasSubstr(location_));
}

TEST_F(InputFileTest, NamesAFileThatIsNotThere) {
  auto file = OpenForSmallReads(context_, io_.get(), location_ + "x");
  EXPECT_EQ(KindOf(file.status()), ErrorKind::kNotFound);
}

TEST_F(InputFileTest, OpensOnlyWhatIsAllowed) {
  FileIOOptions options;
  options.allowed_locations = {folder_.path() + "/below"};
  auto io = MakeFileIO(options).ValueOrDie();
  auto file = OpenForSmallReads(context_, io.get(), location_);
  EXPECT_EQ(KindOf(file.status()), ErrorKind::kUnauthorized);
}

TEST_F(InputFileTest, LeavesOtherStoresToRanges) {
  auto file = OpenForSmallReads(context_, io_.get(), "memory://input/file");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(*file, nullptr);
}

}  // namespace
}  // namespace iceframe
