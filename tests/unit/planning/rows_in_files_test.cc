// SPDX-License-Identifier: Apache-2.0
#include "iceframe/planning/rows_in_files.h"

#include <gtest/gtest.h>

#include "iceframe/expression/binder.h"
#include "iceframe/table/manifest_files.h"
#include "iceframe/table/table_counters.h"
#include "iceframe/types/single_value.h"

#include "support/manifest_table.h"

namespace iceframe {
namespace {

class RowsInFilesTest : public ::testing::Test {
 protected:
  RowsInFilesTest() {
    ClearManifestCaches();
    io_ = MakeFileIO().ValueOrDie();
    schema_ = Schema::Make(SchemaId(0), {NestedField::Optional(1, "id", Type::Long()),
                                         NestedField::Optional(2, "day", Type::Int())})
                  .ValueOrDie();
    by_day_.fields.push_back({{2}, 1000, "day", Transform::Identity()});
    table_ =
        std::make_unique<ManifestTable>(io_, "memory:///rows_in_files/" + std::to_string(++count_),
                                        schema_, std::vector<PartitionSpec>{by_day_});
  }

  /// A manifest of one day, a file of ten rows for each of the tens.
  void Add(int32_t day, const std::vector<int64_t>& tens) {
    std::vector<ManifestEntry> entries;
    for (const int64_t ten : tens) {
      ManifestEntry entry;
      entry.data_file.file_path = std::to_string(day) + "/" + std::to_string(ten);
      entry.data_file.partition = {Value(day)};
      entry.data_file.record_count = 10;
      entry.data_file.file_size_in_bytes = 100;
      entry.data_file.lower_bounds[1] =
          ToSingleValueBytes(Type::Long(), Value(ten * 10)).ValueOrDie();
      entry.data_file.upper_bounds[1] =
          ToSingleValueBytes(Type::Long(), Value(ten * 10 + 9)).ValueOrDie();
      entries.push_back(std::move(entry));
    }
    const Status status = table_->AddManifest(by_day_.spec_id, 1, entries);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }

  std::optional<int64_t> Count(const Expression& filter) {
    if (metadata_ == nullptr) metadata_ = table_->Finish().ValueOrDie();
    context_ = OperationContext();
    RowsInFilesOptions options;
    options.metadata = metadata_;
    options.snapshot = metadata_->current_snapshot();
    options.schema = schema_;
    options.filter = SimplifyFilter(BindPredicate(filter, *schema_).ValueOrDie());
    return CountRowsInFiles(context_, *io_, options).ValueOrDie();
  }
  int64_t NumRead() const {
    return context_.counters->Get(TableCount::kManifestsRead) +
           context_.counters->Get(TableCount::kManifestsFromCache);
  }

  std::shared_ptr<FileIO> io_;
  std::shared_ptr<const Schema> schema_;
  PartitionSpec by_day_;
  std::unique_ptr<ManifestTable> table_;
  std::shared_ptr<const TableMetadata> metadata_;
  OperationContext context_;
  static inline int count_ = 0;
};

Expression DayIs(int32_t day) { return Equal(Col("day"), Lit(day)); }
Expression IdBelow(int64_t id) { return Less(Col("id"), Lit(id)); }

TEST_F(RowsInFilesTest, CountsThoseThatPartitionsAndBoundsLeave) {
  Add(1, {0, 1, 2, 3});
  Add(2, {0, 1});
  EXPECT_EQ(Count(True()), 60);
  EXPECT_EQ(Count(DayIs(2)), 20);
  EXPECT_EQ(NumRead(), 1);
  EXPECT_EQ(Count(IdBelow(11)), 40);
  EXPECT_EQ(Count(And({DayIs(1), IdBelow(10)})), 10);
  EXPECT_EQ(Count(DayIs(3)), 0);
  EXPECT_EQ(NumRead(), 0);
}

TEST_F(RowsInFilesTest, ReadsNoneOfManyManifests) {
  for (int32_t day = 0; day < 40; ++day) Add(day, {0, 1});
  // Counts of whole manifests, whatever their files' bounds.
  EXPECT_EQ(Count(IdBelow(10)), 800);
  EXPECT_EQ(NumRead(), 0);
  EXPECT_EQ(Count(And({DayIs(1), IdBelow(10)})), 10);
  EXPECT_EQ(NumRead(), 1);
}

}  // namespace
}  // namespace iceframe
