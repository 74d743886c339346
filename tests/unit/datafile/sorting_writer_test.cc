// SPDX-License-Identifier: Apache-2.0
#include "iceframe/datafile/sorting_writer.h"

#include <algorithm>

#include "unit/datafile/data_file_testing.h"

namespace iceframe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

SortField By(FieldId id, SortDirection direction = SortDirection::kAscending,
             NullOrder nulls = NullOrder::kNullsFirst,
             Transform transform = Transform::Identity()) {
  return {{id}, transform, direction, nulls};
}

class SortingWriterTest : public DataFileTest {
 protected:
  SortOrder OrderOf(std::vector<SortField> fields) const {
    return {SortOrderId(7), std::move(fields)};
  }

  std::vector<DataFile> WriteSorted(WriteOptions options, const SortOrder& order,
                                    const std::vector<std::shared_ptr<arrow::RecordBatch>>& rows) {
    auto writer = MakeSortingWriter(context_, io_, std::move(options), order).ValueOrDie();
    for (const auto& batch : rows) {
      Status status = writer->Write(context_, *batch);
      EXPECT_TRUE(status.ok()) << status;
    }
    auto files = writer->Finish(context_);
    EXPECT_TRUE(files.ok()) << files.status();
    return files.ok() ? *files : std::vector<DataFile>{};
  }

  /// The rows of a file as JSON-like text, one column.
  std::string TextOf(const std::shared_ptr<const Schema>& schema, const DataFile& file,
                     int column) {
    auto table = Read(file, ReadAs(schema));
    std::string text;
    for (int64_t row = 0; row < table->num_rows(); ++row) {
      text += table->column(column)->GetScalar(row).ValueOrDie()->ToString() + " ";
    }
    return text;
  }
};

TEST_F(SortingWriterTest, ManyBatchesBecomeOneSortedFile) {
  auto schema = MakeSchema(
      {NestedField::Optional(1, "n", Type::Int()), NestedField::Optional(2, "s", Type::String())});
  const SortOrder order =
      OrderOf({By(1), By(2, SortDirection::kDescending, NullOrder::kNullsLast)});
  auto files = WriteSorted(
      OptionsFor(schema), order,
      {BatchFromJson(*schema,
                     R"([{"n": 3, "s": "a"}, {"n": null, "s": "b"}, {"n": 1, "s": null}])"),
       BatchFromJson(*schema, R"([{"n": 1, "s": "x"}, {"n": 1, "s": "y"}, {"n": -5, "s": ""}])")});
  ASSERT_THAT(files, SizeIs(1));
  EXPECT_EQ(files[0].sort_order_id, SortOrderId(7));
  EXPECT_EQ(TextOf(schema, files[0], 0), "null -5 1 1 1 3 ");
  EXPECT_EQ(TextOf(schema, files[0], 1), "b  y x null a ");
}

TEST_F(SortingWriterTest, FloatsAreInTheSpecsOrder) {
  auto schema = MakeSchema({NestedField::Optional(1, "d", Type::Double()),
                            NestedField::Optional(2, "f", Type::Float())});
  auto rows = BatchFromJson(*schema, R"([
      {"d": NaN, "f": 1}, {"d": 0.0, "f": 1}, {"d": null, "f": 1}, {"d": Inf, "f": 1},
      {"d": -0.0, "f": NaN}, {"d": -0.0, "f": -1}, {"d": -Inf, "f": 1}, {"d": -2.5, "f": 1}])");
  auto ascending = WriteSorted(OptionsFor(schema), OrderOf({By(1), By(2)}), {rows});
  EXPECT_EQ(TextOf(schema, ascending.at(0), 0), "null -inf -2.5 -0 -0 0 inf nan ");
  EXPECT_EQ(TextOf(schema, ascending.at(0), 1), "1 1 1 -1 nan 1 1 1 ");
  auto descending =
      WriteSorted(OptionsFor(schema),
                  OrderOf({By(1, SortDirection::kDescending, NullOrder::kNullsLast)}), {rows});
  EXPECT_EQ(TextOf(schema, descending.at(0), 0), "nan inf 0 -0 -0 -2.5 -inf null ");
}

TEST_F(SortingWriterTest, RowsOfEqualKeysKeepTheirOrder) {
  auto schema = MakeSchema(
      {NestedField::Optional(1, "n", Type::Int()), NestedField::Optional(2, "s", Type::String())});
  const SortOrder order = OrderOf({By(1, SortDirection::kAscending, NullOrder::kNullsFirst,
                                      Transform::Truncate(10).ValueOrDie())});
  auto files = WriteSorted(OptionsFor(schema), order,
                           {BatchFromJson(*schema, R"([{"n": 15, "s": "a"}, {"n": -1, "s": "b"},
      {"n": 11, "s": "c"}, {"n": 19, "s": "d"}, {"n": -9, "s": "e"}])")});
  EXPECT_EQ(TextOf(schema, files.at(0), 1), "b e a c d ");
}

TEST_F(SortingWriterTest, EveryFileOfALongStreamIsSortedAsAWhole) {
  auto schema = MakeSchema({NestedField::Required(1, "key", Type::Long()),
                            NestedField::Required(2, "part", Type::Int())});
  WriteOptions options = OptionsFor(schema);
  options.spec.spec_id = PartitionSpecId(1);
  options.spec.fields = {{{2}, 1000, "part", Transform::Identity()}};
  options.max_open_bytes = 100 * 1000;
  RandomRows random(11);
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  for (int i = 0; i < 20; ++i) {
    arrow::Int64Builder keys(arrow::system_memory_pool());
    arrow::Int32Builder parts(arrow::system_memory_pool());
    for (int row = 0; row < 2000; ++row) {
      ASSERT_TRUE(keys.Append(static_cast<int64_t>(random.Number(1'000'000))).ok());
      ASSERT_TRUE(parts.Append(static_cast<int32_t>(random.Number(2))).ok());
    }
    batches.push_back(arrow::RecordBatch::Make(ToArrowSchema(*schema).ValueOrDie(), 2000,
                                               {*keys.Finish(), *parts.Finish()}));
  }
  const auto files = WriteSorted(options, OrderOf({By(1)}), batches);
  EXPECT_GT(files.size(), 4U);
  int64_t num_rows = 0;
  for (const DataFile& file : files) {
    EXPECT_EQ(file.sort_order_id, SortOrderId(7));
    auto table = Read(file, ReadAs(schema))->CombineChunks().ValueOrDie();
    const auto& keys = static_cast<const arrow::Int64Array&>(*table->column(0)->chunk(0));
    EXPECT_TRUE(std::is_sorted(keys.raw_values(), keys.raw_values() + keys.length()));
    num_rows += keys.length();
  }
  EXPECT_EQ(num_rows, 40000);
}

TEST_F(SortingWriterTest, RowsOfEveryTypeAreMovedWhole) {
  auto schema = MakeSchema(AllTypes());
  auto rows = RandomRows(5).Batch(*schema, 300);
  for (const NestedField& field : schema->fields()) {
    if (field.type.is_nested()) continue;
    auto files = WriteSorted(OptionsFor(schema), OrderOf({By(field.id)}), {rows});
    ASSERT_THAT(files, SizeIs(1)) << field.name;
    EXPECT_EQ(files[0].sort_order_id, SortOrderId(7)) << field.name;
    EXPECT_EQ(files[0].record_count, 300) << field.name;
  }
}

TEST_F(SortingWriterTest, OrdersThatNoRowsCanBePutInGiveNoId) {
  auto schema = MakeSchema({NestedField::Optional(1, "n", Type::Int())});
  auto rows = BatchFromJson(*schema, R"([{"n": 3}, {"n": 1}])");
  for (const SortOrder& order : {SortOrder{SortOrderId(0), {}}, OrderOf({By(99)}),
                                 OrderOf({By(1, SortDirection::kAscending, NullOrder::kNullsFirst,
                                             Transform::FromMetadata("zorder"))})}) {
    auto files = WriteSorted(OptionsFor(schema), order, {rows});
    ASSERT_THAT(files, SizeIs(1));
    EXPECT_EQ(files[0].sort_order_id, std::nullopt);
    EXPECT_EQ(TextOf(schema, files[0], 0), "3 1 ");
  }
}

TEST_F(SortingWriterTest, AbortDeletesTheFilesOfEveryRun) {
  auto schema = MakeSchema({NestedField::Optional(1, "n", Type::Int())});
  WriteOptions options = OptionsFor(schema);
  options.max_open_bytes = 1;
  options.file_name_prefix = "00000-0-x";
  auto writer = MakeSortingWriter(context_, io_, options, OrderOf({By(1)})).ValueOrDie();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(writer->Write(context_, *BatchFromJson(*schema, R"([{"n": 3}, {"n": 1}])")).ok());
  }
  auto files = writer->Finish(context_);
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_THAT(*files, SizeIs(3));
  EXPECT_EQ(writer->num_rows(), 6);
  EXPECT_FALSE(writer->Write(context_, *BatchFromJson(*schema, "[]")).ok());
  ASSERT_TRUE(writer->Abort(context_).ok());
  for (const DataFile& file : *files) EXPECT_FALSE(io_->Size(context_, file.file_path).ok());
}

}  // namespace
}  // namespace iceframe
