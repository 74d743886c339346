// SPDX-License-Identifier: Apache-2.0
#include "iceframe/planning/delete_index.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace iceframe {
namespace {

constexpr FieldId kPathField = 2147483546;

class DeleteIndexTest : public ::testing::Test {
 protected:
  DeleteIndexTest() {
    PartitionSpec by_value;
    by_value.spec_id = PartitionSpecId(1);
    by_value.fields.push_back({{1}, 1000, "a", Transform::Identity()});
    PartitionSpec evolved = by_value;
    evolved.spec_id = PartitionSpecId(2);
    PartitionSpec voided;
    voided.spec_id = PartitionSpecId(3);
    voided.fields.push_back({{1}, 1000, "a", Transform::Void()});
    metadata_.partition_specs = {PartitionSpec(), by_value, evolved, voided};
    index_ = std::make_unique<DeleteIndex>(metadata_);
  }

  static DataFile File(FileContent content, const std::string& path, int spec,
                       std::vector<Value> partition) {
    DataFile file;
    file.content = content;
    file.file_path = path;
    file.spec_id = PartitionSpecId(spec);
    file.partition = std::move(partition);
    return file;
  }
  static DataFile Data(const std::string& path, int spec, std::vector<Value> partition) {
    return File(FileContent::kData, path, spec, std::move(partition));
  }
  void Add(DataFile file, int64_t sequence) {
    ASSERT_TRUE(index_->Add(std::move(file), SequenceNumber(sequence)).ok());
  }
  std::vector<std::string> Found(const DataFile& data, int64_t sequence) {
    index_->Finish();
    std::vector<std::string> paths;
    for (const auto& reference : index_->DeletesFor(data, SequenceNumber(sequence)).ValueOrDie()) {
      paths.push_back(reference.file.file_path);
    }
    return paths;
  }

  using Paths = std::vector<std::string>;
  const Value one_ = Value(int32_t{1});
  const Value two_ = Value(int32_t{2});
  TableMetadata metadata_;
  std::unique_ptr<DeleteIndex> index_;
};

TEST_F(DeleteIndexTest, PositionDeletesApplyFromTheirOwnSequenceNumberOn) {
  Add(File(FileContent::kPositionDeletes, "p", 1, {one_}), 5);
  EXPECT_EQ(Found(Data("x", 1, {one_}), 5), Paths{"p"});
  EXPECT_EQ(Found(Data("x", 1, {one_}), 4), Paths{"p"});
  EXPECT_EQ(Found(Data("x", 1, {one_}), 6), Paths{});
}

TEST_F(DeleteIndexTest, EqualityDeletesApplyToOlderFilesOnly) {
  Add(File(FileContent::kEqualityDeletes, "e", 1, {one_}), 5);
  EXPECT_EQ(Found(Data("x", 1, {one_}), 5), Paths{});
  EXPECT_EQ(Found(Data("x", 1, {one_}), 4), Paths{"e"});
}

TEST_F(DeleteIndexTest, SpecAndTupleMustBothBeEqual) {
  Add(File(FileContent::kPositionDeletes, "p", 1, {one_}), 5);
  Add(File(FileContent::kEqualityDeletes, "e", 1, {one_}), 5);
  EXPECT_EQ(Found(Data("x", 1, {two_}), 1), Paths{});
  EXPECT_EQ(Found(Data("x", 2, {one_}), 1), Paths{});
  EXPECT_EQ(Found(Data("x", 1, {Value::Null()}), 1), Paths{});
}

TEST_F(DeleteIndexTest, EqualityDeletesOfAnUnpartitionedSpecAreGlobal) {
  Add(File(FileContent::kEqualityDeletes, "e0", 0, {}), 5);
  Add(File(FileContent::kEqualityDeletes, "e3", 3, {Value::Null()}), 6);
  Add(File(FileContent::kPositionDeletes, "p0", 0, {}), 5);
  EXPECT_EQ(Found(Data("x", 1, {one_}), 1), (Paths{"e0", "e3"}));
  EXPECT_EQ(Found(Data("x", 0, {}), 1), (Paths{"p0", "e0", "e3"}));
}

TEST_F(DeleteIndexTest, PositionDeletesOfOneFileGoByPath) {
  DataFile named = File(FileContent::kPositionDeletes, "named", 1, {one_});
  named.referenced_data_file = "x";
  DataFile bounded = File(FileContent::kPositionDeletes, "bounded", 1, {one_});
  bounded.lower_bounds[kPathField] = "y";
  bounded.upper_bounds[kPathField] = "y";
  DataFile wide = File(FileContent::kPositionDeletes, "wide", 1, {one_});
  wide.lower_bounds[kPathField] = "a";
  wide.upper_bounds[kPathField] = "b";
  Add(named, 5);
  Add(bounded, 5);
  Add(wide, 4);
  EXPECT_EQ(Found(Data("x", 1, {one_}), 1), (Paths{"wide", "named"}));
  EXPECT_EQ(Found(Data("y", 1, {one_}), 1), (Paths{"wide", "bounded"}));
  EXPECT_EQ(Found(Data("z", 1, {one_}), 1), Paths{"wide"});
}

TEST_F(DeleteIndexTest, ADeletionVectorStandsForAllPositionDeletes) {
  DataFile vector = File(FileContent::kPositionDeletes, "dv", 1, {one_});
  vector.file_format = FileFormat::kPuffin;
  vector.referenced_data_file = "x";
  Add(vector, 5);
  Add(File(FileContent::kPositionDeletes, "p", 1, {one_}), 4);
  Add(File(FileContent::kEqualityDeletes, "e", 1, {one_}), 4);
  EXPECT_EQ(Found(Data("x", 1, {one_}), 1), (Paths{"dv", "e"}));
  EXPECT_EQ(Found(Data("y", 1, {one_}), 1), (Paths{"p", "e"}));
  // Written before the file it names: it can't be about this one.
  EXPECT_EQ(Found(Data("x", 1, {one_}), 6), Paths{});
}

TEST_F(DeleteIndexTest, TwoDeletionVectorsOfOneFileAreAnError) {
  DataFile vector = File(FileContent::kPositionDeletes, "dv", 1, {one_});
  vector.file_format = FileFormat::kPuffin;
  vector.referenced_data_file = "x";
  Add(vector, 5);
  Add(vector, 6);
  index_->Finish();
  const auto found = index_->DeletesFor(Data("x", 1, {one_}), SequenceNumber(1));
  EXPECT_EQ(KindOf(found.status()), ErrorKind::kInvalidMetadata);
}

TEST_F(DeleteIndexTest, WhatIsNoDeleteFileIsRefused) {
  EXPECT_FALSE(index_->Add(Data("x", 1, {one_}), SequenceNumber(1)).ok());
  EXPECT_FALSE(
      index_->Add(File(FileContent::kEqualityDeletes, "e", 9, {}), SequenceNumber(1)).ok());
  DataFile vector = File(FileContent::kPositionDeletes, "dv", 1, {one_});
  vector.file_format = FileFormat::kPuffin;
  EXPECT_FALSE(index_->Add(vector, SequenceNumber(1)).ok());
}

TEST(PartitionKey, NaNsAreOneValueAndZerosTwo) {
  const PartitionSpecId spec(1);
  const auto key = [&](double value) { return PartitionKey(spec, {Value(value)}); };
  EXPECT_EQ(key(std::nan("1")), key(-std::nan("2")));
  EXPECT_NE(key(0.0), key(-0.0));
  EXPECT_NE(PartitionKey(spec, {Value("a"), Value("bc")}),
            PartitionKey(spec, {Value("ab"), Value("c")}));
  EXPECT_NE(PartitionKey(spec, {Value::Null()}), PartitionKey(spec, {Value("")}));
  EXPECT_NE(PartitionKey(spec, {Value::Null()}), PartitionKey(PartitionSpecId(2), {Value::Null()}));
}

}  // namespace
}  // namespace iceframe
