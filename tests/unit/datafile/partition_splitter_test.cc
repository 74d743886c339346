// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "unit/datafile/data_file_testing.h"

namespace iceframe {
namespace {

class PartitionedWriteTest : public DataFileTest {
 protected:
  static PartitionSpec Spec(std::vector<std::pair<FieldId, Transform>> fields) {
    PartitionSpec spec;
    spec.spec_id = PartitionSpecId(3);
    FieldId id = kFirstPartitionFieldId;
    for (auto& [source, transform] : fields) {
      spec.fields.push_back({{source}, id, "p" + std::to_string(id), transform});
      ++id;
    }
    return spec;
  }
};

TEST_F(PartitionedWriteTest, PutsEachRowIntoItsPartitionByEveryTransform) {
  auto schema = MakeSchema(AllTypes());
  RandomRows rows(11);
  auto batch = rows.Batch(*schema, 40);
  const struct {
    const char* column;
    Transform transform;
  } cases[] = {
      {"string", Transform::Identity()},
      {"boolean", Transform::Identity()},
      {"float", Transform::Identity()},
      {"decimal_9", Transform::Truncate(100'000).ValueOrDie()},
      {"long", Transform::Bucket(7).ValueOrDie()},
      {"string", Transform::Truncate(3).ValueOrDie()},
      {"binary", Transform::Truncate(1).ValueOrDie()},
      {"uuid", Transform::Bucket(5).ValueOrDie()},
      {"date", Transform::Year()},
      {"timestamp", Transform::Month()},
      {"timestamptz", Transform::Year()},
      {"struct.a", Transform::Bucket(3).ValueOrDie()},
      {"int", Transform::Void()},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(std::string(test.column) + " " + test.transform.ToString());
    const NestedField& source = *schema->FindField(test.column);
    WriteOptions options = OptionsFor(schema);
    options.table_location += std::string("/") + test.column + std::to_string(&test - cases);
    options.spec = Spec({{source.id, test.transform}});
    options.max_open_files = 20;
    const auto files = WriteFiles(options, {batch, batch});
    int64_t num_rows = 0;
    for (const DataFile& file : files) {
      num_rows += file.record_count;
      EXPECT_EQ(file.spec_id, PartitionSpecId(3));
      ASSERT_EQ(file.partition.size(), 1U);
      auto table = Read(file, ReadAs(schema));
      ASSERT_NE(table, nullptr);
      auto combined = table->CombineChunksToBatch().ValueOrDie();
      std::shared_ptr<arrow::Array> column = combined->GetColumnByName(test.column);
      if (column == nullptr) {
        column = static_cast<const arrow::StructArray&>(*combined->GetColumnByName("struct"))
                     .GetFlattenedField(0)
                     .ValueOrDie();
      }
      for (int64_t row = 0; row < column->length(); ++row) {
        Value value = ValueFromArrow(source.type, *column, row).ValueOrDie();
        Value expected = test.transform.Apply(source.type, value).ValueOrDie();
        const bool both_nan = expected.holds<float>() && file.partition[0].holds<float>() &&
                              std::isnan(expected.get<float>()) &&
                              std::isnan(file.partition[0].get<float>());
        ASSERT_TRUE(both_nan || expected == file.partition[0]) << row;
      }
    }
    EXPECT_EQ(num_rows, 80);
  }
}

TEST_F(PartitionedWriteTest, KeepsOneFileOpenPerTupleAndRowsInOrder) {
  auto schema = MakeSchema({NestedField::Required(1, "id", Type::Long()),
                            NestedField::Required(2, "a", Type::Int()),
                            NestedField::Optional(3, "b", Type::String())});
  auto batch = BatchFromJson(*schema, R"([
      {"id": 1, "a": 1, "b": "x"}, {"id": 2, "a": 2, "b": "x"}, {"id": 3, "a": 1, "b": null},
      {"id": 4, "a": 1, "b": "x"}, {"id": 5, "a": 2, "b": ""}, {"id": 6, "a": 1, "b": null}])");
  WriteOptions options = OptionsFor(schema);
  options.spec = Spec({{2, Transform::Identity()}, {3, Transform::Identity()}});
  const auto files = WriteFiles(options, {batch, batch});
  std::map<std::string, std::vector<int64_t>> ids;
  for (const DataFile& file : files) {
    const std::string key =
        ToString(Type::Int(), file.partition[0]) + "/" +
        (file.partition[1].is_null() ? "null" : file.partition[1].get<std::string>());
    auto table = Read(file, ReadAs(schema));
    for (const auto& chunk : table->column(0)->chunks()) {
      for (int64_t i = 0; i < chunk->length(); ++i) {
        ids[key].push_back(static_cast<const arrow::Int64Array&>(*chunk).Value(i));
      }
    }
    EXPECT_NE(file.file_path.find("/data/p1000="), std::string::npos) << file.file_path;
  }
  EXPECT_EQ(files.size(), 4U);
  EXPECT_EQ(ids["1/x"], (std::vector<int64_t>{1, 4, 1, 4}));
  EXPECT_EQ(ids["1/null"], (std::vector<int64_t>{3, 6, 3, 6}));
  EXPECT_EQ(ids["2/"], (std::vector<int64_t>{5, 5}));
}

TEST_F(PartitionedWriteTest, ClosesTheLargestFilesToStayInsideItsBudget) {
  auto schema = MakeSchema({NestedField::Required(1, "id", Type::Long()),
                            NestedField::Required(2, "bytes", Type::Fixed(100).ValueOrDie())});
  WriteOptions options = OptionsFor(schema);
  options.spec = Spec({{1, Transform::Bucket(50).ValueOrDie()}});
  options.max_open_bytes = int64_t{16} << 20;
  auto writer = MakeDataFileWriter(context_, io_, options).ValueOrDie();
  RandomRows rows(12);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(writer->Write(context_, *rows.Batch(*schema, 20'000)).ok());
  }
  auto files = writer->Finish(context_).ValueOrDie();
  EXPECT_GT(files.size(), 50U);
  int64_t num_rows = 0;
  for (const DataFile& file : files) num_rows += file.record_count;
  EXPECT_EQ(num_rows, 200'000);
  EXPECT_LT(context_.memory->peak_bytes(), int64_t{40} << 20);
}

TEST_F(PartitionedWriteTest, RefusesSpecsItDoesNotKnow) {
  auto schema = MakeSchema(AllTypes());
  WriteOptions options = OptionsFor(schema);
  options.spec = Spec({{1, Transform::FromMetadata("zorder[3]")}});
  auto writer = MakeDataFileWriter(context_, io_, options);
  EXPECT_EQ(KindOf(writer.status()), ErrorKind::kUnsupported) << writer.status();
}

}  // namespace
}  // namespace iceframe
