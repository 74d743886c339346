// SPDX-License-Identifier: Apache-2.0
#include "iceframe/datafile/data_file_writer.h"

#include <arrow/io/memory.h>
#include <parquet/file_reader.h>
#include <parquet/page_index.h>

#include "iceframe/types/single_value.h"

#include "unit/datafile/data_file_testing.h"

namespace iceframe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::StartsWith;
using testing::UnorderedElementsAre;

class DataFileWriterTest : public DataFileTest {
 protected:
  std::unique_ptr<parquet::ParquetFileReader> OpenParquet(const DataFile& file) {
    auto bytes = io_->ReadAll(context_, file.file_path, file.file_size_in_bytes).ValueOrDie();
    return parquet::ParquetFileReader::Open(std::make_shared<arrow::io::BufferReader>(bytes));
  }
  static std::string Bytes(const Type& type, Value value) {
    return ToSingleValueBytes(type, value).ValueOrDie();
  }
};

TEST_F(DataFileWriterTest, SaysEverythingAboutTheFile) {
  auto schema = MakeSchema({NestedField::Required(1, "id", Type::Long()),
                            NestedField::Optional(2, "name", Type::String()),
                            NestedField::Optional(3, "score", Type::Double())});
  auto batch = BatchFromJson(*schema, R"([
      {"id": 3, "name": "a name that is longer than sixteen", "score": 1.5},
      {"id": -7, "name": null, "score": NaN},
      {"id": 5, "name": "b", "score": -0.5}])");
  const DataFile file = WriteFile(schema, batch);
  EXPECT_THAT(file.file_path, StartsWith(location_ + "/data/"));
  EXPECT_EQ(file.record_count, 3);
  EXPECT_EQ(file.file_size_in_bytes, io_->Size(context_, file.file_path).ValueOrDie());
  EXPECT_THAT(file.value_counts, ElementsAre(Pair(1, 3), Pair(2, 3), Pair(3, 3)));
  EXPECT_THAT(file.null_value_counts, ElementsAre(Pair(1, 0), Pair(2, 1), Pair(3, 0)));
  EXPECT_THAT(file.nan_value_counts, ElementsAre(Pair(3, 1)));
  EXPECT_EQ(file.lower_bounds.at(1), Bytes(Type::Long(), Value(int64_t{-7})));
  EXPECT_EQ(file.upper_bounds.at(1), Bytes(Type::Long(), Value(int64_t{5})));
  EXPECT_EQ(file.lower_bounds.at(2), "a name that is l");
  EXPECT_EQ(file.upper_bounds.at(2), "b");
  EXPECT_EQ(file.lower_bounds.at(3), Bytes(Type::Double(), Value(-0.5)));
  EXPECT_EQ(file.upper_bounds.at(3), Bytes(Type::Double(), Value(1.5)));
  EXPECT_THAT(file.split_offsets, ElementsAre(4));
  EXPECT_EQ(file.column_sizes.size(), 3U);
}

TEST_F(DataFileWriterTest, StoresFieldIdsPageIndexesAndZstd) {
  auto schema = MakeSchema(AllTypes());
  const DataFile file = WriteFile(schema, RandomRows(1).Batch(*schema, 500));
  auto parquet = OpenParquet(file);
  const auto& columns = *parquet->metadata()->schema();
  for (int i = 0; i < columns.num_columns(); ++i) {
    const auto* node = columns.Column(i)->schema_node().get();
    EXPECT_NE(schema->FindField(node->field_id()), nullptr)
        << columns.Column(i)->path()->ToDotString();
    auto chunk = parquet->metadata()->RowGroup(0)->ColumnChunk(i);
    EXPECT_EQ(chunk->compression(), arrow::Compression::ZSTD);
    EXPECT_TRUE(chunk->GetOffsetIndexLocation().has_value());
    EXPECT_TRUE(chunk->GetColumnIndexLocation().has_value()) << i;
  }
  auto logical = [&](const char* name) {
    return columns.Column(columns.ColumnIndex(std::string(name)))->logical_type()->ToString();
  };
  EXPECT_THAT(logical("uuid"), HasSubstr("UUID"));
  EXPECT_THAT(logical("timestamptz"), HasSubstr("isAdjustedToUTC=true, timeUnit=microseconds"));
  EXPECT_THAT(logical("timestamp"), HasSubstr("isAdjustedToUTC=false, timeUnit=microseconds"));
  EXPECT_THAT(logical("time"), HasSubstr("isAdjustedToUTC=false, timeUnit=microseconds"));
  EXPECT_EQ(columns.Column(columns.ColumnIndex("decimal_9"))->physical_type(),
            parquet::Type::INT32);
  EXPECT_EQ(columns.Column(columns.ColumnIndex("decimal_18"))->physical_type(),
            parquet::Type::INT64);
  EXPECT_EQ(columns.Column(columns.ColumnIndex("decimal_38"))->type_length(), 16);
  EXPECT_EQ(parquet->metadata()->key_value_metadata()->Get("ARROW:schema").ok(), false);
}

TEST_F(DataFileWriterTest, KeepsBoundsOfStructsButNotOfListsAndMaps) {
  auto schema = MakeSchema(AllTypes());
  const DataFile file = WriteFile(schema, RandomRows(2).Batch(*schema, 300));
  const FieldId in_struct = schema->FindField("struct.a")->id;
  const FieldId in_list = schema->FindField("list.element")->id;
  const FieldId in_map = schema->FindField("map.value")->id;
  EXPECT_TRUE(file.lower_bounds.contains(in_struct));
  EXPECT_FALSE(file.lower_bounds.contains(in_list));
  EXPECT_FALSE(file.upper_bounds.contains(in_map));
  EXPECT_TRUE(file.value_counts.contains(in_list));
  EXPECT_TRUE(file.nan_value_counts.contains(schema->FindField("struct.c.d")->id));
}

TEST_F(DataFileWriterTest, HonoursMetricsModes) {
  auto schema = MakeSchema({NestedField::Optional(1, "a", Type::String()),
                            NestedField::Optional(2, "b", Type::String()),
                            NestedField::Optional(3, "c", Type::String())});
  auto batch = BatchFromJson(*schema, R"([{"a": "xyz", "b": "xyz", "c": "xyz"}])");
  const DataFile file = WriteFile(schema, batch,
                                  {{"write.metadata.metrics.default", "counts"},
                                   {"write.metadata.metrics.column.b", "none"},
                                   {"write.metadata.metrics.column.c", "truncate(2)"}});
  EXPECT_THAT(file.value_counts, ElementsAre(Pair(1, 1), Pair(3, 1)));
  EXPECT_THAT(file.column_sizes, ElementsAre(Pair(1, ::testing::Gt(0)), Pair(3, ::testing::Gt(0))));
  EXPECT_THAT(file.lower_bounds, ElementsAre(Pair(3, "xy")));
  EXPECT_THAT(file.upper_bounds, ElementsAre(Pair(3, "xz")));
}

TEST_F(DataFileWriterTest, GivesNoBoundsToColumnsOfNaNOrNull) {
  auto schema = MakeSchema({NestedField::Optional(1, "nan", Type::Float()),
                            NestedField::Optional(2, "null", Type::Int()),
                            NestedField::Optional(3, "zero", Type::Double())});
  const DataFile file =
      WriteFile(schema, BatchFromJson(*schema, R"([{"nan": NaN, "null": null, "zero": 0.0}])"));
  EXPECT_FALSE(file.lower_bounds.contains(1));
  EXPECT_FALSE(file.upper_bounds.contains(1));
  EXPECT_FALSE(file.lower_bounds.contains(2));
  // A zero stands for both.
  EXPECT_EQ(file.lower_bounds.at(3), Bytes(Type::Double(), Value(-0.0)));
  EXPECT_EQ(file.upper_bounds.at(3), Bytes(Type::Double(), Value(0.0)));
}

TEST_F(DataFileWriterTest, RollsFilesAtTheTargetSize) {
  auto schema = MakeSchema({NestedField::Required(1, "id", Type::Long()),
                            NestedField::Required(2, "text", Type::Fixed(64).ValueOrDie())});
  WriteOptions options = OptionsFor(schema);
  options.properties = {{"write.target-file-size-bytes", "500000"},
                        {"write.parquet.page-size-bytes", "20000"}};
  RandomRows rows(3);
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  for (int i = 0; i < 6; ++i) batches.push_back(rows.Batch(*schema, 10'000));
  const auto files = WriteFiles(options, batches);
  ASSERT_GE(files.size(), 4U);
  int64_t num_rows = 0;
  for (size_t i = 0; i < files.size(); ++i) {
    num_rows += files[i].record_count;
    EXPECT_LT(files[i].file_size_in_bytes, 900'000);
    if (i + 1 < files.size()) {
      EXPECT_GT(files[i].file_size_in_bytes, 250'000);
    }
  }
  EXPECT_EQ(num_rows, 60'000);
}

TEST_F(DataFileWriterTest, RefusesBatchesOfAnotherForm) {
  auto schema = MakeSchema({NestedField::Required(1, "id", Type::Long())});
  auto refuse = [&](const std::shared_ptr<arrow::RecordBatch>& batch, const char* text) {
    auto writer = MakeDataFileWriter(context_, io_, OptionsFor(schema)).ValueOrDie();
    const Status status = writer->Write(context_, *batch);
    EXPECT_EQ(KindOf(status), ErrorKind::kSchemaMismatch) << status;
    EXPECT_THAT(status.message(), HasSubstr(text));
    EXPECT_EQ(KindOf(writer->Write(context_, *batch)), ErrorKind::kInvalidArgument);
    EXPECT_TRUE(writer->Abort(context_).ok());
  };
  auto ids = arrow::json::ArrayFromJSONString(arrow::int64(), "[1]").ValueOrDie();
  auto nulls = arrow::json::ArrayFromJSONString(arrow::int64(), "[null]").ValueOrDie();
  auto ints = arrow::json::ArrayFromJSONString(arrow::int32(), "[1]").ValueOrDie();
  auto make = [](const char* name, const std::shared_ptr<arrow::Array>& column) {
    return arrow::RecordBatch::Make(arrow::schema({arrow::field(name, column->type())}), 1,
                                    {column});
  };
  refuse(make("id", ints), "int32");
  refuse(make("other", ids), "other");
  refuse(make("id", nulls), "required");
  refuse(arrow::RecordBatch::Make(arrow::schema({}), 1, arrow::ArrayVector{}), "columns");
}

TEST_F(DataFileWriterTest, FindsNullsInNestedRequiredFields) {
  auto schema = MakeSchema(
      {NestedField::Optional(1, "s", Type::Struct({NestedField::Required(2, "x", Type::Int())}))});
  auto writer = MakeDataFileWriter(context_, io_, OptionsFor(schema)).ValueOrDie();
  EXPECT_TRUE(
      writer->Write(context_, *BatchFromJson(*schema, R"([{"s": null}, {"s": {"x": 1}}])")).ok());
  const Status status = writer->Write(context_, *BatchFromJson(*schema, R"([{"s": {"x": null}}])"));
  EXPECT_EQ(KindOf(status), ErrorKind::kSchemaMismatch) << status;
  EXPECT_THAT(status.message(), HasSubstr("s.x"));
}

TEST_F(DataFileWriterTest, AbortLeavesNothingBehind) {
  auto schema = MakeSchema({NestedField::Required(1, "id", Type::Long())});
  WriteOptions options = OptionsFor(schema);
  options.properties = {{"write.target-file-size-bytes", "2000"},
                        {"write.parquet.page-size-bytes", "1000"}};
  auto writer = MakeDataFileWriter(context_, io_, options).ValueOrDie();
  ASSERT_TRUE(writer->Write(context_, *RandomRows(4).Batch(*schema, 5'000)).ok());
  ASSERT_THAT(io_->List(context_, location_).ValueOrDie(), testing::Not(IsEmpty()));
  EXPECT_TRUE(writer->Abort(context_).ok());
  EXPECT_THAT(io_->List(context_, location_).ValueOrDie(), IsEmpty());
  writer.reset();
  EXPECT_EQ(context_.memory->used_bytes(), 0);
}

TEST_F(DataFileWriterTest, WritesNoFileWithoutRows) {
  auto schema = MakeSchema({NestedField::Required(1, "id", Type::Long())});
  EXPECT_THAT(WriteFiles(OptionsFor(schema), {BatchFromJson(*schema, "[]")}), IsEmpty());
}

TEST_F(DataFileWriterTest, LeavesColumnsOfTypeUnknownOut) {
  auto schema = MakeSchema({NestedField::Required(1, "id", Type::Long()),
                            NestedField::Optional(2, "nothing", Type::Unknown())});
  const DataFile file = WriteFile(schema, BatchFromJson(*schema, R"([{"id": 1}])"));
  EXPECT_EQ(OpenParquet(file)->metadata()->num_columns(), 1);
  auto table = Read(file, ReadAs(schema));
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->column(1)->type()->id(), arrow::Type::NA);
}

TEST_F(DataFileWriterTest, AllocatesFromItsOwnPoolAlone) {
  auto schema = MakeSchema(AllTypes());
  auto batch = RandomRows(6).Batch(*schema, 3000);
  const int64_t before = arrow::default_memory_pool()->total_bytes_allocated();
  const DataFile file = WriteFile(schema, batch,
                                  {{"write.parquet.row-group-limit", "1000"},
                                   {"write.parquet.bloom-filter-enabled.column.string", "true"}});
  EXPECT_NE(Read(file, ReadAs(schema)), nullptr);
  EXPECT_EQ(arrow::default_memory_pool()->total_bytes_allocated(), before);
}

TEST_F(DataFileWriterTest, StaysInsideItsBudget) {
  auto schema = MakeSchema({NestedField::Required(1, "id", Type::Long()),
                            NestedField::Required(2, "bytes", Type::Fixed(200).ValueOrDie())});
  context_.memory = MemoryBudget::Process()->MakeChild("small", int64_t{24} << 20);
  WriteOptions options = OptionsFor(schema);
  auto writer = MakeDataFileWriter(context_, io_, options).ValueOrDie();
  RandomRows rows(5);
  auto batch = rows.Batch(*schema, 20'000);
  for (int i = 0; i < 20; ++i) {
    const Status status = writer->Write(context_, *batch);
    ASSERT_TRUE(status.ok()) << i << " " << status;
  }
  auto files = writer->Finish(context_).ValueOrDie();
  ASSERT_EQ(files.size(), 1U);
  EXPECT_GT(files[0].split_offsets.size(), 1U);
  EXPECT_EQ(files[0].record_count, 400'000);
}

}  // namespace
}  // namespace iceframe
