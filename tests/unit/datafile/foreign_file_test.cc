// SPDX-License-Identifier: Apache-2.0
// Files as other writers make them: without ids, with legacy lists, other units and other widths.
#include <filesystem>

#include <arrow/io/memory.h>
#include <parquet/api/writer.h>
#include <parquet/arrow/writer.h>

#include "iceframe/expression/binder.h"

#include "unit/datafile/data_file_testing.h"

namespace iceframe {
namespace {

using testing::HasSubstr;

class ForeignFileTest : public DataFileTest {
 protected:
  /// Stores bytes as a data file.
  DataFile Store(const std::shared_ptr<arrow::Buffer>& bytes) {
    DataFile file;
    file.file_path = location_ + "/" + std::to_string(++num_files_) + ".parquet";
    file.file_size_in_bytes = bytes->size();
    EXPECT_TRUE(
        io_->WriteAll(context_, file.file_path, bytes->ToString(), OverwriteMode::kOverwrite).ok());
    return file;
  }

  /// Writes a table as pyarrow does; ids are given to the top-level columns from 1 on.
  DataFile WriteArrow(
      const arrow::ArrayVector& columns, bool with_ids = true,
      const std::function<void(parquet::ArrowWriterProperties::Builder*)>& adjust = {}) {
    arrow::FieldVector fields;
    for (size_t i = 0; i < columns.size(); ++i) {
      auto field = arrow::field("c" + std::to_string(i + 1), columns[i]->type());
      if (with_ids) {
        field = field->WithMetadata(
            arrow::KeyValueMetadata::Make({"PARQUET:field_id"}, {std::to_string(i + 1)}));
      }
      fields.push_back(field);
    }
    auto table = arrow::Table::Make(arrow::schema(fields), columns);
    auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
    parquet::ArrowWriterProperties::Builder builder;
    builder.store_schema();
    if (adjust) adjust(&builder);
    EXPECT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, 100,
                                           parquet::default_writer_properties(), builder.build())
                    .ok());
    return Store(sink->Finish().ValueOrDie());
  }

  int num_files_ = 0;

  static std::shared_ptr<arrow::Array> Json(const std::shared_ptr<arrow::DataType>& type,
                                            const std::string& json) {
    return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
  }

  /// Reads column 1 as `type` and expects the JSON.
  void ExpectReads(const DataFile& file, const Type& type, const std::string& json) {
    auto schema = MakeSchema({NestedField::Optional(1, "c1", type)});
    auto table = TryRead(file, ReadAs(schema));
    ASSERT_TRUE(table.ok()) << type.ToString() << ": " << table.status();
    auto arrow_type = ToArrowType(type).ValueOrDie();
    auto chunked = (*table)->column(0);
    EXPECT_TRUE(chunked->Equals(arrow::ChunkedArray({Json(arrow_type, json)})))
        << type.ToString() << ": " << chunked->ToString();
  }
};

TEST_F(ForeignFileTest, ReadsOtherTimeUnits) {
  const Type micros = Type::Timestamp();
  ExpectReads(WriteArrow({Json(arrow::timestamp(arrow::TimeUnit::MILLI), "[1500, null, -1]")}),
              micros, "[1500000, null, -1000]");
  ExpectReads(WriteArrow({Json(arrow::timestamp(arrow::TimeUnit::NANO), "[1500000, null, -1000]")}),
              micros, "[1500, null, -1]");
  ExpectReads(WriteArrow({Json(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[5, null]")}),
              Type::Timestamptz(), "[5, null]");
  ExpectReads(WriteArrow({Json(arrow::timestamp(arrow::TimeUnit::MICRO), "[5, null]")}),
              Type::TimestampNs(), "[5000, null]");
  ExpectReads(WriteArrow({Json(arrow::time32(arrow::TimeUnit::MILLI), "[7, null]")}), Type::Time(),
              "[7000, null]");
}

TEST_F(ForeignFileTest, RefusesTimesThatLoseDigits) {
  const DataFile file =
      WriteArrow({Json(arrow::timestamp(arrow::TimeUnit::NANO), "[1000, null, 1500001]")});
  auto table =
      TryRead(file, ReadAs(MakeSchema({NestedField::Optional(1, "c1", Type::Timestamp())})));
  EXPECT_EQ(KindOf(table.status()), ErrorKind::kInvalidData) << table.status();
  EXPECT_THAT(table.status().message(),
              HasSubstr("does not fit the table's type: c1 is timestamp, row 2 has 1500001"));
  const auto list = arrow::list(arrow::timestamp(arrow::TimeUnit::NANO));
  ReadOptions options = ReadAs(MakeSchema({NestedField::Optional(
      1, "c1", Type::List(NestedField::Optional(2, "element", Type::Timestamp())))}));
  options.name_mapping = NameMapping{{MappedField{1, {"c1"}, {MappedField{2, {"element"}, {}}}}}};
  table = TryRead(WriteArrow({Json(list, "[[1000], null, [null, 1500001]]")}, false), options);
  EXPECT_EQ(KindOf(table.status()), ErrorKind::kInvalidData) << table.status();
  EXPECT_THAT(table.status().message(),
              HasSubstr("c1.element is timestamp, row 2 has 1970-01-01 00:00"));
}

TEST_F(ForeignFileTest, ReadsInt96Timestamps) {
  const DataFile file = WriteArrow(
      {Json(arrow::timestamp(arrow::TimeUnit::NANO), "[1704067200123456000, null, -1000, 0]")},
      true, [](auto* builder) { builder->enable_deprecated_int96_timestamps(); });
  ExpectReads(file, Type::Timestamp(), "[1704067200123456, null, -1, 0]");
  ExpectReads(file, Type::Timestamptz(), "[1704067200123456, null, -1, 0]");
  ExpectReads(file, Type::TimestampNs(), "[1704067200123456000, null, -1000, 0]");
}

TEST_F(ForeignFileTest, ReadsOtherWidths) {
  ExpectReads(WriteArrow({Json(arrow::int8(), "[-5, null]")}), Type::Int(), "[-5, null]");
  ExpectReads(WriteArrow({Json(arrow::uint16(), "[65535, null]")}), Type::Int(), "[65535, null]");
  ExpectReads(WriteArrow({Json(arrow::uint32(), "[4294967295, null]")}), Type::Long(),
              "[4294967295, null]");
  ExpectReads(WriteArrow({Json(arrow::large_utf8(), R"(["a", null, ""])")}), Type::String(),
              R"(["a", null, ""])");
  ExpectReads(WriteArrow({Json(arrow::binary(), R"(["a", null])")}), Type::String(),
              R"(["a", null])");
  ExpectReads(
      WriteArrow({Json(arrow::dictionary(arrow::int32(), arrow::utf8()), R"(["a", null, "a"])")}),
      Type::String(), R"(["a", null, "a"])");
  ExpectReads(WriteArrow({Json(arrow::decimal128(9, 2), R"(["1.25", null, "-3.00"])")}),
              Type::Decimal(20, 2).ValueOrDie(), R"(["1.25", null, "-3.00"])");
  ExpectReads(WriteArrow({Json(arrow::date64(), "[86400000, null]")}), Type::Date(), "[1, null]");
}

TEST_F(ForeignFileTest, ReadsWhatFitsByValue) {
  const Type money = Type::Decimal(9, 2).ValueOrDie();
  ExpectReads(WriteArrow({Json(arrow::uint32(), "[0, null, 2147483647]")}), Type::Int(),
              "[0, null, 2147483647]");
  ExpectReads(WriteArrow({Json(arrow::uint64(), "[0, null, 9223372036854775807]")}), Type::Long(),
              "[0, null, 9223372036854775807]");
  ExpectReads(WriteArrow({Json(arrow::uint64(), "[7, null]")}), Type::Int(), "[7, null]");
  ExpectReads(WriteArrow({Json(arrow::uint8(), "[255, null]")}), Type::Int(), "[255, null]");
  ExpectReads(WriteArrow({Json(arrow::int64(), "[-2147483648, null, 2147483647]")}), Type::Int(),
              "[-2147483648, null, 2147483647]");
  ExpectReads(WriteArrow({Json(arrow::float64(), "[0.5, null, -0.0]")}), Type::Float(),
              "[0.5, null, -0.0]");
  ExpectReads(WriteArrow({Json(arrow::int64(), "[3, null]")}), Type::Double(), "[3, null]");
  ExpectReads(WriteArrow({Json(arrow::decimal128(20, 2), R"(["1.25", null, "-9999999.99"])")}),
              money, R"(["1.25", null, "-9999999.99"])");
  ExpectReads(WriteArrow({Json(arrow::decimal128(9, 1), R"(["1.2", null])")}), money,
              R"(["1.20", null])");
  ExpectReads(WriteArrow({Json(arrow::decimal128(38, 4), R"(["1.2500", null])")}), money,
              R"(["1.25", null])");
  ExpectReads(WriteArrow({Json(arrow::int32(), "[12, null]")}), money, R"(["12.00", null])");
  ExpectReads(WriteArrow({Json(arrow::fixed_size_binary(2), R"(["ab", null])")}), Type::Binary(),
              R"(["ab", null])");
}

TEST_F(ForeignFileTest, NamesColumnRowAndValueOfWhatDoesNotFit) {
  const Type money = Type::Decimal(9, 2).ValueOrDie();
  const struct {
    std::shared_ptr<arrow::Array> column;
    Type type;
    std::string value;
  } cases[] = {
      {Json(arrow::uint32(), "[1, null, 4294967295]"), Type::Int(), "4294967295"},
      {Json(arrow::uint64(), "[1, null, 18446744073709551615]"), Type::Long(),
       "18446744073709551615"},
      {Json(arrow::int64(), "[1, null, 2147483648]"), Type::Int(), "2147483648"},
      {Json(arrow::float64(), "[1, null, 0.1]"), Type::Float(), "0.1"},
      {Json(arrow::int64(), "[1, null, 9007199254740993]"), Type::Double(), "9007199254740993"},
      {Json(arrow::decimal128(20, 2), R"(["1.25", null, "10000000.00"])"), money, "10000000.00"},
      {Json(arrow::decimal128(9, 3), R"(["1.250", null, "1.255"])"), money, "1.255"},
      {Json(arrow::timestamp(arrow::TimeUnit::NANO), "[1000, null, 1001]"), Type::Timestamp(),
       "1001"},
  };
  for (const auto& test : cases) {
    const DataFile file = WriteArrow({test.column});
    auto table = TryRead(file, ReadAs(MakeSchema({NestedField::Optional(1, "c1", test.type)})));
    EXPECT_EQ(KindOf(table.status()), ErrorKind::kInvalidData) << table.status();
    EXPECT_THAT(table.status().message(),
                HasSubstr("c1 is " + test.type.ToString() + ", row 2 has " + test.value));
    EXPECT_THAT(table.status().ToString(), HasSubstr(file.file_path));
  }
}

TEST_F(ForeignFileTest, RowsOfMisfitsAreCountedInTheFile) {
  // Row groups of 100 rows; the filter keeps rows apart from each other.
  arrow::UInt32Builder numbers;
  for (uint32_t i = 0; i < 250; ++i) ASSERT_TRUE(numbers.Append(i == 241 ? 1U << 31 : i).ok());
  const DataFile file = WriteArrow({numbers.Finish().ValueOrDie(), Json(arrow::int32(), [] {
                                      std::string rows = "[0";
                                      for (int i = 1; i < 250; ++i) {
                                        rows += ", " + std::to_string(i % 2);
                                      }
                                      return rows + "]";
                                    }())});
  auto schema = MakeSchema(
      {NestedField::Optional(1, "c1", Type::Int()), NestedField::Optional(2, "c2", Type::Int())});
  ReadOptions options = ReadAs(schema);
  options.filter = BindPredicate(Equal(Col("c2"), Lit(int32_t{1})), *schema).ValueOrDie();
  auto table = TryRead(file, options);
  EXPECT_THAT(table.status().message(), HasSubstr("row 241 has 2147483648"));
}

TEST_F(ForeignFileTest, MisfitsInsideOfNestedColumnsNameTheRow) {
  auto ids = [](const char* id) {
    return arrow::KeyValueMetadata::Make({"PARQUET:field_id"}, {id});
  };
  auto number = arrow::field("n", arrow::uint32(), true, ids("3"));
  auto type = arrow::list(arrow::field("element", arrow::struct_({number}), true, ids("2")));
  const Type wanted = Type::List(NestedField::Optional(
      2, "element", Type::Struct({NestedField::Optional(3, "n", Type::Int())})));
  ExpectReads(WriteArrow({Json(type, R"([[{"n": 1}, null], null, [{"n": 2147483647}]])")}), wanted,
              R"([[{"n": 1}, null], null, [{"n": 2147483647}]])");
  const DataFile file =
      WriteArrow({Json(type, R"([[{"n": 1}, {"n": 2}], [], null, [null, {"n": 3000000000}]])")});
  auto table = TryRead(file, ReadAs(MakeSchema({NestedField::Optional(1, "c1", wanted)})));
  EXPECT_EQ(KindOf(table.status()), ErrorKind::kInvalidData) << table.status();
  EXPECT_THAT(table.status().message(), HasSubstr("c1.element.n is int, row 3 has 3000000000"));
}

TEST_F(ForeignFileTest, ReadsOtherWidthsInsideOfNestedColumns) {
  auto inner = arrow::large_utf8();
  auto ids = [](const char* id) {
    return arrow::KeyValueMetadata::Make({"PARQUET:field_id"}, {id});
  };
  auto type = arrow::large_list(arrow::field(
      "item",
      arrow::struct_({arrow::field("s", inner, true, ids("3")),
                      arrow::field("t", arrow::timestamp(arrow::TimeUnit::MILLI), true, ids("4"))}),
      true, ids("2")));
  const DataFile file = WriteArrow({Json(type, R"([[{"s": "x", "t": 1}, null], null, []])")});
  ExpectReads(file,
              Type::List(NestedField::Optional(
                  2, "element",
                  Type::Struct({NestedField::Optional(4, "t", Type::Timestamp()),
                                NestedField::Optional(3, "s", Type::String())}))),
              R"([[{"s": "x", "t": 1000}, null], null, []])");
}

TEST_F(ForeignFileTest, RefusesStringsThatAreNotUtf8) {
  for (bool nested : {false, true}) {
    arrow::BinaryBuilder bytes;
    ASSERT_TRUE(bytes.Append("ok").ok());
    ASSERT_TRUE(bytes.Append(std::string("\xc3")).ok());
    ASSERT_TRUE(bytes.Append(std::string("\xa4")).ok());
    std::shared_ptr<arrow::Array> column = bytes.Finish().ValueOrDie();
    Type type = Type::String();
    if (nested) {
      auto field = arrow::field("s", arrow::binary(), true,
                                arrow::KeyValueMetadata::Make({"PARQUET:field_id"}, {"2"}));
      column = arrow::StructArray::Make({column}, {field}).ValueOrDie();
      type = Type::Struct({NestedField::Optional(2, "s", Type::String())});
    }
    auto table =
        TryRead(WriteArrow({column}), ReadAs(MakeSchema({NestedField::Optional(1, "c1", type)})));
    EXPECT_EQ(KindOf(table.status()), ErrorKind::kInvalidData) << table.status();
    EXPECT_THAT(table.status().message(), HasSubstr("UTF-8"));
  }
}

TEST_F(ForeignFileTest, FindsColumnsByNameMapping) {
  auto type = arrow::struct_({arrow::field("x", arrow::int32())});
  const DataFile file = WriteArrow(
      {Json(arrow::int64(), "[1, 2]"), Json(arrow::list(type), R"([[{"x": 5}], null])")}, false);
  auto schema = MakeSchema(
      {NestedField::Optional(11, "renamed", Type::Long()),
       NestedField::Optional(
           12, "list",
           Type::List(NestedField::Optional(
               13, "element", Type::Struct({NestedField::Optional(14, "y", Type::Int())}))))});
  auto table = TryRead(file, ReadAs(schema));
  EXPECT_EQ(KindOf(table.status()), ErrorKind::kInvalidData) << table.status();
  EXPECT_THAT(table.status().message(), HasSubstr("schema.name-mapping.default"));

  ReadOptions options = ReadAs(schema);
  options.name_mapping = NameMapping{
      {MappedField{11, {"other", "c1"}, {}},
       MappedField{12, {"c2"}, {MappedField{13, {"element"}, {MappedField{14, {"x"}, {}}}}}}}};
  table = TryRead(file, options);
  ASSERT_TRUE(table.ok()) << table.status();
  auto expected = BatchFromJson(*schema, R"([{"renamed": 1, "list": [{"y": 5}]},
                                             {"renamed": 2, "list": null}])");
  EXPECT_TRUE((*table)->Equals(*arrow::Table::FromRecordBatches({expected}).ValueOrDie()))
      << (*table)->ToString();
}

TEST_F(ForeignFileTest, ReadsLegacyTwoLevelLists) {
  using parquet::schema::GroupNode;
  using parquet::schema::PrimitiveNode;
  auto element = PrimitiveNode::Make("array", parquet::Repetition::REPEATED, parquet::Type::INT32,
                                     parquet::ConvertedType::NONE, -1, -1, -1, 2);
  auto list = GroupNode::Make("c1", parquet::Repetition::OPTIONAL, {element},
                              parquet::ConvertedType::LIST, 1);
  auto root = std::static_pointer_cast<GroupNode>(
      GroupNode::Make("schema", parquet::Repetition::REQUIRED, {list}));
  auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto writer = parquet::ParquetFileWriter::Open(sink, root);
  auto* column = static_cast<parquet::Int32Writer*>(writer->AppendRowGroup()->NextColumn());
  // [1, 2], null, [], [3]
  const int16_t definition[] = {2, 2, 0, 1, 2};
  const int16_t repetition[] = {0, 1, 0, 0, 0};
  const int32_t values[] = {1, 2, 3};
  column->WriteBatch(5, definition, repetition, values);
  writer->Close();
  ExpectReads(Store(sink->Finish().ValueOrDie()),
              Type::List(NestedField::Required(2, "element", Type::Int())),
              "[[1, 2], null, [], [3]]");
}

class GoldenFileTest : public DataFileTest {
 protected:
  DataFile Golden(const std::string& name) {
    DataFile file;
    file.file_path = std::string(ICEFRAME_TESTS_DIR) + "/golden/datafile/" + name;
    file.file_size_in_bytes = static_cast<int64_t>(std::filesystem::file_size(file.file_path));
    return file;
  }

  static std::shared_ptr<const Schema> GoldenSchema(bool with_map) {
    std::vector<NestedField> fields = {
        NestedField::Optional(1, "id", Type::Long()),
        NestedField::Optional(2, "text", Type::String()),
        NestedField::Optional(3, "price", Type::Decimal(9, 2).ValueOrDie()),
        NestedField::Optional(4, "at", Type::Timestamp()),
        NestedField::Optional(5, "day", Type::Date()),
        NestedField::Optional(6, "half", Type::Double()),
        NestedField::Optional(7, "numbers",
                              Type::List(NestedField::Optional(8, "element", Type::Long()))),
        NestedField::Optional(9, "pair",
                              Type::Struct({NestedField::Optional(10, "a", Type::Int()),
                                            NestedField::Optional(11, "b", Type::String())}))};
    if (with_map) {
      fields.push_back(
          NestedField::Optional(12, "entries",
                                Type::Map(NestedField::Required(13, "key", Type::String()),
                                          NestedField::Optional(14, "value", Type::Int()))));
    }
    return MakeSchema(fields);
  }

  static std::shared_ptr<arrow::Table> Expected(const Schema& schema, bool with_map) {
    std::string json = "[";
    for (int i = 0; i < 10; ++i) {
      const std::string n = std::to_string(i);
      char price[16];
      std::snprintf(price, sizeof(price), "%.2f", std::round(i * 125.0) / 100.0);
      json += (i == 0 ? "" : ", ");
      json += R"({"id": )" + n;
      json += R"(, "text": )" + (i % 3 == 0 ? "null" : "\"text-" + std::to_string(i % 4) + "\"");
      json += R"(, "price": ")" + std::string(price) + "\"";
      json += R"(, "at": )" + std::to_string(1704067200000000 + i * int64_t{3600000000});
      json += R"(, "day": )" + std::to_string(19723 + i);
      json += R"(, "half": )" + std::to_string(i / 2.0);
      json += R"(, "numbers": [)" + n + ", null, " + std::to_string(i + 1) + "]";
      json += R"(, "pair": {"a": )" + n + R"(, "b": "b)" + n + "\"}";
      if (with_map) json += R"(, "entries": [["k)" + n + "\", " + n + "]]";
      json += "}";
    }
    return arrow::Table::FromRecordBatches({BatchFromJson(schema, json + "]")}).ValueOrDie();
  }
};

TEST_F(GoldenFileTest, ReadsWhatDuckDbWrote) {
  auto schema = GoldenSchema(true);
  auto table = Read(Golden("duckdb.parquet"), ReadAs(schema));
  ASSERT_NE(table, nullptr);
  EXPECT_TRUE(table->Equals(*Expected(*schema, true))) << table->ToString();
}

TEST_F(GoldenFileTest, ReadsWhatPolarsWroteByNames) {
  auto schema = GoldenSchema(false);
  ReadOptions options = ReadAs(schema);
  options.name_mapping = MakeNameMapping(*schema);
  auto table = Read(Golden("polars.parquet"), options);
  ASSERT_NE(table, nullptr);
  EXPECT_TRUE(table->Equals(*Expected(*schema, false))) << table->ToString();
}

}  // namespace
}  // namespace iceframe
